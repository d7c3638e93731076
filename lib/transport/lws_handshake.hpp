// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/http_answer.hpp"
#include "transport/proxy.hpp"
#include "transport/transport.hpp"

#include <libwebsockets.h>
#include <openssl/x509_vfy.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live::transport {

/// The error for an upgrade that the server answered with `status`, and with `words` where its body
/// had some.
[[nodiscard]] error refused_upgrade(int status, const std::string& text,
    std::optional<std::chrono::seconds> retry_after, const std::string& words = {});

/// Refuses what could not be sent as it is, with errc::invalid_argument: line breaks in the target
/// or in headers, and what exceeds the buffers of libwebsockets.
void check_sendable(const request_head& request);

/// The way of one connection from the first packet to the server's answer.
class lws_handshake {
public:
    lws_handshake(const request_head& request, const std::optional<proxy_address>& proxy);

    /// The Host header: brackets around IPv6, the port where it is not the usual one.
    [[nodiscard]] const std::string& host_header() const noexcept { return host_header_; }
    [[nodiscard]] const std::string& target() const noexcept { return target_; }

    /// host:port, for sentences.
    [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

    // what happened
    void connected() noexcept { connected_ = true; }
    int append_headers(unsigned char** end, std::size_t room);
    /// The request for an upgrade, which now goes out.
    [[nodiscard]] std::string ask_for_upgrade(const std::string& key);
    /// The server has refused the upgrade.
    void refused(const http_answer& answer, std::string words);
    /// The server has not answered as one does: "as an HTTP server does".
    void misanswered(std::string how) { misanswered_ = std::move(how); }
    /// To be called within lws's callback.
    void failed(lws* connection, std::string_view lws_text);

    [[nodiscard]] bool has_connected() const noexcept { return connected_; }
    [[nodiscard]] phase reached(lws* connection) const;
    /// Why it came to nothing.
    [[nodiscard]] error why() const;
    [[nodiscard]] error timeout(lws* connection, std::chrono::milliseconds limit) const;

private:
    std::string host_;
    std::string peer_;
    std::string host_header_;
    std::string target_;
    headers fields_;
    std::optional<std::string> proxy_; // host:port, for sentences
    bool tls_;

    bool connected_ = false;
    bool out_of_files_ = false; // of the process or of the machine
    bool asked_ = false;        // the request went out
    int status_ = 0;
    std::string status_text_;
    std::string words_; // of a refusal
    std::string misanswered_;
    std::optional<std::chrono::seconds> retry_after_;
    long distrusted_ = X509_V_OK;
    phase reached_ = phase::connect;
    std::string openssl_text_;
};

} // namespace gemini::live::transport
