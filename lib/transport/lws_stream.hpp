// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/frame_reader.hpp"
#include "transport/lws_handshake.hpp"
#include "transport/lws_runtime.hpp"
#include "transport/transport.hpp"
#include "transport/wakeup.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// A client's connection: lws connects, encrypts, upgrades, writes and closes it; what the server
/// sends is read here, beside lws (docs/adr/0002). lws holds it from `dial` to WSI_DESTROY, so that
/// it can end in its own time after its owner has gone. All calls on the runtime's executor.
class lws_stream : public std::enable_shared_from_this<lws_stream> {
public:
    static constexpr const char* protocol_name = "gemini-live"; ///< Within lws, not on the wire.

    lws_stream(std::shared_ptr<lws_virtual_host> host, const connect_request& request,
        const std::optional<proxy_address>& proxy);
    lws_stream(const lws_stream&) = delete;
    lws_stream& operator=(const lws_stream&) = delete;
    ~lws_stream();

    /// The callback of the virtual host's protocol.
    static int callback(
        lws* connection, lws_callback_reasons reason, void* user, void* in, std::size_t size);

    /// Begins to connect to `address`, for at most `limit` (zero: no limit). With a proxy,
    /// `address` goes into its CONNECT.
    void dial(const std::string& address, std::uint16_t port, std::chrono::milliseconds limit);
    /// Completes when the upgrade is through. Cancellation: gives up the attempt.
    static asio::awaitable<void> opened(std::shared_ptr<lws_stream> self);
    /// Whether TCP, at least, came about.
    [[nodiscard]] bool has_connected() const noexcept;

    static asio::awaitable<void> send(
        std::shared_ptr<lws_stream> self, std::vector<base::frame> batch);
    static asio::awaitable<message> receive(std::shared_ptr<lws_stream> self);
    static asio::awaitable<void> close(
        std::shared_ptr<lws_stream> self, std::uint16_t code, std::string reason);
    void abort() noexcept;
    /// Its owner goes: a closing handshake may still end, anything else is aborted.
    void release() noexcept;

private:
    using clock = std::chrono::steady_clock;
    using watch = asio::posix::basic_stream_descriptor<lws_runtime::strand>;
    using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, lws_runtime::strand>;

    enum class stage {
        dialling,
        open,
        closing, ///< A Close went one way at least: what comes is discarded until the peer's end.
        over,    ///< Nothing more goes in or out.
    };
    enum class reading {
        idle,    ///< Messages wait for the owner.
        waiting, ///< For the descriptor, or for a posted turn.
        by_lws,  ///< lws parses: bytes had come behind the upgrade's answer.
    };
    /// What reading once gave, and what to do next.
    struct pulled {
        enum next { at_once, when_readable, when_writable, at_the_end, broken };
        std::size_t size = 0;
        next then = when_readable;
        int error = 0;
    };

    int on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size);
    int on_established(lws* connection);
    int on_writeable();
    void on_connected(lws* connection);
    void on_closed();
    void on_failed(lws* connection, std::string_view text);
    void on_destroyed(lws* connection);

    // reading beside lws
    void resume_reading();
    void await_bytes(watch::wait_type what);
    void read();
    [[nodiscard]] pulled pull(std::span<char> into);
    [[nodiscard]] pulled pull_plain(std::span<char> into);
    [[nodiscard]] pulled pull_tls(std::span<char> into);
    void parse(std::span<const char> bytes);
    void on_event(message& event);
    void on_event(ping_frame& event);
    void on_event(pong_frame&) {}
    void on_event(close_frame& event);
    void on_event(violation& event);
    void on_end(const pulled& last);
    void heard();

    void drain();

    // reading through lws
    int on_lws_data(std::string_view piece);
    int on_lws_close(std::string_view payload);
    void pause_lws();

    // writing
    void request_write();
    int write_next();
    int write_message();
    int write_control(lws_write_protocol kind, std::string_view payload);
    void drop_unbegun() noexcept;
    [[nodiscard]] bool has_output() const noexcept;

    // the end
    void finish(error why);
    void begin_close(std::optional<close_frame> ours, error why);
    void part() noexcept;
    void kill() noexcept;
    void wake_all();

    // time
    void arm(clock::time_point due);
    void on_timer();
    void check_liveness(clock::time_point now);
    [[nodiscard]] clock::time_point next_check() const;

    std::shared_ptr<lws_runtime> runtime_;
    std::shared_ptr<lws_virtual_host> host_;
    std::shared_ptr<lws_stream> held_by_lws_;
    lws_use use_;
    std::unique_ptr<lws_handshake> handshake_; // until open
    live::deadlines deadlines_;
    bool tls_;
    std::size_t max_message_;

    lws* connection_ = nullptr;
    SSL* ssl_ = nullptr;
    stage stage_ = stage::dialling;
    bool killed_ = false;
    std::unique_ptr<error> end_; // what calls throw once it is not open any more

    reading reading_ = reading::idle;
    bool more_at_once_ = true; // the last read did not empty the socket
    std::optional<watch> descriptor_;
    frame_reader reader_;
    std::vector<message> inbox_;
    std::size_t taken_ = 0;            // from the inbox
    std::unique_ptr<message> partial_; // through lws
    bool lws_paused_ = false;

    std::vector<base::frame> outbox_;
    std::size_t begun_ = 0;      // index of the message at hand
    std::size_t offset_ = 0;     // into it
    std::uint64_t accepted_ = 0; // messages, ever
    std::uint64_t written_ = 0;  // messages that lws has whole, ever
    std::uint64_t flushed_ = 0;  // messages that the kernel has whole, ever
    bool write_requested_ = false;
    std::optional<std::string> pong_;
    bool ping_due_ = false;
    std::optional<close_frame> close_due_;
    bool peer_closed_ = false;

    std::optional<timer> timer_;
    clock::time_point armed_ = clock::time_point::max();
    clock::time_point deadline_ = clock::time_point::max(); // of dialling or closing
    std::chrono::milliseconds limit_{};                     // which led to it
    clock::time_point heard_{};
    std::optional<clock::time_point> pinged_;
    clock::time_point progress_{}; // when the network last took something
    bool spared_ = false;          // a stalled loop was given one more period

    wakeup opened_or_closed_;
    wakeup arrived_;
    wakeup sent_;
};

} // namespace gemini::live::transport
