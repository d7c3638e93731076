// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/persona.hpp"
#include "emulator/route.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/messages.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::emulation {

/// Time since the connection's upgrade.
using moment = std::chrono::milliseconds;

/// What conversations leave behind for those that resume them. Shared by an emulator's connections;
/// keeps the newest thousand handles.
class archive {
public:
    struct entry {
        std::vector<std::string> history;
        std::string model;
        std::uint64_t connection = 0; ///< That issued it.
    };

    [[nodiscard]] std::uint64_t open_connection() { return ++connections_; }
    void close_connection(std::uint64_t number) { open_.erase(number); }
    void serve(std::uint64_t number) { open_[number] = true; }
    [[nodiscard]] bool is_open(std::uint64_t number) const { return open_.contains(number); }

    /// Gives the new handle.
    [[nodiscard]] std::string keep(entry kept);
    [[nodiscard]] const entry* find(const std::string& handle) const;

private:
    std::map<std::string, entry> kept_;
    std::deque<std::string> order_;
    std::map<std::uint64_t, bool> open_;
    std::uint64_t connections_ = 0;
    std::uint64_t handles_ = 0;
};

/// What to do on the connection, in this order.
struct output {
    std::vector<std::string> messages{};
    std::optional<std::pair<std::uint16_t, std::string>> close{};
    bool drop = false;
};

/// The server's side of one connection: checks what the client says as the service does, and lets
/// the persona answer. Pure: no I/O and no clock.
class conversation {
public:
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
    struct planned {
        moment at;
        server_message::members message{};
        enum class kind { message, end_of_turn, close, drop } what = kind::message;
    };
    struct settings {
        bool audio = true;
        bool transcribe_input = false;
        bool transcribe_output = false;
        bool resumable = false;
        bool detects_activity = true;
        bool interruptible = true;
        std::string model{};
        std::vector<declared_function> functions{};
    };

    void refuse(std::uint16_t code, std::string reason);
    [[nodiscard]] bool admit();
    void set_up(const protocol::json_value& setup);
    bool resume(const protocol::json_value& resumption);
    void hear_content(const protocol::json_value& content);
    void hear_realtime(const protocol::json_value& input);
    void hear_audio(const std::string& base64, const std::string& mime_type);
    void hear_tool_response(const protocol::json_value& response);

    void begin_speech();
    void end_speech();
    void take_turn(const std::string& words);
    void interrupt();
    void say(std::string_view words);
    void plan_audio(std::string_view words, moment& at);
    void plan_text(std::string_view words, moment& at);
    void plan(moment at, server_message::members message);
    void end_turn();
    void emit(const server_message::members& message);
    [[nodiscard]] moment paced(std::chrono::milliseconds pause) const;

    emulation::route route_;
    std::string api_key_;
    double pace_;
    std::shared_ptr<emulation::archive> archive_;
    std::uint64_t number_;
    std::optional<settings> settings_;
    std::vector<std::string> history_; // what the user said
    std::string pending_;              // content of a turn that is not complete yet
    std::deque<planned> plan_;
    std::optional<planned> farewell_;  // survives interruptions
    std::vector<function_call> calls_; // not answered yet
    int calls_made_ = 0;
    std::size_t spoken_bytes_ = 0; // of the present answer
    std::size_t spoken_words_ = 0;
    bool speaking_ = false; // the user
    std::chrono::milliseconds speech_{0};
    std::chrono::milliseconds silence_{0};
    moment now_{0};
    output out_;
};

} // namespace gemini::live::emulation
