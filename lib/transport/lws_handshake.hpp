// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"
#include "transport/http_answer.hpp"
#include "transport/proxy.hpp"
#include "transport/transport.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live::transport {

/// The error for an upgrade that the server answered with `status`. `words`: those of its body, if
/// it had some. `location`: where it redirects to.
[[nodiscard]] error refused_upgrade(int status, const std::string& text,
    std::optional<std::chrono::seconds> retry_after, const std::string& words = {},
    const std::string& location = {});

/// Refuses what could not be sent unchanged, with errc::invalid_argument: line breaks in the target
/// or in headers, and what exceeds the buffers of libwebsockets.
GEMINI_LIVE_FOR_EMULATOR void check_sendable(const request_head& request);

/// The progress of one connection from the first packet to the server's answer.
class GEMINI_LIVE_FOR_EMULATOR lws_handshake {
public:
    lws_handshake(const request_head& request, const std::optional<proxy_address>& proxy);

    /// The Host header, with brackets around IPv6 and with the port unless it is the usual one.
    [[nodiscard]] const std::string& host_header() const noexcept { return host_header_; }
    [[nodiscard]] const std::string& target() const noexcept { return target_; }
    [[nodiscard]] const headers& fields() const noexcept { return fields_; }

    /// host:port, for error messages.
    [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

    /// The next hop: the proxy, or the server.
    [[nodiscard]] const std::string& next_host() const noexcept;
    [[nodiscard]] std::uint16_t next_port() const noexcept;
    [[nodiscard]] bool encrypts_next() const noexcept;

    // what happened
    /// TCP is connected: to the server, or to the proxy.
    void connected() noexcept;
    /// TLS with the proxy is set up.
    void reached_proxy() noexcept { step_ = step::tunnel; }
    /// TLS with the server begins in the proxy's tunnel.
    void tunneled() noexcept { step_ = step::tls; }
    /// The request is about to be sent.
    void asked() noexcept { step_ = step::request; }
    /// Call when the server has refused the upgrade.
    void refused(const http_answer& answer, std::string words);
    /// Call when the server's answer was not what it should be; `how`: "as an HTTP server does".
    void misanswered(std::string how) { misanswered_ = std::move(how); }
    /// Call at once when the connection has failed; `tls` is that of this step, or null.
    void failed(SSL* tls);
    /// Call when the connection has ended after the request without an answer; `tls` may be null.
    void unanswered(const SSL* tls);

    [[nodiscard]] bool has_connected() const noexcept { return step_ != step::tcp; }
    [[nodiscard]] phase reached() const noexcept;
    /// Whether TLS failed after the server was asked to resume a session. A whole handshake may
    /// succeed.
    [[nodiscard]] bool has_failed_to_resume() const noexcept { return failed_to_resume_; }
    /// Why a proxy that was reached by TLS has ended the connection, if it is for the lack of a
    /// client certificate. With TLS 1.3 this follows the handshake.
    [[nodiscard]] std::optional<error> demand_of_proxy(const SSL* tls) const;
    /// Why the handshake failed.
    [[nodiscard]] error why() const;
    [[nodiscard]] error timeout(std::chrono::milliseconds limit) const;

private:
    enum class step {
        tcp,
        proxy_tls, ///< TLS with the proxy.
        tunnel,    ///< The proxy is asked for it.
        tls,       ///< TLS with the server.
        request,
    };

    [[nodiscard]] std::string who(const char* the) const;

    std::string host_;
    std::uint16_t port_;
    std::string peer_;
    std::string host_header_;
    std::string target_;
    headers fields_;
    std::optional<proxy_address> proxy_;
    bool tls_;

    step step_ = step::tcp;
    bool out_of_files_ = false; // of the process or of the machine
    bool no_route_ = false;
    int status_ = 0;
    std::string status_text_;
    std::string words_; // of a refusal
    std::string location_;
    std::string misanswered_;
    std::optional<std::chrono::seconds> retry_after_;
    std::optional<error> tls_fault_;
    bool failed_to_resume_ = false;
};

} // namespace gemini::live::transport
