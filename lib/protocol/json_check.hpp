// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// simdjson's On-Demand looks only at what it is asked for and gets over the rest by counting
/// brackets. These ask for everything, so that what passes is JSON. For the sources of this room
/// only.
namespace gemini::live::protocol {

/// How many objects and arrays may stand inside one another.
inline constexpr int max_json_depth = 64;

/// Walks over a value that stands inside of `depth` objects and arrays. Gives the first error;
/// CAPACITY when it has more members and elements than are `left`, which is then 0.
[[nodiscard]] simdjson::error_code check_json(
    simdjson::ondemand::value value, int depth, std::size_t& left);

/// What stands between the quotes of a string that is too long for simdjson to copy, and moves on
/// behind it. Nothing for anything else.
[[nodiscard]] std::optional<std::string_view> long_string(simdjson::ondemand::value& value);

/// The number at `value`, to the last bit: simdjson 3.0's On-Demand misreads 0.1 with twenty or
/// more digits behind the point.
[[nodiscard]] simdjson::error_code get_number(simdjson::ondemand::value& value, double& to);

/// The integer that a number such as 2.0 or 2e3 is; nothing for what has a fraction, or is so large
/// that a double tells it from its neighbours no more.
[[nodiscard]] std::optional<std::int64_t> whole_number(double value) noexcept;

/// What keeps a text from being JSON, and about where, as a sentence. Nothing when it is JSON.
[[nodiscard]] std::optional<std::string> find_json_fault(std::string_view text);

} // namespace gemini::live::protocol
