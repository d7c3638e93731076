// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace test {

/// What a name server says about a name.
struct dns_record {
    std::vector<std::string> addresses; ///< Of both families.
    std::string alias{};                ///< The name that has the addresses (CNAME).
    bool cut = false;                   ///< Over UDP the answer is truncated.
};

/// A name server on a loopback address, over UDP and TCP. Names that it does not know do not exist.
/// It serves until it is destroyed.
class dns_peer {
public:
    explicit dns_peer(
        asio::io_context& io, const std::string& address = "127.0.0.1", std::uint16_t port = 0);
    dns_peer(const dns_peer&) = delete;
    dns_peer& operator=(const dns_peer&) = delete;
    ~dns_peer();

    [[nodiscard]] std::uint16_t port() const;
    void set(const std::string& name, dns_record record);
    /// Answers a question such as "A www.example" with 2 (SERVFAIL), 3 (NXDOMAIN) or 5 (REFUSED).
    void fail(const std::string& question, int rcode);
    /// Leaves a question such as "AAAA www.example" unanswered, until `release`.
    void hold(const std::string& question);
    void release(const std::string& question);
    /// What has been asked so far, such as "A www.example"; over TCP: "A www.example, by TCP".
    [[nodiscard]] const std::vector<std::string>& questions() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace test
