// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"
#include "auth/headers.hpp"
#include "session/client_core.hpp"
#include "support/memory_connector.hpp"

#include "support/catch.hpp"
#include "support/virtual_time.hpp"

#include <gemini/live/error.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace client_test {

// What a client requests when it connects.
using namespace gemini::live;
using protocol::method;
using transport::connect_request;

namespace {

connect_request request_of(client_options options, method what = method::generate_content)
{
    asio::io_context io;
    auto connector = test::make_memory_connector(io.get_executor(), {}, {});
    const client_core core(std::move(options), std::move(connector),
        std::make_shared<test::virtual_clock>(), [] { return 0.5; });
    return core.request(what);
}

std::string header(const connect_request& request, std::string_view name)
{
    const auto* value = auth::find(request.fields, name);
    return value ? *value : "none";
}

std::optional<error> refusal_of(client_options options, method what = method::generate_content)
{
    try {
        static_cast<void>(request_of(std::move(options), what));
    } catch (const error& refused) {
        return refused;
    }
    return std::nullopt;
}

/// Its handshakes fail when they are told to.
class slow_connector final : public transport::connector {
public:
    explicit slow_connector(asio::io_context& io) : io_(io) {}

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return io_.get_executor();
    }
    asio::awaitable<std::unique_ptr<transport::connection>> connect(connect_request) override
    {
        const auto end = std::make_shared<async::event>();
        begun.push_back(end);
        co_await end->wait();
        throw error(errc::connect_failed, "Nobody listens.");
    }
    asio::awaitable<transport::http_response> fetch(transport::http_request) override
    {
        co_return transport::http_response();
    }

    std::vector<std::shared_ptr<async::event>> begun{}; ///< One for each handshake; ends it.

private:
    asio::io_context& io_;
};

asio::awaitable<void> connect(client_core& core)
{
    co_await core.connect(method::generate_content, std::string());
}

const std::string api_path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.";

} // namespace

TEST_CASE("sessions share their setup with the latest one if it is equal")
{
    asio::io_context io;
    client_core core({}, test::make_memory_connector(io.get_executor(), {}, {}),
        std::make_shared<test::virtual_clock>(), [] { return 0.5; });
    const auto setup_of = [](const char* instruction) {
        setup one{.model = "models/test"};
        one.system_instruction = content(instruction);
        return one;
    };
    const auto first = core.share(setup_of("short"));
    CHECK(core.share(setup_of("short")) == first);
    const auto second = core.share(setup_of("long"));
    CHECK(second != first);
    CHECK(*second == setup_of("long"));
    CHECK(*first == setup_of("short"));
    CHECK(core.share(setup_of("long")) == second);
}

TEST_CASE("a key travels in a header, never in the URL")
{
    const auto request = request_of({.credentials = api_key("secret")});
    CHECK(request.tls);
    CHECK(request.host == "generativelanguage.googleapis.com");
    CHECK(request.target == api_path + "BidiGenerateContent");
    CHECK(header(request, "x-goog-api-key") == "secret");
    CHECK(header(request, "Authorization") == "none");
    CHECK(header(request, "User-Agent").starts_with("gemini-live-cpp/"));
    CHECK(header(request, "x-goog-api-client") == header(request, "User-Agent"));
}

TEST_CASE("an ephemeral token selects the constrained method")
{
    for (const credentials& token :
        {credentials(ephemeral_token("auth_tokens/1")), credentials(api_key("auth_tokens/1"))}) {
        const auto request = request_of({.credentials = token});
        CHECK(request.target == api_path + "BidiGenerateContentConstrained");
        CHECK(header(request, "Authorization") == "Token auth_tokens/1");
        CHECK(header(request, "x-goog-api-key") == "none");
    }
}

TEST_CASE("Vertex AI accepts an access token and a project, or a key alone")
{
    const auto token = request_of({.backend = backend::vertex_ai,
        .project = "p",
        .location = "us-central1",
        .credentials = access_token("ya29.x", "billing")});
    CHECK(token.host == "us-central1-aiplatform.googleapis.com");
    CHECK(token.target == "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent");
    CHECK(header(token, "Authorization") == "Bearer ya29.x");
    CHECK(header(token, "x-goog-user-project") == "billing");

    const auto key = request_of({.backend = backend::vertex_ai, .credentials = api_key("express")});
    CHECK(key.host == "aiplatform.googleapis.com");
    CHECK(header(key, "x-goog-api-key") == "express");

    const auto both = request_of({.backend = backend::vertex_ai,
        .project = "p",
        .location = "us-central1",
        .credentials = api_key("k")});
    CHECK(both.host == "us-central1-aiplatform.googleapis.com");
    CHECK(header(both, "x-goog-api-key") == "k");
}

TEST_CASE("a proxy of Vertex AI that adds project and credentials is called by its own URL")
{
    const auto request =
        request_of({.backend = backend::vertex_ai, .base_url = "wss://proxy.example/live"});
    CHECK(request.host == "proxy.example");
    CHECK(request.target == "/live");
    CHECK(header(request, "Authorization") == "none");
}

TEST_CASE("a proxy of Vertex AI is also called by its own URL when there is a token")
{
    const auto request = request_of({.backend = backend::vertex_ai,
        .credentials = access_token("ya29.t"),
        .base_url = "wss://proxy.example/live"});
    CHECK(request.host == "proxy.example");
    CHECK(request.target == "/live");
    CHECK(header(request, "Authorization") == "Bearer ya29.t");
    const auto placed = request_of({.backend = backend::vertex_ai,
        .project = "p",
        .location = "us-central1",
        .credentials = access_token("ya29.t"),
        .base_url = "wss://proxy.example/live"});
    CHECK(placed.target.starts_with("/live/ws/"));
}

TEST_CASE("the user's headers override the library's own, and may be the credentials")
{
    const auto request = request_of({.credentials = api_key("ours"),
        .headers = {{"X-Goog-Api-Key", "theirs"}, {"user-agent", "mine/1"}, {"x-more", "yes"}}});
    CHECK(header(request, "x-goog-api-key") == "theirs");
    CHECK(header(request, "User-Agent") == "mine/1");
    CHECK(header(request, "x-more") == "yes");
    CHECK(request.fields.size() == 4);
    CHECK(header(request_of({.headers = {{"authorization", "Bearer mine"}}}), "Authorization") ==
          "Bearer mine");
}

TEST_CASE("plain text to another machine needs one permission, and for tokens that renew two")
{
    const std::string url = "ws://gateway:8080";
    const auto is_refused = [&](credentials shown, bool once, bool twice) {
        client_options options{.backend = backend::vertex_ai, .project = "p"};
        options.credentials = std::move(shown);
        options.base_url = url;
        options.allow_plain_text = once;
        options.allow_plain_text_tokens = twice;
        const auto refused = refusal_of(std::move(options));
        if (refused) CHECK(refused->value() == errc::invalid_argument);
        return refused.has_value();
    };
    for (const credentials& fixed : {credentials(api_key("k")), credentials(access_token("t"))}) {
        CHECK(is_refused(fixed, false, false));
        CHECK(is_refused(fixed, false, true));
        CHECK_FALSE(is_refused(fixed, true, false));
    }
    for (const credentials& source :
        {credentials(metadata_server{.host = "h"}), credentials(credential_file{.path = "f"}),
            credentials(application_default{.file = "f"})}) {
        CHECK(is_refused(source, false, false));
        CHECK(is_refused(source, true, false));
        CHECK(is_refused(source, false, true));
        CHECK_FALSE(is_refused(source, true, true));
    }
    const auto request =
        request_of({.credentials = api_key("k"), .base_url = url, .allow_plain_text = true});
    CHECK_FALSE(request.tls);
    CHECK(request.host == "gateway");
    CHECK(request.port == 8080);
}

TEST_CASE("music uses its own method")
{
    const auto request = request_of({.credentials = api_key("k")}, method::generate_music);
    CHECK(request.target ==
          "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic");
}

TEST_CASE("what the service cannot accept is refused by name, without the secret")
{
    struct row {
        client_options options;
        method what;
        std::string told;
    };
    const auto each = GENERATE(row{{.project = "p", .credentials = api_key("secret")},
                                   method::generate_content, "client_options::project"},
        row{{.location = "us-central1", .credentials = api_key("secret")}, method::generate_content,
            "client_options::location"},
        row{{.backend = backend::vertex_ai, .credentials = api_key("auth_tokens/secret")},
            method::generate_content, "client_options::credentials is an ephemeral token"},
        row{{.backend = backend::vertex_ai, .credentials = access_token("secret")},
            method::generate_content, "client_options::project is empty"},
        row{{.backend = backend::vertex_ai, .credentials = api_key("secret")},
            method::generate_music, "Vertex AI has no music sessions"},
        row{{.credentials = ephemeral_token("auth_tokens/secret")}, method::generate_music,
            "client_options::credentials is an ephemeral token"},
        row{{.credentials = access_token("secret\r\nHost: b")}, method::generate_content,
            "Authorization"},
        row{{.credentials = access_token("secret", "q\n")}, method::generate_content,
            "x-goog-user-project"},
        row{{.credentials = api_key("secret"), .api_version = "v1/.."}, method::generate_content,
            "client_options::api_version"});
    const auto refused = refusal_of(each.options, each.what);
    REQUIRE(refused);
    CHECK(refused->value() == errc::invalid_argument);
    const std::string told = refused->what();
    CHECK(told.find(each.told) != std::string::npos);
    CHECK(told.find("secret") == std::string::npos);
}

TEST_CASE("missing credentials are reported with what to set")
{
    const auto key = refusal_of({});
    REQUIRE(key);
    CHECK(key->value() == errc::missing_credentials);
    CHECK(std::string(key->what()).find("GEMINI_API_KEY") != std::string::npos);
    const auto token = refusal_of({.backend = backend::vertex_ai, .project = "p"});
    REQUIRE(token);
    CHECK(token->value() == errc::missing_credentials);
    CHECK(std::string(token->what()).find("access_token") != std::string::npos);
}

TEST_CASE("a model name becomes a resource name of the client's backend and project")
{
    asio::io_context io;
    const client_core core({.backend = backend::vertex_ai, .project = "p", .location = "l"},
        test::make_memory_connector(io.get_executor(), {}, {}),
        std::make_shared<test::virtual_clock>(), [] { return 0.5; });
    CHECK(protocol::model_resource("m", core.addressing()) ==
          "projects/p/locations/l/publishers/google/models/m");
}

TEST_CASE("a key that a refusal echoes is redacted before the text is truncated")
{
    const auto request = request_of({.credentials = api_key("canary-canary-canary")});
    REQUIRE(request.read_refusal);
    const auto words = request.read_refusal(R"({"error":{"message":")" + std::string(490, 'x') +
                                            R"( canary-canary-canary is not valid."}})");
    CHECK(words.find("canary") == std::string::npos);
    CHECK(request.read_refusal("key canary-canary-canary").find("canary") == std::string::npos);
}

TEST_CASE("only so many handshakes take place at once; the next begins when one has ended")
{
    asio::io_context io;
    const auto connector = std::make_shared<slow_connector>(io);
    client_core core({.credentials = api_key("secret")}, connector,
        std::make_shared<test::virtual_clock>(), [] { return 0.5; });
    const auto run = [&io] {
        io.restart();
        io.poll();
    };
    int ended = 0;
    for (int i = 0; i < 130; ++i)
        asio::co_spawn(io, connect(core), [&ended](std::exception_ptr) { ++ended; });
    run();
    CHECK(connector->begun.size() == 128);
    connector->begun.front()->set();
    run();
    CHECK(ended == 1);
    CHECK(connector->begun.size() == 129);
    for (std::size_t i = 1; i < connector->begun.size(); ++i) {
        connector->begun[i]->set();
        run();
    }
    CHECK(ended == 130);
}

} // namespace client_test
