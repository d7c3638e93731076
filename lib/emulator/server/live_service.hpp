// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/persona/persona.hpp"
#include "emulator/rules/quirks.hpp"
#include "emulator/rules/route.hpp"
#include "emulator/rules/setup_rules.hpp"
#include "emulator/server/resumption_archive.hpp"
#include "emulator/server/server_session.hpp"
#include "emulator/server/usage_counter.hpp"
#include "emulator/server/vad.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/messages.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::emulator {

/// How long a connection lives, and how long before its end that is announced. Zero: forever.
struct lifespan {
    std::chrono::milliseconds length{0};
    std::chrono::milliseconds notice{0};
};

/// A conversation. Validates client messages as the service does, and lets the persona answer.
class live_service : public server_session {
public:
    /// `api_key` is the only key accepted; empty: any key. `pace` scales the length of pauses.
    /// Quirks that `quirks` leaves unset follow the model of the setup.
    live_service(emulator::route route, std::string api_key, double pace,
        std::shared_ptr<emulator::resumption_archive> archive, lifespan life = {},
        model_names names = {}, testing::emulator_quirks quirks = {});
    ~live_service() override;

    [[nodiscard]] actions on_message(std::string_view text, moment now) override;
    [[nodiscard]] actions on_timer(moment now) override;
    [[nodiscard]] std::optional<moment> next_timer() const override;

private:
    /// A step of the answer. Speech is synthesized only when its turn comes, because it is
    /// expensive and an interruption makes it unnecessary.
    struct step {
        enum class kind { message, speech, handle, end_of_turn, drop };
        moment at;
        kind what = kind::message;
        server_message_members message{};
        std::string words{};                      ///< For speech.
        open_enum<turn_complete_reason> reason{}; ///< For the end of a turn.
        waiting wait = waiting::blocked;          ///< For the calls in the message.
    };

    void refuse(refusal why);
    void set_up(const protocol::json_value& setup);
    void fall_silent();
    void enter();
    void hear_message(const protocol::json_value& message);
    void hear_content(const protocol::json_value& content);
    [[nodiscard]] bool hear_turns(const protocol::json_value& turns);
    [[nodiscard]] std::string question();
    void hear_update(const protocol::json_value& update);
    void hear_realtime(const protocol::json_value& input);
    void hear_audio(const protocol::json_value& blob);
    void listen();
    void hear_tool_response(const protocol::json_value& response);
    [[nodiscard]] std::optional<refusal> hear_function_response(
        const protocol::json_value& response);
    void use(toolbox tools);

    void begin_speech();
    void guess_speech();
    void end_speech();
    void tell_activity(voice_activity_type type, std::chrono::milliseconds offset);
    void take_turn(const std::string& words);
    void give(reply reply);
    void announce_end(std::chrono::milliseconds time_left);
    void remember(std::string_view words);
    void interrupt();
    void cut_off();
    void give_up_calls();
    void retire(const open_call& over);
    void call(std::vector<function_call> calls, waiting wait);
    void say(std::string words);
    void say(reply reply);
    void plan_words(std::string_view words, moment& at);
    void plan_drop();
    void begin_turn(moment at);
    void plan_handles(moment at);
    void speak_next(const std::string& words, moment at);
    void end_turn(const open_enum<turn_complete_reason>& reason);
    void end_interrupted_turn();
    void interrupt_empty_turn();
    void tell_handle();
    void tell_nothing();
    [[nodiscard]] bool does(std::optional<bool> testing::emulator_quirks::*quirk) const
    {
        return (quirks_.*quirk).value_or(false);
    }
    void emit(server_message_members message, waiting wait = waiting::blocked);
    [[nodiscard]] moment paced(std::chrono::milliseconds pause) const;
    [[nodiscard]] moment end_of_plan() const;
    [[nodiscard]] bool on_vertex() const noexcept;

    emulator::route route_;
    std::string api_key_;
    double pace_;
    std::shared_ptr<emulator::resumption_archive> archive_;
    lifespan life_;
    model_names names_;
    testing::emulator_quirks quirks_; // all of them are set once the setup has come
    std::uint64_t number_;
    std::optional<accepted_setup> setup_; // absent until the setup
    std::optional<moment> next_try_;      // to enter, while the handle's old connection is open
    bool over_ = false;

    std::vector<std::string> history_; // what the user has said
    std::string pending_;              // content of a turn that is not complete yet
    std::string unanswered_;           // by the user, before a model turn that the client supplied
    std::int64_t consumed_ = -1;       // index of the client's last message; its setup is 0
    vad vad_;
    std::chrono::milliseconds guessed_{0}; // end of the speech that has been guessed at

    std::deque<step> plan_;
    std::optional<std::pair<moment, refusal>> farewell_; // survives interruptions
    std::optional<moment> notice_;                       // when to announce the end
    call_book calls_;
    int calls_made_ = 0;
    double slowness_ = 1.0; // of the current answer
    usage_counter usage_;
    std::uint32_t pieces_shown_ = 0; // of the current answer
    std::size_t pieces_spoken_ = 0;  // of the current answer
    bool turn_is_open_ = false;      // at the end of the plan
    bool has_answered_ = false;      // and no speech has been marked since
    bool handle_is_due_ = false;
    int answers_ = 0;                                  // so far
    std::size_t messages_ = 0;                         // so far, where a quirk needs it
    std::optional<server_message_members> last_words_; // to follow the end of the turn
    /// An interrupted turn that has not ended yet. It ends after `after` messages of the next
    /// answer, or at `at` if nothing follows.
    struct late_end {
        int after;
        moment at;
    };
    std::optional<late_end> late_end_;

    moment now_{0};
    actions out_;
};

} // namespace gemini::live::emulator
