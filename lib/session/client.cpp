// SPDX-License-Identifier: Apache-2.0
#include "session/client_core.hpp"

#include "auth/environment.hpp"
#include "auth/headers.hpp"
#include "session/tapped.hpp"
#include "transport/lws_connector.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/version.hpp>

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>

#include <random>
#include <string>
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

protocol::addressing addressing_of(const client_options& options)
{
    return {options.flavour.value_or(flavour::gemini_api), options.project, options.location};
}

/// Whether the base URL leads to somebody who adds all that is missing.
bool goes_to_a_proxy(const client_options& options)
{
    return options.flavour == flavour::vertex_ai && !options.base_url.empty() &&
           options.project.empty() && options.location.empty() && options.credentials.empty();
}

protocol::endpoint endpoint_of(
    const client_options& options, const std::string& base_url, protocol::method what)
{
    using protocol::method;
    if (what == method::generate_content && goes_to_a_proxy(options))
        return protocol::whole_endpoint(base_url);
    if (options.credentials.is<ephemeral_token>()) {
        if (what == method::generate_music) {
            throw error(errc::invalid_argument,
                "client_options::credentials is an ephemeral token, which opens no music session: "
                "give an api_key.");
        }
        what = method::generate_content_constrained;
    }
    return protocol::live_endpoint(base_url, options.api_version, addressing_of(options), what);
}

void check_credentials(const client_options& options)
{
    if (options.flavour == flavour::vertex_ai && options.credentials.is<access_token>() &&
        options.project.empty() && options.base_url.empty()) {
        throw error(errc::invalid_argument,
            "client_options::project is empty: with an access_token, Vertex AI needs the id of a "
            "project (from_environment takes GOOGLE_CLOUD_PROJECT).");
    }
    auth::check(auth::headers_of(options.credentials));
}

void require_credentials(const client_options& options)
{
    if (!options.credentials.empty() || goes_to_a_proxy(options) ||
        auth::find(options.headers, "Authorization") ||
        auth::find(options.headers, "x-goog-api-key"))
        return;
    throw error(errc::missing_credentials,
        options.flavour == flavour::vertex_ai
            ? "Found no credentials for Vertex AI: give client_options::credentials an "
              "access_token, as `gcloud auth print-access-token` prints it, or an api_key for "
              "express mode."
            : "Found no API key: give client_options::credentials an api_key, or set "
              "GOOGLE_API_KEY or GEMINI_API_KEY and use from_environment.");
}

} // namespace

client_core::client_core(client_options options_, std::shared_ptr<transport::connector> connector_,
    std::shared_ptr<sessions::clock> clock_, std::function<double()> random_)
    : options(std::move(options_)),
      connector(sessions::tapped(std::move(connector_), options.tap, clock_)),
      clock(std::move(clock_)), random(std::move(random_)),
      budget(options.reconnect.attempts_per_second), addressing_(addressing_of(options)),
      alive_(asio::use_service<life>(asio::query(connector->executor(), asio::execution::context))
                 .alive)
{
    static_cast<void>(endpoint_of(options, options.base_url, protocol::method::generate_content));
    check_credentials(options);
    auth::check(options.headers);
}

transport::connect_request client_core::request(
    protocol::method what, const std::string& base_url) const
{
    require_credentials(options);
    transport::connect_request request;
    auto [tls, host, port, target] =
        endpoint_of(options, base_url.empty() ? options.base_url : base_url, what);
    request.tls = tls;
    request.host = std::move(host);
    request.port = port;
    request.target = std::move(target);
    const std::string agent = std::string("gemini-live-cpp/") + version() + " gl-cpp/20";
    auto ours = auth::headers_of(options.credentials);
    ours.emplace_back("User-Agent", agent);
    ours.emplace_back("x-goog-api-client", agent);
    request.fields = auth::merge(std::move(ours), options.headers);
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

client client::from_environment(asio::any_io_executor executor, client_options options)
{
    return {std::move(executor), auth::complete(std::move(options), auth::process_variable)};
}

const client_options& client::options() const noexcept { return core_->options; }

} // namespace gemini::live
