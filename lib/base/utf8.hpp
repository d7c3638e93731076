// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gemini::live::base {

/// Validates text that arrives in pieces, cut anywhere. Strict: rejects overlong forms, surrogates,
/// and anything above U+10FFFF.
class utf8_checker {
public:
    /// Returns whether everything fed so far can begin a valid text. Once false, it stays false.
    bool feed(std::string_view piece) noexcept;

    /// Whether the text may end here: it is valid and no character is incomplete.
    [[nodiscard]] bool complete() const noexcept { return valid_ && missing_ == 0; }

private:
    bool valid_ = true;
    std::uint8_t missing_ = 0;   // continuation bytes still needed by the current character
    std::uint8_t lowest_ = 0x80; // the allowed range of the next one starts here
    std::uint8_t highest_ = 0xbf;
};

GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Returns `text` with U+FFFD in place of invalid UTF-8: one for each truncated character, and one
/// for each byte that belongs to no character.
[[nodiscard]] std::string mend_utf8(std::string_view text);

/// Returns the longest prefix of `text` that has at most `size` bytes and does not split a
/// character. `text` must be UTF-8.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string_view truncate_utf8(
    std::string_view text, std::size_t size) noexcept;

} // namespace gemini::live::base
