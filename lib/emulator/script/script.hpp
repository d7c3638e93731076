// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/json_reader.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// A server's behavior, scripted step by step. docs/testing.md describes the format.
namespace gemini::live::emulator {

struct step;

/// Expects the client's next message to match, or waits for the next message that matches.
struct expect_step {
    protocol::json_value pattern; ///< The message must contain all of this.
    bool others_may_come_first = false;
    std::string kind{}; ///< A required member: "clientContent", "realtimeInput.text"; empty: any.
    std::optional<std::chrono::milliseconds> within{}; ///< Absent: no limit.
};
struct send_step {
    std::string message; ///< Any text, even broken JSON.
    bool in_text_frame = false;
};
struct wait_step {
    std::chrono::milliseconds time{0};
};
struct close_step {
    std::uint16_t code = 1000;
    std::string reason{};
};
/// Cuts the connection, at once or after the client has sent that much more.
struct drop_step {
    std::optional<std::int64_t> after_messages{};
    std::optional<std::int64_t> after_bytes{};
};
/// Sends nothing more until the client disconnects.
struct stall_step {};
/// Likewise, and limits how fast the client's messages are read.
struct drain_step {
    double bytes_per_second = 0;
};
struct repeat_step {
    std::optional<std::int64_t> times{}; ///< Absent: forever.
    std::vector<step> steps;             ///< At least one.
};

struct step {
    int line = 0; ///< In the file, from 1.
    std::variant<expect_step, send_step, wait_step, close_step, drop_step, stall_step, drain_step,
        repeat_step>
        what;
};

/// The answer to an upgrade instead of 101.
struct refuse_upgrade {
    int status = 503;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
};

/// What happens on one connection: a refusal, or steps.
using connection_script = std::variant<refuse_upgrade, std::vector<step>>;

class script {
public:
    static constexpr std::size_t max_size = 16u << 20;
    static constexpr std::size_t max_steps = 10'000;
    static constexpr int max_repeats_inside = 8; ///< Maximum nesting depth.

    /// Parses JSON lines. Throws errc::invalid_argument: "Line 3 of the script: …".
    [[nodiscard]] static script parse(std::string_view text);

    /// Returns a script with these parts, by connection number, starting at 1.
    [[nodiscard]] static script of(std::map<std::size_t, connection_script> parts);

    /// Returns the part for connection `connection`, counted from 1, or null if the script has
    /// none.
    [[nodiscard]] const connection_script* part_of(std::size_t connection) const noexcept;

    /// Returns the number of connections in the script: the highest number; 1 if the script does
    /// not distinguish connections, 0 if it is empty.
    [[nodiscard]] std::size_t connections() const noexcept;

private:
    std::optional<connection_script> others_{};
    std::map<std::size_t, connection_script> parts_{};
};

/// Whether `message` contains all of `pattern`. An object must contain the members of the pattern,
/// where null means absent. Lists must have the same length.
[[nodiscard]] bool contains(
    const protocol::json_value& message, const protocol::json_value& pattern);

/// Whether `message` is what the step waits for.
[[nodiscard]] bool matches(const protocol::json_value& message, const expect_step& step);

} // namespace gemini::live::emulator
