// SPDX-License-Identifier: Apache-2.0
#include "protocol/service_error.hpp"

#include "base/ascii.hpp"
#include "base/complaint.hpp"
#include "base/excerpt.hpp"
#include "protocol/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace gemini::live::protocol {
namespace {

/// Returns the text of an error, which may be an object, a string or a list of which the first
/// element counts.
std::string message_of(const json_value& answer)
{
    if (answer.kind() == json_value::type::array) {
        const auto all = answer.elements();
        return all.empty() ? std::string() : message_of(all.front());
    }
    if (auto text = answer.string()) return std::move(*text);
    if (!answer.is_object()) return {};
    for (const auto* const member :
        {"error", "message", "error_description", "errorMessage", "detail", "status"}) {
        const auto found = answer.find(member);
        if (!found) continue;
        if (auto words = message_of(*found); !words.empty()) return words;
    }
    return {};
}

std::string message_in(std::string_view body)
{
    try {
        return message_of(json_value::parse(body));
    } catch (const error&) {
        return {};
    }
}

/// Returns the first complete "message" in truncated JSON.
std::string message_in_cut(std::string_view body)
{
    constexpr std::string_view name = "\"message\"";
    const auto at = body.find(name);
    if (at == body.npos) return {};
    const auto begin = body.find('"', at + name.size());
    auto end = begin == body.npos ? begin : body.find('"', begin + 1);
    while (end != body.npos && body[end - 1] == '\\') end = body.find('"', end + 1);
    if (end == body.npos) return {};
    return message_in(fmt::format("[{}]", body.substr(begin, end + 1 - begin)));
}

std::size_t find_tag(std::string_view text, std::string_view tag)
{
    const auto found = std::search(text.begin(), text.end(), tag.begin(), tag.end(),
        [](char a, char b) { return base::lower(a) == b; });
    return found == text.end() ? text.npos : static_cast<std::size_t>(found - text.begin());
}

/// Returns the title of a web page, or nothing if `body` is not a web page.
std::optional<std::string> title_of_page(std::string_view body)
{
    constexpr std::size_t begins_within = 1024;
    const auto beginning = body.substr(0, begins_within);
    if (find_tag(beginning, "<html") == body.npos &&
        find_tag(beginning, "<!doctype") == body.npos &&
        find_tag(beginning, "<head") == body.npos && find_tag(beginning, "<body") == body.npos)
        return std::nullopt;
    const auto tag = find_tag(body, "<title");
    const auto begin = tag == body.npos ? tag : body.find('>', tag);
    const auto end = begin == body.npos ? begin : find_tag(body.substr(begin), "</title");
    if (end == body.npos) return std::string();
    return std::string(body.substr(begin + 1, end - 1));
}

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

std::string without_blanks(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n";
    const auto begin = std::min(text.find_first_not_of(blanks), text.size());
    return std::string(text.substr(begin, text.find_last_not_of(blanks) + 1 - begin));
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

std::string words_of_refusal(std::string_view body)
{
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
    auto text = without_blanks(body);
    if (text.starts_with('{') || text.starts_with('[')) {
        auto words = message_in(text);
        return words.empty() ? message_in_cut(text) : words;
    }
    if (const auto title = title_of_page(text)) {
        const auto shown = without_blanks(*title);
        return shown.empty() ? std::string("web page") : fmt::format("web page \"{}\"", shown);
    }
    return text;
}

error refused_call(std::string_view what, int status, std::string_view body,
    std::optional<std::chrono::seconds> retry_after, std::string_view secret)
{
    auto words = base::excerpt(without(words_in(body), secret));
    const auto cause = base::cause_of_refusal(status, words);
    const auto sentence = fmt::format("The service did not {} (HTTP {}{}{}). {}", what, status,
        words.empty() ? "" : ": ", words, advice_for(cause));
    return {cause, sentence, {phase::upgrade, 0, std::move(words), status, retry_after}};
}

} // namespace gemini::live::protocol
