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

/// What a server message is to the turns. Turns are numbered from 1.
struct turn_mark {
    enum class end {
        nothing,
        calls, ///< A turn that called functions has been closed; the answer to them is another.
        turn,
    };

    std::uint64_t turn = 0;     ///< That the model's words, sound and calls belong to.
    std::uint64_t asked_in = 0; ///< That the user's words belong to.
    end ends = end::nothing;
    bool begins = false;        ///< The model has begun to answer what was asked.
    bool began_earlier = false; ///< With words of a message before; only now is that certain.
    bool is_answer = false;     ///< To the one thing that was asked: the model had no other reason.
    bool is_empty = false;      ///< The turn ends without words, sound or call.
    bool was_cut = false;       ///< The turn that ends was interrupted.
    bool unsure = false;        ///< This may have been the end, unless something is said soon.
    bool undecided = false;     ///< Late words of `turn`, unless the next turn claims them.
    bool claims = false;        ///< The undecided words before belong to this turn.
};

/// How long after an unsure end something has to be said.
inline constexpr std::chrono::seconds longest_doubt{5};

/// Follows what both sides say: whose turn it is, which function calls are open, what has been said
/// since the newest handle. Pure.
///
/// A turn ends once, whatever comes after its end: only the model's sound, written words or calls
/// open another, and its spoken words where something was asked. The turnComplete of a turn that
/// called functions ends nothing unless something was said since a response was sent.
class turn_tracker {
public:
    /// `waits_for`: for which functions the model awaits the response, by name.
    explicit turn_tracker(std::function<bool(const std::string&)> waits_for)
        : waits_for_(std::move(waits_for))
    {
    }

    /// `is_asking`: a question is being sent, which may have been heard already. `crossing`: for
    /// how long what comes may have been said before the server heard what has been sent.
    turn_mark heard(const server_message& message, base::time_point now, bool is_asking = false,
        round_trip::duration crossing = {});
    /// A message came that could not be read: it may have ended the turn.
    void heard_nonsense(base::time_point now);

    /// What the connection has taken.
    struct said {
        bool asks = false;     ///< It wants an answer.
        bool responds = false; ///< It answers a function call.
        bool is_durable = false;
        bool has_media = false;
        int questions = 0; ///< So much of it wants an answer.
    };
    void told(said what, base::time_point now);
    /// The user has been told that the server is silent, and waits no longer.
    void stalled() noexcept { stalled_ = open_; }
    /// A response to a function call is being sent; the server may hear it before `told()`. The
    /// model says nothing to it before it has all that it waits for.
    void responding(base::time_point now) noexcept
    {
        if (calling_ && !is_waited_for()) responded_ = now;
    }
    /// The server makes these calls on a connection that has been left, and will not know them.
    /// Returns their ids.
    std::vector<std::string> forget(const tool_call& calls);
    /// The user has answered these calls; some of them get further responses.
    void responded(const std::vector<std::string>& calls, const std::vector<std::string>& going_on);
    /// The first of these calls that has had its final response.
    [[nodiscard]] const std::string* answered_before(const std::vector<std::string>& calls) const;

    enum class forgets { nothing, since_handle, everything };
    /// The connection has gone, and with it the turn; the server forgets so much. Returns the calls
    /// among that.
    std::vector<std::string> lost(forgets how_much);

    /// None of these calls is known to the server any more.
    [[nodiscard]] bool has_forgotten(const std::vector<std::string>& calls) const;

    /// What has been said so far counts no more.
    void begin_anew() noexcept { begun_ = false; }

    /// What was in doubt for too long has ended. To be called before the questions below.
    void settle(base::time_point now);
    /// When `settle` may change something.
    [[nodiscard]] std::optional<base::time_point> unsure_until() const noexcept;

    /// Anything has been said or sent.
    [[nodiscard]] bool has_begun() const noexcept { return begun_; }
    /// Something has been sent or said since the last turn ended.
    [[nodiscard]] bool in_turn() const noexcept { return open_ || asked_ || hearing_until_; }
    /// All of that are words which may be late ones of a turn that is over.
    [[nodiscard]] bool is_guess() const noexcept { return guessed_ && !asked_; }
    /// The model has begun to answer, and has not come to an end.
    [[nodiscard]] bool answering() const noexcept { return answering_; }
    /// A function that the model waits for is being called / any function is.
    [[nodiscard]] bool is_waited_for() const noexcept { return !waited_for_.empty(); }
    [[nodiscard]] bool has_open_calls() const noexcept { return !open_calls_.empty(); }
    /// Number of the last turn that has begun; the next has one more.
    [[nodiscard]] std::uint64_t turn() const noexcept { return turn_; }
    /// Nobody speaks, the model waits for nothing, and the newest handle holds all of it.
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
    bool asked_alone_ = false;    ///< And nobody has spoken since, or had before.
    bool asked_ = false;          ///< Something wants an answer that has not begun.
    int unanswered_ = 0;          ///< Questions less answers; several may have one.
    base::time_point asked_at_{}; ///< The last of them.
    bool open_ = false;           ///< The server is in the middle of a turn.
    bool answering_ = false;      ///< The model has begun an answer and not finished it.
    bool spoke_ = false;          ///< The turn has words, sound or a call.
    bool generated_ = false;      ///< generationComplete has come in it.
    bool cut_in_ = false;         ///< The user has interrupted a turn whose end is to come.
    bool owed_end_ = false;       ///< So, and the next turn has begun before that.
    bool calling_ = false;  ///< The turn has called functions, and their answer has not begun;
    bool closed_ = false;   ///< it has been closed;
    bool talks_on_ = false; ///< something was said in it after the call;
    std::optional<base::time_point> responded_{}; ///< a response was sent.
    bool ended_ = false;                          ///< A turn has ended on this connection,
    base::time_point words_until_{};              ///< so long words of what it answered may come.
    bool recognized_ = false;   ///< Words of the user have come since the last end.
    bool is_spoken_to_ = false; ///< The turn began behind sound.
    bool failed_ = false;  ///< A turn was given up whose end may come, and nothing was said since.
    bool stalled_ = false; ///< The open turn, and nothing was said since.
    bool guessed_ = false; ///< The open turn began with words that may be late.
    int begun_early_ = 0;  ///< Answers that have begun to what is still being sent.
    bool has_media_ = false;  ///< The user has sent sound or pictures since the last end.
    bool user_heard_ = false; ///< The server has said that somebody speaks, since the last end.
    std::optional<base::time_point> undecided_since_{};
    std::optional<base::time_point> doubt_until_{};   ///< Whether the turn is over.
    std::optional<base::time_point> hearing_until_{}; ///< The user's words come in.
    bool fresh_handle_ = false;
    std::uint64_t turn_ = 0;
    round_trip::duration crossing_{};

    std::function<bool(const std::string&)> waits_for_;
    recent_ids open_calls_;
    recent_ids waited_for_; ///< Of these, those whose response the model waits for.
    recent_ids calls_since_handle_;
    recent_ids calls_in_handle_;
    recent_ids forgotten_;
    recent_ids answered_;
};

} // namespace gemini::live::engine
