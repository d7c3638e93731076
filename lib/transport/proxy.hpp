// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/network.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Chooses the proxy of a connection. Pure: the environment is passed in.
namespace gemini::live::transport {

/// How a proxy is asked for a tunnel.
enum class proxy_kind {
    http,   ///< By CONNECT.
    https,  ///< By CONNECT, within TLS.
    socks5, ///< By SOCKS 5. The proxy resolves the host's name.
};

struct proxy_address {
    proxy_kind kind = proxy_kind::http;
    std::string host; ///< Name or address, without brackets.
    std::uint16_t port = 80;
    std::string user{}; ///< Decoded, like the password.
    std::string password{};

    [[nodiscard]] bool has_login() const noexcept { return !user.empty() || !password.empty(); }
    friend bool operator==(const proxy_address&, const proxy_address&) = default;
};

/// The longest name of a host that libwebsockets does not cut.
inline constexpr std::size_t longest_host = 112;

/// "http://user:password@host:port"; the scheme may be https, socks5 or socks5h, which means the
/// same; scheme, user, password and port may be missing. `origin` says in an error where the URL
/// came from, since the URL itself may hold a password. Throws `live::error` with
/// errc::invalid_argument.
[[nodiscard]] proxy_address parse_proxy(std::string_view url, const std::string& origin);

/// Whether a no_proxy list exempts a host. Entries, separated by commas or spaces: "*", a domain
/// (which includes its subdomains, with or without a leading dot), an address, a network
/// ("10.0.0.0/8"); a domain or address may have a port.
[[nodiscard]] bool exempt_from_proxy(
    std::string_view no_proxy, std::string_view host, std::uint16_t port);

/// Returns the value of an environment variable; nullopt when it is not set.
using environment = std::function<std::optional<std::string>(const char* name)>;

/// Returns the proxy to use for `host`. An explicit one is always used; the one from the
/// environment is never used for loopback. A proxy for one scheme takes precedence over ALL_PROXY,
/// and lower case over upper case. HTTP_PROXY in capitals is ignored, since a web server's CGI lets
/// clients set it.
[[nodiscard]] std::optional<proxy_address> choose_proxy(const proxy_options& options, bool tls,
    std::string_view host, std::uint16_t port, const environment& variable);

} // namespace gemini::live::transport
