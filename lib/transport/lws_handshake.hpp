// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/http_answer.hpp"
#include "transport/proxy.hpp"
#include "transport/transport.hpp"

#include <libwebsockets.h>
#include <openssl/ssl.h>

#include <chrono>
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
void check_sendable(const request_head& request);

/// The progress of one connection from the first packet to the server's answer.
class lws_handshake {
public:
    lws_handshake(const request_head& request, const std::optional<proxy_address>& proxy);

    /// The Host header, with brackets around IPv6 and with the port unless it is the usual one.
    [[nodiscard]] const std::string& host_header() const noexcept { return host_header_; }
    [[nodiscard]] const std::string& target() const noexcept { return target_; }

    /// host:port, for error messages.
    [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

    // what happened
    void connected() noexcept { connected_ = true; }
    int append_headers(unsigned char** end, std::size_t room);
    /// Returns the upgrade request, which is about to be sent.
    [[nodiscard]] std::string ask_for_upgrade(const std::string& key);
    /// Call when the server has refused the upgrade.
    void refused(const http_answer& answer, std::string words);
    /// Call when the server's answer was not what it should be; `how`: "as an HTTP server does".
    void misanswered(std::string how) { misanswered_ = std::move(how); }
    /// Call within lws's callback.
    void failed(lws* connection, std::string_view lws_text);
    /// Call when a connection that is ours has ended without an answer; `tls` may be null.
    void unanswered(const SSL* tls);

    [[nodiscard]] bool has_connected() const noexcept { return connected_; }
    [[nodiscard]] phase reached(lws* connection) const;
    /// Whether TLS failed after the server was asked to resume a session. A whole handshake may
    /// succeed.
    [[nodiscard]] bool has_failed_to_resume() const noexcept { return failed_to_resume_; }
    /// Why the handshake failed.
    [[nodiscard]] error why() const;
    [[nodiscard]] error timeout(lws* connection, std::chrono::milliseconds limit) const;

private:
    std::string host_;
    std::string peer_;
    std::string host_header_;
    std::string target_;
    headers fields_;
    std::optional<std::string> proxy_; // host:port, for error messages
    bool tls_;

    bool connected_ = false;
    bool out_of_files_ = false; // of the process or of the machine
    bool asked_ = false;        // the request has been sent
    int status_ = 0;
    std::string status_text_;
    std::string words_; // of a refusal
    std::string location_;
    std::string misanswered_;
    std::optional<std::chrono::seconds> retry_after_;
    phase reached_ = phase::connect;
    std::optional<error> tls_fault_;
    bool failed_to_resume_ = false;
};

} // namespace gemini::live::transport
