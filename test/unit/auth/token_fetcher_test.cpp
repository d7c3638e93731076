// SPDX-License-Identifier: Apache-2.0
#include "auth/token_fetcher.hpp"

#include "support/catch.hpp"
#include "support/run.hpp"

#include <asio/io_context.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace token_fetcher_test {

// Which services the fetcher asks, and how; auth_test.cpp of the contract covers the responses.
using namespace gemini::live;

namespace {

template <class T>
using owned = std::unique_ptr<T, void (*)(T*)>;

/// A private key in PEM, as a member of JSON.
std::string new_key()
{
    const owned<EVP_PKEY_CTX> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* made = nullptr;
    REQUIRE(EVP_PKEY_keygen_init(context.get()) == 1);
    REQUIRE(EVP_PKEY_keygen(context.get(), &made) == 1);
    const owned<EVP_PKEY> key(made, &EVP_PKEY_free);
    const owned<BIO> text(BIO_new(BIO_s_mem()), &BIO_free_all);
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(
                text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    char* begin = nullptr;
    const auto size = BIO_get_mem_data(text.get(), &begin);
    std::string pem;
    for (const char c : std::string(begin, static_cast<std::size_t>(size)))
        pem += c == '\n' ? std::string("\\n") : std::string(1, c);
    return pem;
}

/// Services that answer with `serve`.
struct world {
    asio::io_context io{1};
    std::vector<transport::http_request> asked{};
    std::function<transport::http_response()> serve;
    proxy_options proxy{};

    asio::awaitable<transport::http_response> fetch(transport::http_request request)
    {
        asked.push_back(std::move(request));
        co_return serve();
    }

    std::shared_ptr<auth::token_fetcher> fetcher(credentials given, std::string universe = {})
    {
        auth::fetcher_world around;
        around.fetch = [this](
                           transport::http_request request) { return fetch(std::move(request)); };
        around.wall_clock = [] { return std::chrono::system_clock::now(); };
        around.proxy = proxy;
        return std::make_shared<auth::token_fetcher>(
            std::move(given), std::move(universe), false, std::move(around));
    }

    auth::proof fetch_with(std::shared_ptr<auth::token_fetcher> fetcher)
    {
        return test::run(io, auth::token_fetcher::fetch(std::move(fetcher)));
    }

    std::optional<error> failure_with(std::shared_ptr<auth::token_fetcher> fetcher)
    {
        try {
            static_cast<void>(fetch_with(std::move(fetcher)));
        } catch (const error& why) {
            return why;
        }
        return std::nullopt;
    }
};

transport::http_response a_token()
{
    return {200, {{"metadata-flavor", "Google"}},
        R"({"access_token":"from-the-machine","expires_in":3600,"token_type":"Bearer"})"};
}

} // namespace

TEST_CASE(
    "the metadata server is never reached through a proxy, which would reach another machine's")
{
    world w;
    w.serve = a_token;
    w.proxy.url = "http://127.0.0.1:1";
    const auto got = w.fetch_with(w.fetcher(metadata_server{.host = "metadata"}));
    CHECK(got.token.reveal() == "from-the-machine");
    REQUIRE(w.asked.size() == 1);
    CHECK(w.asked[0].proxy.url.empty());
    CHECK_FALSE(w.asked[0].proxy.from_environment);
}

TEST_CASE("a machine that has issued tokens is still taken for Google's when it does not answer")
{
    world w;
    const error silence(errc::timed_out, "Nothing came.", {phase::connect});
    application_default places;
    places.machine.host = "metadata";
    const auto fetcher = w.fetcher(places);

    w.serve = [&]() -> transport::http_response { throw silence; };
    const auto nothing_found = w.failure_with(fetcher);
    REQUIRE(nothing_found);
    CHECK(nothing_found->value() == errc::missing_credentials);

    w.serve = a_token;
    static_cast<void>(w.fetch_with(fetcher));
    w.serve = [&]() -> transport::http_response { throw silence; };
    const auto passing = w.failure_with(fetcher);
    REQUIRE(passing);
    CHECK(passing->value() == errc::timed_out);
}

TEST_CASE(
    "a service account of another universe signs its own tokens, since no token endpoint is there")
{
    world w;
    w.serve = a_token;
    credential_file file;
    file.text = secret(R"({"type":"service_account","project_id":"p","private_key_id":"kid",)"
                       R"("client_email":"robot@example.com","universe_domain":"example.goog",)"
                       R"("token_uri":"https://oauth2.example.goog/token","private_key":")" +
                       new_key() + "\"}");
    const auto got = w.fetch_with(w.fetcher(file, "example.goog"));
    CHECK(w.asked.empty());
    CHECK(got.token.reveal().starts_with("eyJ")); // a JWT
    CHECK(got.project == "p");
}

} // namespace token_fetcher_test
