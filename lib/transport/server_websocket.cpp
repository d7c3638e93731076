// SPDX-License-Identifier: Apache-2.0
#include "transport/server_websocket.hpp"

#include "base/utf8.hpp"
#include "transport/http_text.hpp"
#include "transport/server_handshake.hpp"

#include <asio/post.hpp>

#include <fmt/format.h>

#include <strings.h>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::chrono::seconds handshake_limit{10};
constexpr std::chrono::seconds close_limit{5};
constexpr std::size_t high_water = 64 * 1024; // cost of what waits for `receive`
constexpr int frames_at_once = 16;
constexpr std::uint16_t normal_closure = 1000;

/// How lws is told to write a frame.
lws_write_protocol write_kind(const engine::write_queue::output& frame)
{
    constexpr auto write_close =
        static_cast<lws_write_protocol>(4); // lws does not publish its name
    auto kind = LWS_WRITE_CONTINUATION;
    if (frame.kind == base::frame_kind::close) kind = write_close;
    if (frame.kind == base::frame_kind::text) kind = LWS_WRITE_TEXT;
    if (frame.kind == base::frame_kind::binary) kind = LWS_WRITE_BINARY;
    return static_cast<lws_write_protocol>(lws_write_ws_flags(kind, 1, frame.is_final ? 1 : 0));
}

} // namespace

server_websocket::server_websocket(std::shared_ptr<lws_runtime> runtime,
    std::shared_ptr<server_vhost> host, std::shared_ptr<upgrade_handler> upgrade_handler,
    std::size_t max_message)
    : runtime_(std::move(runtime)), host_(std::move(host)), entrance_(std::move(upgrade_handler)),
      max_message_(max_message)
{
}

server_websocket::~server_websocket() = default;

/// No exception may pass through lws.
int server_websocket::callback(
    lws* connection, lws_callback_reasons reason, void* in, std::size_t size) noexcept
{
    auto* stream = static_cast<server_websocket*>(lws_get_opaque_user_data(connection));
    if (!stream) return 0;
    try {
        const auto alive = stream->shared_from_this();
        return alive->on(connection, reason, in, size);
    } catch (...) {
        return -1;
    }
}

int server_websocket::on(lws* connection, lws_callback_reasons reason, void* in, std::size_t size)
{
    if (stage_ != stage::over) connection_ = connection;
    const std::string_view text(static_cast<const char*>(in), in ? size : 0);
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return on_upgrade(static_cast<const char*>(in));
    case LWS_CALLBACK_HTTP: return on_plain();
    case LWS_CALLBACK_HTTP_BODY: return on_body(text);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return answer();
    case LWS_CALLBACK_ADD_HEADERS:
        return add_fields(connection, *static_cast<lws_process_html_args*>(in), answer_fields_)
                   ? 0
                   : -1;
    case LWS_CALLBACK_ESTABLISHED: return on_open();
    case LWS_CALLBACK_RECEIVE: return on_data(text);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return on_peer_close(text);
    case LWS_CALLBACK_SERVER_WRITEABLE: return on_writeable();
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP: on_gone(); return 0;
    case LWS_CALLBACK_WSI_DESTROY: on_destroyed(); return 0;
    default: return 0;
    }
}

// from the socket to the upgrade

void server_websocket::adopt(int socket)
{
    held_by_lws_ = shared_from_this();
    use_ = lws_use(runtime_);
    arm(handshake_limit);
    auto* const made = host_->adopt(socket, *this);
    if (!made) on_destroyed();
    if (stage_ == stage::arriving) connection_ = made;
}

/// A refusal is sent here, while lws still uses HTTP; later there is only WebSocket.
int server_websocket::on_upgrade(const char* to)
{
    if (stage_ != stage::arriving || ::strcasecmp(to, "websocket") != 0) return -1;
    request_ = read_request(connection_, runtime_->read_buffer());
    auto verdict = fault_in(request_);
    if (!verdict) verdict = entrance_->decide(request_);
    if (verdict->status != 101)
        return respond({verdict->status, std::move(verdict->fields), std::move(verdict->body)});
    answer_fields_ = std::move(verdict->fields);
    return 0;
}

int server_websocket::on_plain()
{
    if (stage_ != stage::arriving || plain_) return -1;
    const auto most = entrance_->max_request();
    if (!most)
        return respond({426, {{"Upgrade", "websocket"}}, "This server speaks WebSocket only.\n"});
    plain_ = read_plain_request(connection_, runtime_->read_buffer());
    if (const auto refusal = fault_in(*plain_, *most)) return respond(*refusal);
    return has_body(*plain_) ? 0 : answer();
}

int server_websocket::on_body(std::string_view piece)
{
    if (stage_ != stage::arriving || !plain_) return -1;
    plain_->body += piece;
    return 0;
}

int server_websocket::answer()
{
    if (stage_ != stage::arriving || !plain_) return -1;
    const auto given = entrance_->answer(*plain_);
    switch (given.sent) {
    case plain_answer::fate::whole: break;
    case plain_answer::fate::half: {
        const auto text = response_text(given);
        return write_last(std::string_view(text).substr(0, text.size() / 2));
    }
    case plain_answer::fate::nothing: return -1;
    case plain_answer::fate::silence: deadline_.reset(); return 0;
    }
    return respond(given);
}

int server_websocket::respond(const http_response& response)
{
    return write_last(response_text(response));
}

int server_websocket::write_last(std::string_view bytes)
{
    base::frame text(bytes);
    lws_write(connection_, reinterpret_cast<unsigned char*>(text.data()), text.size(),
        LWS_WRITE_HTTP_FINAL);
    return -1; // lws still sends the socket what it has not accepted yet
}

int server_websocket::on_open()
{
    stage_ = stage::open;
    deadline_.reset();
    answer_fields_ = {};
    if (const auto door = std::exchange(entrance_, nullptr)) door->admit(shared_from_this());
    return 0;
}

// reading

int server_websocket::on_data(std::string_view piece)
{
    if (stage_ != stage::open) return 0;
    if (!partial_) {
        partial_.emplace();
        partial_->kind = lws_frame_is_binary(connection_) != 0 ? opcode::binary : opcode::text;
    }
    auto& payload = partial_->payload;
    if (piece.size() > max_message_ - payload.size())
        return refuse_message(1009, "message too big", errc::message_too_big);
    payload.append(piece.data(), piece.size());
    if (lws_is_final_fragment(connection_) == 0) return 0;
    if (partial_->kind == opcode::text && !base::is_utf8(payload.view()))
        return refuse_message(1007, "text is not UTF-8", errc::protocol_violation);
    inbox_cost_ += cost_of(*partial_);
    inbox_.push_back(std::move(*partial_));
    partial_.reset();
    if (inbox_cost_ >= high_water) pause(true);
    arrived_.set();
    return 0;
}

int server_websocket::refuse_message(std::uint16_t code, const char* reason, errc why)
{
    begin_close(
        code, reason, {why, fmt::format("The client was hung up on: {}.", reason), {phase::open}});
    return 0;
}

/// Within lws's receive callback, a pause would make 4.1.6 spin on what TLS has already read.
void server_websocket::pause(bool on)
{
    if (std::exchange(paused_, on) == on) return;
    asio::post(runtime_->strand_executor(), [self = shared_from_this()] { self->apply_pause(); });
}

void server_websocket::apply_pause() noexcept
{
    if (!connection_ || !runtime_->alive()) return;
    lws_rx_flow_control(connection_, paused_ ? 0 : 1);
    runtime_->kick();
}

asio::awaitable<message> server_websocket::receive(std::shared_ptr<server_websocket> self)
{
    while (self->inbox_.empty() && !self->end_) co_await self->arrived_.wait();
    if (self->inbox_.empty()) throw error(*self->end_);
    auto first = std::move(self->inbox_.front());
    self->inbox_.pop_front();
    self->inbox_cost_ -= cost_of(first);
    if (self->inbox_cost_ < high_water / 2 && self->runtime_->alive()) self->pause(false);
    co_return first;
}

// writing

asio::awaitable<void> server_websocket::send(
    std::shared_ptr<server_websocket> self, std::vector<base::frame> batch, opcode kind)
{
    if (self->end_) throw error(*self->end_);
    const auto what = kind == opcode::text ? base::frame_kind::text : base::frame_kind::binary;
    const engine::write_queue::batch sending(self->queue_, std::move(batch), what);
    self->request_write();
    while (!sending.is_complete()) {
        if (self->end_) throw error(*self->end_);
        co_await self->sent_.wait();
    }
}

/// A frame has been written once lws no longer holds back a part of it.
int server_websocket::on_writeable()
{
    if (stage_ == stage::over) return 0;
    for (int count = 0; lws_partial_buffered(connection_) == 0; ++count) {
        if (queue_.written()) sent_.set();
        if (count == frames_at_once || lws_send_pipe_choked(connection_) != 0) break;
        const auto next = queue_.next();
        if (!next) return 0;
        if (!write(*next)) return -1;
    }
    lws_callback_on_writable(connection_);
    return 0;
}

/// A Close is written like any other frame: lws 4.1.6 on libuv cuts the connection before its own
/// Close has been sent.
bool server_websocket::write(const engine::write_queue::output& frame)
{
    const int written =
        lws_write(connection_, reinterpret_cast<unsigned char*>(frame.payload.data()),
            frame.payload.size(), write_kind(frame));
    return written >= static_cast<int>(frame.payload.size());
}

void server_websocket::request_write() noexcept
{
    if (!connection_ || !runtime_->alive()) return;
    lws_callback_on_writable(connection_);
    runtime_->kick();
}

// the end

asio::awaitable<void> server_websocket::close(
    std::shared_ptr<server_websocket> self, std::uint16_t code, std::string reason)
{
    if (self->stage_ == stage::open) {
        self->inbox_.clear();
        self->begin_close(code, reason, closed_by_owner());
    }
    if (self->somebody_closes_) co_return;
    self->somebody_closes_ = true;
    while (self->connection_) co_await self->gone_.wait();
}

void server_websocket::abort() noexcept
{
    set_end(closed_by_owner());
    inbox_.clear();
    destroy();
}

/// Sends a Close after the message that is being sent, and waits for the client's.
void server_websocket::begin_close(std::uint16_t code, std::string_view reason, error why)
{
    stage_ = stage::closing;
    queue_.drop_unbegun();
    queue_.close(engine::close_payload(code, reason));
    set_end(std::move(why));
    pause(false);
    arm(close_limit);
    request_write();
}

int server_websocket::on_peer_close(std::string_view payload)
{
    const bool answers_ours = stage_ == stage::closing && !queue_.has_close();
    if (answers_ours || stage_ == stage::over) return -1;
    queue_.drop_close(); // lws sends the answer
    stage_ = stage::closing;
    error_details details{phase::open, 1005};
    if (payload.size() >= 2) {
        details.close_code = static_cast<std::uint16_t>(
            static_cast<std::uint8_t>(payload[0]) << 8 | static_cast<std::uint8_t>(payload[1]));
        details.reason = payload.substr(2);
    }
    const auto sentence = fmt::format("The client closed the connection with code {}{}{}.",
        details.close_code, details.reason.empty() ? "" : ": ", details.reason);
    set_end({errc::connection_lost, sentence, std::move(details)});
    arm(close_limit);
    // lws would answer an empty Close with an empty one, which clients mistake for a failure.
    if (payload.size() >= 2 || lws_partial_buffered(connection_) != 0) return 0;
    base::frame ours(engine::close_payload(normal_closure, {}));
    (void)write({base::frame_kind::close, true, {ours.data(), ours.size()}});
    return -1;
}

/// Sets why the connection ends; the first cause stays.
void server_websocket::set_end(error why)
{
    if (end_) return;
    end_.emplace(std::move(why));
    partial_.reset();
    arrived_.set();
    sent_.set();
}

void server_websocket::destroy() noexcept
{
    stage_ = stage::over;
    if (connection_) runtime_->destroy(connection_);
}

void server_websocket::on_gone()
{
    set_end({errc::connection_lost, "The client's connection was lost without a close.",
        {phase::open}});
    stage_ = stage::over;
    connection_ = nullptr;
    gone_.set();
}

void server_websocket::on_destroyed()
{
    on_gone();
    deadline_.reset();
    if (const auto door = std::exchange(entrance_, nullptr)) door->forget(*this);
    use_.reset();
    held_by_lws_.reset();
}

void server_websocket::arm(std::chrono::seconds limit)
{
    deadline_.emplace(runtime_->strand_executor(), limit);
    deadline_->async_wait([weak = weak_from_this()](asio::error_code cancelled) {
        if (cancelled) return;
        if (const auto self = weak.lock()) self->destroy();
    });
}

} // namespace gemini::live::transport
