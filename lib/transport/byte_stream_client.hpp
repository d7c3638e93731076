// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/client_websocket_test.cpp
#pragma once

#include "engine/keepalive.hpp"
#include "transport/byte_stream.hpp"
#include "transport/lws_client.hpp"
#include "transport/proxy_handshake.hpp"

#include <memory>
#include <optional>
#include <span>

namespace gemini::live::transport {

/// A client that takes the connection over as soon as lws has made it, and leads it through the
/// proxy if there is one. It reads and writes bytes; derived classes know what they mean
/// (docs/adr/0009, docs/adr/0016).
class byte_stream_client : public lws_client {
public:
    byte_stream_client(
        std::shared_ptr<lws_virtual_host> host, const request_head& request, const route& route);
    ~byte_stream_client() override;

protected:
    /// Call when more bytes are wanted. Does nothing while they are being waited for.
    void resume_reading();
    /// Writes as much as the wire accepts. Do not call it from `on_bytes` before all its bytes
    /// have been parsed: a failed write reads the rest of the stream.
    void write();
    /// Call when the head of a refusal has arrived: its body may not take as long as the dial.
    void limit_refusal();
    /// Call when the connection has ended after the request without an answer.
    void abort_unanswered();
    void destroy() noexcept override;
    void on_timer() override;

    /// Called when the peer is reached: from now on bytes can be read and written.
    virtual void on_ready() = 0;
    /// Returns whether more bytes are wanted now; otherwise `on_paused` follows.
    virtual bool on_bytes(std::span<const char> bytes) = 0;
    virtual void on_paused() = 0;
    /// Called when the wire has ended; see `ended_`.
    virtual void on_end() = 0;
    /// Returns whether there is something to write, which is then in `output_`.
    virtual bool next_output() = 0;
    /// Called when the wire has accepted all of `output_`.
    virtual void on_written() = 0;
    virtual void on_write_failed() = 0;
    /// When `on_timer` is to be called.
    [[nodiscard]] virtual clock::time_point next_check() const = 0;

    std::optional<byte_stream> wire_;
    std::optional<moved> ended_; // how reading ended
    engine::keepalive liveness_;
    bool reading_ = false;         // waits for the wire, or for a posted turn
    std::span<const char> output_; // what is being written
    bool blocked_ = false;         // waits for the wire, or for a posted turn

private:
    int on(lws* connection, lws_callback_reasons reason) override;
    int on_way_made(lws* connection);
    void on_taken_over() override;
    void pass_proxy();
    void await_bytes(moved::next what);
    void read();
    void read_once();
    void write_again();
    void await_room(moved::next what);
    [[nodiscard]] std::shared_ptr<byte_stream_client> self();

    std::unique_ptr<proxy_handshake> proxy_; // until the peer is reached
    bool more_at_once_ = true;               // the last read did not empty the wire
    bool write_failed_ = false;
    int turns_left_; // writes before others get a turn
    // when the wire is ready, or on the next turn of the strand, so that others have one in between
    async::strand_call<byte_stream_client> next_read_{&byte_stream_client::read};
    async::strand_call<byte_stream_client> next_write_{&byte_stream_client::write_again};
};

} // namespace gemini::live::transport
