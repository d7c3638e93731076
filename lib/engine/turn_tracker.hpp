// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "engine/recent_ids.hpp"
#include "engine/round_trip.hpp"

#include <gemini/live/messages.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live::engine {

/// What a server message means for the turns. Turns are numbered from 1.
struct turn_mark {
    enum class end {
        nothing,
        calls, ///< A turn that called functions was closed; another turn answers the responses.
        turn,
    };

    std::uint64_t turn = 0;     ///< The turn of the model's words, sound and calls.
    std::uint64_t asked_in = 0; ///< The turn that the user's words belong to.
    end ends = end::nothing;
    bool begins = false;        ///< The model has begun to answer what was asked.
    bool began_earlier = false; ///< With an earlier message; only this one confirms it.
    bool is_answer = false;     ///< To the only open question: nothing else made the model speak.
    bool speaks = false;        ///< The model says something, or calls functions.
    bool is_empty = false;      ///< The turn ends without words, sound or calls.
    bool was_cut = false;       ///< The turn that ends was interrupted.
    bool unsure = false;        ///< The turn may have ended, unless something is said soon.
    bool undecided = false;     ///< Late words of `turn`, unless the next turn claims them.
    bool claims = false;        ///< The undecided words before this message belong to this turn.
    bool is_of_left = false;    ///< From a connection that was left: the conversation is elsewhere.
};

/// After an unsure end, the turn is over unless something is said within this time.
inline constexpr std::chrono::seconds longest_doubt{5};

/// Follows what both sides say: whose turn it is, which function calls are open, and what has been
/// said since the newest handle. Pure.
///
/// A turn ends once, whatever comes after its end. Only the model's sound, written words or calls
/// open another turn; transcribed words do so only where something was asked. A turnComplete
/// after function calls ends the turn only if something was said after a response was sent.
class turn_tracker {
public:
    /// `waits_for`: whether the model awaits the response of the function with this name.
    explicit turn_tracker(std::function<bool(const std::string&)> waits_for)
        : waits_for_(std::move(waits_for))
    {
    }

    [[nodiscard]] bool waits_for(const std::string& function) const { return waits_for_(function); }
    /// Call when other functions are declared.
    void set_waits_for(std::function<bool(const std::string&)> waits_for)
    {
        waits_for_ = std::move(waits_for);
    }
    /// `answers_once`: whether a call is answered by somebody who answers no id twice. Repeated
    /// after its answer, such a call is disregarded.
    void set_answers_once(std::function<bool(const function_call&)> answers_once)
    {
        answers_once_ = std::move(answers_once);
    }

    /// `is_asking`: a question is being sent, which may have been heard already. Messages that
    /// arrive within `crossing` may have been sent before the server received ours.
    turn_mark heard(const server_message& message, base::time_point now, bool is_asking = false,
        round_trip::duration crossing = {});
    /// Call for a message that could not be read: it may have ended the turn.
    void heard_nonsense(base::time_point now);

    /// What the connection has accepted.
    struct said {
        bool asks = false;     ///< It asks for an answer.
        bool responds = false; ///< It responds to a function call.
        bool is_durable = false;
        bool has_media = false;
        int questions = 0; ///< Number of messages that ask for an answer.
    };
    void told(said what, base::time_point now);
    /// Call when the silence of the server has been reported to the user, who then waits no longer.
    void stalled() noexcept { stalled_ = open_; }
    /// Call when a response to a function call is being sent; the server may hear it before
    /// `told()`. The model does not react until it has every response it is waiting for.
    void responding(base::time_point now) noexcept
    {
        if (calling_ && !is_waited_for()) responded_ = now;
    }
    /// Records calls made on a connection that has been left; the server will not know them.
    /// Returns their ids.
    std::vector<std::string> forget(const tool_call& calls);
    /// The user has answered these calls; those in `going_on` will get further responses.
    void responded(const std::vector<std::string>& calls, const std::vector<std::string>& going_on);
    /// Returns the first of these calls that has had its final response; null when none has.
    [[nodiscard]] const std::string* answered_before(const std::vector<std::string>& calls) const;

    enum class forgets { nothing, since_handle, everything };
    /// The connection has gone, and the turn with it. `how_much` says what the server forgets.
    /// Returns the calls that it forgets.
    std::vector<std::string> lost(forgets how_much);

    /// Whether the server no longer knows any of these calls.
    [[nodiscard]] bool has_forgotten(const std::vector<std::string>& calls) const;

    /// Disregards what has been said so far.
    void begin_anew() noexcept { begun_ = false; }

    /// Ends what has been in doubt for too long. Call before the queries below.
    void settle(base::time_point now);
    /// When `settle` may next change something.
    [[nodiscard]] std::optional<base::time_point> unsure_until() const noexcept;

    /// Whether anything has been said or sent.
    [[nodiscard]] bool has_begun() const noexcept { return begun_; }
    /// Whether something has been sent or said since the last turn ended.
    [[nodiscard]] bool in_turn() const noexcept { return open_ || asked_ || hearing_until_; }
    /// Whether the server is in the middle of a turn.
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// Whether all that was said since the last turn ended may be late words of that turn.
    [[nodiscard]] bool is_guess() const noexcept { return guessed_ && !asked_; }
    /// Whether the model has begun to answer and has not finished.
    [[nodiscard]] bool answering() const noexcept { return answering_; }
    /// Whether a call is open whose response the model waits for.
    [[nodiscard]] bool is_waited_for() const noexcept { return !waited_for_.empty(); }
    /// Whether any function call is open.
    [[nodiscard]] bool has_open_calls() const noexcept { return !open_calls_.empty(); }
    /// Number of the last turn that has begun; the next turn's number is one higher.
    [[nodiscard]] std::uint64_t turn() const noexcept { return turn_; }
    /// Whether nobody speaks, the model waits for nothing, and the newest handle holds everything.
    [[nodiscard]] bool at_rest() const noexcept
    {
        return !in_turn() && open_calls_.empty() && fresh_handle_;
    }

private:
    void close(const std::vector<std::string>& ids);
    void hear_user(const server_content& content, turn_mark& mark, base::time_point now);
    [[nodiscard]] bool is_late_for_user(base::time_point now) const;
    void end_turn(base::time_point now) noexcept;
    void hear_model(bool is_sound, turn_mark& mark, base::time_point now);
    void hear_calls(const tool_call& calls, turn_mark& mark, base::time_point now);
    void hear_interruption(turn_mark& mark, base::time_point now);
    void give_up_stalled(base::time_point now);
    [[nodiscard]] bool is_said_twice() const noexcept;
    void hear_end(turn_mark& mark, base::time_point now);
    void begin_turn(turn_mark& mark, base::time_point now);
    void over() noexcept;

    bool begun_ = false;
    bool asked_alone_ = false;    ///< One question, and nobody has spoken before it or since.
    bool asked_ = false;          ///< Something asks for an answer that has not begun.
    int unanswered_ = 0;          ///< Questions minus answers; one answer may serve several.
    base::time_point asked_at_{}; ///< When the last question was asked.
    bool open_ = false;           ///< The server is in the middle of a turn.
    bool answering_ = false;      ///< The model has begun an answer and not finished it.
    bool spoke_ = false;          ///< The open turn has words, sound or a call.
    bool generated_ = false;      ///< generationComplete has arrived in the open turn.
    bool cut_in_ = false;         ///< The user has interrupted a turn that has yet to end.
    bool owed_end_ = false;       ///< A new turn has begun before the interrupted one ended.
    bool calling_ = false;        ///< The turn has called functions whose answer has not begun.
    bool closed_ = false;         ///< The turn that called functions has been closed.
    bool talks_on_ = false;       ///< Something was said in the turn after the call.
    std::optional<base::time_point> responded_{}; ///< When a response was sent.
    bool ended_ = false;                          ///< A turn has ended on this connection.
    base::time_point words_until_{};              ///< Late words of the user may come till then.
    bool recognized_ = false;   ///< Words of the user have arrived since the last turn ended.
    bool is_spoken_to_ = false; ///< The turn began after sound from the user.
    bool failed_ = false;       ///< A turn that was given up may yet end; nothing was said since.
    bool stalled_ = false;      ///< The open turn fell silent, and nothing was said since.
    bool guessed_ = false;      ///< The open turn began with words that may be late.
    int begun_early_ = 0;       ///< Answers that have begun to questions still being sent.
    bool has_media_ = false;    ///< The user has sent sound or pictures since the last turn ended.
    bool user_heard_ = false;   ///< The server has reported speech since the last turn ended.
    std::optional<base::time_point> undecided_since_{};
    std::optional<base::time_point> doubt_until_{};   ///< Until then the turn's end is in doubt.
    std::optional<base::time_point> hearing_until_{}; ///< The user's words are arriving.
    bool fresh_handle_ = false;
    std::uint64_t turn_ = 0;
    round_trip::duration crossing_{};

    [[nodiscard]] bool is_settled(const function_call& call) const;

    std::function<bool(const std::string&)> waits_for_;
    std::function<bool(const function_call&)> answers_once_{};
    recent_ids open_calls_;
    recent_ids waited_for_; ///< The open calls whose response the model waits for.
    recent_ids calls_since_handle_;
    recent_ids calls_in_handle_;
    recent_ids forgotten_;
    recent_ids answered_;
};

} // namespace gemini::live::engine
