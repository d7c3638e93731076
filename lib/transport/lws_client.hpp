// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_connect_test.cpp
#pragma once

#include "async/event.hpp"
#include "transport/lws_handshake.hpp"
#include "transport/lws_runtime.hpp"
#include "transport/transport.hpp"

#include <asio/ip/address.hpp>
#include <libwebsockets.h>
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace gemini::live::transport {

class lws_client;

/// Attempts to connect, of which only the first that succeeds continues.
struct connect_rivals {
    async::event changed; ///< One has connected or failed.
    const lws_client* winner = nullptr;
};

/// How a peer is reached.
struct route {
    std::optional<proxy_address> proxy{};
    std::shared_ptr<SSL_CTX> tls{};           ///< With the next hop: proxy or peer. Null: none.
    std::shared_ptr<SSL_CTX> tls_in_tunnel{}; ///< With the peer, through the proxy. Null: none.
};

/// A connection that lws makes for us, to the peer or to its proxy, and its end. It holds itself
/// alive from `dial` to its end, so that it can still end in order after its owner has gone.
/// Derived classes take the connection over before lws has sent anything. Make all calls on the
/// runtime's executor.
///
/// What ends it, from the gentlest to the hardest; each includes what stands below it:
///
///     close    a WebSocket's closing handshake, then destroy
///     abort    no handshake: sets why it has ended, wakes all waiters, then destroy
///     destroy  lws lets go of the connection, or our socket is closed
///
/// `set_end` only says why, and wakes the waiters.
class lws_client : public std::enable_shared_from_this<lws_client>, private lws_runtime::dependant {
public:
    static constexpr const char* protocol_name = "gemini-live"; ///< Within lws, not on the wire.

    lws_client(const lws_client&) = delete;
    lws_client& operator=(const lws_client&) = delete;
    virtual ~lws_client();

    /// The callback of the virtual host's protocol.
    static int callback(
        lws* connection, lws_callback_reasons reason, void* user, void* in, std::size_t size);

    /// Begins to connect to `address`, the peer's or the proxy's, for at most `limit` (zero: no
    /// limit).
    void dial(const asio::ip::address& address, std::chrono::milliseconds limit,
        std::shared_ptr<connect_rivals> rivals);
    /// Completes when what was asked for has arrived. Cancellation: gives up the attempt.
    static asio::awaitable<void> opened(std::shared_ptr<lws_client> self);
    /// Whether at least the TCP connection was established, before those of its rivals.
    [[nodiscard]] bool has_connected() const noexcept;
    /// Why it has ended; null if it has not.
    [[nodiscard]] const error* end() const noexcept { return end_.get(); }
    /// Whether another attempt may succeed at once: see `lws_handshake`.
    [[nodiscard]] bool has_failed_to_resume() const noexcept;
    void abort() noexcept override;

protected:
    using clock = std::chrono::steady_clock;

    enum class stage {
        dialing,
        open,
        closing, ///< What arrives is discarded until the peer's end.
        over,    ///< Nothing more goes in or out.
    };

    lws_client(
        std::shared_ptr<lws_virtual_host> host, const request_head& request, const route& route);

    /// Handles an lws callback. Overrides pass on what they do not handle.
    virtual int on(lws* connection, lws_callback_reasons reason);
    virtual void on_timer();
    /// Called when lws has closed its part.
    virtual void on_taken_over() = 0;

    /// Returns what the lws callback must return to hand its connection over to us; `on_taken_over`
    /// follows.
    [[nodiscard]] int take_over();
    /// Call when what was asked for has arrived.
    void open();
    /// Sets why the connection ends, and wakes all waiters; the first cause stays.
    void set_end(error why);
    void abort(error why);
    virtual void destroy() noexcept;
    virtual void wake_all() { opened_or_closed_.set(); }
    /// Makes sure that `on_timer` is called at `due` at the latest.
    void arm(clock::time_point due);

    std::shared_ptr<lws_runtime> runtime_;
    std::unique_ptr<lws_handshake> handshake_; // until open
    live::deadlines deadlines_;

    lws* connection_ = nullptr;
    stage stage_ = stage::dialing;
    bool destroyed_ = false;
    std::unique_ptr<error> end_; // thrown to calls once it is no longer open
    clock::time_point deadline_ = clock::time_point::max(); // of dialing or closing
    clock::time_point armed_ = clock::time_point::max();
    async::event opened_or_closed_;

private:
    using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, lws_runtime::strand>;

    void on_connected(lws* connection);
    void on_failed(lws* connection);
    void on_closed();
    void on_destroyed(lws* connection);
    void detach() noexcept;

    enum class owner { lws, nobody_yet, us };

    owner owner_ = owner::lws;
    std::shared_ptr<lws_virtual_host> host_;
    std::shared_ptr<lws_client> held_;
    std::shared_ptr<connect_rivals> rivals_; // until one of them has connected
    lws_use use_;
    std::optional<timer> timer_;
    std::chrono::milliseconds limit_{}; // the limit that led to the deadline
};

} // namespace gemini::live::transport
