// SPDX-License-Identifier: Apache-2.0
#include "protocol/redact.hpp"

#include "base/ascii.hpp"
#include "protocol/json_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gemini::live::protocol {
namespace {

/// Suffixes of names whose string values are secret. Lower case, without `_` and `-`.
constexpr std::array<std::string_view, 12> secret_ends{"handle", "token", "apikey", "apikeystring",
    "privatekey", "secret", "password", "passwd", "authorization", "credential", "credentials",
    "cookie"};
/// Names of values in which every string is secret.
constexpr std::array<std::string_view, 3> secret_parts{"headers", "authconfig", "apiauth"};

std::string plain_name(std::string_view name)
{
    std::string plain;
    for (const char c : name) {
        if (c == '_' || c == '-') continue;
        plain += base::lower(c);
    }
    return plain;
}

bool is_secret_throughout(std::string_view name)
{
    const auto plain = plain_name(name);
    return std::find(secret_parts.begin(), secret_parts.end(), plain) != secret_parts.end();
}

std::int64_t decoded_size(std::string_view base64)
{
    const auto end = base64.find_last_not_of('=');
    return static_cast<std::int64_t>((end == std::string_view::npos ? 0 : end + 1) * 3 / 4);
}

constexpr std::int64_t most_blank_bytes = 16 << 20; // of one blob

/// Returns base64 of that many zeros.
std::string zeros(std::int64_t bytes)
{
    std::string text(static_cast<std::size_t>((bytes + 2) / 3 * 4), 'A');
    const auto padding = static_cast<std::size_t>((3 - bytes % 3) % 3);
    std::fill(text.end() - static_cast<std::ptrdiff_t>(padding), text.end(), '=');
    return text;
}

/// Returns the size of a blob's data if only the size was recorded.
std::optional<std::int64_t> recorded_size(std::string_view name, const json_value& value)
{
    if (name != "data" || !value.is_object() || value.members().size() != 1) return std::nullopt;
    const auto bytes = value.find("bytes");
    const auto size = bytes ? bytes->integer() : std::nullopt;
    return size && *size >= 0 && *size <= most_blank_bytes ? size : std::nullopt;
}

void write_with_blank_media(json_writer& to, const json_value& from)
{
    switch (from.kind()) {
    case json_value::type::object: {
        const auto members = from.members();
        to.begin_object();
        for (const auto& [name, value] : members) {
            to.key(name);
            if (const auto size = recorded_size(name, value))
                to.string(zeros(*size));
            else
                write_with_blank_media(to, value);
        }
        to.end_object();
        break;
    }
    case json_value::type::array:
        to.begin_array();
        for (const auto& each : from.elements()) write_with_blank_media(to, each);
        to.end_array();
        break;
    default: to.raw(from.text());
    }
}

class redactor {
public:
    redactor(bool with_media, const std::deque<std::string>& known)
        : with_media_(with_media), known_(known)
    {
    }

    redaction run(std::string_view message)
    {
        value(json_value::parse(message), false);
        return {to_.take(), std::move(secrets_)};
    }

private:
    void value(const json_value& from, bool secret)
    {
        switch (from.kind()) {
        case json_value::type::object: object(from, secret); break;
        case json_value::type::array:
            to_.begin_array();
            for (const auto& each : from.elements()) value(each, secret);
            to_.end_array();
            break;
        case json_value::type::string: string(*from.string(), secret); break;
        default: to_.raw(from.text());
        }
    }

    void string(std::string text, bool secret)
    {
        if (secret) {
            secrets_.push_back(std::exchange(text, std::string(redacted_mark)));
        } else {
            strike_out(text, known_);
        }
        to_.string(text);
    }

    void object(const json_value& from, bool secret)
    {
        const auto members = from.members();
        const bool is_blob = !with_media_ && from.find("mimeType");
        to_.begin_object();
        for (const auto& [name, each] : members) {
            to_.key(name);
            const bool is_media =
                is_blob && name == "data" && each.kind() == json_value::type::string;
            if (is_media)
                to_.begin_object().member("bytes", decoded_size(*each.string())).end_object();
            else
                value(each, secret || is_secret(name) || is_secret_throughout(name));
        }
        to_.end_object();
    }

    bool with_media_;
    const std::deque<std::string>& known_;
    json_writer to_;
    std::vector<std::string> secrets_;
};

} // namespace

bool is_secret(std::string_view name)
{
    const auto plain = plain_name(name);
    return std::any_of(secret_ends.begin(), secret_ends.end(),
        [&plain](std::string_view end) { return std::string_view(plain).ends_with(end); });
}

redaction redact(std::string_view message, bool with_media, const std::deque<std::string>& known)
{
    return redactor(with_media, known).run(message);
}

std::string with_blank_media(const json_value& message)
{
    json_writer to;
    write_with_blank_media(to, message);
    return to.take();
}

void strike_out(std::string& text, const std::deque<std::string>& secrets)
{
    constexpr std::size_t shortest = 8;
    for (const auto& secret : secrets) {
        if (secret.size() < shortest) continue;
        std::string rest;
        std::size_t from = 0;
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, from)) {
            rest.append(text, from, at - from).append(redacted_mark);
            from = at + secret.size();
        }
        if (from != 0) text = std::move(rest.append(text, from));
    }
}

error strike_out(const error& failure, const std::deque<std::string>& secrets)
{
    std::string sentence = failure.what();
    auto details = failure.details();
    strike_out(sentence, secrets);
    strike_out(details.reason, secrets);
    return {failure.value(), sentence, std::move(details)};
}

} // namespace gemini::live::protocol
