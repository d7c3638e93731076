// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/http_answer.hpp"
#include "transport/proxy.hpp"
#include "transport/transport.hpp"
#include "transport/tunnel.hpp"

#include <array>
#include <string>
#include <string_view>

namespace gemini::live::transport {

/// A tunnel through an HTTP proxy, by CONNECT (RFC 9110, 9.3.6).
class connect_tunnel final : public tunnel {
public:
    /// Leads to the host of `request`, whose `read_refusal` reads the body of a refusal.
    connect_tunnel(const proxy_address& proxy, const request_head& request);

    [[nodiscard]] std::string output() override;
    [[nodiscard]] state feed(std::string_view& bytes) override;
    [[nodiscard]] error why() const override;

private:
    [[nodiscard]] bool is_open() const noexcept;
    [[nodiscard]] std::string words() const;
    [[nodiscard]] std::string what_to_do(const std::string& what) const;
    [[nodiscard]] std::string without_secrets(std::string_view text) const;

    std::string proxy_;  // for sentences
    std::string target_; // host:port
    std::array<std::string, 2> secrets_;
    bool has_login_;
    refusal_reader read_refusal_;
    std::string request_; // until it is sent
    http_answer answer_{http_answer::request::connect};
};

} // namespace gemini::live::transport
