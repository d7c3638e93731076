// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/memory_network_test.cpp
#pragma once

#include "async/clock.hpp"
#include "transport/listener.hpp"
#include "transport/transport.hpp"

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace gemini::live::emulator {

/// What a WebSocket in memory is made of.
struct link_options {
    asio::any_io_executor executor;
    std::shared_ptr<async::clock> clock;
    transport::upgrade_request request;
    live::deadlines deadlines;          ///< The client's.
    std::size_t max_client_message = 0; ///< The longest that the server accepts.
    std::size_t max_server_message = 0; ///< The longest that the client accepts.
};

/// A WebSocket in memory. What one end sends arrives at the other at once, unless the link is held
/// or the other end does not read. Threads: the executor only.
class memory_link {
public:
    explicit memory_link(link_options options);

    /// Each of these once.
    [[nodiscard]] std::unique_ptr<transport::connection> client_end() const;
    [[nodiscard]] std::unique_ptr<transport::server_connection> server_end() const;

    /// While held, nothing arrives in either direction, and the client notices as it would notice a
    /// network that is down.
    void hold(bool on);

    /// Whether both ends have been destroyed.
    [[nodiscard]] bool is_over() const noexcept { return state_.use_count() == 1; }
    /// Whether neither end has ended it.
    [[nodiscard]] bool is_open() const noexcept;
    /// What crossed it last, in each direction, for a person.
    [[nodiscard]] std::string last_messages() const;

private:
    class client_half;
    class server_half;
    class client_connection;
    class server_side;
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace gemini::live::emulator
