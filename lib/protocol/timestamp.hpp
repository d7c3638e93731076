// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Times in the format of proto3 JSON.
namespace gemini::live::protocol {

/// Parses "9.846s": seconds with up to nine decimals. Returns nothing for anything else.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(
    std::string_view text);
/// Also accepts "50", "+1.5 s" and more than nine decimals, which it truncates. Returns nothing for
/// anything else.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration_leniently(
    std::string_view text);
/// Returns the sum of both, or nothing beyond 292 years.
[[nodiscard]] std::optional<std::chrono::nanoseconds> duration_of(
    std::int64_t seconds, std::int64_t nanoseconds) noexcept;
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds value);

/// Parses RFC 3339: "2026-11-23T12:30:00Z", with up to nine decimals and any offset from UTC, for
/// the years 1678 to 2261. Returns nothing for anything else.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::optional<std::chrono::system_clock::time_point>
parse_timestamp(std::string_view text);
/// Whether `text` is a time in this format, of any year.
[[nodiscard]] bool is_timestamp(std::string_view text);
/// Returns `value` in UTC, with as many decimals as needed.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string timestamp_text(
    std::chrono::system_clock::time_point value);

} // namespace gemini::live::protocol
