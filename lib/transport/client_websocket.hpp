// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/write_queue.hpp"
#include "transport/byte_stream_client.hpp"
#include "transport/client_upgrade.hpp"
#include "transport/frame_reader.hpp"
#include "transport/numbered_pings.hpp"
#include "transport/receive_queue.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// A client's WebSocket: the upgrade, then messages, control frames and liveness.
class client_websocket final : public byte_stream_client {
public:
    client_websocket(
        std::shared_ptr<lws_virtual_host> host, const connect_request& request, const route& route);
    ~client_websocket() override;

    static asio::awaitable<void> send(
        std::shared_ptr<client_websocket> self, std::vector<base::frame> batch);
    static asio::awaitable<message> receive(std::shared_ptr<client_websocket> self);
    static asio::awaitable<void> close(
        std::shared_ptr<client_websocket> self, std::uint16_t code, std::string reason);
    std::uint64_t ping();
    void abort() noexcept override;
    /// Call when the owner goes. A closing handshake may still complete.
    void abort_unless_closing() noexcept;

private:
    using byte_stream_client::abort;

    void on_ready() override;
    bool take_answer(std::span<const char>& bytes);
    void judge_answer();

    // reading
    bool on_bytes(std::span<const char> bytes) override;
    void on_paused() override { arrived_.set_and_run(); }
    void on_end() override;
    void take_rest();
    void parse(std::span<const char>& bytes, std::size_t most);
    void go_on();
    void drain();
    void on_event(message& event);
    void on_event(ping_frame& event);
    void on_event(pong_frame& event) { pings_.answered(event.payload, clock::now()); }
    void on_event(close_frame& event);
    void on_event(violation& event);

    // writing
    bool next_output() override;
    [[nodiscard]] std::span<const char> frame_of(
        const engine::write_queue::output& next, clock::time_point now);
    void gather(clock::time_point now);
    void on_written() override;
    void on_write_failed() override;

    // the end: see lws_client
    void begin_close(const close_frame& ours, error why);
    void complete_close() noexcept;
    void destroy() noexcept override;
    void wake_all() override;

    // time
    void on_timer() override;
    void check_liveness(clock::time_point now, clock::time_point due);
    [[nodiscard]] clock::time_point next_check() const override;
    [[nodiscard]] engine::keepalive::traffic traffic() const noexcept;

    std::unique_ptr<client_upgrade> upgrade_; // until its answer has been judged
    std::string request_;                     // the upgrade's

    frame_reader reader_;
    receive_queue inbox_;
    bool peer_closed_ = false;
    numbered_pings pings_;

    engine::write_queue queue_;
    base::padded_buffer gathered_; // frames that are written together
    async::event arrived_;
    std::optional<async::event> sent_; // while a send waits
};

} // namespace gemini::live::transport
