// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/json_test.cpp, test/unit/protocol/json_string_test.cpp
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// simdjson's On-Demand API inspects only the values that are requested and skips the rest by
/// counting brackets. These functions request every value, so that what passes is valid JSON.
/// Internal to this room.
namespace gemini::live::protocol {

/// Maximum nesting depth of objects and arrays.
inline constexpr int max_json_depth = 64;

/// Validates a value that is nested inside `depth` objects and arrays. Returns the first error, or
/// CAPACITY if the value has more than `left` members and elements; `left` is then 0.
[[nodiscard]] simdjson::error_code check_json(
    simdjson::ondemand::value value, int depth, std::size_t& left);

/// Returns the text between the quotes of a string that is too long for simdjson to copy, and
/// advances past it. Returns nothing for any other value.
[[nodiscard]] std::optional<std::string_view> long_string(simdjson::ondemand::value& value);

/// Reads the number at `value` exactly. simdjson 3.0's On-Demand misreads 0.1 written with twenty
/// or more decimals.
[[nodiscard]] simdjson::error_code get_number(simdjson::ondemand::value& value, double& to);

/// Returns the integer that a number such as 2.0 or 2e3 represents. Returns nothing if the number
/// has a fraction or is too large for a double to represent exactly.
[[nodiscard]] std::optional<std::int64_t> whole_number(double value) noexcept;

/// Returns a sentence on why `text` is not JSON and roughly where, or nothing if it is JSON.
[[nodiscard]] std::optional<std::string> find_json_fault(std::string_view text);

} // namespace gemini::live::protocol
