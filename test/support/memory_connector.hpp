// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/transport.hpp"

#include <functional>
#include <optional>

namespace test {

namespace transport = gemini::live::transport;

/// The other end of a connection in memory, for tests: the server's side.
class memory_peer {
public:
    memory_peer() = default;
    memory_peer(const memory_peer&) = delete;
    memory_peer& operator=(const memory_peer&) = delete;
    virtual ~memory_peer() = default;

    [[nodiscard]] virtual const transport::connect_request& request() const noexcept = 0;
    /// Returns the client's next message; nothing once it has closed or aborted.
    virtual asio::awaitable<std::optional<std::string>> receive() = 0;
    virtual void send(std::string message) = 0;
    /// Ends the connection with / without a close frame.
    virtual void close(std::uint16_t code, std::string reason) = 0;
    virtual void drop() = 0;
    /// Stops receiving from the client: its sends stay pending until `resume`.
    virtual void stall(bool on) = 0;
    /// Code of the client's close frame, once it has sent one.
    [[nodiscard]] virtual std::optional<std::uint16_t> close_code() const noexcept = 0;
};

/// What a server answers to a call; throws `live::error` to make it fail.
using memory_answer =
    std::function<asio::awaitable<transport::http_response>(transport::http_request)>;

/// A connector without a network: every `connect` asks `decide` (which throws `live::error` to
/// refuse), then hands a peer to `serve`, which runs as a coroutine on `executor`. Every `fetch`
/// returns the result of `answer`; without one it fails with errc::connect_failed.
[[nodiscard]] std::shared_ptr<transport::connector> make_memory_connector(
    asio::any_io_executor executor,
    std::function<asio::awaitable<void>(std::shared_ptr<memory_peer>)> serve,
    std::function<void(const transport::connect_request&)> decide = {}, memory_answer answer = {});

} // namespace test
