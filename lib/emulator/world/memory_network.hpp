// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "emulator/world/memory_link.hpp"
#include "emulator/world/virtual_clock.hpp"
#include "transport/lws_handshake.hpp"
#include "transport/network.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gemini::live::emulator {

/// The network of one execution context, in memory: loopback, without TLS and without proxies.
/// Threads: the context's only one.
class memory_network final : public transport::network,
                             public std::enable_shared_from_this<memory_network> {
public:
    explicit memory_network(std::shared_ptr<virtual_clock> clock) : clock_(std::move(clock)) {}

    [[nodiscard]] std::shared_ptr<transport::connector> make_connector(
        asio::any_io_executor executor) override;
    [[nodiscard]] std::unique_ptr<transport::listener> listen(
        asio::any_io_executor executor, transport::listen_options options) override;

    /// While held, nothing arrives anywhere: neither requests nor what open connections carry.
    void hold(bool on);

    /// What crossed the open connections last, for a person; "" if there are none.
    [[nodiscard]] std::string open_connections() const;

private:
    class acceptor;
    class memory_listener;
    class memory_connector;

    using self_ptr = std::shared_ptr<memory_network>;

    [[nodiscard]] std::uint16_t find_port(const transport::listen_options& options);
    [[nodiscard]] std::shared_ptr<acceptor> find(const transport::request_head& request) const;
    static asio::awaitable<std::shared_ptr<acceptor>> reach(
        self_ptr self, const transport::request_head& request, transport::lws_handshake& handshake);
    static asio::awaitable<std::unique_ptr<transport::connection>> connect(
        self_ptr self, asio::any_io_executor executor, transport::connect_request request);
    static asio::awaitable<transport::http_response> fetch(
        self_ptr self, transport::http_request request);

    std::shared_ptr<virtual_clock> clock_;
    bool held_ = false;
    std::vector<async::event*> held_requests_;
    static constexpr std::uint16_t first_port = 49152; // of those that anybody may take
    std::uint16_t next_port_ = first_port;
    std::map<std::uint16_t, std::weak_ptr<acceptor>> acceptors_; // by port
    std::vector<memory_link> links_;
};

} // namespace gemini::live::emulator
