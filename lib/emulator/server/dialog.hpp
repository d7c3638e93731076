// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/live_server_session_test.cpp, test/unit/emulator/quirks_test.cpp
#pragma once

#include "emulator/persona/persona.hpp"
#include "emulator/rules/refusal.hpp"
#include "emulator/rules/setup_rules.hpp"
#include "emulator/server/answer_plan.hpp"
#include "emulator/server/call_registry.hpp"
#include "emulator/server/resumption_archive.hpp"
#include "emulator/server/server_session.hpp"
#include "emulator/server/speech_input.hpp"
#include "emulator/server/usage_counter.hpp"
#include "emulator/server/user_turns.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live::emulator {

/// How long a connection lives, and how long before its end that is announced. Zero: forever.
struct lifespan {
    std::chrono::milliseconds length{0};
    std::chrono::milliseconds notice{0};
};

/// The dialog on a connection whose setup has been accepted: the persona answers what the user says
/// and shows. Pure: no I/O and no clock.
class dialog {
public:
    /// `connection` is the connection's number in `archive`. `pace` scales the length of pauses.
    /// All quirks must be set.
    dialog(accepted_setup setup, const testing::emulator_quirks& quirks, live::backend backend,
        double pace, lifespan life, std::shared_ptr<resumption_archive> archive,
        std::uint64_t connection);
    dialog(const dialog&) = delete;
    dialog& operator=(const dialog&) = delete;

    [[nodiscard]] const accepted_setup& setup() const noexcept { return setup_; }

    /// Confirms the setup. `resumed` is the state of the conversation to resume; null: none.
    [[nodiscard]] actions begin(const resumption_archive::entry* resumed, moment now);
    /// Handles a well-formed message from the client.
    [[nodiscard]] actions on_message(const protocol::json_value& message, moment now);
    /// Must be called at `next_timer()`.
    [[nodiscard]] actions on_timer(moment now);
    [[nodiscard]] std::optional<moment> next_timer() const;

private:
    void hear_message(const protocol::json_value& message);
    void hear_content(const protocol::json_value& content);
    [[nodiscard]] bool hear_turns(const protocol::json_value& turns);
    void hear_update(const protocol::json_value& update);
    void hear_realtime(const protocol::json_value& input);
    void hear_audio(const protocol::json_value& blob);
    void listen();
    void begin_speech();
    void end_speech();
    void hear_tool_response(const protocol::json_value& response);
    [[nodiscard]] std::optional<refusal> hear_function_response(
        const protocol::json_value& response);
    void use(toolbox tools);

    void take_turn(const std::string& words);
    void give(reply reply);
    void call(std::vector<function_call> calls, waiting wait);
    void say(std::string words);
    void announce_end(std::chrono::milliseconds time_left);

    void interrupt();
    void cancel_calls();
    void cut_off();
    void end_interrupted_turn();
    void interrupt_empty_turn();

    void carry_out(answer_plan::step step);
    void end_turn(const open_enum<turn_complete_reason>& reason);
    void send_handle();
    void send_nothing();
    void emit(server_message_members message, waiting wait = waiting::blocked);
    [[nodiscard]] actions finish();
    [[nodiscard]] bool on_vertex() const noexcept;

    accepted_setup setup_;
    const testing::emulator_quirks quirks_;
    const live::backend backend_;
    const lifespan life_;
    const std::shared_ptr<resumption_archive> archive_;
    const std::uint64_t connection_;
    std::int64_t consumed_ = 0;                          // index of the client's last message
    std::optional<moment> notice_;                       // when to announce the end
    std::optional<std::pair<moment, refusal>> farewell_; // survives interruptions

    user_turns user_;
    speech_input speech_{setup_};
    usage_counter usage_;
    call_registry calls_;
    int calls_made_ = 0;
    answer_plan plan_;
    bool has_answered_ = false; // and no speech has been marked since
    /// An interrupted turn that has not ended yet. It ends after `after` messages of the next
    /// answer, or at `at` if nothing follows.
    struct late_end {
        int after;
        moment at;
    };
    std::optional<late_end> late_end_;

    bool handle_is_due_ = false;
    std::size_t odd_members_ = 0; // so far, where the quirk is on
    moment now_{0};
    actions out_;
};

} // namespace gemini::live::emulator
