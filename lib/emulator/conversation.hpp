// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/archive.hpp"
#include "emulator/route.hpp"
#include "emulator/settings.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/messages.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::emulation {

/// Time since the connection's upgrade.
using moment = std::chrono::milliseconds;

/// What to do on the connection, in this order.
struct output {
    std::vector<std::string> messages{};
    std::optional<std::pair<std::uint16_t, std::string>> close{};
    bool drop = false;

    [[nodiscard]] bool empty() const noexcept { return messages.empty() && !close && !drop; }
};

/// The server's side of one connection: checks what the client says as the service does, and lets
/// the persona answer. Pure: no I/O and no clock.
class conversation {
public:
    /// `api_key` is the only one taken, any if it is empty; `pace` the length of the pauses.
    conversation(emulation::route route, std::string api_key, double pace,
        std::shared_ptr<emulation::archive> archive);
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;
    ~conversation();

    /// A message of the client.
    [[nodiscard]] output hear(std::string_view text, moment now);
    /// To be called at `next_tick()`.
    [[nodiscard]] output tick(moment now);
    [[nodiscard]] std::optional<moment> next_tick() const;

private:
    /// A step of the answer. Speech is made when its turn comes: it costs much, and who is
    /// interrupted needs none.
    struct step {
        enum class kind { message, speech, end_of_turn, drop };
        moment at;
        kind what = kind::message;
        server_message::members message{};
        std::string words{};
    };

    void refuse(refusal why);
    [[nodiscard]] std::optional<refusal> find_stranger() const;
    void set_up(const protocol::json_value& setup);
    [[nodiscard]] std::optional<refusal> resume();
    void hear_message(const protocol::json_value& message);
    void hear_content(const protocol::json_value& content);
    void hear_realtime(const protocol::json_value& input);
    void hear_audio(const protocol::json_value& blob);
    void hear_tool_response(const protocol::json_value& response);

    void begin_speech();
    void end_speech();
    void take_turn(const std::string& words);
    void remember(std::string_view words);
    void interrupt();
    void say(std::string_view words);
    void plan_text(std::string_view words, moment& at);
    void speak_next(const std::string& words, moment at);
    void end_turn();
    void emit(server_message::members message);
    [[nodiscard]] moment paced(std::chrono::milliseconds pause) const;
    [[nodiscard]] bool on_vertex() const noexcept { return route_.flavour == flavour::vertex_ai; }

    emulation::route route_;
    std::string api_key_;
    double pace_;
    std::shared_ptr<emulation::archive> archive_;
    std::uint64_t number_;
    std::optional<settings> settings_; // absent until the setup
    bool over_ = false;

    std::vector<std::string> history_; // what the user said
    std::string pending_;              // content of a turn that is not complete yet
    std::int64_t heard_ = -1;          // index of the client's last message; its setup is 0
    bool user_speaks_ = false;
    std::chrono::milliseconds speech_{0};  // of the user, so far
    std::chrono::milliseconds silence_{0}; // at its end

    std::deque<step> plan_;
    std::optional<moment> farewell_;   // when the connection ends; survives interruptions
    std::vector<function_call> calls_; // asked for and not answered yet
    int calls_made_ = 0;
    double slowness_ = 1.0;        // of the present answer
    std::size_t spoken_bytes_ = 0; // of the present answer
    std::size_t written_words_ = 0;

    moment now_{0};
    output out_;
};

} // namespace gemini::live::emulation
