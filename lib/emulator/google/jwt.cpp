// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/jwt.hpp"

#include "base/base64.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <cstdint>
#include <span>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;
using namespace std::chrono_literals;

constexpr auto longest_jwt_life = 1h;
constexpr auto clock_difference = 5min;

std::string base64url(std::string_view bytes)
{
    std::string text(base::base64_size(bytes.size()), '\0');
    base::base64_encode(std::as_bytes(std::span(bytes)), text.data());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::min(text.find('='), text.size()));
    return text;
}

/// The service accepts no other alphabet and no padding.
std::optional<std::string> read_base64url(std::string_view text)
{
    if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
    std::string bytes(base::base64_capacity(text.size()), '\0');
    const auto size = base::base64_decode(text, reinterpret_cast<std::byte*>(bytes.data()));
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

std::optional<json_value> read_object(std::string_view part)
{
    const auto text = read_base64url(part);
    if (!text) return std::nullopt;
    try {
        auto value = json_value::parse(*text);
        if (value.is_object()) return value;
    } catch (const error&) {
    }
    return std::nullopt;
}

std::string string_at(const json_value& object, std::string_view name)
{
    const auto found = object.find(name);
    return found ? found->string().value_or("") : "";
}

} // namespace

std::string jwt::claim(std::string_view name) const { return string_at(claims, name); }

std::string jwt::header_member(std::string_view name) const { return string_at(header, name); }

std::optional<jwt> read_jwt(std::string_view text, const rsa_key& key)
{
    const auto first = text.find('.');
    const auto second = first == text.npos ? text.npos : text.find('.', first + 1);
    if (second == text.npos) return std::nullopt;
    auto header = read_object(text.substr(0, first));
    auto claims = read_object(text.substr(first + 1, second - first - 1));
    const auto signature = read_base64url(text.substr(second + 1));
    if (!header || !claims || !signature) return std::nullopt;
    jwt token{std::move(*header), std::move(*claims)};
    token.genuine =
        token.header_member("alg") == "RS256" && key.verifies(text.substr(0, second), *signature);
    return token;
}

std::string make_jwt(std::string_view claims, std::string_view key_id, const rsa_key& key)
{
    protocol::json_writer header;
    header.begin_object().member("alg", "RS256").member("typ", "JWT").member("kid", key_id);
    auto text = base64url(header.end_object().text()) + '.' + base64url(claims);
    const auto signature = key.sign(text);
    return text + '.' + base64url(signature);
}

jwt_time check_time(const jwt& token, std::chrono::system_clock::time_point now)
{
    const auto time_at = [&](std::string_view name) -> std::optional<std::chrono::seconds> {
        const auto found = token.claims.find(name);
        const auto number = found ? found->number() : std::nullopt;
        if (!number || !(*number >= 0 && *number < 1e11)) return std::nullopt;
        return std::chrono::seconds(static_cast<std::int64_t>(*number));
    };
    const auto issued = time_at("iat");
    const auto expires = time_at("exp");
    if (!issued || !expires) return jwt_time::unreasonable;
    const auto since = now.time_since_epoch();
    if (*expires <= *issued || *expires - *issued > longest_jwt_life ||
        *issued > since + clock_difference)
        return jwt_time::unreasonable;
    return *expires <= since ? jwt_time::expired : jwt_time::good;
}

} // namespace gemini::live::emulator
