// SPDX-License-Identifier: Apache-2.0
#include "protocol/url.hpp"

#include "base/ascii.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace gemini::live::protocol {
namespace {

/// Parses a URL, and refuses it with the caller's wording.
class url_reader {
public:
    url_reader(std::string_view name, std::string_view advice) : name_(name), advice_(advice) {}

    endpoint read(std::string_view url) const
    {
        const auto is_bad = [](unsigned char c) { return c <= 0x20 || c == 0x7f; };
        if (std::any_of(url.begin(), url.end(), is_bad))
            refuse("has a space or a control character in it");
        const auto scheme_end = url.find("://");
        if (scheme_end == std::string_view::npos) refuse("has no scheme");
        const auto scheme = base::lowered(url.substr(0, scheme_end));
        endpoint result;
        result.tls = scheme == "https" || scheme == "wss";
        if (!result.tls && scheme != "http" && scheme != "ws") refuse("has an unknown scheme");
        auto rest = url.substr(scheme_end + 3);
        if (rest.find('#') != std::string_view::npos) refuse("has a fragment");
        const auto target = rest.substr(std::min(rest.find_first_of("/?"), rest.size()));
        result.target = target;
        rest.remove_suffix(target.size());
        if (rest.find('@') != std::string_view::npos) refuse("has user information");
        result.host = take_host(rest);
        result.port = result.tls ? 443 : 80;
        if (rest.starts_with(':'))
            result.port = read_port(rest.substr(1));
        else if (!rest.empty())
            refuse("has something odd behind its host");
        return result;
    }

private:
    [[noreturn]] void refuse(std::string_view why) const
    {
        throw error(errc::invalid_argument, fmt::format("{} {}: {}", name_, why, advice_));
    }

    /// Consumes the host at the front of `rest`. Returns it in lower case, without the brackets of
    /// an IPv6 address.
    std::string take_host(std::string_view& rest) const
    {
        const bool bracketed = rest.starts_with('[');
        const auto end = std::min(bracketed ? rest.find(']') : rest.find(':'), rest.size());
        if (bracketed && end == rest.size()) refuse("has a bracket that does not close");
        const auto host = bracketed ? rest.substr(1, end - 1) : rest.substr(0, end);
        rest.remove_prefix(bracketed ? end + 1 : end);
        if (host.empty()) refuse("names no host");
        if (bracketed && host.find(':') == std::string_view::npos)
            refuse("has something other than an IPv6 address in brackets");
        if (!base::consists_of(host, bracketed ? ":." : "-._"))
            refuse("has a character in its host that no host has");
        return base::lowered(host);
    }

    [[nodiscard]] std::uint16_t read_port(std::string_view text) const
    {
        std::uint16_t port = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (failed != std::errc() || end != text.data() + text.size() || port == 0)
            refuse("has a bad port");
        return port;
    }

    std::string_view name_;
    std::string_view advice_;
};

} // namespace

endpoint read_url(std::string_view url, std::string_view name, std::string_view advice)
{
    return url_reader(name, advice).read(url);
}

} // namespace gemini::live::protocol
