// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_handshake.hpp"

#include "base/complaint.hpp"
#include "transport/http_fields.hpp"
#include "transport/lws_fields.hpp"
#include "transport/tls_faults.hpp"
#include "transport/tls_sessions.hpp"
#include "transport/upgrade.hpp"

#include <openssl/ssl.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t longest_host = 112;    // lws's Host line holds 128 bytes
constexpr std::size_t longest_target = 2000; // lws's request line holds 2048 bytes
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

[[noreturn]] void refuse(const std::string& sentence)
{
    throw error(errc::invalid_argument, sentence);
}

std::string bracketed(const std::string& host)
{
    return host.find(':') == std::string::npos ? host : '[' + host + ']';
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
    : host_(request.host), peer_(fmt::format("{}:{}", bracketed(request.host), request.port)),
      target_(request.target), fields_(request.fields), tls_(request.tls)
{
    const bool usual_port = request.port == (request.tls ? 443 : 80);
    host_header_ = usual_port ? bracketed(request.host) : peer_;
    if (proxy) proxy_ = fmt::format("{}:{}", bracketed(proxy->host), proxy->port);
}

int lws_handshake::append_headers(unsigned char** end, std::size_t room)
{
    for (const auto& [name, value] : fields_) {
        const auto line = fmt::format("{}: {}\r\n", name, value);
        if (line.size() > room) return -1;
        std::memcpy(*end, line.data(), line.size());
        *end += line.size();
        room -= line.size();
    }
    asked_ = true;
    return 0;
}

std::string lws_handshake::ask_for_upgrade(const std::string& key)
{
    asked_ = true;
    return upgrade_request_text(target_, host_header_, fields_, key);
}

void lws_handshake::refused(const http_answer& answer, std::string words)
{
    reached_ = phase::upgrade;
    status_ = answer.status();
    status_text_ = answer.status_text();
    words_ = std::move(words);
    location_ = answer.field("location");
    if (const auto wait = answer.field("retry-after"); !wait.empty())
        retry_after_ = parse_retry_after(wait, std::chrono::system_clock::now());
}

phase lws_handshake::reached(lws* connection) const
{
    if (asked_) return phase::upgrade;
    if (tls_ && connection && lws_get_ssl(connection)) return phase::tls;
    return phase::connect;
}

void lws_handshake::failed(lws* connection, std::string_view lws_text)
{
    out_of_files_ = !connected_ && (errno == EMFILE || errno == ENFILE);
    reached_ = reached(connection);
    if (lws_text == "problems parsing header") misanswered("as an HTTP server does");
    auto* const tls = tls_ && connection ? lws_get_ssl(connection) : nullptr;
    if (asked_) return unanswered(tls);
    if (!tls) return;
    tls_fault_ = handshake_fault(tls, host_, peer_);
    const bool was_to_resume = drop_session(tls);
    failed_to_resume_ = was_to_resume && SSL_get_verify_result(tls) == X509_V_OK;
}

void lws_handshake::unanswered(const SSL* tls)
{
    if (tls) tls_fault_ = certificate_refusal(tls, peer_);
}

error lws_handshake::why() const
{
    if (tls_fault_) return *tls_fault_;
    if (status_ != 0)
        return refused_upgrade(status_, status_text_, retry_after_, words_, location_);
    if (!misanswered_.empty())
        return {errc::protocol_violation,
            fmt::format("{} did not answer {}: check the URL.", peer_, misanswered_),
            {phase::upgrade}};
    if (asked_)
        return {errc::connection_lost,
            fmt::format("{} ended the connection before it answered.", peer_), {phase::upgrade}};
    if (reached_ == phase::tls)
        return {errc::connection_lost,
            fmt::format("{} ended the connection while encryption was set up.", peer_),
            {phase::tls}};
    if (connected_ && proxy_)
        return {errc::proxy_failed,
            fmt::format("The proxy {} did not open a tunnel to {}: check its address, user name "
                        "and password, and whether it allows this host and port.",
                *proxy_, peer_),
            {phase::connect}};
    if (out_of_files_)
        return {errc::connect_failed,
            fmt::format("No connection to {}: too many files and sockets are open. Raise the limit "
                        "(ulimit -n), or look for what leaves them open.",
                peer_),
            {phase::connect}};
    return {errc::connect_failed,
        fmt::format("No connection to {}: nothing listens there, or it cannot be reached. Check "
                    "the address and the network.",
            proxy_ ? "the proxy " + *proxy_ : peer_),
        {phase::connect}};
}

error lws_handshake::timeout(lws* connection, std::chrono::milliseconds limit) const
{
    const auto when = reached(connection);
    const auto* const what = when == phase::upgrade ? "answered the request"
                             : when == phase::tls   ? "completed the TLS handshake"
                             : connected_           ? "opened a tunnel"
                                                    : "answered";
    const auto& who = proxy_ && when == phase::connect ? *proxy_ : peer_;
    return {errc::timed_out,
        fmt::format("{} has not {} within {} ms: check the address and the network.", who, what,
            limit.count()),
        {when}};
}

} // namespace gemini::live::transport
