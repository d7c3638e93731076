// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/ephemeral_token.hpp>

#include "auth/headers.hpp"
#include "base/access.hpp"
#include "protocol/service_error.hpp"
#include "protocol/token.hpp"
#include "session/client_core.hpp"
#include "transport/http_fields.hpp"

#include <gemini/live/error.hpp>

#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace gemini::live {
namespace {

transport::http_request to_http(const client_core& client, const ephemeral_token_request& request)
{
    const auto& options = client.options;
    if (client.addressing().backend != backend::gemini_api)
        throw error(errc::invalid_argument, "Vertex AI has no ephemeral tokens.");
    if (!options.credentials.empty() && !options.credentials.is<api_key>()) {
        throw error(errc::invalid_argument,
            "Only an API key can make tokens: give client_options::credentials an api_key.");
    }
    transport::http_request http;
    static_cast<transport::request_head&>(http) = client.request();
    auto version = request.api_version.empty() ? options.api_version : request.api_version;
    if (version.empty()) version = "v1alpha";
    auto place = protocol::rest_endpoint(
        options.base_url, version, "auth_tokens", allowed_plain_text(options));
    http.tls = place.tls;
    http.host = std::move(place.host);
    http.port = place.port;
    http.target = std::move(place.target);
    if (!auth::find(http.fields, "Content-Type"))
        http.fields.emplace_back("Content-Type", "application/json");
    http.method = "POST";
    http.body = protocol::encode_token_request(request, client.addressing());
    return http;
}

asio::awaitable<transport::http_response> fetch(
    std::shared_ptr<client_core> client, transport::http_request request)
{
    const auto turn = co_await async::semaphore::acquire(client->handshakes);
    co_return co_await client->connector->fetch(std::move(request));
}

asio::awaitable<ephemeral_token> ask(
    std::shared_ptr<client_core> client, ephemeral_token_request request)
{
    auto http = to_http(*client, request);
    const auto* const found = auth::find(http.fields, "x-goog-api-key");
    const std::string key = found ? *found : std::string();
    auto executor = client->connector->executor();
    auto call = fetch(client, std::move(http));
    const auto response = co_await asio::co_spawn(executor, std::move(call), asio::use_awaitable);
    if (response.status / 100 == 2) co_return protocol::decode_token(response.body);
    const auto wait = transport::parse_retry_after(
        transport::header_of(response.fields, "retry-after"), std::chrono::system_clock::now());
    throw client->with_origin(
        protocol::refused_call("make a token", response.status, response.body, wait, key));
}

} // namespace

asio::awaitable<ephemeral_token> create_ephemeral_token(
    const client& client, ephemeral_token_request request)
{
    return ask(access::core(client), std::move(request));
}

} // namespace gemini::live
