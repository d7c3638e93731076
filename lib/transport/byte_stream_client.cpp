// SPDX-License-Identifier: Apache-2.0
#include "transport/byte_stream_client.hpp"

#include "transport/tls_sessions.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr int writes_per_turn = 16;
constexpr std::chrono::seconds longest_refusal{2}; // for its body

} // namespace

byte_stream_client::byte_stream_client(
    std::shared_ptr<lws_virtual_host> host, const request_head& request, const route& route)
    : lws_client(std::move(host), request, route), liveness_(request.deadlines),
      turns_left_(writes_per_turn)
{
    if (route.proxy)
        proxy_ = std::make_unique<proxy_handshake>(*route.proxy, request, route.tls_in_tunnel);
}

byte_stream_client::~byte_stream_client() = default;

int byte_stream_client::on(lws* connection, lws_callback_reasons reason)
{
    if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER) return on_way_made(connection);
    return lws_client::on(connection, reason);
}

/// lws is about to send a request. It has not sent or read anything on this path yet.
int byte_stream_client::on_way_made(lws* connection)
{
    if (stage_ != stage::dialing) return -1;
    const int copy = ::fcntl(lws_get_socket_fd(connection), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        set_end(error(errc::connect_failed,
            "There are no file descriptors left: raise the limit of open files (ulimit -n).",
            {phase::upgrade}));
        return -1;
    }
    wire_.emplace(runtime_->strand_executor(), copy, lws_get_ssl(connection));
    if (proxy_) handshake_->reached_proxy();
    return take_over();
}

void byte_stream_client::on_taken_over()
try {
    wire_->settle();
    if (proxy_) return pass_proxy();
    on_ready();
    resume_reading();
} catch (const std::exception& failure) {
    abort(lost(failure.what()));
}

void byte_stream_client::pass_proxy()
try {
    if (!wire_) return;
    const auto next = proxy_->advance(*wire_, runtime_->read_buffer(), *handshake_);
    if (next == moved::broken) return abort(proxy_->why());
    if (next == moved::at_once) {
        proxy_.reset();
        on_ready();
        return resume_reading();
    }
    if (proxy_->is_refused()) limit_refusal();
    wire_->async_wait(next, next_read_, self());
} catch (const std::exception& failure) {
    abort(lost(failure.what()));
}

void byte_stream_client::limit_refusal()
{
    deadline_ = std::min(deadline_, clock::now() + longest_refusal);
    arm(deadline_);
}

void byte_stream_client::abort_unanswered()
{
    handshake_->unanswered(wire_->tls());
    abort(handshake_->why());
}

void byte_stream_client::on_timer()
{
    const bool is_due = proxy_ && wire_ && clock::now() >= deadline_;
    if (is_due && proxy_->is_refused()) return abort(proxy_->why());
    if (is_due && handshake_->reached() == phase::tls)
        drop_session(wire_->tls()); // perhaps it is what gets no answer
    lws_client::on_timer();
}

void byte_stream_client::destroy() noexcept
{
    if (destroyed_) return;
    output_ = {};
    proxy_.reset();
    wire_.reset();
    lws_client::destroy();
}

// ---- reading

void byte_stream_client::resume_reading()
{
    if (reading_ || !wire_ || ended_) return;
    reading_ = true;
    if (!more_at_once_) return await_bytes(moved::when_readable);
    next_read_.post(runtime_->strand_executor(), self());
}

void byte_stream_client::await_bytes(moved::next what)
{
    wire_->async_wait(what, next_read_, self());
}

void byte_stream_client::read()
try {
    if (proxy_) return pass_proxy();
    if (wire_) read_once();
} catch (const std::exception& failure) {
    abort(lost(failure.what()));
}

void byte_stream_client::read_once()
{
    reading_ = false;
    const auto buffer = runtime_->read_buffer();
    const auto last = wire_->read(buffer);
    if (last.size != 0) liveness_.heard(clock::now());
    const bool wants_more = on_bytes(buffer.first(last.size));
    if (!wire_) return;
    more_at_once_ = last.then == moved::at_once;
    if (last.then == moved::at_the_end || last.then == moved::broken) {
        ended_ = last;
        return on_end();
    }
    if (!wants_more) return on_paused();
    if (last.then != moved::when_writable) return resume_reading();
    reading_ = true;
    await_bytes(last.then);
}

// ---- writing

void byte_stream_client::write()
try {
    if (blocked_ || write_failed_ || !wire_) return;
    while (!output_.empty() || next_output()) {
        if (turns_left_ == 0) {
            blocked_ = true;
            return next_write_.post(runtime_->strand_executor(), self());
        }
        const auto last = wire_->write(output_);
        if (last.size != 0) liveness_.progressed(clock::now());
        output_ = output_.subspan(last.size);
        if (last.then == moved::at_the_end || last.then == moved::broken) {
            write_failed_ = true;
            return on_write_failed();
        }
        if (last.then != moved::at_once) return await_room(last.then);
        if (!output_.empty()) continue;
        --turns_left_;
        on_written();
    }
} catch (const std::exception& failure) {
    abort(lost(failure.what()));
}

void byte_stream_client::write_again()
{
    turns_left_ = writes_per_turn;
    blocked_ = false;
    write();
}

void byte_stream_client::await_room(moved::next what)
{
    blocked_ = true;
    liveness_.blocked(wire_->unacknowledged());
    arm(next_check());
    wire_->async_wait(what, next_write_, self());
}

std::shared_ptr<byte_stream_client> byte_stream_client::self()
{
    return std::static_pointer_cast<byte_stream_client>(shared_from_this());
}

} // namespace gemini::live::transport
