// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/network.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Chooses the HTTP proxy of a connection. Pure: the environment is passed in.
namespace gemini::live::transport {

/// An HTTP proxy, which opens a tunnel by CONNECT.
struct proxy_address {
    std::string host; ///< Name or address, without brackets.
    std::uint16_t port = 80;
    std::string userinfo; ///< "user:password", decoded; empty: none.
    friend bool operator==(const proxy_address&, const proxy_address&) = default;
};

/// "http://user:password@host:port"; scheme, userinfo and port may be missing. `origin` says in an
/// error where the URL came from, since the URL itself may hold a password. Throws `live::error`
/// with errc::invalid_argument.
[[nodiscard]] proxy_address parse_proxy(std::string_view url, const std::string& origin);

/// Whether a no_proxy list exempts a host. Entries, separated by commas or spaces: "*", a domain
/// (which includes its subdomains, with or without a leading dot), an address, a network
/// ("10.0.0.0/8"); a domain or address may have a port.
[[nodiscard]] bool exempt_from_proxy(
    std::string_view no_proxy, std::string_view host, std::uint16_t port);

/// Returns the value of an environment variable; nullopt when it is not set.
using environment = std::function<std::optional<std::string>(const char* name)>;

/// Returns the proxy to use for `host`. An explicit one is always used; the one from the
/// environment is never used for loopback. HTTP_PROXY in capitals is ignored, since a web server's
/// CGI lets clients set it.
[[nodiscard]] std::optional<proxy_address> choose_proxy(const proxy_options& options, bool tls,
    std::string_view host, std::uint16_t port, const environment& variable);

} // namespace gemini::live::transport
