// SPDX-License-Identifier: Apache-2.0
#include "base/excerpt.hpp"

#include "base/utf8.hpp"

namespace gemini::live::base {

std::string excerpt(std::string_view text, std::size_t most)
{
    const bool is_text = is_utf8(text);
    std::string line;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f) {
            if (!line.empty() && line.back() != ' ') line += ' ';
        } else {
            line += byte < 0x80 || is_text ? c : '?';
        }
    }
    if (line.ends_with(' ')) line.pop_back();
    if (line.size() <= most) return line;
    return std::string(truncate_utf8(line, most)) + "…";
}

} // namespace gemini::live::base
