// SPDX-License-Identifier: Apache-2.0
#include "session/client_core.hpp"

#include "transport/lws_connector.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/version.hpp>

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live {
namespace {

std::function<double()> make_random()
{
    return [] {
        thread_local std::mt19937_64 engine{std::random_device{}()};
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
    };
}

/// Knows whether its execution context still runs.
class life : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id;

    explicit life(asio::execution_context& context) : service(context) {}
    void shutdown() override { *alive = false; }

    const std::shared_ptr<std::atomic<bool>> alive = std::make_shared<std::atomic<bool>>(true);
};

void check_header(std::string_view name, std::string_view value)
{
    constexpr std::string_view breaks("\r\n\0", 3);
    if (name.empty() || name.find_first_of(breaks) != name.npos ||
        value.find_first_of(breaks) != value.npos) {
        throw error(errc::invalid_argument,
            fmt::format("The header \"{}\" has a line break in it, or no name.",
                name.substr(0, name.find_first_of(breaks))));
    }
}

} // namespace

api_key api_key::from_environment()
{
    for (const char* name : {"GOOGLE_API_KEY", "GEMINI_API_KEY"}) {
        const char* key = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
        if (key && *key != '\0') return api_key(key);
    }
    return {};
}

client_core::client_core(client_options options_, std::shared_ptr<transport::connector> connector_,
    std::shared_ptr<sessions::clock> clock_, std::function<double()> random_)
    : options(std::move(options_)), connector(std::move(connector_)), clock(std::move(clock_)),
      random(std::move(random_)),
      alive_(asio::use_service<life>(asio::query(connector->executor(), asio::execution::context))
                 .alive)
{
    static_cast<void>(where(protocol::method::generate_content));
    check_header("x-goog-api-key", options.credentials.reveal());
    for (const auto& [name, value] : options.headers) check_header(name, value);
}

protocol::endpoint client_core::where(protocol::method what) const
{
    return protocol::live_endpoint(options.base_url, options.api_version, addressing_, what);
}

transport::connect_request client_core::request(protocol::method what) const
{
    if (options.credentials.empty()) {
        throw error(errc::missing_credentials, "No API key: set GOOGLE_API_KEY or GEMINI_API_KEY, "
                                               "or give client_options::credentials.");
    }
    transport::connect_request request;
    auto [tls, host, port, target] = where(what);
    request.tls = tls;
    request.host = std::move(host);
    request.port = port;
    request.target = std::move(target);
    const std::string agent = std::string("gemini-live-cpp/") + version() + " gl-cpp/20";
    request.fields = {{"User-Agent", agent}, {"x-goog-api-client", agent},
        {"x-goog-api-key", options.credentials.reveal()}};
    request.fields.insert(request.fields.end(), options.headers.begin(), options.headers.end());
    request.trust = options.tls;
    request.proxy = options.proxy;
    request.deadlines = options.deadlines;
    request.max_message = options.limits.message;
    return request;
}

client::client(asio::any_io_executor executor, client_options options)
    : core_(std::make_shared<client_core>(std::move(options),
          transport::make_lws_connector(std::move(executor)), sessions::make_steady_clock(),
          make_random()))
{
}

client client::from_environment(asio::any_io_executor executor)
{
    client_options options;
    options.credentials = api_key::from_environment();
    return {std::move(executor), std::move(options)};
}

const client_options& client::options() const noexcept { return core_->options; }

} // namespace gemini::live
