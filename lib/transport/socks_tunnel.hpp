// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/proxy.hpp"
#include "transport/transport.hpp"
#include "transport/tunnel.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gemini::live::transport {

/// A tunnel through a SOCKS 5 proxy (RFC 1928), with a user name and password (RFC 1929) or
/// without. Names are resolved by the proxy.
class socks_tunnel final : public tunnel {
public:
    /// Leads to the host of `request`, which has at most 255 bytes; so have user and password.
    socks_tunnel(const proxy_address& proxy, const request_head& request);

    [[nodiscard]] std::string output() override;
    [[nodiscard]] state feed(std::string_view& bytes) override;
    [[nodiscard]] error why() const override;

private:
    enum class step { method, login, reply, bound_address, address_rest };

    [[nodiscard]] state take_answer();
    [[nodiscard]] state take_method(std::uint8_t method);
    [[nodiscard]] state take_reply(std::uint8_t code);
    [[nodiscard]] state take_bound_address(std::uint8_t type, std::uint8_t first);
    [[nodiscard]] state await(step next, std::size_t size);
    [[nodiscard]] state fail(std::string sentence);
    [[nodiscard]] state fail_as_no_socks();

    std::string proxy_;  // for sentences
    std::string target_; // host:port
    bool has_login_;
    std::string login_;   // the message with user and password
    std::string request_; // the message that asks for the tunnel
    std::string output_;
    step step_ = step::method;
    std::size_t wanted_ = 2; // bytes of the proxy's next answer
    std::string answer_;     // those that have come
    std::string sentence_;   // why it has failed
};

} // namespace gemini::live::transport
