// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/reading_test.cpp
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Repairs JSON that a strict parser rejects although every bracket is in place. Pure.
namespace gemini::live::protocol {

/// Returns `text` as UTF-8 without a byte order mark. Invalid bytes, and unpaired surrogates in
/// strings, become U+FFFD.
[[nodiscard]] std::string mend_characters(std::string_view text);

/// Text that is now valid JSON.
struct mended_json {
    std::string text;
    /// Positions in `text`, in ascending order, where overly nested values have become null.
    std::vector<std::size_t> cuts{};
};

/// Longer texts are not mended, since mending takes several passes.
inline constexpr std::size_t longest_to_mend = 4u << 20;

/// Turns `text`, whose characters have been mended, into valid JSON. Numbers beyond the range of a
/// double, NaN, and anything else that is neither a number nor a literal of JSON become strings.
/// Characters that a string must not contain are escaped. Values nested deeper than 64 levels
/// become null. Returns nothing where brackets, commas, colons or quotes are out of place, and for
/// a text that is longer than `longest_to_mend` or would grow by more than 256 KiB.
[[nodiscard]] std::optional<mended_json> mend_json(std::string_view text);

} // namespace gemini::live::protocol
