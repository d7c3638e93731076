// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Times as proto3 JSON writes them.
namespace gemini::live::protocol {

/// "9.846s": seconds with up to nine decimals. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// Also "50", "+1.5 s", and with more than nine decimals, which are cut. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration_leniently(
    std::string_view text);
/// Seconds and what comes on top; nothing for more than 292 years.
[[nodiscard]] std::optional<std::chrono::nanoseconds> duration_of(
    std::int64_t seconds, std::int64_t nanoseconds) noexcept;
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds value);

/// RFC 3339: "2026-11-23T12:30:00Z", with up to nine decimals and any offset from UTC, of the years
/// 1678 to 2261. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_timestamp(
    std::string_view text);
/// In UTC, with as many decimals as are needed.
[[nodiscard]] std::string timestamp_text(std::chrono::system_clock::time_point value);

} // namespace gemini::live::protocol
