// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace gemini::live::base {
namespace {

const char* skip_ascii(const char* at, const char* end) noexcept
{
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    std::uint64_t words[2];
    for (; end - at >= static_cast<std::ptrdiff_t>(sizeof words); at += sizeof words) {
        std::memcpy(words, at, sizeof words);
        if ((words[0] | words[1]) & high_bits) break;
    }
    while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
    return at;
}

} // namespace

bool utf8_checker::feed(std::string_view piece) noexcept
{
    if (!valid_) return false;
    const char* at = piece.data();
    const char* const end = at + piece.size();
    for (;;) {
        for (; missing_ != 0; --missing_, ++at) {
            if (at == end) return true;
            const auto byte = static_cast<unsigned char>(*at);
            if (byte < lowest_ || byte > highest_) return valid_ = false;
            lowest_ = 0x80;
            highest_ = 0xbf;
        }
        at = skip_ascii(at, end);
        if (at == end) return true;
        const auto lead = static_cast<unsigned char>(*at++);
        if (lead >= 0xc2 && lead <= 0xdf) {
            missing_ = 1;
        } else if ((lead & 0xf0) == 0xe0) {
            missing_ = 2;
            if (lead == 0xe0) lowest_ = 0xa0;  // below: overlong
            if (lead == 0xed) highest_ = 0x9f; // above: surrogates
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            missing_ = 3;
            if (lead == 0xf0) lowest_ = 0x90;  // below: overlong
            if (lead == 0xf4) highest_ = 0x8f; // above: beyond U+10FFFF
        } else {
            return valid_ = false;
        }
    }
}

bool is_utf8(std::string_view text) noexcept
{
    utf8_checker checker;
    return checker.feed(text) && checker.complete();
}

namespace {

/// Returns how many bytes at the front of `text` are a character or, with `whole` set to false, the
/// beginning of one. Returns 0 for a byte that cannot start a character.
std::size_t character_at(std::string_view text, bool& whole) noexcept
{
    constexpr std::size_t longest = 4;
    utf8_checker checker;
    std::size_t size = 0;
    while (size < std::min(text.size(), longest)) {
        if (!checker.feed(text.substr(size, 1))) break;
        ++size;
        if (checker.complete()) {
            whole = true;
            return size;
        }
    }
    whole = false;
    return size;
}

} // namespace

std::string mend_utf8(std::string_view text)
{
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string mended;
    while (!text.empty()) {
        const auto* const plain = skip_ascii(text.data(), text.data() + text.size());
        const auto ascii = static_cast<std::size_t>(plain - text.data());
        mended += text.substr(0, ascii);
        text.remove_prefix(ascii);
        if (text.empty()) break;
        bool whole = false;
        const auto size = character_at(text, whole);
        mended += whole ? text.substr(0, size) : replacement;
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return mended;
}

std::string_view truncate_utf8(std::string_view text, std::size_t size) noexcept
{
    if (text.size() <= size) return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    return text.substr(0, size);
}

} // namespace gemini::live::base
