// SPDX-License-Identifier: Apache-2.0
#include "base/access.hpp"
#include "session/client_core.hpp"
#include "support/memory_connector.hpp"

#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/virtual_time.hpp"

#include <gemini/live/ephemeral_token.hpp>
#include <gemini/live/error.hpp>

#include <asio/io_context.hpp>

#include <optional>

namespace ephemeral_token_test {

using namespace gemini::live;
using namespace std::chrono_literals;
using transport::http_request;
using transport::http_response;

namespace {

/// A client whose service gives the same answer to every request.
struct service {
    asio::io_context io{1};
    std::optional<http_request> seen{};
    http_response answer{200, {}, R"({"name":"auth_tokens/abc","uses":1})"};
    client_options options{};

    service() { options.credentials = api_key("secret-key"); }

    client connect()
    {
        auto connector = test::make_memory_connector(
            io.get_executor(), {}, {}, [this](http_request request) { return reply(request); });
        return access::make_client(std::make_shared<client_core>(options, std::move(connector),
            std::make_shared<test::virtual_clock>(), [] { return 0.5; }));
    }

    ephemeral_token create(ephemeral_token_request request = {})
    {
        const auto asking = connect();
        return test::run(io, create_ephemeral_token(asking, std::move(request)));
    }

    error failure(ephemeral_token_request request = {})
    {
        try {
            create(std::move(request));
        } catch (const error& why) {
            return why;
        }
        throw std::runtime_error("no error came");
    }

    std::string header(std::string_view name) const
    {
        for (const auto& [each, value] : seen->fields)
            if (each == name) return value;
        return {};
    }

private:
    asio::awaitable<http_response> reply(http_request request)
    {
        seen = std::move(request);
        co_return answer;
    }
};

} // namespace

TEST_CASE("a token is requested with the client's key, in a header")
{
    service on;
    ephemeral_token_request request;
    request.uses = 2;
    CHECK(on.create(request).reveal() == "auth_tokens/abc");
    CHECK(on.seen->method == "POST");
    CHECK(on.seen->host == "generativelanguage.googleapis.com");
    CHECK(on.seen->tls);
    CHECK(on.seen->target == "/v1alpha/auth_tokens");
    CHECK(on.seen->body == R"({"uses":2})");
    CHECK(on.header("x-goog-api-key") == "secret-key");
    CHECK(on.header("Content-Type") == "application/json");
}

TEST_CASE("the version is the request's, else the client's, else v1alpha")
{
    service on;
    on.options.api_version = "v1beta";
    on.create();
    CHECK(on.seen->target == "/v1beta/auth_tokens");
    ephemeral_token_request request;
    request.api_version = "v1alpha";
    on.create(request);
    CHECK(on.seen->target == "/v1alpha/auth_tokens");
}

TEST_CASE("the call goes to the client's endpoint, through its network options")
{
    service on;
    on.options.base_url = "http://127.0.0.1:4711/below/";
    on.options.proxy.url = "http://proxy:1";
    on.options.tls.ca_pem = "pem";
    on.options.deadlines.upgrade = 123ms;
    on.options.headers = {{"x-extra", "1"}};
    on.create();
    CHECK_FALSE(on.seen->tls);
    CHECK(on.seen->port == 4711);
    CHECK(on.seen->target == "/below/v1alpha/auth_tokens");
    CHECK(on.seen->proxy.url == "http://proxy:1");
    CHECK(on.seen->trust.ca_pem == "pem");
    CHECK(on.seen->deadlines.upgrade == 123ms);
    CHECK(on.header("x-extra") == "1");
}

TEST_CASE("the call may go to another machine in plain text if that is allowed")
{
    service on;
    on.options.base_url = "http://gateway:8080";
    on.options.allow_plain_text = true;
    on.create();
    CHECK_FALSE(on.seen->tls);
    CHECK(on.seen->host == "gateway");
}

TEST_CASE("a refusal reports the service's words and the time to wait, and not the key")
{
    service on;
    on.answer = {429, {{"retry-after", "30"}},
        R"({"error":{"code":429,"message":"Quota of secret-key is used up.","status":"X"}})"};
    const auto why = on.failure();
    CHECK(why.code() == errc::quota_exceeded);
    CHECK(why.retry_after() == 30s);
    CHECK(why.reason() == "Quota of … is used up.");
    CHECK(std::string(why.what()).find("secret-key") == std::string::npos);
}

TEST_CASE("an answer without a token is malformed")
{
    service on;
    on.answer.body = R"({"name":"something else"})";
    CHECK(on.failure().code() == errc::malformed_message);
}

TEST_CASE("without an API key no token can be made, and no request is sent")
{
    service on;
    SECTION("no credentials")
    {
        on.options.credentials = {};
        CHECK(on.failure().code() == errc::missing_credentials);
    }
    SECTION("a token")
    {
        on.options.credentials = ephemeral_token("auth_tokens/other");
        CHECK(on.failure().code() == errc::invalid_argument);
    }
    SECTION("Vertex AI")
    {
        on.options.backend = backend::vertex_ai;
        CHECK(on.failure().code() == errc::invalid_argument);
    }
    CHECK_FALSE(on.seen);
}

} // namespace ephemeral_token_test
