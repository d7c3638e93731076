// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/client_websocket_test.cpp
#pragma once

#include "transport/lws_runtime.hpp"
#include "transport/tls_context.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <span>
#include <utility>

namespace gemini::live::transport {

/// The result of moving bytes once, and what to do next.
struct moved {
    enum next { at_once, when_readable, when_writable, at_the_end, broken };
    std::size_t size = 0;
    next then = when_readable;
    int error = 0; ///< An errno, when `broken`.
};

/// A connected socket, plain or with TLS, or with TLS in TLS, that is ours alone. It never blocks:
/// callers wait when it cannot continue.
class byte_stream {
public:
    /// Owns the descriptor and shares `tls`, which may be null.
    byte_stream(const lws_runtime::strand& strand, int descriptor, SSL* tls);
    byte_stream(const byte_stream&) = delete;
    byte_stream& operator=(const byte_stream&) = delete;

    /// From now on TLS also goes over our descriptor. Call it once, before anything is moved and
    /// after the maker of the connection has closed its own descriptor. Throws std::bad_alloc.
    void settle();
    /// From now on `tls` carries what is moved, over what has carried it so far. Its handshake
    /// follows. Throws std::bad_alloc.
    void encrypt(tls_handle tls);
    /// Continues the handshake after `encrypt`. `at_once`: it has succeeded.
    [[nodiscard]] moved shake_hands();
    /// The TLS next to what is moved; null: none.
    [[nodiscard]] SSL* tls() const noexcept { return tls_.get(); }
    /// An end of TLS without an alert is as good as one with it. By default it is `broken`, since
    /// anybody on the way can cause it.
    void tolerate_cuts();

    [[nodiscard]] moved read(std::span<char> into);
    /// Bytes of `from` that were not accepted must be passed again, all of them, before anything
    /// else.
    [[nodiscard]] moved write(std::span<const char> from);
    /// Number of bytes that the kernel has accepted and the peer has not acknowledged.
    [[nodiscard]] std::size_t unacknowledged();
    /// Informs the TLS peer that nothing more comes.
    void say_goodbye() noexcept;

    /// Makes the call on the strand, by `strand::complete`. Destroying the stream cancels the wait.
    template <class Owner>
    void async_wait(moved::next what, async::strand_call<Owner>& call, std::shared_ptr<Owner> owner)
    {
        descriptor_.async_wait(what == moved::when_writable ? watch::wait_write : watch::wait_read,
            [on = strand_, &call, owner = std::move(owner)](asio::error_code canceled) mutable {
                if (!canceled) call.complete(on, std::move(owner));
            });
    }

private:
    using watch = asio::posix::basic_stream_descriptor<asio::any_io_executor>;

    [[nodiscard]] moved read_plain(std::span<char> into);
    [[nodiscard]] moved read_tls(std::span<char> into);
    [[nodiscard]] moved write_plain(std::span<const char> from);
    [[nodiscard]] moved write_tls(std::span<const char> from);
    [[nodiscard]] bool stopped(int result, moved& at);
    [[nodiscard]] bool has_pending() const noexcept;

    const lws_runtime::strand strand_;
    watch descriptor_;   // completes on the executor within the strand
    tls_handle carrier_; // the TLS within which there is other TLS
    tls_handle tls_;
    bool tolerates_cuts_ = false;
    // After writing has failed, what a server said before it reset the connection can still be
    // read.
    bool read_broken_ = false;
    bool write_broken_ = false;
};

} // namespace gemini::live::transport
