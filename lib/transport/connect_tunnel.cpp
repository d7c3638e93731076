// SPDX-License-Identifier: Apache-2.0
#include "transport/connect_tunnel.hpp"

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/excerpt.hpp"
#include "transport/authority.hpp"
#include "transport/http_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace gemini::live::transport {
namespace {

/// What the scheme Basic shows of user and password (RFC 7617).
std::string basic_credentials(const proxy_address& proxy)
{
    const auto pair = proxy.user + ':' + proxy.password;
    std::string coded(base::base64_size(pair.size()), ' ');
    base::base64_encode(std::as_bytes(std::span(pair)), coded.data());
    return coded;
}

/// The schemes of a Proxy-Authenticate field; empty if Basic is one of them, or none is named.
std::string other_schemes(const std::vector<std::string_view>& challenges)
{
    std::string schemes;
    for (const auto each : challenges) {
        if (base::lowered(each).find("basic") != std::string::npos) return {};
        if (!schemes.empty()) schemes += ", ";
        schemes += base::excerpt(each.substr(0, each.find(' ')), 40);
    }
    return schemes;
}

} // namespace

connect_tunnel::connect_tunnel(const proxy_address& proxy, const request_head& request)
    : proxy_(authority(proxy.host, proxy.port)), target_(authority(request.host, request.port)),
      has_login_(proxy.has_login()), read_refusal_(request.read_refusal),
      request_(fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target_))
{
    if (has_login_) {
        secrets_ = {basic_credentials(proxy), proxy.password};
        request_ += fmt::format("Proxy-Authorization: Basic {}\r\n", secrets_[0]);
    }
    request_ += "\r\n";
}

std::string connect_tunnel::output() { return std::exchange(request_, {}); }

tunnel::state connect_tunnel::feed(std::string_view& bytes)
{
    const bool is_complete = answer_.feed(bytes);
    if (!answer_.has_head()) return state::asking;
    if (is_open()) return state::open;
    return is_complete || !read_refusal_ ? state::failed : state::refused;
}

bool connect_tunnel::is_open() const noexcept
{
    return answer_.has_whole_head() && answer_.status() / 100 == 2;
}

error connect_tunnel::why() const
{
    if (!answer_.has_head()) return tunnel_cut(proxy_, target_);
    const auto status = answer_.status();
    const auto reason = status == 0 ? std::string() : words();
    const auto what = reason.empty() ? fmt::format("HTTP {}", status)
                                     : fmt::format("HTTP {}: {}", status, reason);
    std::optional<std::chrono::seconds> retry_after;
    if (const auto wait = answer_.field("retry-after"); !wait.empty())
        retry_after = parse_retry_after(wait, std::chrono::system_clock::now());
    return {errc::proxy_failed, what_to_do(what), {phase::connect, 0, reason, status, retry_after}};
}

/// What the proxy says about its refusal. Secrets are struck out before the words are cut, and
/// again where they only appear when blanks are joined.
std::string connect_tunnel::words() const
{
    std::string words;
    if (read_refusal_ && !answer_.body().empty())
        words = read_refusal_(without_secrets(answer_.body()));
    if (words.empty()) words = base::excerpt(without_secrets(answer_.status_text()));
    return without_secrets(words);
}

std::string connect_tunnel::what_to_do(const std::string& what) const
{
    const auto status = answer_.status();
    if (status == 0)
        return fmt::format(
            "The proxy {} did not answer as an HTTP proxy does: check its URL.", proxy_);
    if (!answer_.has_whole_head())
        return fmt::format("The proxy {} did not open a tunnel to {}: the head of its answer has "
                           "more than {} bytes.",
            proxy_, target_, http_answer::longest_head);
    if (status == 407 || status == 401) { // 401: tinyproxy 1.11
        const auto schemes = without_secrets(other_schemes(answer_.all_of("proxy-authenticate")));
        if (!schemes.empty())
            return fmt::format(
                "The proxy {} wants to be shown who calls by {} ({}), but only a user name and "
                "password (Basic) can be given: ask whoever runs it.",
                proxy_, schemes, what);
        if (has_login_)
            return fmt::format("The proxy {} did not accept the user name and password ({}): check "
                               "both in its URL, where special characters are percent-encoded.",
                proxy_, what);
        return fmt::format("The proxy {} wants a user name and password ({}): give them in its "
                           "URL, \"http://user:password@host:port\".",
            proxy_, what);
    }
    if (status == 403)
        return fmt::format("The proxy {} does not allow a tunnel to {} ({}): ask whoever runs it, "
                           "or exempt the host by no_proxy.",
            proxy_, target_, what);
    if (status >= 500)
        return fmt::format("The proxy {} could not open a tunnel to {} ({}): check host and port, "
                           "and try again later.",
            proxy_, target_, what);
    return fmt::format("The proxy {} did not open a tunnel to {} ({}): check its URL, and whether "
                       "it allows this host and port.",
        proxy_, target_, what);
}

std::string connect_tunnel::without_secrets(std::string_view text) const
{
    constexpr std::size_t shortest = 4; // what is shorter stands in many words
    std::string clean(text);
    for (const auto& secret : secrets_) {
        if (secret.size() < shortest) continue;
        for (auto at = clean.find(secret); at != clean.npos; at = clean.find(secret, at))
            clean.replace(at, secret.size(), "…");
    }
    return clean;
}

} // namespace gemini::live::transport
