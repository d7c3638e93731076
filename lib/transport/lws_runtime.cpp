// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_runtime.hpp"

#include "base/buffer.hpp"

#include <gemini/live/error.hpp>

#include <asio/post.hpp>
#include <fcntl.h>
#include <openssl/ssl.h>

#include <mutex>
#include <new>

namespace gemini::live::transport {
namespace {

static_assert(base::frame::headroom >= LWS_PRE);

constexpr std::size_t read_size = 64 * 1024;

/// Makes sure that an execution context gets only one runtime.
std::mutex& creation()
{
    static std::mutex mutex;
    return mutex;
}

} // namespace

class lws_runtime::service : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id; // NOLINT(readability-identifier-naming)

    explicit service(asio::execution_context& owner) : asio::execution_context::service(owner) {}

    std::shared_ptr<lws_runtime> runtime;

private:
    void shutdown() override // called twice by later versions of Asio
    {
        if (runtime && runtime->alive()) runtime->stop();
    }
};

std::shared_ptr<lws_runtime> lws_runtime::of(const asio::any_io_executor& executor)
{
    auto& context = asio::query(executor, asio::execution::context);
    const std::lock_guard lock(creation());
    if (!asio::has_service<service>(context)) {
        // Services shut down in reverse order: those that the runtime depends on must come first.
        auto made = std::make_shared<lws_runtime>(executor);
        asio::use_service<service>(context).runtime = std::move(made);
    }
    return asio::use_service<service>(context).runtime;
}

lws_runtime::lws_runtime(const asio::any_io_executor& executor)
    : strand_(async::make_strand(executor)), executor_(*strand_), loop_(lws_loop::take()),
      context_(loop_->context())
{
    const int descriptor = ::fcntl(uv_backend_fd(loop_->uv()), F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) {
        stop();
        throw error(errc::event_loop_unavailable,
            "No event loop could be made: raise the limit of open files (ulimit -n).");
    }
    timer_.emplace(*strand_);
    watch_.emplace(*strand_, descriptor);
}

lws_runtime::~lws_runtime() = default;

void lws_runtime::kick() noexcept
{
    if (!context_ || turning_ || kicked_) return;
    kicked_ = true;
    kicked_turn_.post(executor_, shared_from_this());
}

void lws_runtime::turn_after_kick() noexcept
{
    kicked_ = false;
    turn();
}

void lws_runtime::destroy(lws* connection) noexcept
{
    if (!context_) return;
    lws_set_timeout(connection, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    lws_cancel_service(context_); // libuv's timer is armed only after an event
    kick();
}

void lws_runtime::reclaim_handle(lws* connection) noexcept
{
    const auto close_lost = [](uv_handle_t* handle, void* of) {
        if (handle->type == UV_POLL && handle->data == of && uv_is_closing(handle) == 0)
            uv_close(handle, [](uv_handle_t* closed) { lws_realloc(closed, 0, "lost"); });
    };
    uv_walk(loop_->uv(), close_lost, connection);
    kick();
}

std::span<char> lws_runtime::read_buffer()
{
    if (read_buffer_.empty()) read_buffer_.resize(read_size);
    return read_buffer_;
}

void lws_runtime::enter() noexcept
{
    ++users_;
    kick();
}

void lws_runtime::leave() noexcept
{
    --users_;
    kick();
}

void lws_runtime::turn() noexcept
{
    if (!context_) return;
    turning_ = true;
    loop_->turn(8);
    // libuv's idle handle may have stopped although lws has work that no descriptor announces
    if (lws_service_adjust_timeout(context_, 1, 0) == 0) lws_cancel_service(context_);
    turning_ = false;
    try {
        rearm();
    } catch (const std::bad_alloc&) {
        kick(); // tries again
    }
}

void lws_runtime::rearm()
{
    const int timeout = uv_backend_timeout(loop_->uv());
    if (timeout == 0) return kick();
    if (users_ == 0) return rest();
    if (timeout > 0) {
        const auto due = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout);
        if (armed_ == decltype(armed_){} || due < armed_) {
            armed_ = {};
            timer_->expires_at(due);
            timer_->async_wait([this](asio::error_code cancelled) {
                if (cancelled) return;
                armed_ = {};
                turn();
            });
            armed_ = due;
        }
    }
    if (!watching_) {
        watch_->async_wait(watch::wait_read, [this](asio::error_code) {
            watching_ = false;
            turn();
        });
        watching_ = true;
    }
}

void lws_runtime::rest() noexcept
{
    armed_ = {};
    timer_->cancel();
    asio::error_code ignored;
    if (watching_) watch_->cancel(ignored);
}

void lws_runtime::stop() noexcept
{
    timer_.reset();
    watch_.reset();
    turning_ = true;
    for (auto* each : std::exchange(dependants_, {})) each->abort();
    loop_->end_connections();
    for (auto* host : std::exchange(hosts_, {})) lws_vhost_destroy(host);
    context_ = nullptr;
    lws_loop::give_back(std::move(loop_));
    executor_ = {};
    strand_.reset();
}

lws_virtual_host::lws_virtual_host(std::shared_ptr<lws_runtime> runtime,
    lws_context_creation_info info, std::shared_ptr<const void> baggage)
    : runtime_(std::move(runtime)), baggage_(std::move(baggage))
{
    if (info.port != CONTEXT_PORT_NO_LISTEN_SERVER) info.port = CONTEXT_PORT_NO_LISTEN;
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.connect_timeout_secs = far_away;
    info.http_proxy_address = ""; // keeps lws off the environment
    if (!info.provided_client_ssl_ctx) {
        // else lws would make one, and read all system certificates into it
        unused_tls_.reset(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
        info.provided_client_ssl_ctx = unused_tls_.get();
    }
    info.alpn = "http/1.1"; // flow control does nothing on HTTP/2
    if (runtime_->alive()) host_ = lws_create_vhost(runtime_->context(), &info);
    if (!host_) {
        throw error(errc::connect_failed,
            "libwebsockets could not set up the connection: memory or descriptors ran out.");
    }
    runtime_->hosts_.push_back(host_);
}

/// Posted, since the last connection may release the host within one of its own callbacks.
lws_virtual_host::~lws_virtual_host()
{
    if (!host_ || !runtime_->alive()) return;
    asio::post(runtime_->strand_executor(),
        [runtime = runtime_, host = host_, baggage = baggage_, unused_tls = unused_tls_] {
            if (std::erase(runtime->hosts_, host) != 0) lws_vhost_destroy(host);
        });
}

} // namespace gemini::live::transport
