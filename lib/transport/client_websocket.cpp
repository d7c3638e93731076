// SPDX-License-Identifier: Apache-2.0
#include "transport/client_websocket.hpp"

#include "base/free_memory.hpp"
#include "transport/frame_writer.hpp"
#include "transport/random.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t most_in_frame = 64 * 1024; // of a long message, to share the executor
constexpr std::size_t most_gathered = 16 * 1024; // a TLS record
constexpr std::size_t most_kept = 128 * 1024;    // more than one read of messages of usual size
constexpr std::size_t most_drained = 8u << 20;   // more than a kernel's receive buffer

static_assert(base::frame::headroom >= longest_frame_head);

/// The payload of a Close that may be sent; without a code when the code only says how a connection
/// ended.
std::string payload_of(const close_frame& frame)
{
    const bool sendable = frame.code >= 1000 && frame.code != 1005 && frame.code != 1006 &&
                          frame.code != 1015 && frame.code < 5000;
    return sendable ? engine::close_payload(frame.code, frame.reason) : std::string();
}

} // namespace

client_websocket::client_websocket(
    std::shared_ptr<lws_virtual_host> host, const connect_request& request, const route& route)
    : byte_stream_client(std::move(host), request, route),
      upgrade_(std::make_unique<client_upgrade>(request.read_refusal)),
      reader_(request.max_message), queue_(most_in_frame)
{
}

client_websocket::~client_websocket() = default;

// ---- the upgrade

void client_websocket::on_ready()
{
    wire_->tolerate_cuts(); // a WebSocket has a Close of its own
    request_ = upgrade_->ask(*handshake_, random_bytes<std::array<std::byte, 16>>());
    output_ = request_;
    liveness_.progressed(clock::now());
    write();
}

/// Whether the upgrade has completed: what is left of `bytes` then belongs to the WebSocket.
bool client_websocket::take_answer(std::span<const char>& bytes)
{
    const bool had_head = upgrade_->has_head();
    if (upgrade_->feed(bytes)) {
        judge_answer();
    } else if (upgrade_->has_head() && !had_head) {
        limit_refusal();
    }
    return stage_ == stage::open;
}

/// Judges the answer, as far as it has arrived.
void client_websocket::judge_answer()
{
    const auto upgrade = std::exchange(upgrade_, nullptr);
    if (!upgrade->judge(*handshake_)) return abort(handshake_->why());
    liveness_.heard(clock::now());
    open();
    arm(next_check());
}

// ---- reading

asio::awaitable<message> client_websocket::receive(std::shared_ptr<client_websocket> self)
{
    while (self->inbox_.empty()) {
        if (self->end_) throw error(*self->end_);
        co_await self->arrived_.wait();
    }
    auto next = self->inbox_.take();
    if (self->inbox_.empty()) self->go_on();
    co_return next;
}

/// Call when all that had arrived has been taken.
void client_websocket::go_on()
{
    if (!inbox_.unparsed().empty()) take_rest();
    if (!inbox_.empty() || !wire_) return;
    if (ended_ && inbox_.unparsed().empty()) return on_end();
    resume_reading();
}

/// Accepts what was read, as far as somebody wants it now.
bool client_websocket::on_bytes(std::span<const char> bytes)
try {
    if (stage_ == stage::dialing && !take_answer(bytes)) return true;
    parse(bytes, most_kept);
    inbox_.keep(bytes);
    write();
    return inbox_.empty();
} catch (const std::exception& failure) {
    abort(lost(failure.what()));
    return false;
}

void client_websocket::take_rest()
try {
    auto left = inbox_.unparsed();
    parse(left, most_kept);
    inbox_.parsed_up_to(left.size());
    write();
} catch (const std::exception& failure) {
    abort(lost(failure.what()));
}

/// Parses until the messages cost `most`; what is left of `bytes` is for later.
void client_websocket::parse(std::span<const char>& bytes, std::size_t most)
{
    while (inbox_.cost() < most || stage_ != stage::open) {
        auto event = reader_.next(bytes);
        if (!event) break;
        std::visit([this](auto& each) { on_event(each); }, *event);
    }
    liveness_.underway(reader_.underway(), clock::now());
    arm(next_check());
}

void client_websocket::on_event(message& event)
{
    if (stage_ != stage::open) return;
    event.pongs = pings_.newest_answered();
    event.round_trip = pings_.round_trip();
    inbox_.push(std::move(event));
}

void client_websocket::on_event(ping_frame& event)
{
    if (stage_ == stage::open) queue_.pong(std::move(event.payload));
}

void client_websocket::on_event(close_frame& event)
{
    peer_closed_ = true;
    if (stage_ != stage::open) return wake_all();
    auto why = closed_by_peer(event);
    event.reason.clear();
    begin_close(event, std::move(why));
}

void client_websocket::on_event(violation& event)
{
    if (stage_ == stage::open) begin_close(close_frame{event.close_code, {}}, std::move(event.why));
}

void client_websocket::on_end()
{
    if (!inbox_.unparsed().empty()) return on_paused(); // the end comes after it
    if (stage_ == stage::closing) return complete_close();
    if (upgrade_ && upgrade_->has_head()) return judge_answer();
    if (stage_ == stage::dialing) return abort_unanswered();
    abort(lost(ended_->then == moved::broken
                   ? std::generic_category().message(ended_->error)
                   : std::string("the server ended it without a close frame")));
}

// ---- writing

asio::awaitable<void> client_websocket::send(
    std::shared_ptr<client_websocket> self, std::vector<base::frame> batch)
{
    if (self->end_) throw error(*self->end_);
    const engine::write_queue::batch sending(
        self->queue_, std::move(batch), base::frame_kind::text);
    self->write();
    while (!sending.is_complete()) {
        if (self->end_) throw error(*self->end_);
        if (!self->sent_) self->sent_.emplace();
        co_await self->sent_->wait();
    }
    self->sent_.reset();
}

std::uint64_t client_websocket::ping()
{
    if (stage_ != stage::open) return 0;
    const auto number = pings_.add();
    queue_.ping(number);
    write();
    return number;
}

void client_websocket::on_written()
{
    base::free_memory(request_);
    gathered_ = {};
    if (queue_.written() && sent_) sent_->set();
}

/// The server may have said why before it ended the connection.
void client_websocket::on_write_failed()
{
    drain();
    if (stage_ == stage::dialing) return abort_unanswered();
    abort(lost("it broke while something was sent"));
}

void client_websocket::drain()
{
    if (!inbox_.unparsed().empty()) take_rest();
    for (std::size_t total = 0; wire_ && inbox_.unparsed().empty() && total < most_drained;) {
        const auto buffer = runtime_->read_buffer();
        const auto last = wire_->read(buffer);
        std::span<const char> bytes = buffer.first(last.size);
        if (stage_ == stage::dialing && !take_answer(bytes)) bytes = {};
        parse(bytes, most_drained);
        total += last.size;
        const bool is_end = last.then == moved::at_the_end || last.then == moved::broken;
        if (last.size == 0 || is_end || !bytes.empty()) return;
    }
}

bool client_websocket::next_output()
{
    if (stage_ != stage::open && stage_ != stage::closing) return false;
    const auto first = queue_.next();
    if (!first) return false;
    const auto now = clock::now();
    liveness_.progressed(now);
    output_ = frame_of(*first, now);
    if (output_.size() < most_gathered) gather(now);
    return true;
}

std::span<const char> client_websocket::frame_of(
    const engine::write_queue::output& next, clock::time_point now)
{
    if (next.ping != 0) pings_.sent(next.ping, now);
    return make_frame(next.kind, next.is_final, next.payload, runtime_->keys().next());
}

/// Adds short frames that wait, so that they leave in one system call and one TLS record.
void client_websocket::gather(clock::time_point now)
{
    const auto room = [this] {
        const auto used = std::max(gathered_.size(), output_.size()) + longest_frame_head;
        return most_gathered - std::min(used, most_gathered);
    };
    while (room() != 0 && queue_.can_add(room())) {
        if (gathered_.empty()) {
            gathered_.reserve(most_gathered);
            gathered_.append(output_.data(), output_.size());
        }
        const auto next = frame_of(*queue_.next(), now);
        gathered_.append(next.data(), next.size());
    }
    if (!gathered_.empty()) output_ = gathered_.view();
}

// ---- the end

asio::awaitable<void> client_websocket::close(
    std::shared_ptr<client_websocket> self, std::uint16_t code, std::string reason)
{
    if (self->stage_ == stage::open) {
        self->inbox_.clear();
        const close_frame ours{code, std::move(reason)};
        self->begin_close(ours, closed_by_owner());
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
    byte_stream_client::abort();
}

void client_websocket::abort_unless_closing() noexcept
{
    if (stage_ != stage::closing) abort();
}

/// From now on what arrives is discarded, up to the peer's end or the deadline. Bytes left unread
/// would make the kernel answer with a reset, which would destroy our last messages.
void client_websocket::begin_close(const close_frame& ours, error why)
{
    stage_ = stage::closing;
    queue_.drop_unbegun();
    queue_.close(payload_of(ours));
    deadline_ = clock::now() + deadlines_.close;
    arm(deadline_);
    set_end(std::move(why));
    resume_reading();
}

/// Call when the closing handshake has completed, or may take no longer.
void client_websocket::complete_close() noexcept
{
    if (wire_) wire_->say_goodbye();
    destroy();
}

void client_websocket::destroy() noexcept
{
    if (destroyed_) return;
    queue_.clear();
    inbox_.parsed_up_to(0);
    upgrade_.reset();
    byte_stream_client::destroy();
}

void client_websocket::wake_all()
{
    byte_stream_client::wake_all();
    arrived_.set();
    if (sent_) sent_->set();
}

// ---- time

void client_websocket::on_timer()
{
    const auto now = clock::now();
    const auto due = armed_;
    if (upgrade_ && upgrade_->has_head() && now >= deadline_) {
        armed_ = clock::time_point::max();
        return judge_answer();
    }
    byte_stream_client::on_timer();
    if (stage_ == stage::closing && now >= deadline_) return complete_close();
    if (stage_ == stage::open) check_liveness(now, due);
    if (stage_ != stage::over) arm(next_check());
}

void client_websocket::check_liveness(clock::time_point now, clock::time_point due)
{
    const auto unacknowledged = blocked_ ? wire_->unacknowledged() : 0;
    auto [what, why] = liveness_.check(now, due, traffic(), unacknowledged);
    switch (what) {
    case engine::keepalive::action::nothing: return;
    case engine::keepalive::action::ping: queue_.ping(); return write();
    case engine::keepalive::action::abort: return abort(std::move(*why));
    }
}

client_websocket::clock::time_point client_websocket::next_check() const
{
    return stage_ == stage::open ? liveness_.next_check(traffic()) : deadline_;
}

engine::keepalive::traffic client_websocket::traffic() const noexcept
{
    return {reading_, blocked_, reader_.received()};
}

} // namespace gemini::live::transport
