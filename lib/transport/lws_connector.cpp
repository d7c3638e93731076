// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_connector.hpp"

#include "transport/client_websocket.hpp"
#include "transport/connect_race.hpp"
#include "transport/http_call.hpp"
#include "transport/lws_runtime.hpp"
#include "transport/proxy.hpp"
#include "transport/resolver.hpp"
#include "transport/tls_context.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace gemini::live::transport {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t most_hosts_kept = 16;

constexpr lws_protocols protocols[] = {
    {lws_client::protocol_name, &lws_client::callback, 0, 0, 0, nullptr,
        lws_runtime::tx_packet_size},
    {},
};

std::optional<std::string> environment_variable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
}

/// What is left of a limit, at least a millisecond. Zero, which is no limit, stays.
std::chrono::milliseconds left_of(std::chrono::milliseconds limit, clock::time_point begun)
{
    if (limit.count() == 0) return limit;
    const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begun);
    return std::max(limit - gone, std::chrono::milliseconds(1));
}

bool is_ipv6(const std::string& host) { return host.find(':') != std::string::npos; }

/// A proxy has to be trusted by the same authorities. Everything else is meant for the server.
tls_options for_proxy(const tls_options& given)
{
    tls_options trust;
    trust.ca_pem = given.ca_pem;
    trust.ca_file = given.ca_file;
    trust.system_store = given.system_store;
    return trust;
}

std::shared_ptr<SSL_CTX> tls_with(const std::string& next_hop, const tls_options& trust)
{
    return client_tls_context(trust, is_ipv6(next_hop) ? next_hop : std::string());
}

/// How the host of a request is reached.
route route_to(const request_head& request)
{
    route way;
    way.proxy =
        choose_proxy(request.proxy, request.tls, request.host, request.port, environment_variable);
    if (way.proxy && way.proxy->kind == proxy_kind::https)
        way.tls = tls_with(way.proxy->host, for_proxy(request.trust));
    if (way.proxy && request.tls) way.tls_in_tunnel = client_tls_context(request.trust);
    if (!way.proxy && request.tls) way.tls = tls_with(request.host, request.trust);
    return way;
}

class lws_connection final : public connection {
public:
    explicit lws_connection(std::shared_ptr<client_websocket> stream) : stream_(std::move(stream))
    {
    }
    ~lws_connection() override { stream_->abort_unless_closing(); }

    asio::awaitable<void> send(std::vector<base::frame> batch) override
    {
        return client_websocket::send(stream_, std::move(batch));
    }
    asio::awaitable<message> receive() override { return client_websocket::receive(stream_); }
    std::uint64_t ping() override { return stream_->ping(); }
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        return client_websocket::close(stream_, code, std::move(reason));
    }
    void abort() noexcept override { stream_->abort(); }

private:
    std::shared_ptr<client_websocket> stream_;
};

class lws_connector final : public connector, public std::enable_shared_from_this<lws_connector> {
public:
    explicit lws_connector(const asio::any_io_executor& executor)
        : runtime_(lws_runtime::of(executor))
    {
    }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return runtime_->executor();
    }
    asio::awaitable<std::unique_ptr<connection>> connect(connect_request request) override
    {
        return connected(shared_from_this(), std::move(request));
    }
    asio::awaitable<http_response> fetch(http_request request) override
    {
        return fetched(shared_from_this(), std::move(request));
    }

private:
    static asio::awaitable<std::unique_ptr<connection>> connected(
        std::shared_ptr<lws_connector> self, connect_request request)
    {
        auto stream = co_await dial<client_websocket>(std::move(self), std::move(request));
        co_return std::make_unique<lws_connection>(std::move(stream));
    }
    static asio::awaitable<http_response> fetched(
        std::shared_ptr<lws_connector> self, http_request request)
    {
        auto call = co_await dial<http_call>(std::move(self), std::move(request));
        co_return co_await http_call::answered(std::move(call));
    }
    /// Returns an `Outbound` that has obtained what `request` asks for.
    template <class Outbound, class Request>
    static asio::awaitable<std::shared_ptr<Outbound>> dial(
        std::shared_ptr<lws_connector> self, Request request);
    /// `tls`: with the next hop; null: none.
    std::shared_ptr<lws_virtual_host> host_for(const std::shared_ptr<SSL_CTX>& tls);

    std::shared_ptr<lws_runtime> runtime_;
    // oldest use first
    std::vector<std::pair<std::shared_ptr<SSL_CTX>, std::shared_ptr<lws_virtual_host>>> hosts_;
    std::shared_ptr<SSL_CTX> tls_in_tunnel_; // the last one: making another takes long
};

std::shared_ptr<lws_virtual_host> lws_connector::host_for(const std::shared_ptr<SSL_CTX>& tls)
{
    const auto found = std::find_if(
        hosts_.begin(), hosts_.end(), [&](const auto& each) { return each.first == tls; });
    if (found != hosts_.end()) {
        std::rotate(found, found + 1, hosts_.end());
        return hosts_.back().second;
    }
    lws_context_creation_info info{};
    info.vhost_name = "client";
    info.protocols = protocols;
    info.provided_client_ssl_ctx = tls.get();
#ifdef LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE
    info.options |= LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE; // the context keeps sessions
#endif
    auto made = std::make_shared<lws_virtual_host>(runtime_, info, tls);
    if (hosts_.size() == most_hosts_kept) hosts_.erase(hosts_.begin());
    hosts_.emplace_back(tls, made);
    return made;
}

template <class Outbound, class Request>
asio::awaitable<std::shared_ptr<Outbound>> lws_connector::dial(
    std::shared_ptr<lws_connector> self, Request request)
{
    check_sendable(request);
    const auto way = route_to(request);
    if (way.tls_in_tunnel) self->tls_in_tunnel_ = way.tls_in_tunnel;
    const auto next_hop = way.proxy ? way.proxy->host : request.host;
    const auto addresses = co_await resolve(next_hop, request.deadlines.resolve);

    const connect_attempt begin = [&](const asio::ip::address& each,
                                      std::chrono::milliseconds limit,
                                      const std::shared_ptr<connect_rivals>& rivals) {
        if (!self->runtime_->has_room()) {
            throw error(errc::connect_failed,
                "There are no file descriptors left: raise the limit of open files (ulimit -n).",
                {phase::connect});
        }
        auto outbound = std::make_shared<Outbound>(self->host_for(way.tls), request, way);
        outbound->dial(each, limit, rivals);
        return outbound;
    };
    const auto begun = clock::now();
    auto limit = request.deadlines.connect;
    for (bool may_repeat = true;; may_repeat = false) {
        const auto connected = co_await first_to_connect(addresses, limit, begin);
        const auto outbound = std::static_pointer_cast<Outbound>(connected);
        try {
            co_await Outbound::opened(outbound);
            co_return outbound;
        } catch (const error&) {
            if (!may_repeat || !outbound->has_failed_to_resume()) throw;
        }
        limit = left_of(request.deadlines.connect, begun);
    }
}

} // namespace

std::shared_ptr<connector> make_lws_connector(asio::any_io_executor executor)
{
    return std::make_shared<lws_connector>(executor);
}

} // namespace gemini::live::transport
