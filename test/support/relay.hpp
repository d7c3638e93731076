// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace test {

enum class way { up, down }; ///< From the client to the server / back.

enum class trouble {
    fin,     ///< Both ends see that the other has finished.
    rst,     ///< Both ends are reset.
    swallow, ///< Both stay open, and nothing that they send arrives: a half-open connection.
    stall,   ///< Nothing is passed on until `go_on()`; then all of it is.
};

/// What happens to a connection after this many bytes in one direction.
struct misfortune {
    trouble what = trouble::fin;
    way where = way::up;
    std::uint64_t after = 0;
};

/// A relay on 127.0.0.1 between clients and a server on another port of it: passes on bytes, and
/// breaks where it is told to. Runs on `io`'s thread until its destruction, which resets open
/// connections.
class relay {
public:
    relay(asio::io_context& io, std::uint16_t server);
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;
    ~relay();

    [[nodiscard]] std::uint16_t port() const;

    /// Affects the next connection, and no other.
    void strike_next(misfortune what);
    /// Affects all open connections, now.
    void strike(trouble what);
    void go_on();

    /// Closes the port to new connections / opens it again.
    void refuse();
    void listen();

    /// Connections so far / now / bytes that the latest has passed on.
    [[nodiscard]] std::size_t accepted() const;
    [[nodiscard]] std::size_t connected() const;
    [[nodiscard]] std::uint64_t passed(way where) const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace test
