// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_string.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gemini::live::protocol {
namespace {

/// Returns the character that a two-character escape represents, or 0 if there is no such escape.
constexpr char meaning_of(char escaped) noexcept
{
    switch (escaped) {
    case '"':
    case '\\':
    case '/': return escaped;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/// Writes a character as UTF-8 to `to`, and advances `to`.
void put_character(unsigned code, char*& to) noexcept
{
    const auto put = [&to](unsigned byte) { *to++ = static_cast<char>(byte); };
    const auto tail = [&](int shift) { put(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        put(0xe0 | code >> 12);
        tail(6);
    } else {
        put(0xf0 | code >> 18);
        tail(12);
        tail(6);
    }
    tail(0);
}

constexpr std::size_t longest_character = 4;

/// Decodes the escape at `at` into `to`, and advances `to`. Returns the length of the escape, or 0
/// if it is invalid.
std::size_t put_escape(std::string_view text, std::size_t at, char*& to) noexcept
{
    if (at + 1 >= text.size()) return 0;
    if (const char plain = meaning_of(text[at + 1])) {
        *to++ = plain;
        return 2;
    }
    const auto unit = code_unit_at(text, at);
    if (!unit || unit->is_low()) return 0;
    if (!unit->is_high()) {
        put_character(unit->value, to);
        return code_unit::escape_size;
    }
    const auto low = code_unit_at(text, at + code_unit::escape_size);
    if (!low || !low->is_low()) return 0;
    put_character(0x10000 + ((unit->value & 0x3ff) << 10 | (low->value & 0x3ff)), to);
    return 2 * code_unit::escape_size;
}

} // namespace

std::optional<std::string> unescape(std::string_view text)
{
    std::string meant; // never grows beyond `text`: an escape is longer than its result
    meant.reserve(text.size());
    std::array<char, 4096> piece;
    for (std::size_t at = 0; at < text.size();) {
        const auto next = std::min(text.find('\\', at), text.size());
        meant.append(text, at, next - at);
        at = next;
        while (at < text.size() && text[at] == '\\') {
            char* to = piece.data();
            const char* const full = piece.data() + piece.size() - longest_character;
            while (to < full && at < text.size() && text[at] == '\\') {
                const auto size = put_escape(text, at, to);
                if (size == 0) return std::nullopt;
                at += size;
            }
            meant.append(piece.data(), to);
        }
    }
    if (meant.size() < meant.capacity() / 2) meant.shrink_to_fit();
    return meant;
}

bool has_sound_escapes(std::string_view text) noexcept
{
    for (auto at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
        std::array<char, longest_character> meant;
        char* to = meant.data();
        const auto size = put_escape(text, at, to);
        if (size == 0) return false;
        at += size;
    }
    return true;
}

} // namespace gemini::live::protocol
