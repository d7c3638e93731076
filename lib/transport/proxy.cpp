// SPDX-License-Identifier: Apache-2.0
#include "transport/proxy.hpp"

#include "base/ascii.hpp"
#include "base/loopback.hpp"

#include <gemini/live/error.hpp>

#include <asio/ip/address.hpp>
#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

namespace gemini::live::transport {
namespace {

std::optional<std::uint16_t> port_in(std::string_view digits)
{
    std::uint16_t port = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stopped, failed] = std::from_chars(digits.data(), end, port);
    if (failed != std::errc() || stopped != end || port == 0) return std::nullopt;
    return port;
}

constexpr std::size_t longest_socks_text = 255; // its length is one byte

std::optional<proxy_kind> kind_of(std::string_view scheme)
{
    const auto name = base::lowered(scheme);
    if (name == "http") return proxy_kind::http;
    if (name == "https") return proxy_kind::https;
    if (name == "socks5" || name == "socks5h") return proxy_kind::socks5;
    return std::nullopt;
}

std::uint16_t usual_port(proxy_kind kind)
{
    switch (kind) {
    case proxy_kind::https: return 443;
    case proxy_kind::socks5: return 1080;
    default: return 80;
    }
}

struct host_and_port {
    std::string_view host;
    std::optional<std::string_view> port;
};

/// Splits "host", "host:port", "[v6]", "[v6]:port". An address with several colons and no brackets
/// is all host. Returns nullopt when brackets do not match.
std::optional<host_and_port> cut_port(std::string_view text)
{
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host_and_port cut{text.substr(1, end - 1), std::nullopt};
        const auto rest = text.substr(end + 1);
        if (rest.empty()) return cut;
        if (!rest.starts_with(':')) return std::nullopt;
        cut.port = rest.substr(1);
        return cut;
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
        return host_and_port{text, std::nullopt};
    return host_and_port{text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<int> hex_digit(char c)
{
    c = base::lower(c);
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        result += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return result;
}

bool is_printable(std::string_view text)
{
    return std::none_of(text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool in_network(std::string_view network, const asio::ip::address& address)
{
    asio::error_code broken;
    if (address.is_v4()) {
        const auto v4 = asio::ip::make_network_v4(std::string(network), broken);
        if (broken) return false;
        return asio::ip::network_v4(address.to_v4(), v4.prefix_length()).canonical() ==
               v4.canonical();
    }
    const auto v6 = asio::ip::make_network_v6(std::string(network), broken);
    if (broken) return false;
    return asio::ip::network_v6(address.to_v6(), v6.prefix_length()).canonical() == v6.canonical();
}

bool entry_matches(std::string_view entry, std::string_view host, std::uint16_t port)
{
    if (entry == "*") return true;
    asio::error_code not_an_address;
    const auto address = asio::ip::make_address(std::string(host), not_an_address);
    if (entry.find('/') != std::string_view::npos)
        return !not_an_address && in_network(entry, address);
    const auto cut = cut_port(entry);
    if (!cut || (cut->port && port_in(*cut->port) != port)) return false;
    auto domain = base::lowered(cut->host);
    if (domain.starts_with("*.")) domain.erase(0, 1);
    if (domain.starts_with('.')) domain.erase(0, 1);
    if (domain.empty()) return false;
    if (!not_an_address) {
        asio::error_code broken;
        const auto exempt = asio::ip::make_address(domain, broken);
        return !broken && exempt == address;
    }
    const auto name = base::lowered(host);
    return name == domain || name.ends_with('.' + domain);
}

} // namespace

proxy_address parse_proxy(std::string_view url, const std::string& origin)
{
    const auto refuse = [&](const std::string& why) {
        throw error(errc::invalid_argument,
            origin + " is no usable proxy: " + why +
                ". Use \"http://user:password@host:port\", or https:// or socks5:// instead of "
                "http://.");
    };
    proxy_address result;
    if (const auto scheme_end = url.find("://"); scheme_end != std::string_view::npos) {
        const auto kind = kind_of(url.substr(0, scheme_end));
        if (!kind) refuse("its scheme is not http, https or socks5 (SOCKS 4 is not supported)");
        result.kind = *kind;
        url.remove_prefix(scheme_end + 3);
    }
    result.port = usual_port(result.kind);
    if (const auto at = url.rfind('@'); at != std::string_view::npos) {
        const auto login = url.substr(0, at);
        const auto colon = std::min(login.find(':'), login.size());
        auto user = percent_decoded(login.substr(0, colon));
        auto password = percent_decoded(login.substr(std::min(colon + 1, login.size())));
        if (!user || !password || !is_printable(*user) || !is_printable(*password))
            refuse("its user name or password is broken");
        if (result.kind == proxy_kind::socks5 &&
            std::max(user->size(), password->size()) > longest_socks_text)
            refuse("SOCKS 5 takes no user name or password of more than 255 bytes");
        result.user = std::move(*user);
        result.password = std::move(*password);
        url.remove_prefix(at + 1);
    }
    url = url.substr(0, url.find_first_of("/?#"));
    const auto cut = cut_port(url);
    if (!cut || cut->host.empty()) refuse("it names no host");
    result.host = cut->host;
    if (!is_printable(result.host) || result.host.find(' ') != std::string::npos)
        refuse("its host is broken");
    if (result.host.size() > longest_host)
        refuse("its host has more than " + std::to_string(longest_host) + " characters");
    if (cut->port) {
        const auto port = port_in(*cut->port);
        if (!port) refuse("its port is no number from 1 to 65535");
        result.port = *port;
    }
    return result;
}

bool exempt_from_proxy(std::string_view no_proxy, std::string_view host, std::uint16_t port)
{
    while (!no_proxy.empty()) {
        const auto end = std::min(no_proxy.find_first_of(", \t"), no_proxy.size());
        if (end != 0 && entry_matches(no_proxy.substr(0, end), host, port)) return true;
        no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
    }
    return false;
}

std::optional<proxy_address> choose_proxy(const proxy_options& options, bool tls,
    std::string_view host, std::uint16_t port, const environment& variable)
{
    if (!options.url.empty()) return parse_proxy(options.url, "proxy_options::url");
    if (!options.from_environment || base::is_loopback(host)) return std::nullopt;
    const auto first_of = [&](std::initializer_list<const char*> names) {
        std::optional<std::pair<std::string, std::string>> found;
        for (const auto* name : names) {
            auto value = variable(name);
            if (!found && value && !value->empty()) found.emplace(name, std::move(*value));
        }
        return found;
    };
    const auto named = tls ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                           : first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
    if (!named) return std::nullopt;
    const auto exempt = first_of({"no_proxy", "NO_PROXY"});
    if (exempt && exempt_from_proxy(exempt->second, host, port)) return std::nullopt;
    return parse_proxy(named->second, "The environment variable " + named->first);
}

} // namespace gemini::live::transport
