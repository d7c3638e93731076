// SPDX-License-Identifier: Apache-2.0
#include "transport/listener.hpp"

#include "async/event.hpp"
#include "transport/lws_runtime.hpp"
#include "transport/network.hpp"
#include "transport/server_vhost.hpp"
#include "transport/server_websocket.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <unordered_set>
#include <utility>

namespace gemini::live::transport {
namespace {

using asio::ip::tcp;

/// The most clients in the handshake or not yet accepted; more of them wait in the kernel.
constexpr std::size_t most_waiting = 1024;
constexpr std::chrono::milliseconds out_of_descriptors_pause{100};

/// A client whose machine is gone, or has another address, says nothing any more. The kernel probes
/// it and ends its connection 8 s after its last sign of life (what it has not acknowledged is sent
/// again for longer). A suspended process is alive: its kernel answers.
void set_keepalive(tcp::socket& socket)
{
    const auto set = [fd = socket.native_handle()](int level, int option, int value) {
        ::setsockopt(fd, level, option, &value, sizeof value); // without it, all works as well
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 5);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 1);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

class lws_server_connection final : public server_connection {
public:
    explicit lws_server_connection(std::shared_ptr<server_websocket> stream)
        : stream_(std::move(stream))
    {
    }
    ~lws_server_connection() override { stream_->abort(); }

    asio::awaitable<void> send(std::vector<base::frame> batch) override
    {
        return server_websocket::send(stream_, std::move(batch), opcode::binary);
    }
    asio::awaitable<void> send_text(std::vector<base::frame> batch) override
    {
        return server_websocket::send(stream_, std::move(batch), opcode::text);
    }
    asio::awaitable<message> receive() override { return server_websocket::receive(stream_); }
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        return server_websocket::close(stream_, code, std::move(reason));
    }
    void abort() noexcept override { stream_->abort(); }
    [[nodiscard]] const upgrade_request& request() const noexcept override
    {
        return stream_->request();
    }

private:
    std::shared_ptr<server_websocket> stream_;
};

/// The part of the listener that lives on the runtime's executor, as long as clients arrive.
class acceptor_impl final : public upgrade_handler,
                            public std::enable_shared_from_this<acceptor_impl> {
public:
    acceptor_impl(std::shared_ptr<lws_runtime> runtime, listen_options options)
        : runtime_(std::move(runtime)), options_(std::move(options))
    {
        if (options_.identity)
            identity_ = server_identity(options_.identity->first, options_.identity->second);
    }

    void open(tcp::acceptor acceptor)
    {
        auto kept = std::make_shared<tcp::acceptor>(std::move(acceptor));
        acceptor_ = kept;
        protocol_ = kept->local_endpoint().protocol();
        asio::co_spawn(runtime_->strand_executor(), accept_all(shared_from_this(), std::move(kept)),
            asio::detached);
    }

    static asio::awaitable<std::unique_ptr<server_connection>> next(
        std::shared_ptr<acceptor_impl> self)
    {
        while (self->ready_.empty() && !self->closed_) co_await self->arrivals_.wait();
        if (self->closed_) throw error(errc::closed, "The listener has been closed.");
        auto connection = std::make_unique<lws_server_connection>(self->ready_.front());
        self->ready_.pop_front();
        self->room_.set();
        co_return connection;
    }

    void close() noexcept
    {
        if (std::exchange(closed_, true)) return;
        if (const auto acceptor = acceptor_.lock()) {
            std::error_code ignored;
            acceptor->close(ignored);
        }
        for (const auto& each : std::exchange(ready_, {})) each->abort();
        for (auto* each : std::exchange(arriving_, {})) each->abort();
        arrivals_.set();
        room_.set();
    }

    [[nodiscard]] upgrade_verdict decide(const upgrade_request& request) override
    {
        try {
            return options_.decide ? options_.decide(request) : upgrade_verdict{};
        } catch (const std::exception&) {
            return {500, {}, "The server failed to decide on this request.\n"};
        }
    }
    [[nodiscard]] std::optional<std::size_t> max_request() const noexcept override
    {
        return options_.answer ? std::optional(options_.max_request) : std::nullopt;
    }
    [[nodiscard]] plain_answer answer(const plain_request& request) override
    {
        try {
            return options_.answer(request);
        } catch (const std::exception&) {
            return http_response{500, {}, "The server failed to answer this request.\n"};
        }
    }
    void admit(std::shared_ptr<server_websocket> stream) override
    {
        arriving_.erase(stream.get());
        ready_.push_back(std::move(stream));
        arrivals_.set();
    }
    void forget(server_websocket& stream) noexcept override
    {
        arriving_.erase(&stream);
        room_.set();
    }

private:
    /// Holds the acceptor, so that it dies with the execution context and not after it.
    static asio::awaitable<void> accept_all(
        std::shared_ptr<acceptor_impl> self, std::shared_ptr<tcp::acceptor> acceptor)
    {
        while (!self->closed_) {
            std::error_code failed;
            co_await acceptor->async_wait(
                tcp::acceptor::wait_read, asio::redirect_error(asio::use_awaitable, failed));
            if (self->closed_) break;
            if (!failed) failed = self->take_next(*acceptor);
            while (!self->closed_ && self->arriving_.size() + self->ready_.size() >= most_waiting)
                co_await self->room_.wait();
            if (is_shortage(failed)) {
                asio::steady_timer pause(acceptor->get_executor(), out_of_descriptors_pause);
                co_await pause.async_wait(asio::use_awaitable);
            }
        }
    }

    /// Asio's own accept lets child processes inherit the socket.
    std::error_code take_next(tcp::acceptor& acceptor)
    {
        const int client =
            ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0) return {errno, asio::error::get_system_category()};
        std::error_code failed;
        tcp::socket socket(acceptor.get_executor());
        socket.assign(protocol_, client, failed);
        if (failed)
            ::close(client);
        else
            take(std::move(socket));
        return failed;
    }

    /// After a shortage the kernel is asked again after a while; otherwise at once, for the next
    /// client.
    static bool is_shortage(const std::error_code& failed)
    {
        return failed == asio::error::no_descriptors || failed == asio::error::no_memory ||
               failed == asio::error::no_buffer_space ||
               failed == std::errc::too_many_files_open_in_system;
    }

    /// A client that cannot be served is disconnected; the next one may be luckier.
    void take(tcp::socket socket)
    {
        if (closed_ || !runtime_->has_room()) return;
        try {
            socket.set_option(tcp::no_delay(true));
            set_keepalive(socket);
            auto stream = std::make_shared<server_websocket>(
                runtime_, host(), shared_from_this(), options_.max_message);
            arriving_.insert(stream.get());
            stream->adopt(socket.release());
        } catch (const std::exception&) {
        }
    }

    const std::shared_ptr<server_vhost>& host()
    {
        if (!host_) {
            host_ = server_vhost::common(runtime_);
            if (identity_) host_ = std::make_shared<server_vhost>(runtime_, identity_);
        }
        return host_;
    }

    std::shared_ptr<lws_runtime> runtime_;
    listen_options options_;
    std::shared_ptr<SSL_CTX> identity_;
    std::shared_ptr<server_vhost> host_;
    std::weak_ptr<tcp::acceptor> acceptor_;
    tcp protocol_ = tcp::v4();
    bool closed_ = false;
    std::unordered_set<server_websocket*> arriving_;
    std::deque<std::shared_ptr<server_websocket>> ready_;
    async::event arrivals_;
    async::event room_;
};

class lws_listener final : public listener {
public:
    lws_listener(std::shared_ptr<lws_runtime> runtime, std::shared_ptr<acceptor_impl> acceptor_impl,
        std::uint16_t port)
        : runtime_(std::move(runtime)), reception_(std::move(acceptor_impl)), port_(port)
    {
    }
    ~lws_listener() override { close(); }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return runtime_->executor();
    }
    [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }
    asio::awaitable<std::unique_ptr<server_connection>> accept() override
    {
        return acceptor_impl::next(reception_);
    }
    void close() noexcept override
    {
        if (!runtime_->alive()) return;
        asio::dispatch(
            runtime_->strand_executor(), [acceptor_impl = reception_] { acceptor_impl->close(); });
    }

private:
    std::shared_ptr<lws_runtime> runtime_;
    std::shared_ptr<acceptor_impl> reception_;
    std::uint16_t port_;
};

/// Like the acceptor's own open, but child processes do not inherit the socket.
void open(tcp::acceptor& acceptor, const tcp& protocol, std::error_code& failed)
{
    const int socket =
        ::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol());
    if (socket < 0) {
        failed.assign(errno, asio::error::get_system_category());
        return;
    }
    acceptor.assign(protocol, socket, failed);
    if (failed) ::close(socket);
}

tcp::acceptor bind(const asio::any_io_executor& executor, const listen_options& options)
{
    std::error_code failed;
    const tcp::endpoint endpoint(address_of(options), options.port);
    tcp::acceptor acceptor(executor);
    open(acceptor, endpoint.protocol(), failed);
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (!failed) acceptor.native_non_blocking(true, failed);
    if (!failed) acceptor.listen(tcp::acceptor::max_listen_connections, failed);
    if (failed) throw cannot_listen(options, failed);
    return acceptor;
}

} // namespace

asio::ip::address address_of(const listen_options& options)
{
    std::error_code failed;
    auto address = asio::ip::make_address(options.address, failed);
    if (failed) {
        throw error(errc::invalid_argument,
            fmt::format("\"{}\" is no IP address to listen on: give one such as 127.0.0.1.",
                options.address));
    }
    return address;
}

error cannot_listen(const listen_options& options, std::error_code why)
{
    return {errc::connect_failed,
        fmt::format("Cannot listen on {} port {} ({}): choose another, or port 0 for any.",
            options.address, options.port, why.message())};
}

std::unique_ptr<listener> listen(asio::any_io_executor executor, listen_options options)
{
    if (const auto other = replaced_network(executor))
        return other->listen(std::move(executor), std::move(options));
    auto runtime = lws_runtime::of(executor);
    auto acceptor = bind(runtime->executor(), options);
    const auto port = acceptor.local_endpoint().port();
    auto front = std::make_shared<acceptor_impl>(runtime, std::move(options));
    front->open(std::move(acceptor));
    return std::make_unique<lws_listener>(std::move(runtime), std::move(front), port);
}

} // namespace gemini::live::transport
