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

/// What a server does, step by step, written down beforehand: docs/testing.md has the form.
namespace gemini::live::emulation {

struct step;

/// The client's next message must be one of these, or the next that is one is waited for.
struct expect_step {
    protocol::json_value pattern; ///< All of this is in it.
    bool others_may_come_first = false;
    std::string kind{}; ///< It has this member: "clientContent", "realtimeInput.text"; empty: any.
    std::optional<std::chrono::milliseconds> within{}; ///< Absent: whenever it comes.
};
struct send_step {
    std::string message; ///< Of any form, broken JSON too.
    bool in_text_frame = false;
};
struct wait_step {
    std::chrono::milliseconds time{0};
};
struct close_step {
    std::uint16_t code = 1000;
    std::string reason{};
};
/// Cuts the connection, at once or when so much more has come from the client.
struct drop_step {
    std::optional<std::int64_t> after_messages{};
    std::optional<std::int64_t> after_bytes{};
};
/// Says nothing more, until the client goes.
struct stall_step {};
/// As above, and reads no faster than this.
struct drain_step {
    double bytes_per_second = 0;
};
struct repeat_step {
    std::optional<std::int64_t> times{}; ///< Absent: for ever.
    std::vector<step> steps;             ///< At least one.
};

struct step {
    int line = 0; ///< In the file, from 1.
    std::variant<expect_step, send_step, wait_step, close_step, drop_step, stall_step, drain_step,
        repeat_step>
        what;
};

/// The answer to an upgrade in place of 101.
struct refuse_upgrade {
    int status = 503;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
};

/// What one connection gets: a refusal, or steps.
using connection_script = std::variant<refuse_upgrade, std::vector<step>>;

class script {
public:
    static constexpr std::size_t max_size = 16u << 20;
    static constexpr std::size_t max_steps = 10'000;
    static constexpr int max_repeats_inside = 8; ///< Of one another.

    /// Reads JSON lines. Throws errc::invalid_argument: "Line 3 of the script: …".
    [[nodiscard]] static script parse(std::string_view text);

    /// What each connection gets, by its number from 1.
    [[nodiscard]] static script of(std::map<std::size_t, connection_script> parts);

    /// What the connection of this number, from 1, gets; null when the script says nothing of it.
    [[nodiscard]] const connection_script* part_of(std::size_t connection) const noexcept;

    /// How many connections it speaks of: the highest number; 1 where it tells them not apart, 0
    /// where it is empty.
    [[nodiscard]] std::size_t connections() const noexcept;

private:
    std::optional<connection_script> others_{};
    std::map<std::size_t, connection_script> parts_{};
};

/// Whether all of `pattern` is in `message`: of an object the members of the pattern, where null
/// means absent; lists must be of one length.
[[nodiscard]] bool contains(
    const protocol::json_value& message, const protocol::json_value& pattern);

/// Whether it is what the step waits for.
[[nodiscard]] bool matches(const protocol::json_value& message, const expect_step& step);

} // namespace gemini::live::emulation
