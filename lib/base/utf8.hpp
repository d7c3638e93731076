// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gemini::live::base {

/// Checks text that comes in pieces, wherever they are cut. Strict: no overlong forms, no
/// surrogates, nothing above U+10FFFF.
class utf8_checker {
public:
    /// Whether all that was fed so far can begin a valid text. False stays false.
    bool feed(std::string_view piece) noexcept;

    /// Whether the text may end here: it was valid and no character is cut.
    [[nodiscard]] bool complete() const noexcept { return valid_ && missing_ == 0; }

private:
    bool valid_ = true;
    std::uint8_t missing_ = 0;   // continuation bytes that the open character still needs
    std::uint8_t lowest_ = 0x80; // what the next of them may be
    std::uint8_t highest_ = 0xbf;
};

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Returns `text` with U+FFFD in the place of what is not UTF-8: one for each character that was
/// cut, and for each byte that belongs to none.
[[nodiscard]] std::string mend_utf8(std::string_view text);

/// Returns the longest beginning of `text`, which is UTF-8, of at most `size` bytes that cuts no
/// character.
[[nodiscard]] std::string_view truncate_utf8(std::string_view text, std::size_t size) noexcept;

} // namespace gemini::live::base
