// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/frame_reader.hpp"
#include "transport/lws_outbound.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// A client's WebSocket: lws connects, encrypts, upgrades, writes and closes it; what the server
/// sends is read here, beside lws (docs/adr/0002).
class lws_stream : public lws_outbound {
public:
    lws_stream(std::shared_ptr<lws_virtual_host> host, const connect_request& request,
        const std::optional<proxy_address>& proxy);
    ~lws_stream() override;

    static asio::awaitable<void> send(
        std::shared_ptr<lws_stream> self, std::vector<base::frame> batch);
    static asio::awaitable<message> receive(std::shared_ptr<lws_stream> self);
    static asio::awaitable<void> close(
        std::shared_ptr<lws_stream> self, std::uint16_t code, std::string reason);
    std::uint64_t ping();
    void abort() noexcept override;
    /// Its owner goes: a closing handshake may still end, anything else is aborted.
    void release() noexcept;

private:
    using watch = asio::posix::basic_stream_descriptor<lws_runtime::strand>;

    using recheck_timer =
        asio::basic_waitable_timer<clock, asio::wait_traits<clock>, lws_runtime::strand>;

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

    int on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size) override;
    int on_request(lws* connection, void* in, std::size_t room);
    int on_established(lws* connection);
    int on_writeable();
    void on_closed() override;

    // the answer to the request, which lws gets only when it is an upgrade
    bool duplicate(lws* connection);
    void await_answer(watch::wait_type what);
    void look_at_answer();
    [[nodiscard]] std::string peek(bool& waits);
    void leave_answer_to_lws();
    void read_refusal();
    void tell_refusal();

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
    void on_event(pong_frame& event) { answered(event.payload); }
    void on_event(close_frame& event);
    void on_event(violation& event);
    void on_end(const pulled& last);
    void heard();
    void answered(std::string_view pong);
    void keep(message whole);

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
    void begin_close(std::optional<close_frame> ours, error why);
    void part() noexcept;
    void kill() noexcept override;
    void wake_all() override;

    // time
    void on_timer() override;
    void check_liveness(clock::time_point now);
    [[nodiscard]] bool is_stalled(clock::time_point now);
    [[nodiscard]] int unacknowledged();
    [[nodiscard]] clock::time_point next_check() const;

    std::size_t max_message_;
    std::function<std::string(std::string_view)> read_body_; // of a refusal
    std::unique_ptr<http_answer> refusal_;
    std::optional<std::size_t> peeked_; // bytes of the answer's beginning, while it is awaited
    std::optional<recheck_timer> recheck_;
    SSL* ssl_ = nullptr;

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

    clock::time_point heard_{};
    std::optional<clock::time_point> pinged_;

    // pings on request; those for liveness have no payload
    std::uint64_t pings_ = 0;      // asked for
    std::uint64_t ping_asked_ = 0; // to be written; 0: none
    std::uint64_t pongs_ = 0;
    std::uint64_t timed_ping_ = 0;
    clock::time_point timed_since_{};
    std::chrono::nanoseconds round_trip_{0};

    clock::time_point progress_{}; // when the network last took something
    int in_kernel_ = 0;            // bytes, when that was full
    bool spared_ = false;          // a stalled loop was given one more period

    wakeup arrived_;
    wakeup sent_;
};

} // namespace gemini::live::transport
