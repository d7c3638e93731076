// SPDX-License-Identifier: Apache-2.0
#include "transport/byte_stream.hpp"

#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t tls_read_ahead = 32 * 1024;

void adjust(SSL* tls)
{
    SSL_set_read_ahead(tls, 1);
    SSL_set_default_read_buffer_len(tls, tls_read_ahead);
    SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

int as_int(std::size_t size)
{
    return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

} // namespace

byte_stream::byte_stream(const lws_runtime::strand& strand, int descriptor, SSL* tls)
    : strand_(strand), descriptor_(strand.inner(), descriptor), carrier_(nullptr, &SSL_free),
      tls_(tls, &SSL_free)
{
    if (tls) SSL_up_ref(tls);
}

void byte_stream::settle()
{
    if (!tls_) return;
    if (SSL_set_fd(tls_.get(), descriptor_.native_handle()) != 1) throw std::bad_alloc();
    adjust(tls_.get());
}

void byte_stream::encrypt(tls_handle tls)
{
    carrier_ = std::exchange(tls_, std::move(tls));
    if (!carrier_) return settle();
    BIO* const within = BIO_new(BIO_f_ssl());
    if (!within) throw std::bad_alloc();
    BIO_set_ssl(within, carrier_.get(), BIO_NOCLOSE);
    SSL_set_bio(tls_.get(), within, within);
    adjust(tls_.get());
}

moved byte_stream::shake_hands()
{
    moved result;
    ERR_clear_error();
    errno = 0;
    const int done = SSL_do_handshake(tls_.get());
    if (done == 1) return {0, moved::at_once, 0};
    read_broken_ = write_broken_ = stopped(done, result);
    return result;
}

void byte_stream::tolerate_cuts()
{
    tolerates_cuts_ = true;
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
    for (auto* const each : {carrier_.get(), tls_.get()})
        if (each) SSL_set_options(each, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
}

moved byte_stream::read(std::span<char> into) { return tls_ ? read_tls(into) : read_plain(into); }

moved byte_stream::write(std::span<const char> from)
{
    return tls_ ? write_tls(from) : write_plain(from);
}

moved byte_stream::read_plain(std::span<char> into)
{
    for (;;) {
        const auto size = ::recv(descriptor_.native_handle(), into.data(), into.size(), 0);
        if (size > 0) {
            const auto got = static_cast<std::size_t>(size);
            return {got, got == into.size() ? moved::at_once : moved::when_readable, 0};
        }
        if (size == 0) return {0, moved::at_the_end, 0};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, moved::when_readable, 0};
        if (errno != EINTR) return {0, moved::broken, errno};
    }
}

moved byte_stream::write_plain(std::span<const char> from)
{
    for (;;) {
        const auto size =
            ::send(descriptor_.native_handle(), from.data(), from.size(), MSG_NOSIGNAL);
        if (size >= 0) return {static_cast<std::size_t>(size), moved::at_once, 0};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, moved::when_writable, 0};
        if (errno != EINTR) return {0, moved::broken, errno};
    }
}

moved byte_stream::read_tls(std::span<char> into)
{
    moved result;
    if (read_broken_) return {0, moved::broken, EPROTO};
    while (result.size < into.size()) {
        ERR_clear_error(); // other code uses OpenSSL on this thread too
        errno = 0;
        const int size =
            SSL_read(tls_.get(), into.data() + result.size, as_int(into.size() - result.size));
        if (size <= 0) {
            read_broken_ = stopped(size, result);
            return result;
        }
        result.size += static_cast<std::size_t>(size);
        if (!has_pending()) return result;
    }
    result.then = moved::at_once;
    return result;
}

moved byte_stream::write_tls(std::span<const char> from)
{
    moved result;
    if (write_broken_) return {0, moved::broken, EPROTO};
    ERR_clear_error();
    errno = 0;
    const int size = SSL_write(tls_.get(), from.data(), as_int(from.size()));
    if (size > 0) return {static_cast<std::size_t>(size), moved::at_once, 0};
    write_broken_ = stopped(size, result);
    return result;
}

/// Why OpenSSL has moved nothing more. Returns true when it will not move anything later either.
bool byte_stream::stopped(int result, moved& at)
{
    const int why = SSL_get_error(tls_.get(), result);
    const int system_error = errno;
    ERR_clear_error();
    switch (why) {
    case SSL_ERROR_WANT_READ: at.then = moved::when_readable; return false;
    case SSL_ERROR_WANT_WRITE: at.then = moved::when_writable; return false;
    case SSL_ERROR_ZERO_RETURN: at.then = moved::at_the_end; return false;
    default:
        const bool is_cut = why == SSL_ERROR_SYSCALL && system_error == 0;
        at.then = is_cut && tolerates_cuts_ ? moved::at_the_end : moved::broken;
        at.error = why == SSL_ERROR_SYSCALL && !is_cut ? system_error : EPROTO;
        return true;
    }
}

/// Whether OpenSSL holds bytes that no descriptor announces.
bool byte_stream::has_pending() const noexcept
{
    return SSL_has_pending(tls_.get()) == 1 || (carrier_ && SSL_has_pending(carrier_.get()) == 1);
}

std::size_t byte_stream::unacknowledged()
{
    int size = 0;
    const bool is_known = ::ioctl(descriptor_.native_handle(), TIOCOUTQ, &size) == 0;
    return is_known ? static_cast<std::size_t>(size) : 0;
}

void byte_stream::say_goodbye() noexcept
{
    if (read_broken_ || write_broken_) return;
    for (auto* const each : {tls_.get(), carrier_.get()}) {
        ERR_clear_error();
        if (each) SSL_shutdown(each);
    }
    ERR_clear_error();
}

} // namespace gemini::live::transport
