// SPDX-License-Identifier: Apache-2.0
#include "protocol/service_error.hpp"

#include "protocol/json_reader.hpp"

#include <fmt/format.h>

#include <string>

namespace gemini::live::protocol {
namespace {

constexpr std::size_t most_shown = 500; // bytes of the service's words

/// {"error": {"code": 400, "message": "…", "status": "INVALID_ARGUMENT"}}
std::string words_in(std::string_view body)
{
    try {
        const auto failure = json_value::parse(body).find("error");
        const auto message = failure ? failure->find("message") : std::nullopt;
        return message ? message->string().value_or("") : "";
    } catch (const error&) {
        return {};
    }
}

std::string without(std::string text, std::string_view secret)
{
    if (secret.empty()) return text;
    for (auto at = text.find(secret); at != text.npos; at = text.find(secret))
        text.replace(at, secret.size(), "…");
    return text;
}

/// On one line, and not for ever.
std::string shown(std::string text)
{
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    if (text.size() <= most_shown) return text;
    auto end = most_shown;
    while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "…";
}

errc cause_of(int status, std::string_view words)
{
    if (status == 401 || status == 403) return errc::unauthorized;
    if (status == 400 && words.starts_with("API key")) return errc::unauthorized;
    if (status == 429) return errc::quota_exceeded;
    return status >= 500 ? errc::unavailable : errc::rejected;
}

std::string_view advice_for(errc cause)
{
    switch (cause) {
    case errc::unauthorized: return "Check the key or token, and what it may do.";
    case errc::quota_exceeded: return "Wait, or ask for more quota.";
    case errc::unavailable: return "Try again later.";
    default: return "Check the request, the base URL and the API version.";
    }
}

} // namespace

error refused_call(std::string_view what, int status, std::string_view body,
    std::optional<std::chrono::seconds> retry_after, std::string_view secret)
{
    auto words = shown(without(words_in(body), secret));
    const auto cause = cause_of(status, words);
    const auto sentence = fmt::format("The service did not {} (HTTP {}{}{}). {}", what, status,
        words.empty() ? "" : ": ", words, advice_for(cause));
    return {cause, sentence, {phase::upgrade, 0, std::move(words), status, retry_after}};
}

} // namespace gemini::live::protocol
