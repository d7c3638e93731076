// SPDX-License-Identifier: Apache-2.0
#include "transport/client_websocket.hpp"

#include "base/utf8.hpp"
#include "transport/upgrade.hpp"

#include <asio/post.hpp>
#include <fcntl.h>
#include <openssl/rand.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t most_control_payload = 125;
constexpr std::size_t most_in_frame = 64 * 1024; // of a long message, to share the executor
constexpr int writes_per_turn = 16;
constexpr std::size_t most_kept = 128 * 1024;      // more than one read of messages of usual size
constexpr std::size_t most_drained = 8u << 20;     // more than a kernel's receive buffer
constexpr std::chrono::seconds longest_close{10};  // when the deadline is turned off
constexpr std::chrono::seconds longest_refusal{2}; // for the body of a refusal
constexpr std::chrono::milliseconds stall_noticed{100}; // a timer later than this: the loop stood

static_assert(base::frame::headroom >= longest_frame_head);

template <class Bytes>
Bytes random_bytes()
{
    Bytes bytes;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()) != 1)
        throw std::runtime_error("OpenSSL has no random numbers");
    return bytes;
}

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

client_websocket::client_websocket(std::shared_ptr<lws_virtual_host> host,
    const connect_request& request, const std::optional<proxy_address>& proxy)
    : lws_client(std::move(host), request, proxy), max_message_(request.max_message),
      read_body_(request.read_refusal), reader_(request.max_message), turns_left_(writes_per_turn)
{
}

client_websocket::~client_websocket() = default;

// ---- the upgrade

int client_websocket::on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size)
{
    if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER) return on_way_made(connection);
    return lws_client::on(connection, reason, in, size);
}

/// lws is about to send a request. It has not sent or read anything on this path yet.
int client_websocket::on_way_made(lws* connection)
{
    if (stage_ != stage::dialling) return -1;
    const int copy = ::fcntl(lws_get_socket_fd(connection), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        finish(error(errc::connect_failed,
            "There are no file descriptors left: raise the limit of open files (ulimit -n).",
            {phase::upgrade}));
        return -1;
    }
    wire_.emplace(runtime_->strand_executor(), copy, tls_ ? lws_get_ssl(connection) : nullptr);
    return take_over();
}

void client_websocket::on_taken_over()
try {
    wire_->settle();
    key_ = websocket_key(random_bytes<std::array<std::byte, 16>>());
    request_ = handshake_->ask_for_upgrade(key_);
    output_ = request_;
    progress_ = clock::now();
    answer_ = std::make_unique<http_answer>();
    write();
    resume_reading();
} catch (const std::exception& failure) {
    finish(lost(failure.what()));
    kill();
}

/// Whether the upgrade has completed: what is left of `bytes` then belongs to the WebSocket.
bool client_websocket::take_answer(std::span<const char>& bytes)
{
    std::string_view text(bytes.data(), bytes.size());
    const bool had_head = answer_->has_head();
    const bool is_whole = answer_->feed(text);
    bytes = bytes.last(text.size());
    const bool has_head = answer_->has_head();
    if (is_whole || (has_head && !read_body_)) {
        judge_answer();
    } else if (has_head && !had_head) {
        deadline_ = std::min(deadline_, clock::now() + longest_refusal);
        arm(deadline_);
    }
    return stage_ == stage::open;
}

/// Judges the answer, as far as it has arrived.
void client_websocket::judge_answer()
{
    const auto answer = std::exchange(answer_, nullptr);
    const auto key = std::exchange(key_, {});
    if (answer->status() == 0) {
        handshake_->misanswered("as an HTTP server does");
    } else if (answer->status() == 101) {
        const auto fault = fault_in_upgrade(*answer, key);
        if (!fault) {
            heard_ = clock::now();
            open();
            return arm(next_check());
        }
        handshake_->misanswered(fmt::format("as a WebSocket server does ({})", *fault));
    } else {
        std::string words;
        if (read_body_ && !answer->body().empty()) words = read_body_(answer->body());
        handshake_->refused(*answer, std::move(words));
    }
    finish(why());
    kill();
}

// ---- reading

asio::awaitable<message> client_websocket::receive(std::shared_ptr<client_websocket> self)
{
    while (self->taken_ == self->inbox_.size()) {
        if (self->end_) throw error(*self->end_);
        co_await self->arrived_.wait();
    }
    auto next = std::move(self->inbox_[self->taken_++]);
    if (self->taken_ == self->inbox_.size()) {
        self->inbox_.clear();
        self->taken_ = 0;
        self->inbox_cost_ = 0;
        self->go_on();
    }
    co_return next;
}

/// Call when all that had arrived has been taken.
void client_websocket::go_on()
{
    if (!rest_.empty()) take_rest();
    if (!inbox_.empty() || !wire_) return;
    if (end_behind_rest_ && rest_.empty()) return on_end(*end_behind_rest_);
    resume_reading();
}

void client_websocket::resume_reading()
{
    if (reading_ || !wire_ || end_behind_rest_) return;
    reading_ = true;
    if (!more_at_once_) return await_bytes(moved::when_readable);
    // by post, so that a fast server does not keep everything else from running
    asio::post(runtime_->strand_executor(), [this, self = shared_from_this()] { read(); });
}

void client_websocket::await_bytes(moved::next what)
{
    wire_->async_wait(what, [this, self = shared_from_this()](asio::error_code cancelled) {
        if (!cancelled) read();
    });
}

void client_websocket::read()
{
    if (!wire_) return;
    reading_ = false;
    const auto buffer = runtime_->read_buffer();
    const auto last = wire_->read(buffer);
    if (last.size != 0) heard();
    take(buffer.first(last.size));
    if (!wire_) return;
    if (last.then == moved::at_the_end || last.then == moved::broken) {
        if (rest_.empty()) return on_end(last);
        end_behind_rest_ = last;
    }
    more_at_once_ = last.then == moved::at_once;
    if (!inbox_.empty()) return arrived_.set_and_run();
    if (last.then != moved::when_writable) return resume_reading();
    reading_ = true;
    await_bytes(last.then);
}

/// Accepts what was read, as far as somebody wants it now.
void client_websocket::take(std::span<const char> bytes)
try {
    if (stage_ == stage::dialling && !take_answer(bytes)) return;
    parse(bytes, most_kept);
    rest_.assign(bytes.begin(), bytes.end());
    write();
} catch (const std::exception& failure) {
    finish(lost(failure.what()));
    kill();
}

void client_websocket::take_rest()
try {
    auto left = std::span<const char>(rest_).subspan(rest_at_);
    parse(left, most_kept);
    rest_at_ = rest_.size() - left.size();
    if (left.empty()) {
        rest_ = {};
        rest_at_ = 0;
    }
    write();
} catch (const std::exception& failure) {
    finish(lost(failure.what()));
    kill();
}

/// Parses until the messages cost `most`; what is left of `bytes` is for later.
void client_websocket::parse(std::span<const char>& bytes, std::size_t most)
{
    while (inbox_cost_ < most || stage_ != stage::open) {
        auto event = reader_.next(bytes);
        if (!event) break;
        std::visit([this](auto& each) { on_event(each); }, *event);
    }
    if (std::exchange(underway_, reader_.underway()) == underway_ || underway_ == 0) return;
    underway_since_ = clock::now();
    arm(next_check());
}

void client_websocket::on_event(message& event)
{
    if (stage_ != stage::open) return;
    event.pongs = pongs_;
    event.round_trip = round_trip_;
    inbox_cost_ += cost_of(event);
    inbox_.push_back(std::move(event));
}

void client_websocket::on_event(ping_frame& event)
{
    if (stage_ == stage::open) pong_ = std::move(event.payload); // answering the latest suffices
}

void client_websocket::on_event(close_frame& event)
{
    peer_closed_ = true;
    if (stage_ != stage::open) return wake_all();
    auto why = closed_by_peer(event);
    event.reason.clear();
    begin_close(std::move(event), std::move(why));
}

void client_websocket::on_event(violation& event)
{
    if (stage_ == stage::open) begin_close(close_frame{event.close_code, {}}, std::move(event.why));
}

void client_websocket::on_end(const moved& last)
{
    if (stage_ == stage::closing) return part();
    if (answer_ && answer_->has_head()) return judge_answer();
    if (stage_ == stage::dialling)
        finish(why());
    else
        finish(lost(last.then == moved::broken
                        ? std::generic_category().message(last.error)
                        : std::string("the server ended it without a close frame")));
    kill();
}

void client_websocket::heard()
{
    heard_ = clock::now();
    spared_ = false;
    if (!pinged_) return;
    pinged_.reset();
    arm(next_check());
}

/// A peer may leave out pongs to some pings: the newest pong counts for all pings before it.
void client_websocket::answered(std::string_view pong)
{
    std::uint64_t number = 0;
    std::from_chars(pong.data(), pong.data() + pong.size(), number);
    if (number > pings_) return; // not one of ours
    pongs_ = std::max(pongs_, number);
    if (timed_ping_ == 0 || number < timed_ping_) return;
    round_trip_ = clock::now() - timed_since_;
    timed_ping_ = 0;
}

// ---- writing

asio::awaitable<void> client_websocket::send(
    std::shared_ptr<client_websocket> self, std::vector<base::frame> batch)
{
    if (self->end_) throw error(*self->end_);
    self->accepted_ += batch.size();
    const auto last = self->accepted_;
    std::move(batch.begin(), batch.end(), std::back_inserter(self->outbox_));
    struct cancelled {
        client_websocket& stream;
        bool armed = true;
        ~cancelled()
        {
            if (armed) stream.drop_unbegun();
        }
    } unless_sent{*self};
    self->write();
    while (self->flushed_ < last) {
        if (self->end_) throw error(*self->end_);
        co_await self->sent_.wait();
    }
    unless_sent.armed = false;
}

void client_websocket::drop_unbegun() noexcept
{
    const auto keep = begun_ + (in_message_ ? 1 : 0);
    if (keep >= outbox_.size()) return;
    accepted_ -= outbox_.size() - keep;
    outbox_.resize(keep);
}

std::uint64_t client_websocket::ping()
{
    if (stage_ != stage::open) return 0;
    const auto number = ping_asked_ = ++pings_;
    write();
    return number;
}

/// Writes as much as the wire accepts. Not to be called while bytes are parsed: after a failure it
/// reads what is left.
void client_websocket::write()
try {
    if (blocked_ || write_failed_ || !wire_) return;
    while (!output_.empty() || next_output()) {
        if (turns_left_ == 0) return write_on_next_turn();
        const auto last = wire_->write(output_);
        if (last.size != 0) progress_ = clock::now();
        output_ = output_.subspan(last.size);
        if (last.then == moved::at_the_end || last.then == moved::broken) return on_write_failed();
        if (last.then != moved::at_once) return await_room(last.then);
        if (output_.empty()) on_written();
    }
} catch (const std::exception& failure) {
    finish(lost(failure.what()));
    kill();
}

void client_websocket::write_on_next_turn()
{
    blocked_ = true;
    asio::post(runtime_->strand_executor(), [this, self = shared_from_this()] {
        turns_left_ = writes_per_turn;
        blocked_ = false;
        write();
    });
}

void client_websocket::await_room(moved::next what)
{
    blocked_ = true;
    in_kernel_ = wire_->unacknowledged();
    arm(next_check());
    wire_->async_wait(what, [this, self = shared_from_this()](asio::error_code cancelled) {
        if (cancelled) return;
        blocked_ = false;
        write();
    });
}

void client_websocket::on_written()
{
    --turns_left_;
    request_ = {};
    if (!in_message_ || offset_ != outbox_[begun_].size()) return;
    in_message_ = false;
    offset_ = 0;
    outbox_[begun_++] = {};
    if (begun_ == outbox_.size()) {
        outbox_.clear();
        begun_ = 0;
    }
    ++flushed_;
    sent_.set();
}

/// The server may have said why before it ended the connection.
void client_websocket::on_write_failed()
{
    write_failed_ = true;
    drain();
    finish(stage_ == stage::dialling ? why() : lost("it broke while something was sent"));
    kill();
}

void client_websocket::drain()
{
    if (!rest_.empty()) take_rest();
    for (std::size_t total = 0; wire_ && rest_.empty() && total < most_drained;) {
        const auto buffer = runtime_->read_buffer();
        const auto last = wire_->read(buffer);
        std::span<const char> bytes = buffer.first(last.size);
        if (stage_ == stage::dialling && !take_answer(bytes)) bytes = {};
        parse(bytes, most_drained);
        total += last.size;
        const bool is_end = last.then == moved::at_the_end || last.then == moved::broken;
        if (last.size == 0 || is_end || !bytes.empty()) return;
    }
}

/// Returns whether there is something to write, which is then in `output_`.
bool client_websocket::next_output()
{
    if (stage_ != stage::open && stage_ != stage::closing) return false;
    if (const auto pong = std::exchange(pong_, std::nullopt)) {
        next_control_output(frame_kind::pong, *pong);
    } else if (std::exchange(ping_due_, false)) {
        next_control_output(frame_kind::ping, {});
    } else if (const auto number = std::exchange(ping_asked_, 0); number != 0) {
        if (timed_ping_ == 0) {
            timed_ping_ = number;
            timed_since_ = clock::now();
        }
        next_control_output(frame_kind::ping, std::to_string(number));
    } else if (begun_ < outbox_.size()) {
        next_message_output();
    } else if (const auto close = std::exchange(close_due_, std::nullopt)) {
        next_control_output(frame_kind::close, close_payload(*close));
    } else {
        return false;
    }
    progress_ = clock::now();
    return true;
}

/// A long message goes out in fragments. The head of each overwrites bytes that have already gone
/// out.
void client_websocket::next_message_output()
{
    auto& frame = outbox_[begun_];
    const auto kind = in_message_ ? frame_kind::continuation : frame_kind::text;
    in_message_ = true;
    if (frame.size() == 0) return next_control_output(kind, {});
    const auto size = std::min(frame.size() - offset_, most_in_frame);
    const bool is_final = offset_ + size == frame.size();
    output_ =
        make_frame(kind, is_final, {frame.data() + offset_, size}, random_bytes<masking_key>());
    offset_ += size;
}

void client_websocket::next_control_output(frame_kind kind, std::string_view payload)
{
    char* const begin = control_.data() + longest_frame_head;
    payload.copy(begin, payload.size());
    output_ = make_frame(kind, true, {begin, payload.size()}, random_bytes<masking_key>());
}

// ---- the end

asio::awaitable<void> client_websocket::close(
    std::shared_ptr<client_websocket> self, std::uint16_t code, std::string reason)
{
    if (self->stage_ == stage::open) {
        self->inbox_.clear();
        self->taken_ = 0;
        close_frame ours{code, std::move(reason)};
        self->begin_close(std::move(ours), closed_by_owner());
        self->write();
        self->go_on();
    }
    while (self->stage_ == stage::closing && !self->peer_closed_)
        co_await self->opened_or_closed_.wait();
}

void client_websocket::abort() noexcept
{
    if (stage_ == stage::over) return;
    inbox_.clear();
    taken_ = 0;
    lws_client::abort();
}

void client_websocket::release() noexcept
{
    if (stage_ != stage::closing) abort();
}

/// From now on what arrives is discarded, up to the peer's end or the deadline. Bytes left unread
/// would make the kernel answer with a reset, which would destroy our last messages.
void client_websocket::begin_close(close_frame ours, error why)
{
    stage_ = stage::closing;
    drop_unbegun();
    close_due_ = std::move(ours);
    deadline_ = clock::now() +
                (deadlines_.close.count() == 0 ? clock::duration(longest_close) : deadlines_.close);
    arm(deadline_);
    finish(std::move(why));
    resume_reading();
}

/// The orderly end: the closing handshake has completed.
void client_websocket::part() noexcept
{
    if (wire_) wire_->say_goodbye();
    kill();
}

void client_websocket::kill() noexcept
{
    if (killed_) return;
    outbox_.clear();
    begun_ = 0;
    output_ = {};
    rest_ = {};
    rest_at_ = 0;
    answer_.reset();
    wire_.reset();
    lws_client::kill();
}

void client_websocket::wake_all()
{
    lws_client::wake_all();
    arrived_.set();
    sent_.set();
}

// ---- time

void client_websocket::on_timer()
{
    const auto now = clock::now();
    const bool stood_still = now > armed_ + stall_noticed;
    if (answer_ && answer_->has_head() && now >= deadline_) {
        armed_ = clock::time_point::max();
        return judge_answer();
    }
    lws_client::on_timer();
    if (stage_ == stage::closing && now >= deadline_) return part();
    if (stage_ == stage::open) {
        if (stood_still && !std::exchange(spared_, true)) {
            heard_ = progress_ = underway_since_ = now;
            if (pinged_) pinged_ = now;
        }
        check_liveness(now);
    }
    if (stage_ != stage::over) arm(next_check());
}

void client_websocket::check_liveness(clock::time_point now)
{
    const auto give_up = [this](phase where, const std::string& sentence) {
        finish(error(errc::timed_out, sentence, {where}));
        kill();
    };
    const auto is_over = [now](clock::time_point since, std::chrono::milliseconds limit) {
        return limit.count() != 0 && now - since >= limit;
    };
    if (!reading_) heard_ = underway_since_ = now; // nobody is reading
    if (blocked_ && is_over(progress_, deadlines_.write_stall) && !passes_on(now))
        return give_up(
            phase::write, fmt::format("The network took nothing for {} ms: it is down or too slow.",
                              deadlines_.write_stall.count()));
    if (pinged_ && reading_ && is_over(*pinged_, deadlines_.silence))
        return give_up(phase::open,
            fmt::format(
                "The server has been silent for {} ms after a ping: the connection is dead.",
                deadlines_.silence.count()));
    if (underway_ != 0 && deadlines_.message.count() != 0 &&
        is_over(underway_since_, time_for(reader_.received(), deadlines_.message)))
        return give_up(phase::open,
            fmt::format("The server has begun a message {} ms ago and not ended it: the network is "
                        "too slow (raise deadlines::message), or the server is stuck.",
                std::chrono::ceil<std::chrono::milliseconds>(now - underway_since_).count()));
    if (!pinged_ && is_over(heard_, deadlines_.ping_after)) {
        pinged_ = now;
        ping_due_ = true;
        write();
    }
}

/// Whether the peer has accepted something since the last check. The kernel asks for more only when
/// a third of its buffer is free, which may take long on a slow network.
bool client_websocket::passes_on(clock::time_point now)
{
    const auto before = std::exchange(in_kernel_, wire_->unacknowledged());
    if (in_kernel_ >= before) return false;
    progress_ = now;
    return true;
}

client_websocket::clock::time_point client_websocket::next_check() const
{
    if (stage_ != stage::open) return deadline_;
    auto due = clock::time_point::max();
    const auto consider = [&](clock::time_point since, std::chrono::milliseconds limit) {
        if (limit.count() != 0) due = std::min(due, since + limit);
    };
    if (blocked_) consider(progress_, deadlines_.write_stall);
    if (underway_ != 0 && deadlines_.message.count() != 0)
        consider(underway_since_, time_for(reader_.received(), deadlines_.message));
    if (pinged_)
        consider(*pinged_, deadlines_.silence);
    else
        consider(heard_, deadlines_.ping_after);
    return due;
}

} // namespace gemini::live::transport
