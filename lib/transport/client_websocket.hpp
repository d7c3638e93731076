// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/byte_stream.hpp"
#include "transport/frame_reader.hpp"
#include "transport/frame_writer.hpp"
#include "transport/lws_client.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// How long a message may take of which `received` bytes have arrived. A fixed limit would either
/// cut long messages on a slow network, or let a server hold up a reader for minutes by sending a
/// byte at a time.
[[nodiscard]] constexpr std::chrono::milliseconds time_for(
    std::size_t received, std::chrono::milliseconds limit) noexcept
{
    constexpr std::size_t slowest = 16 * 1024; // bytes a second: a quarter of speech
    return limit + std::chrono::milliseconds(received * 1000 / slowest);
}

/// A client's WebSocket. lws makes the connection to the server, through proxy and TLS. The upgrade
/// request and all reading and writing are done here (docs/adr/0009).
class client_websocket final : public lws_client {
public:
    client_websocket(std::shared_ptr<lws_virtual_host> host, const connect_request& request,
        const std::optional<proxy_address>& proxy);
    ~client_websocket() override;

    static asio::awaitable<void> send(
        std::shared_ptr<client_websocket> self, std::vector<base::frame> batch);
    static asio::awaitable<message> receive(std::shared_ptr<client_websocket> self);
    static asio::awaitable<void> close(
        std::shared_ptr<client_websocket> self, std::uint16_t code, std::string reason);
    std::uint64_t ping();
    void abort() noexcept override;
    /// Call when the owner goes. A closing handshake may still complete; anything else is aborted.
    void release() noexcept;

private:
    int on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size) override;
    int on_way_made(lws* connection);
    void on_taken_over() override;

    // the upgrade
    bool take_answer(std::span<const char>& bytes);
    void judge_answer();

    // reading
    void resume_reading();
    void await_bytes(moved::next what);
    void read();
    void take(std::span<const char> bytes);
    void take_rest();
    void parse(std::span<const char>& bytes, std::size_t most);
    void go_on();
    void drain();
    void on_event(message& event);
    void on_event(ping_frame& event);
    void on_event(pong_frame& event) { answered(event.payload); }
    void on_event(close_frame& event);
    void on_event(violation& event);
    void on_end(const moved& last);
    void heard();
    void answered(std::string_view pong);

    // writing
    void write();
    void write_on_next_turn();
    void await_room(moved::next what);
    void on_written();
    void on_write_failed();
    bool next_output();
    void next_message_output();
    void next_control_output(frame_kind kind, std::string_view payload);
    void drop_unbegun() noexcept;

    // the end
    void begin_close(close_frame ours, error why);
    void part() noexcept;
    void kill() noexcept override;
    void wake_all() override;

    // time
    void on_timer() override;
    void check_liveness(clock::time_point now);
    [[nodiscard]] bool passes_on(clock::time_point now);
    [[nodiscard]] clock::time_point next_check() const;

    std::size_t max_message_;
    std::function<std::string(std::string_view)> read_body_; // of a refusal
    std::optional<byte_stream> wire_;
    std::string key_;                     // of the upgrade
    std::unique_ptr<http_answer> answer_; // while it is awaited

    bool reading_ = false;     // waits for the wire, or for a posted turn
    bool more_at_once_ = true; // the last read did not empty the wire
    frame_reader reader_;
    std::vector<char> rest_; // was read, but nobody has asked for it yet
    std::size_t rest_at_ = 0;
    std::optional<moved> end_behind_rest_;
    std::vector<message> inbox_;
    std::size_t taken_ = 0;      // number of messages taken from the inbox
    std::size_t inbox_cost_ = 0; // of the messages in it

    std::vector<base::frame> outbox_;
    std::size_t begun_ = 0;      // index of the message at hand
    std::size_t offset_ = 0;     // end of the fragment at hand
    bool in_message_ = false;    // a part of it is with the wire, or about to be
    std::uint64_t accepted_ = 0; // messages, in total
    std::uint64_t flushed_ = 0;  // messages that the kernel has entirely, in total
    std::string request_;        // the upgrade's
    std::array<char, longest_frame_head + 125> control_{};
    std::span<const char> output_; // what is being written
    bool blocked_ = false;         // waits for the wire, or for a posted turn
    bool write_failed_ = false;
    int turns_left_; // writes before others get a turn
    std::optional<std::string> pong_;
    bool ping_due_ = false;
    std::optional<close_frame> close_due_;
    bool peer_closed_ = false;

    clock::time_point heard_{};
    std::optional<clock::time_point> pinged_;
    std::uint64_t underway_ = 0; // what the server has begun and not ended
    clock::time_point underway_since_{};

    // pings on request; pings for liveness have no payload
    std::uint64_t pings_ = 0;      // number of pings asked for
    std::uint64_t ping_asked_ = 0; // the ping to be written; 0: none
    std::uint64_t pongs_ = 0;
    std::uint64_t timed_ping_ = 0;
    clock::time_point timed_since_{};
    std::chrono::nanoseconds round_trip_{0};

    clock::time_point progress_{}; // when the network last accepted something
    std::size_t in_kernel_ = 0;    // bytes that the peer had not acknowledged at the last check
    bool spared_ = false;          // a stalled loop was given one more period

    async::event arrived_;
    async::event sent_;
};

} // namespace gemini::live::transport
