// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_handshake.hpp"

#include "base/complaint.hpp"
#include "transport/authority.hpp"
#include "transport/http_fields.hpp"
#include "transport/route.hpp"
#include "transport/tls_faults.hpp"
#include "transport/tls_sessions.hpp"

#include <asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t longest_target = 2000;
constexpr std::size_t longest_headers = 24 * 1024;

bool breaks_lines(std::string_view text)
{
    return std::any_of(
        text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_token(std::string_view name)
{
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               marks.find(c) != std::string_view::npos;
    });
}

/// Whether a host is given by an address to which there is no route. Among the addresses of a name,
/// such a one is usual, and no reason.
bool is_unreachable(const std::string& host)
{
    asio::error_code is_name;
    const auto address = asio::ip::make_address(host, is_name);
    return !is_name && !has_route(address);
}

[[noreturn]] void refuse(const std::string& sentence)
{
    throw error(errc::invalid_argument, sentence);
}

} // namespace

error refused_upgrade(int status, const std::string& text,
    std::optional<std::chrono::seconds> retry_after, const std::string& words,
    const std::string& location)
{
    const bool is_page = words.starts_with(web_page);
    auto cause = base::cause_of_refusal(status, is_page ? std::string() : words);
    if (is_page && cause == errc::unauthorized) cause = errc::rejected; // not the service's answer
    const auto& reason = words.empty() ? text : words;
    const auto what = reason.empty() ? fmt::format("HTTP {}", status)
                                     : fmt::format("HTTP {}: {}", status, reason);
    const auto refused = [&](const std::string& sentence) {
        return error(cause, sentence, {phase::upgrade, 0, reason, status, retry_after});
    };
    switch (cause) {
    case errc::unauthorized:
        if (status == 403)
            return refused(fmt::format("The key or token is not permitted to do this ({}): check "
                                       "its permissions, and that the API is enabled for its "
                                       "project.",
                what));
        return refused(fmt::format(
            "The server did not accept the credentials ({}): check the API key or token.", what));
    case errc::quota_exceeded:
        return refused(
            fmt::format("Too many requests or sessions for this quota ({}): wait, or ask "
                        "for more quota.",
                what));
    case errc::unavailable:
        return refused(fmt::format("The service is not available ({}): try again later.", what));
    default: break;
    }
    if (status >= 300 && status < 400)
        return refused(
            fmt::format("The server wants to redirect (HTTP {}) {}. This is not followed, "
                        "since it would show the credentials to another server: use "
                        "the right URL.",
                status, where_it_leads(location)));
    if (is_page)
        return refused(fmt::format("What answered is not the Live API ({}): check the URL, and "
                                   "whether a portal or a proxy is in the way.",
            what));
    return refused(fmt::format("The server did not accept the connection ({}): check the URL and "
                               "the API version.",
        what));
}

void check_sendable(const request_head& request)
{
    if (request.host.empty() || breaks_lines(request.host) ||
        request.host.find_first_of(" /@") != std::string::npos)
        refuse("The host name is empty or not a host name.");
    if (request.host.size() > longest_host)
        refuse(fmt::format("The host name has more than {} characters.", longest_host));
    if (request.port == 0) refuse("The port must be from 1 to 65535.");
    const auto& target = request.target;
    if (!target.starts_with('/') || breaks_lines(target) || target.find(' ') != std::string::npos)
        refuse("The path must begin with a slash and hold no blanks and no line breaks.");
    if (target.size() > longest_target)
        refuse(fmt::format("Path and query have more than {} bytes: send credentials in a header.",
            longest_target));
    std::size_t size = 0;
    for (const auto& [name, value] : request.fields) {
        if (!is_token(name)) refuse("A header's name is not one that HTTP allows.");
        if (breaks_lines(value)) refuse(fmt::format("The header {} holds a line break.", name));
        size += name.size() + value.size() + 4;
    }
    if (size > longest_headers)
        refuse(fmt::format("The headers have more than {} bytes.", longest_headers));
}

lws_handshake::lws_handshake(const request_head& request, const std::optional<proxy_address>& proxy)
    : host_(request.host), port_(request.port), peer_(authority(host_, port_)),
      target_(request.target), fields_(request.fields), proxy_(proxy), tls_(request.tls)
{
    const bool usual_port = request.port == (request.tls ? 443 : 80);
    host_header_ = usual_port ? bracketed(request.host) : peer_;
}

const std::string& lws_handshake::next_host() const noexcept
{
    return proxy_ ? proxy_->host : host_;
}

std::uint16_t lws_handshake::next_port() const noexcept { return proxy_ ? proxy_->port : port_; }

bool lws_handshake::encrypts_next() const noexcept
{
    return proxy_ ? proxy_->kind == proxy_kind::https : tls_;
}

void lws_handshake::connected() noexcept
{
    if (encrypts_next())
        step_ = proxy_ ? step::proxy_tls : step::tls;
    else
        step_ = proxy_ ? step::tunnel : step::request;
}

void lws_handshake::refused(const http_answer& answer, std::string words)
{
    status_ = answer.status();
    status_text_ = answer.status_text();
    words_ = std::move(words);
    location_ = answer.field("location");
    if (const auto wait = answer.field("retry-after"); !wait.empty())
        retry_after_ = parse_retry_after(wait, std::chrono::system_clock::now());
}

void lws_handshake::failed(SSL* tls)
{
    out_of_files_ = step_ == step::tcp && (errno == EMFILE || errno == ENFILE);
    no_route_ = step_ == step::tcp && !out_of_files_ && is_unreachable(next_host());
    if (!tls || reached() != phase::tls) return;
    const bool by_proxy = step_ == step::proxy_tls;
    if (by_proxy) tls_fault_ = demand_of_proxy(tls);
    if (!tls_fault_) tls_fault_ = handshake_fault(tls, by_proxy ? proxy_->host : host_, who("the"));
    const bool was_to_resume = drop_session(tls);
    failed_to_resume_ = was_to_resume && SSL_get_verify_result(tls) == X509_V_OK;
}

std::optional<error> lws_handshake::demand_of_proxy(const SSL* tls) const
{
    if (!tls || !certificate_refusal(tls, peer_)) return std::nullopt;
    return error(errc::tls_failed,
        fmt::format("{} asks for a client certificate, but that of tls_options is only shown to "
                    "servers: use another proxy.",
            who("The")),
        {phase::tls});
}

void lws_handshake::unanswered(const SSL* tls)
{
    if (tls) tls_fault_ = certificate_refusal(tls, peer_);
}

phase lws_handshake::reached() const noexcept
{
    switch (step_) {
    case step::proxy_tls:
    case step::tls: return phase::tls;
    case step::request: return phase::upgrade;
    default: return phase::connect;
    }
}

/// Whom the present step talks to. `the` begins the name of a proxy: "The" or "the".
std::string lws_handshake::who(const char* the) const
{
    if (!proxy_) return peer_;
    const auto proxy = authority(proxy_->host, proxy_->port);
    const bool past_proxy = step_ == step::tls || step_ == step::request;
    return past_proxy ? fmt::format("{} (through the proxy {})", peer_, proxy)
                      : fmt::format("{} proxy {}", the, proxy);
}

error lws_handshake::why() const
{
    if (tls_fault_) return *tls_fault_;
    if (status_ != 0)
        return refused_upgrade(status_, status_text_, retry_after_, words_, location_);
    if (!misanswered_.empty())
        return {errc::protocol_violation,
            fmt::format("{} did not answer {}: check the URL.", who("The"), misanswered_),
            {phase::upgrade}};
    if (step_ == step::request)
        return {errc::connection_lost,
            fmt::format("{} ended the connection before it answered.", who("The")),
            {phase::upgrade}};
    if (reached() == phase::tls)
        return {errc::connection_lost,
            fmt::format("{} ended the connection while encryption was set up.", who("The")),
            {phase::tls}};
    if (out_of_files_)
        return {errc::connect_failed,
            fmt::format("No connection to {}: too many files and sockets are open. Raise the limit "
                        "(ulimit -n), or look for what leaves them open.",
                who("the")),
            {phase::connect}};
    if (no_route_)
        return {errc::connect_failed,
            fmt::format("No connection to {}: this machine has no route to it. Check the network. "
                        "Where that has only IPv6, hosts with IPv4 are reached by name.",
                who("the")),
            {phase::connect}};
    return {errc::connect_failed,
        fmt::format("No connection to {}: nothing listens there, or it cannot be reached. Check "
                    "the address and the network.",
            who("the")),
        {phase::connect}};
}

error lws_handshake::timeout(std::chrono::milliseconds limit) const
{
    const auto what = [this]() -> std::string {
        switch (step_) {
        case step::tcp: return "answered";
        case step::proxy_tls:
        case step::tls: return "completed the TLS handshake";
        case step::tunnel: return "opened a tunnel to " + peer_;
        case step::request: break;
        }
        return "answered the request";
    }();
    return {errc::timed_out,
        fmt::format("{} has not {} within {} ms: check the address and the network.", who("The"),
            what, limit.count()),
        {reached()}};
}

} // namespace gemini::live::transport
