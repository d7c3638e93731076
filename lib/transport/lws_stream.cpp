// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_stream.hpp"

#include "base/utf8.hpp"

#include <asio/post.hpp>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t most_control_payload = 125;
constexpr int writes_per_turn = 16;
constexpr std::size_t most_drained = 8u << 20;          // more than a kernel's receive buffer
constexpr std::chrono::seconds longest_close{10};       // where the deadline is 0: it has to end
constexpr std::chrono::milliseconds stall_noticed{100}; // a timer that is later: the loop stood
constexpr std::size_t tls_read_ahead = 32 * 1024;

// lws keeps the name of this one to itself; the value is the same in all its versions.
constexpr auto write_close = static_cast<lws_write_protocol>(4);

error closed_by_peer(const close_frame& frame)
{
    const bool has_code = frame.code != 1005;
    auto sentence = frame.reason.empty()
                        ? fmt::format("The server closed the connection (code {}).", frame.code)
                        : fmt::format("The server closed the connection (code {}: {}).", frame.code,
                              frame.reason);
    if (!has_code) sentence = "The server closed the connection without giving a code.";
    return {errc::connection_lost, sentence, {phase::open, frame.code, frame.reason}};
}

std::string close_payload(const close_frame& frame)
{
    const bool sendable = frame.code >= 1000 && frame.code != 1005 && frame.code != 1006 &&
                          frame.code != 1015 && frame.code < 5000;
    if (!sendable) return {};
    std::string payload{static_cast<char>(frame.code >> 8), static_cast<char>(frame.code & 0xff)};
    return payload.append(base::truncate_utf8(frame.reason, most_control_payload - 2));
}

} // namespace

lws_stream::lws_stream(std::shared_ptr<lws_virtual_host> host, const connect_request& request,
    const std::optional<proxy_address>& proxy)
    : lws_outbound(std::move(host), request, proxy), max_message_(request.max_message),
      read_body_(request.read_refusal), reader_(request.max_message)
{
}

lws_stream::~lws_stream() = default;

// ---- lws's callbacks

int lws_stream::on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size)
{
    const std::string_view bytes(static_cast<const char*>(in), in ? size : 0);
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER: return on_request(connection, in, size);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP: handshake_->answered(connection); return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED: return on_established(connection);
    case LWS_CALLBACK_CLIENT_WRITEABLE: return on_writeable();
    case LWS_CALLBACK_CLIENT_RECEIVE: return on_lws_data(bytes);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        heard();
        answered(bytes);
        return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return on_lws_close(bytes);
    case LWS_CALLBACK_CLIENT_CLOSED: on_closed(); return 0;
    default: return lws_outbound::on(connection, reason, in, size);
    }
}

/// Takes reading over from lws, unless something came behind the upgrade's answer: lws has read
/// that, so it must also read the rest.
int lws_stream::on_established(lws* connection)
{
    if (stage_ != stage::dialling) return -1;
    connection_ = connection;
    if (!duplicate(connection)) {
        finish(error(errc::connect_failed,
            "There are no file descriptors left: raise the limit of open files (ulimit -n).",
            {phase::upgrade}));
        return -1;
    }

    auto* context = runtime_->context();
    const bool quiet = lws_service_adjust_timeout(context, 1, 0) != 0;
    lws_rx_flow_control(connection, 0);
    if (!quiet) {
        lws_rx_flow_control(connection, 1);
        reading_ = reading::by_lws;
    } else if (ssl_) {
        SSL_set_read_ahead(ssl_, 1);
        SSL_set_default_read_buffer_len(ssl_, tls_read_ahead);
    }

    heard_ = progress_ = clock::now();
    open();
    arm(next_check());
    resume_reading();
    return 0;
}

bool lws_stream::duplicate(lws* connection)
{
    const int copy = ::fcntl(lws_get_socket_fd(connection), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return false;
    descriptor_.emplace(runtime_->strand_executor(), copy);
    if (tls_) ssl_ = lws_get_ssl(connection);
    return true;
}

// ---- the answer to the request

/// Of an answer that is no upgrade, lws shows the head and drops the body, which says why. So its
/// reading is held back until it is known what the answer is.
int lws_stream::on_request(lws* connection, void* in, std::size_t room)
{
    const int added = handshake_->append_headers(static_cast<unsigned char**>(in), room);
    if (added != 0 || !read_body_ || stage_ != stage::dialling || !duplicate(connection))
        return added;
    connection_ = connection;
    lws_rx_flow_control(connection, 0);
    peeked_ = 0;
    await_answer(watch::wait_read);
    return 0;
}

void lws_stream::await_answer(watch::wait_type what)
{
    descriptor_->async_wait(what, [this, self = shared_from_this()](asio::error_code cancelled) {
        if (cancelled || !descriptor_) return;
        if (refusal_)
            read_refusal();
        else if (peeked_)
            look_at_answer();
    });
}

/// What has come, which stays where it is; of TLS no more than the first record.
std::string lws_stream::peek(bool& waits)
{
    std::string seen(12, '\0'); // "HTTP/1.1 101"
    if (ssl_) {
        ERR_clear_error();
        const int size = SSL_peek(ssl_, seen.data(), static_cast<int>(seen.size()));
        waits = size <= 0 && SSL_get_error(ssl_, size) == SSL_ERROR_WANT_READ;
        ERR_clear_error();
        seen.resize(static_cast<std::size_t>(std::max(size, 0)));
        return seen;
    }
    const auto size =
        ::recv(descriptor_->native_handle(), seen.data(), seen.size(), MSG_PEEK | MSG_DONTWAIT);
    waits = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    seen.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return seen;
}

void lws_stream::look_at_answer()
{
    bool waits = false;
    const auto seen = peek(waits);
    if (waits) return await_answer(watch::wait_read);
    constexpr std::string_view upgrade = "HTTP/1.? 101";
    std::size_t alike = 0;
    while (alike < seen.size() && (seen[alike] == upgrade[alike] || upgrade[alike] == '?')) ++alike;
    constexpr std::size_t status_begin = 9;
    const bool is_digit = seen.size() > alike && seen[alike] >= '0' && seen[alike] <= '9';
    if (alike >= status_begin && alike < seen.size() && is_digit) {
        refusal_ = std::make_unique<http_answer>();
        return read_refusal();
    }
    // More is to come, which for TLS may be in a record of its own, out of sight.
    const bool is_stuck = ssl_ && seen.size() == *peeked_;
    const bool goes_on = !seen.empty() && alike == seen.size() && alike < upgrade.size();
    if (!goes_on || is_stuck) return leave_answer_to_lws();
    peeked_ = seen.size();
    constexpr std::chrono::milliseconds a_moment{20};
    if (!recheck_) recheck_.emplace(runtime_->strand_executor());
    recheck_->expires_after(a_moment);
    recheck_->async_wait([this, self = shared_from_this()](asio::error_code cancelled) {
        if (!cancelled && descriptor_ && peeked_) look_at_answer();
    });
}

void lws_stream::leave_answer_to_lws()
{
    peeked_.reset();
    recheck_.reset();
    descriptor_.reset();
    const bool is_tls = std::exchange(ssl_, nullptr) != nullptr;
    if (!connection_) return;
    lws_rx_flow_control(connection_, 1);
    if (is_tls)
        runtime_->serve(connection_);
    else
        runtime_->kick();
}

void lws_stream::read_refusal()
{
    for (;;) {
        const auto buffer = runtime_->read_buffer();
        const auto last = pull(buffer);
        const bool had_head = refusal_->has_head();
        const bool is_whole = refusal_->feed({buffer.data(), last.size});
        if (is_whole || last.then == pulled::at_the_end || last.then == pulled::broken)
            return tell_refusal();
        if (refusal_->has_head() && !had_head) {
            constexpr std::chrono::seconds longest{2}; // for the body
            deadline_ = std::min(deadline_, clock::now() + longest);
            arm(deadline_);
        }
        if (last.then == pulled::at_once) continue;
        return await_answer(
            last.then == pulled::when_writable ? watch::wait_write : watch::wait_read);
    }
}

void lws_stream::tell_refusal()
{
    const auto answer = std::exchange(refusal_, nullptr);
    peeked_.reset();
    if (answer->status() == 0) {
        finish(lost("the server ended it in the middle of its answer"));
        return kill();
    }
    std::string words;
    if (!answer->body().empty()) words = read_body_(answer->body());
    handshake_->refused(*answer, std::move(words));
    finish(why());
    kill();
}

void lws_stream::on_closed()
{
    connection_ = nullptr;
    if (peeked_) { // lws has found a fault of its own
        peeked_.reset();
        refusal_.reset();
        descriptor_.reset();
    }
    // The server may have said why, although it was a failed write that ended the connection.
    if (descriptor_ && reading_ != reading::by_lws) drain();
    if (stage_ == stage::open) finish(lost("it broke while something was sent"));
    ssl_ = nullptr;
    descriptor_.reset(); // lws's own close is no end to the peer while a duplicate is open
    lws_outbound::on_closed();
}

// ---- reading

asio::awaitable<message> lws_stream::receive(std::shared_ptr<lws_stream> self)
{
    while (self->taken_ == self->inbox_.size()) {
        if (self->end_) throw error(*self->end_);
        co_await self->arrived_.wait();
    }
    auto next = std::move(self->inbox_[self->taken_++]);
    if (self->taken_ == self->inbox_.size()) {
        self->inbox_.clear();
        self->taken_ = 0;
        self->resume_reading();
    }
    co_return next;
}

void lws_stream::resume_reading()
{
    if (reading_ == reading::by_lws) {
        if (!std::exchange(lws_paused_, false) || !connection_) return;
        lws_rx_flow_control(connection_, 1);
        runtime_->kick();
        return;
    }
    if (reading_ != reading::idle || !descriptor_) return;
    reading_ = reading::waiting;
    if (!more_at_once_) return await_bytes(watch::wait_read);
    // by post, so that a fast server does not keep everybody else from running
    asio::post(runtime_->strand_executor(), [this, self = shared_from_this()] { read(); });
}

void lws_stream::await_bytes(watch::wait_type what)
{
    descriptor_->async_wait(what, [this, self = shared_from_this()](asio::error_code cancelled) {
        if (!cancelled) read();
    });
}

void lws_stream::read()
{
    if (!descriptor_) return;
    reading_ = reading::idle;
    pulled last;
    try {
        const auto buffer = runtime_->read_buffer();
        last = pull(buffer);
        if (last.size != 0) heard();
        parse(buffer.first(last.size));
    } catch (const std::exception& failure) {
        finish(lost(failure.what()));
        return kill();
    }
    if (!descriptor_) return;
    if (last.then == pulled::at_the_end || last.then == pulled::broken) return on_end(last);
    more_at_once_ = last.then == pulled::at_once;
    if (taken_ != inbox_.size()) return arrived_.set_and_run();
    if (last.then == pulled::when_writable) {
        reading_ = reading::waiting;
        return await_bytes(watch::wait_write);
    }
    resume_reading();
}

lws_stream::pulled lws_stream::pull(std::span<char> into)
{
    return ssl_ ? pull_tls(into) : pull_plain(into);
}

lws_stream::pulled lws_stream::pull_plain(std::span<char> into)
{
    for (;;) {
        const auto size = ::recv(descriptor_->native_handle(), into.data(), into.size(), 0);
        if (size > 0) {
            const auto got = static_cast<std::size_t>(size);
            return {got, got == into.size() ? pulled::at_once : pulled::when_readable, 0};
        }
        if (size == 0) return {0, pulled::at_the_end, 0};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, pulled::when_readable, 0};
        if (errno != EINTR) return {0, pulled::broken, errno};
    }
}

lws_stream::pulled lws_stream::pull_tls(std::span<char> into)
{
    pulled result;
    while (result.size < into.size()) {
        ERR_clear_error(); // lws writes on the same object: neither may see the other's errors
        errno = 0;
        const int size =
            SSL_read(ssl_, into.data() + result.size, static_cast<int>(into.size() - result.size));
        if (size > 0) {
            result.size += static_cast<std::size_t>(size);
            if (SSL_has_pending(ssl_) == 0) return result;
            continue;
        }
        const int why = SSL_get_error(ssl_, size);
        const int system_error = errno;
        ERR_clear_error();
        switch (why) {
        case SSL_ERROR_WANT_READ: return result;
        case SSL_ERROR_WANT_WRITE: result.then = pulled::when_writable; return result;
        case SSL_ERROR_ZERO_RETURN: result.then = pulled::at_the_end; return result;
        default:
            result.then =
                why == SSL_ERROR_SYSCALL && system_error == 0 ? pulled::at_the_end : pulled::broken;
            result.error = why == SSL_ERROR_SYSCALL ? system_error : EPROTO;
            ssl_ = nullptr;
            return result;
        }
    }
    result.then = pulled::at_once;
    return result;
}

void lws_stream::parse(std::span<const char> bytes)
{
    while (auto event = reader_.next(bytes))
        std::visit([this](auto& each) { on_event(each); }, *event);
}

void lws_stream::on_event(message& event)
{
    if (stage_ == stage::open) keep(std::move(event));
}

void lws_stream::on_event(ping_frame& event)
{
    if (stage_ != stage::open) return;
    pong_ = std::move(event.payload); // the latest will do for all
    request_write();
}

void lws_stream::on_event(close_frame& event)
{
    peer_closed_ = true;
    if (stage_ != stage::open) return wake_all();
    auto why = closed_by_peer(event);
    event.reason.clear();
    begin_close(std::move(event), std::move(why));
}

void lws_stream::on_event(violation& event)
{
    if (stage_ == stage::open) begin_close(close_frame{event.close_code, {}}, std::move(event.why));
}

void lws_stream::on_end(const pulled& last)
{
    if (stage_ == stage::closing) return part();
    finish(lost(last.then == pulled::broken
                    ? std::generic_category().message(last.error)
                    : std::string("the server ended it without a close frame")));
    kill();
}

void lws_stream::drain()
{
    for (std::size_t total = 0; total < most_drained;) {
        const auto buffer = runtime_->read_buffer();
        const auto last = pull(buffer);
        parse(buffer.first(last.size));
        total += last.size;
        if (last.size == 0 || last.then == pulled::at_the_end || last.then == pulled::broken) break;
    }
}

void lws_stream::heard()
{
    heard_ = clock::now();
    spared_ = false;
    if (!pinged_) return;
    pinged_.reset();
    arm(next_check());
}

/// The pongs to some pings may be left out: the newest counts for all before it.
void lws_stream::answered(std::string_view pong)
{
    std::uint64_t number = 0;
    std::from_chars(pong.data(), pong.data() + pong.size(), number);
    if (number > pings_) return; // not one of ours
    pongs_ = std::max(pongs_, number);
    if (timed_ping_ == 0 || number < timed_ping_) return;
    round_trip_ = clock::now() - timed_since_;
    timed_ping_ = 0;
}

void lws_stream::keep(message whole)
{
    whole.pongs = pongs_;
    whole.round_trip = round_trip_;
    inbox_.push_back(std::move(whole));
}

// ---- reading through lws

int lws_stream::on_lws_data(std::string_view piece)
{
    heard();
    if (stage_ != stage::open) return 0;
    if (!partial_) partial_ = std::make_unique<message>();
    const auto so_far = partial_->payload.size();
    if (piece.size() > max_message_ - std::min(so_far, max_message_)) {
        begin_close(close_frame{1009, {}},
            error(errc::message_too_big,
                fmt::format("The server sent a message of more than {} bytes: raise "
                            "limits::message if such messages are expected.",
                    max_message_),
                {phase::open}));
        return 0;
    }
    partial_->payload.append(piece.data(), piece.size());
    if (lws_is_final_fragment(connection_) == 0 || lws_remaining_packet_payload(connection_) != 0)
        return 0;
    partial_->kind = lws_frame_is_binary(connection_) != 0 ? opcode::binary : opcode::text;
    keep(std::move(*partial_));
    partial_.reset();
    arrived_.set();
    // within the callback, lws 4.1.6 would hang
    asio::post(runtime_->strand_executor(), [this, self = shared_from_this()] { pause_lws(); });
    return 0;
}

void lws_stream::pause_lws()
{
    if (!connection_ || lws_paused_ || taken_ == inbox_.size() || stage_ != stage::open) return;
    lws_paused_ = true;
    lws_rx_flow_control(connection_, 0);
    runtime_->kick();
}

int lws_stream::on_lws_close(std::string_view payload)
{
    peer_closed_ = true;
    if (stage_ != stage::open) {
        wake_all();
        return -1;
    }
    close_frame frame;
    if (payload.size() >= 2) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
        frame.code = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
        frame.reason = payload.substr(2);
    }
    begin_close(std::nullopt, closed_by_peer(frame)); // lws answers
    return 0;
}

// ---- writing

asio::awaitable<void> lws_stream::send(
    std::shared_ptr<lws_stream> self, std::vector<base::frame> batch)
{
    if (self->end_) throw error(*self->end_);
    self->accepted_ += batch.size();
    const auto last = self->accepted_;
    std::move(batch.begin(), batch.end(), std::back_inserter(self->outbox_));
    struct cancelled {
        lws_stream& stream;
        bool armed = true;
        ~cancelled()
        {
            if (armed) stream.drop_unbegun();
        }
    } unless_sent{*self};
    self->request_write();
    while (self->flushed_ < last) {
        if (self->end_) throw error(*self->end_);
        co_await self->sent_.wait();
    }
    unless_sent.armed = false;
}

void lws_stream::drop_unbegun() noexcept
{
    const auto keep = begun_ + (offset_ != 0 ? 1 : 0);
    if (keep >= outbox_.size()) return;
    accepted_ -= outbox_.size() - keep;
    outbox_.resize(keep);
}

std::uint64_t lws_stream::ping()
{
    if (stage_ != stage::open) return 0;
    ping_asked_ = ++pings_;
    request_write();
    return ping_asked_;
}

bool lws_stream::has_output() const noexcept
{
    return begun_ < outbox_.size() || pong_ || ping_due_ || ping_asked_ != 0 || close_due_;
}

void lws_stream::request_write()
{
    if (!connection_ || write_requested_ || !has_output()) return;
    write_requested_ = true;
    progress_ = clock::now();
    arm(next_check());
    lws_callback_on_writable(connection_);
    runtime_->kick();
}

/// lws calls this only when nothing of an earlier write is left with it.
int lws_stream::on_writeable()
{
    write_requested_ = false;
    if (killed_) return 0;
    progress_ = clock::now();
    flushed_ = written_;
    for (int budget = writes_per_turn; has_output(); --budget) {
        if (budget == 0) {
            request_write();
            break;
        }
        if (write_next() < 0) return -1;
        if (lws_partial_buffered(connection_) != 0) {
            write_requested_ = true; // by lws itself
            break;
        }
        flushed_ = written_;
    }
    if (write_requested_) in_kernel_ = unacknowledged();
    if (begun_ == outbox_.size()) {
        outbox_.clear();
        begun_ = 0;
    }
    sent_.set();
    return 0;
}

int lws_stream::write_next()
{
    if (const auto pong = std::exchange(pong_, std::nullopt))
        return write_control(LWS_WRITE_PONG, *pong);
    if (std::exchange(ping_due_, false)) return write_control(LWS_WRITE_PING, {});
    if (const auto number = std::exchange(ping_asked_, 0); number != 0) {
        if (timed_ping_ == 0) {
            timed_ping_ = number;
            timed_since_ = clock::now();
        }
        return write_control(LWS_WRITE_PING, std::to_string(number));
    }
    if (begun_ < outbox_.size()) return write_message();
    const auto close = std::exchange(close_due_, std::nullopt);
    return write_control(write_close, close_payload(*close));
}

/// A long message goes out in fragments, so that others get their turn. lws puts each one's head in
/// front of it, over bytes that have gone out before.
int lws_stream::write_message()
{
    auto& frame = outbox_[begun_];
    std::array<char, base::frame::headroom> nothing{};
    char* const bytes =
        frame.size() == 0 ? nothing.data() + nothing.size() : frame.data() + offset_;
    const auto size = std::min(frame.size() - offset_, lws_runtime::tx_packet_size);
    const bool first = offset_ == 0;
    const bool last = offset_ + size == frame.size();
    const int kind = (first ? LWS_WRITE_TEXT : LWS_WRITE_CONTINUATION) |
                     (last ? 0 : static_cast<int>(LWS_WRITE_NO_FIN));
    if (lws_write(connection_, reinterpret_cast<unsigned char*>(bytes), size,
            static_cast<lws_write_protocol>(kind)) < static_cast<int>(size))
        return -1;
    offset_ += size;
    if (last) {
        frame = {};
        offset_ = 0;
        ++begun_;
        ++written_;
    }
    return 0;
}

int lws_stream::write_control(lws_write_protocol kind, std::string_view payload)
{
    std::array<unsigned char, LWS_PRE + most_control_payload> buffer{};
    std::copy(payload.begin(), payload.end(), buffer.begin() + LWS_PRE);
    return lws_write(connection_, buffer.data() + LWS_PRE, payload.size(), kind);
}

// ---- the end

asio::awaitable<void> lws_stream::close(
    std::shared_ptr<lws_stream> self, std::uint16_t code, std::string reason)
{
    if (self->stage_ == stage::open) {
        self->inbox_.clear();
        self->taken_ = 0;
        close_frame ours{code, std::move(reason)};
        self->begin_close(std::move(ours), closed_by_owner());
    }
    while (self->stage_ == stage::closing && !self->peer_closed_)
        co_await self->opened_or_closed_.wait();
}

void lws_stream::abort() noexcept
{
    if (stage_ == stage::over) return;
    inbox_.clear();
    taken_ = 0;
    lws_outbound::abort();
}

void lws_stream::release() noexcept
{
    if (stage_ != stage::closing) abort();
}

/// From now on what comes is discarded, up to the peer's end or the deadline: bytes left unread
/// would make the kernel answer with a reset, which takes our last messages with it.
void lws_stream::begin_close(std::optional<close_frame> ours, error why)
{
    stage_ = stage::closing;
    drop_unbegun();
    close_due_ = std::move(ours);
    deadline_ = clock::now() +
                (deadlines_.close.count() == 0 ? clock::duration(longest_close) : deadlines_.close);
    arm(deadline_);
    finish(std::move(why));
    request_write();
    resume_reading();
}

/// The orderly end: the closing handshake is through.
void lws_stream::part() noexcept
{
    if (ssl_) {
        ERR_clear_error();
        SSL_shutdown(ssl_);
        ERR_clear_error();
    }
    kill();
}

void lws_stream::kill() noexcept
{
    if (killed_) return;
    outbox_.clear();
    begun_ = 0;
    ssl_ = nullptr;
    peeked_.reset();
    recheck_.reset();
    descriptor_.reset();
    lws_outbound::kill();
}

void lws_stream::wake_all()
{
    lws_outbound::wake_all();
    arrived_.set();
    sent_.set();
}

// ---- time

void lws_stream::on_timer()
{
    const auto now = clock::now();
    const bool stood_still = now > armed_ + stall_noticed;
    if (stage_ == stage::dialling && refusal_ && refusal_->has_head() && now >= deadline_) {
        armed_ = clock::time_point::max();
        return tell_refusal(); // as far as it has come
    }
    lws_outbound::on_timer();
    if (stage_ == stage::closing && now >= deadline_) return part();
    if (stage_ == stage::open) {
        if (stood_still && !std::exchange(spared_, true)) {
            heard_ = progress_ = now;
            if (pinged_) pinged_ = now;
        }
        check_liveness(now);
    }
    if (stage_ != stage::over) arm(next_check());
}

void lws_stream::check_liveness(clock::time_point now)
{
    const bool paused = reading_ == reading::idle || lws_paused_;
    if (paused) heard_ = now; // nobody listens
    if (is_stalled(now)) {
        finish(error(errc::timed_out,
            fmt::format("The network took nothing for {} ms: it is down or too slow.",
                deadlines_.write_stall.count()),
            {phase::write}));
        return kill();
    }
    if (pinged_ && !paused && deadlines_.silence.count() != 0 &&
        now - *pinged_ >= deadlines_.silence) {
        finish(error(errc::timed_out,
            fmt::format(
                "The server has been silent for {} ms after a ping: the connection is dead.",
                deadlines_.silence.count()),
            {phase::open}));
        return kill();
    }
    if (!pinged_ && deadlines_.ping_after.count() != 0 && now - heard_ >= deadlines_.ping_after) {
        pinged_ = now;
        ping_due_ = true;
        request_write();
    }
}

/// Whether the network has taken nothing for too long. The kernel asks for more only when a third
/// of its buffer is free, so what it has passed on meanwhile counts, too.
bool lws_stream::is_stalled(clock::time_point now)
{
    if (!write_requested_ || deadlines_.write_stall.count() == 0 ||
        now - progress_ < deadlines_.write_stall)
        return false;
    const auto before = std::exchange(in_kernel_, unacknowledged());
    if (in_kernel_ >= before) return true;
    progress_ = now;
    return false;
}

/// Bytes that the kernel has taken and the peer has not acknowledged.
int lws_stream::unacknowledged()
{
    int size = 0;
    return ::ioctl(descriptor_->native_handle(), TIOCOUTQ, &size) == 0 ? size : 0;
}

lws_stream::clock::time_point lws_stream::next_check() const
{
    if (stage_ != stage::open) return deadline_;
    auto due = clock::time_point::max();
    const auto consider = [&](clock::time_point since, std::chrono::milliseconds limit) {
        if (limit.count() != 0) due = std::min(due, since + limit);
    };
    if (write_requested_) consider(progress_, deadlines_.write_stall);
    if (pinged_)
        consider(*pinged_, deadlines_.silence);
    else
        consider(heard_, deadlines_.ping_after);
    return due;
}

} // namespace gemini::live::transport
