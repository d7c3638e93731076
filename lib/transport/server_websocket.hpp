// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/listener_test.cpp
#pragma once

#include "async/event.hpp"
#include "engine/write_queue.hpp"
#include "transport/listener.hpp"
#include "transport/lws_runtime.hpp"
#include "transport/server_vhost.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::transport {

/// Receives the clients of a listener.
class upgrade_handler {
public:
    upgrade_handler() = default;
    upgrade_handler(const upgrade_handler&) = delete;
    upgrade_handler& operator=(const upgrade_handler&) = delete;
    virtual ~upgrade_handler() = default;

    [[nodiscard]] virtual upgrade_verdict decide(const upgrade_request& request) = 0;
    /// The longest body of a plain request; nullopt when plain requests are not answered.
    [[nodiscard]] virtual std::optional<std::size_t> max_request() const noexcept = 0;
    [[nodiscard]] virtual plain_answer answer(const plain_request& request) = 0;
    /// Called when the upgrade has completed.
    virtual void admit(std::shared_ptr<server_websocket> stream) = 0;
    /// Called when the connection has ended without having been admitted.
    virtual void forget(server_websocket& stream) noexcept = 0;
};

/// A client's connection as the server sees it: lws encrypts, upgrades, reads and writes it. lws
/// holds it from `adopt` to WSI_DESTROY. Make all calls on the runtime's executor. What ends it is
/// what ends an `lws_client`: close, abort, destroy.
class server_websocket : public std::enable_shared_from_this<server_websocket> {
public:
    /// lws reads a whole TLS record into the buffer; otherwise it could not be paused.
    static constexpr std::size_t rx_buffer_size = 16 * 1024;

    server_websocket(std::shared_ptr<lws_runtime> runtime, std::shared_ptr<server_vhost> host,
        std::shared_ptr<upgrade_handler> upgrade_handler, std::size_t max_message);
    server_websocket(const server_websocket&) = delete;
    server_websocket& operator=(const server_websocket&) = delete;
    ~server_websocket();

    static int callback(
        lws* connection, lws_callback_reasons reason, void* in, std::size_t size) noexcept;

    /// Serves an accepted socket and owns it from now on.
    void adopt(int socket);

    [[nodiscard]] const upgrade_request& request() const noexcept { return request_; }

    static asio::awaitable<void> send(
        std::shared_ptr<server_websocket> self, std::vector<base::frame> batch, opcode kind);
    static asio::awaitable<message> receive(std::shared_ptr<server_websocket> self);
    static asio::awaitable<void> close(
        std::shared_ptr<server_websocket> self, std::uint16_t code, std::string reason);
    void abort() noexcept;

private:
    using clock = std::chrono::steady_clock;
    using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, lws_runtime::strand>;

    enum class stage {
        arriving, ///< TLS, then the request.
        open,
        closing, ///< A Close has been sent or received.
        over,    ///< Nothing more goes in or out.
    };

    int on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size);
    int on_upgrade(const char* to);
    int on_plain();
    int on_body(std::string_view piece);
    int answer();
    int on_open();
    int on_data(std::string_view piece);
    int on_peer_close(std::string_view payload);
    int on_writeable();
    void on_gone();
    void on_destroyed();

    int respond(const http_response& response);
    int write_last(std::string_view text);
    int refuse_message(std::uint16_t code, const char* reason, errc why);
    void begin_close(std::uint16_t code, std::string_view reason, error why);
    void set_end(error why);
    void destroy() noexcept;
    void arm(std::chrono::seconds limit);

    void pause(bool on);
    void apply_pause() noexcept;
    [[nodiscard]] bool write(const engine::write_queue::output& frame);
    void request_write() noexcept;

    std::shared_ptr<lws_runtime> runtime_;
    std::shared_ptr<server_vhost> host_;
    std::shared_ptr<upgrade_handler> entrance_; // while arriving
    std::shared_ptr<server_websocket> held_by_lws_;
    lws_use use_;
    std::optional<timer> deadline_;
    std::size_t max_message_;
    upgrade_request request_;
    headers answer_fields_;
    std::optional<plain_request> plain_; // once the request is known to be plain

    lws* connection_ = nullptr;
    stage stage_ = stage::arriving;
    std::optional<error> end_; // thrown to calls once it is no longer open
    bool somebody_closes_ = false;
    async::event gone_;

    std::optional<message> partial_;
    std::deque<message> inbox_;
    std::size_t inbox_cost_ = 0;
    bool paused_ = false;
    async::event arrived_;

    engine::write_queue queue_{lws_runtime::tx_packet_size};
    async::event sent_;
};

} // namespace gemini::live::transport
