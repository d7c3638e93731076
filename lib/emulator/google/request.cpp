// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/request.hpp"

#include "protocol/json_writer.hpp"

#include <algorithm>
#include <charconv>

namespace gemini::live::emulator {
namespace {

using protocol::json_writer;

std::string decode(std::string_view text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const char* const digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            plain += static_cast<char>(byte);
            i += 2;
        } else {
            plain += text[i] == '+' ? ' ' : text[i];
        }
    }
    return plain;
}

} // namespace

form::form(std::string_view urlencoded)
{
    while (!urlencoded.empty()) {
        const auto end = std::min(urlencoded.find('&'), urlencoded.size());
        const auto field = urlencoded.substr(0, end);
        const auto sign = std::min(field.find('='), field.size());
        fields_[decode(field.substr(0, sign))] =
            decode(field.substr(std::min(sign + 1, field.size())));
        urlencoded.remove_prefix(std::min(end + 1, urlencoded.size()));
    }
}

form form::body_of(const google_request& call)
{
    const auto type = call.request.header("content-type");
    return form(type.starts_with("application/x-www-form-urlencoded") ? call.body : "");
}

std::string form::value(std::string_view name) const
{
    const auto found = fields_.find(name);
    return found == fields_.end() ? std::string() : found->second;
}

std::optional<std::string> form::find_missing(std::initializer_list<std::string_view> names) const
{
    const auto missing = std::find_if(
        names.begin(), names.end(), [&](std::string_view name) { return value(name).empty(); });
    return missing == names.end() ? std::nullopt : std::optional<std::string>(*missing);
}

bool has_word(std::string_view list, std::string_view word)
{
    while (!list.empty()) {
        const auto end = std::min(list.find(' '), list.size());
        if (list.substr(0, end) == word) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

testing::emulator_verdict json_answer(int status, std::string_view json)
{
    testing::emulator_verdict verdict;
    verdict.status = status;
    verdict.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    verdict.body = protocol::indented(json);
    return verdict;
}

testing::emulator_verdict text_answer(int status, std::string text)
{
    testing::emulator_verdict verdict;
    verdict.status = status;
    verdict.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    verdict.body = std::move(text);
    return verdict;
}

testing::emulator_verdict token_answer(const google_request& call,
    const testing::google_token& token, const std::map<std::string, std::string>& more)
{
    json_writer out;
    out.begin_object().member("access_token", token.value);
    if (call.tells_expiry) {
        const std::int64_t left =
            std::chrono::duration_cast<std::chrono::seconds>(token.expires - call.now).count();
        out.member("expires_in", left);
    }
    for (const auto& [name, value] : more) out.member(name, value);
    out.member("token_type", "Bearer");
    return json_answer(200, out.end_object().text());
}

testing::emulator_verdict oauth_failure(
    int status, std::string_view name, std::string_view description)
{
    json_writer out;
    out.begin_object().member("error", name).member("error_description", description);
    return json_answer(status, out.end_object().text());
}

testing::emulator_verdict api_failure(int status, std::string_view name, std::string_view message)
{
    json_writer out;
    out.begin_object().key("error").begin_object();
    out.member("code", status).member("message", message).member("status", name);
    return json_answer(status, out.end_object().end_object().text());
}

} // namespace gemini::live::emulator
