// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/strand.hpp"
#include "transport/lws_loop.hpp"
#include "transport/masking_keys.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/execution_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <libwebsockets.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gemini::live::transport {

/// libwebsockets on an Asio execution context: one lws context, whose libuv loop runs embedded in
/// Asio. There is one runtime per execution context. It lives until that is destroyed; objects that
/// use it may live longer. While nobody uses it (`lws_use`), it has nothing pending, so `run()`
/// returns.
///
/// Call all members on `executor()`, a strand, unless they say otherwise. lws calls its callbacks
/// there too. Installs a silent log sink for lws and ignores SIGPIPE through lws; both affect the
/// whole process.
class lws_runtime : public std::enable_shared_from_this<lws_runtime> {
public:
    using strand = async::strand;

    /// The most bytes of one frame that lws passes to the socket at once; longer messages are
    /// fragmented.
    static constexpr std::size_t tx_packet_size = 64 * 1024;
    /// Returns the runtime of the execution context of `executor`. Callable from any thread. Throws
    /// `live::error` with errc::event_loop_unavailable.
    [[nodiscard]] static std::shared_ptr<lws_runtime> of(const asio::any_io_executor& executor);

    explicit lws_runtime(const asio::any_io_executor& executor);
    lws_runtime(const lws_runtime&) = delete;
    lws_runtime& operator=(const lws_runtime&) = delete;
    ~lws_runtime();

    /// False once the execution context is shutting down. There is no `context()` then, and
    /// `executor()` is empty.
    [[nodiscard]] bool alive() const noexcept { return context_ != nullptr; }
    [[nodiscard]] asio::any_io_executor executor() const noexcept { return executor_; }
    /// Like `executor()`, with its type; only while `alive()`.
    [[nodiscard]] const strand& strand_executor() const noexcept { return *strand_; }
    [[nodiscard]] lws_context* context() const noexcept { return context_; }

    /// Call after every call of lws made outside its callbacks: otherwise libuv does not act on
    /// what lws asked of it until it runs next. Cheap to repeat.
    void kick() noexcept;

    /// Makes lws let go of a connection, without a Close; its CLOSED and WSI_DESTROY callbacks come
    /// later. May be called in callbacks.
    void destroy(lws* connection) noexcept;

    /// Call in the WSI_DESTROY callback of a connection that was never established: lws 4.1.6 loses
    /// the libuv handle of a failed connect.
    void reclaim_handle(lws* connection) noexcept;

    /// Whether lws can hold another connection without running out of descriptors.
    [[nodiscard]] bool has_room() const noexcept { return users_ < loop_->capacity(); }

    /// Owns descriptors on the strand and releases them before the execution context shuts down.
    class dependant {
    public:
        virtual void abort() noexcept = 0;

    protected:
        ~dependant() = default;
    };
    void add(dependant& one) { dependants_.insert(&one); }
    void remove(dependant& one) noexcept { dependants_.erase(&one); }

    /// The buffer that a connection reads into. Its contents are void once control leaves the
    /// caller.
    [[nodiscard]] std::span<char> read_buffer();
    [[nodiscard]] masking_keys& keys() noexcept { return keys_; }

private:
    friend class lws_use;
    friend class lws_virtual_host;
    class service;
    using watch = asio::posix::basic_stream_descriptor<strand>;
    using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
        asio::wait_traits<std::chrono::steady_clock>, strand>;

    void enter() noexcept;
    void leave() noexcept;
    void turn_after_kick() noexcept;
    void turn() noexcept;
    void rearm();
    void rest() noexcept;
    void stop() noexcept;

    std::optional<strand> strand_;
    asio::any_io_executor executor_; // the strand, in one place in memory for all
    std::unique_ptr<lws_loop> loop_;
    lws_context* context_ = nullptr;
    std::vector<lws_vhost*> hosts_;
    std::unordered_set<dependant*> dependants_;
    std::optional<watch> watch_;
    std::optional<timer> timer_;
    bool watching_ = false;
    std::chrono::steady_clock::time_point armed_{}; // when the timer expires; epoch: not armed
    bool turning_ = false;
    bool kicked_ = false;
    async::member_call<lws_runtime> kicked_turn_{&lws_runtime::turn_after_kick};
    std::size_t users_ = 0;
    std::vector<char> read_buffer_;
    masking_keys keys_;
};

/// Keeps a runtime running. The owner of a connection or listening socket in lws holds one of these
/// until lws has released it (WSI_DESTROY).
class lws_use {
public:
    lws_use() = default;
    explicit lws_use(std::shared_ptr<lws_runtime> runtime) noexcept : runtime_(std::move(runtime))
    {
        runtime_->enter();
    }
    lws_use(lws_use&& other) noexcept = default;
    lws_use& operator=(lws_use&& other) noexcept
    {
        std::swap(runtime_, other.runtime_);
        return *this;
    }
    ~lws_use() { reset(); }

    void reset() noexcept
    {
        if (const auto runtime = std::exchange(runtime_, nullptr)) runtime->leave();
    }

private:
    std::shared_ptr<lws_runtime> runtime_;
};

/// A virtual host: what connections with the same trust and callbacks share. Connections
/// keep it alive by shared_ptr until WSI_DESTROY; lws forgets it afterwards.
///
/// Do not give it a port to listen on: lws 4.1.6 cannot stop listening before the context ends.
/// Accept with Asio and hand the socket over with `lws_adopt_socket_vhost`, then `kick()`.
class lws_virtual_host {
public:
    /// `info` is as for `lws_create_vhost`; sizes, options and timeouts that all hosts need are
    /// filled in. Everything that `info` points to must live as long as the host: pass its owner as
    /// `baggage`. Throws `live::error`.
    lws_virtual_host(std::shared_ptr<lws_runtime> runtime, lws_context_creation_info info,
        std::shared_ptr<const void> baggage);
    lws_virtual_host(const lws_virtual_host&) = delete;
    lws_virtual_host& operator=(const lws_virtual_host&) = delete;
    ~lws_virtual_host();

    [[nodiscard]] lws_vhost* get() const noexcept { return host_; }
    [[nodiscard]] const std::shared_ptr<lws_runtime>& runtime() const noexcept { return runtime_; }

private:
    std::shared_ptr<lws_runtime> runtime_;
    std::shared_ptr<const void> baggage_;
    std::shared_ptr<SSL_CTX> unused_tls_;
    lws_vhost* host_ = nullptr;
};

} // namespace gemini::live::transport
