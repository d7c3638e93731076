// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_client.hpp"

#include "transport/authority.hpp"
#include "transport/tls_sessions.hpp"

#include <cerrno>
#include <utility>

namespace gemini::live::transport {
namespace {

// lws must not end anything by itself: all deadlines are ours.
const lws_retry_bo_t no_policy{};

} // namespace

lws_client::lws_client(
    std::shared_ptr<lws_virtual_host> host, const request_head& request, const route& route)
    : runtime_(host->runtime()), handshake_(std::make_unique<lws_handshake>(request, route.proxy)),
      deadlines_(request.deadlines), host_(std::move(host))
{
}

lws_client::~lws_client() = default;

int lws_client::callback(lws* connection, lws_callback_reasons reason, void*, void*, std::size_t)
{
    auto* outbound = connection ? static_cast<lws_client*>(lws_wsi_user(connection)) : nullptr;
    if (!outbound) return 0;
    const auto self = outbound->shared_from_this();
    try {
        return self->on(connection, reason);
    } catch (const std::exception& failure) {
        self->set_end(lost(failure.what()));
        return -1;
    }
}

int lws_client::on(lws* connection, lws_callback_reasons reason)
{
    switch (reason) {
    case LWS_CALLBACK_WSI_CREATE: on_connected(connection); return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP: on_failed(connection); return 0;
    case LWS_CALLBACK_WSI_DESTROY: on_destroyed(connection); return 0;
    default: return 0;
    }
}

void lws_client::on_connected(lws* connection)
{
    connection_ = connection;
    if (const auto rivals = std::exchange(rivals_, nullptr)) {
        if (rivals->winner) return abort();
        rivals->winner = this;
        rivals->changed.set();
    }
    handshake_->connected();
    limit_ = deadlines_.upgrade;
    deadline_ = limit_.count() == 0 ? clock::time_point::max() : clock::now() + limit_;
    arm(deadline_);
}

/// May be called more than once.
void lws_client::on_failed(lws* connection)
{
    if (owner_ != owner::lws) return;
    if (stage_ == stage::dialing) {
        handshake_->failed(connection ? lws_get_ssl(connection) : nullptr);
        set_end(handshake_->why());
    }
    on_closed();
}

void lws_client::on_closed()
{
    connection_ = nullptr;
    stage_ = stage::over;
    timer_.reset();
    wake_all();
}

void lws_client::on_destroyed(lws* connection)
{
    if (owner_ == owner::nobody_yet) {
        owner_ = owner::us;
        return stage_ == stage::over ? detach() : on_taken_over();
    }
    const bool never_opened = handshake_ != nullptr;
    if (stage_ != stage::over) on_failed(connection);
    if (never_opened) runtime_->reclaim_handle(connection);
    detach();
}

int lws_client::take_over()
{
    runtime_->add(*this);
    owner_ = owner::nobody_yet;
    connection_ = nullptr;
    return -1;
}

/// Ends the connection's hold on itself and on the runtime. May destroy this object.
void lws_client::detach() noexcept
{
    runtime_->remove(*this);
    use_.reset();
    host_.reset();
    held_.reset();
}

void lws_client::dial(const asio::ip::address& address, std::chrono::milliseconds limit,
    std::shared_ptr<connect_rivals> rivals)
{
    const auto self = shared_from_this();
    rivals_ = std::move(rivals);
    if (!runtime_->alive()) return set_end(closed_by_owner());
    held_ = self;
    use_ = lws_use(runtime_);
    timer_.emplace(runtime_->strand_executor());
    limit_ = limit;
    if (limit_.count() != 0) arm(deadline_ = clock::now() + limit_);

    const auto number = address.to_string();
    const auto name = bracketed(handshake_->next_host());
    lws_client_connect_info info{};
    info.context = runtime_->context();
    info.vhost = host_->get();
    info.address = number.c_str();
    info.port = handshake_->next_port();
    info.host = name.c_str(); // for SNI and the certificate
    info.path = "/";          // lws writes no request, but wants one
    info.local_protocol_name = protocol_name;
    info.alpn = "http/1.1";
    info.ssl_connection = handshake_->encrypts_next() ? LCCSCF_USE_SSL : 0;
    info.ietf_version_or_minus_one = -1;
    info.retry_and_idle_policy = &no_policy;
    info.userdata = this;
    errno = 0; // what it holds afterwards belongs to this connection
    auto* made = lws_client_connect_via_info(&info);
    const bool is_ours = owner_ != owner::lws;
    if (made && stage_ == stage::dialing && !is_ours) connection_ = made;
    if (!made && !is_ours) {
        // lws does not report whether WSI_DESTROY has come, will come or never comes.
        on_failed(nullptr);
        use_.reset();
    }
    if (runtime_->alive()) lws_cancel_service(runtime_->context());
    runtime_->kick();
}

asio::awaitable<void> lws_client::opened(std::shared_ptr<lws_client> self)
{
    struct abort_unless_opened {
        lws_client& outbound;
        bool is_opened = false; // it may open in the moment of a cancellation
        ~abort_unless_opened()
        {
            if (!is_opened) outbound.abort();
        }
    } guard{*self};
    while (self->stage_ == stage::dialing) co_await self->opened_or_closed_.wait();
    if (self->handshake_) throw error(*self->end_); // a later end is reported by later calls
    guard.is_opened = true;
}

bool lws_client::has_connected() const noexcept
{
    return !handshake_ || handshake_->has_connected();
}

bool lws_client::has_failed_to_resume() const noexcept
{
    return handshake_ && handshake_->has_failed_to_resume();
}

void lws_client::open()
{
    handshake_.reset();
    stage_ = stage::open;
    deadline_ = clock::time_point::max();
    opened_or_closed_.set();
}

void lws_client::abort() noexcept
{
    if (stage_ == stage::over) return;
    const auto self = shared_from_this(); // the runtime does not hold it
    abort(closed_by_owner());
}

void lws_client::abort(error why)
{
    set_end(std::move(why));
    destroy();
}

void lws_client::set_end(error why)
{
    if (!end_) end_ = std::make_unique<error>(std::move(why));
    if (stage_ == stage::dialing) stage_ = stage::over;
    if (const auto rivals = std::exchange(rivals_, nullptr)) rivals->changed.set();
    wake_all();
}

void lws_client::destroy() noexcept
{
    if (std::exchange(destroyed_, true)) return;
    stage_ = stage::over;
    timer_.reset();
    if (connection_) runtime_->destroy(connection_);
    wake_all();
    if (owner_ == owner::us) detach();
}

/// One timer, armed for the earliest thing that may be due and otherwise left alone.
void lws_client::arm(clock::time_point due)
{
    if (!timer_ || due >= armed_) return;
    armed_ = clock::time_point::max(); // while it is not
    timer_->expires_at(due);
    timer_->async_wait([weak = weak_from_this()](asio::error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self) return;
        try {
            self->on_timer();
        } catch (const std::exception& failure) {
            self->abort(lost(failure.what()));
        }
    });
    armed_ = due;
}

void lws_client::on_timer()
{
    armed_ = clock::time_point::max();
    if (stage_ != stage::dialing) return;
    if (clock::now() < deadline_) return arm(deadline_);
    if (connection_ && handshake_->reached() == phase::tls)
        drop_session(lws_get_ssl(connection_)); // perhaps it is what gets no answer
    abort(handshake_->timeout(limit_));
}

} // namespace gemini::live::transport
