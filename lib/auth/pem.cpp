// SPDX-License-Identifier: Apache-2.0
#include "auth/pem.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace gemini::live::auth {
namespace {

constexpr std::string_view dashes = "-----";

bool is_base64(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/// Returns the base64 of `text` without the blanks and line breaks, escaped or not, inside it.
/// Returns "" if `text` contains anything else.
std::string base64_in(std::string_view text)
{
    std::string found;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        if (c == '\\') {
            while (i + 1 < text.size() && text[i + 1] == '\\') ++i;
            const char escaped = i + 1 < text.size() ? text[i + 1] : '\0';
            if (escaped != 'n' && escaped != 'r' && escaped != '\n') {
                secret::wipe(found);
                return {};
            }
            ++i;
            continue;
        }
        if (!is_base64(c)) {
            secret::wipe(found);
            return {};
        }
        found += c;
    }
    return found;
}

} // namespace

secret mended_pem(secret pem)
{
    const std::string_view text = pem.reveal();
    const auto begin = text.find("-----BEGIN ");
    if (begin == text.npos) return pem;
    const auto head_end = text.find(dashes, begin + dashes.size());
    const auto end = text.find("-----END ", begin);
    if (head_end == text.npos || end == text.npos || head_end > end) return pem;
    const auto tail_end = text.find(dashes, end + dashes.size());
    if (tail_end == text.npos) return pem;

    const auto head = text.substr(begin, head_end + dashes.size() - begin);
    const auto tail = text.substr(end, tail_end + dashes.size() - end);
    auto body = base64_in(text.substr(begin + head.size(), end - begin - head.size()));
    if (body.empty()) return pem;
    constexpr std::size_t line = 64;
    std::string whole;
    whole.reserve(head.size() + tail.size() + body.size() + body.size() / line + 4);
    whole.append(head) += '\n';
    for (std::size_t i = 0; i < body.size(); i += line) whole.append(body, i, line) += '\n';
    whole.append(tail) += '\n';
    secret::wipe(body);
    return secret(std::move(whole));
}

} // namespace gemini::live::auth
