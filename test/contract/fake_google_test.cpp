// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/raw_client.hpp"
#include "support/run.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/json.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/fake_google.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <atomic>
#include <cctype>
#include <memory>
#include <optional>
#include <thread>

namespace fake_google_test {

// What any client sees of the fake Google, through raw sockets.
namespace live = gemini::live;
using live::testing::google_endpoint;
using live::testing::google_outcome;
using namespace std::chrono_literals;

namespace {

const std::string scope = "https://www.googleapis.com/auth/cloud-platform";
const std::string jwt_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const std::string exchange_grant = "urn:ietf:params:oauth:grant-type:token-exchange";
const std::string access_token_type = "urn:ietf:params:oauth:token-type:access_token";
const std::string upgrade_path =
    "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent";

using fields = std::vector<std::pair<std::string, std::string>>;

std::string encoded(std::string_view text)
{
    std::string form;
    for (const char c : text) {
        constexpr const char* digits = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0)
            form += c;
        else
            (form += '%').append({digits[byte / 16], digits[byte % 16]});
    }
    return form;
}

std::string form_of(const fields& members)
{
    std::string form;
    for (const auto& [name, value] : members)
        form += (form.empty() ? "" : "&") + encoded(name) + '=' + encoded(value);
    return form;
}

std::string base64url(std::string_view bytes)
{
    std::string text(bytes.size() * 4 / 3 + 8, '\0');
    text.resize(
        static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
            reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
    for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    text.erase(std::min(text.find('='), text.size()));
    return text;
}

/// RS256, with the key of a service account's file.
std::string sign(std::string_view text, const std::string& pem)
{
    const std::unique_ptr<BIO, int (*)(BIO*)> file(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
        PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    REQUIRE(key);
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest(
        EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    unsigned char signature[512];
    std::size_t size = sizeof signature;
    REQUIRE(EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
    REQUIRE(EVP_DigestSign(digest.get(), signature, &size,
                reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
    return {reinterpret_cast<const char*>(signature), size};
}

/// A service account's assertion, and its possible defects.
struct assertion {
    std::string header = R"({"alg":"RS256","typ":"JWT"})";
    std::string issuer{};
    std::string audience = "https://oauth2.googleapis.com/token";
    std::string scopes = scope;
    std::string subject{};
    std::chrono::seconds issued_ago = 0s;
    std::chrono::seconds lifetime = 1h;
    bool tampered = false;
};

struct answer {
    std::string status;
    test::http_head head;
    std::string body;

    [[nodiscard]] live::json json() const { return live::json(body); }
    [[nodiscard]] std::string member(const char* pointer) const
    {
        return json().find_string(pointer).value_or("(none)");
    }
    [[nodiscard]] std::string token() const { return member("/access_token"); }
};

/// A Google with its own clock, and a client.
struct world {
    asio::io_context io;
    std::shared_ptr<std::chrono::system_clock::time_point> now =
        std::make_shared<std::chrono::system_clock::time_point>(
            std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()));
    live::testing::fake_google_options options{};
    std::shared_ptr<live::testing::fake_google> google;

    explicit world(bool tls = false)
    {
        options.clock = [now = now] { return *now; };
        if (tls) options.tls = live::testing::tls_identity::self_signed();
        google = std::make_shared<live::testing::fake_google>(io.get_executor(), options);
    }

    static std::uint16_t port_of(const std::string& place)
    {
        return static_cast<std::uint16_t>(std::stoi(place.substr(place.rfind(':') + 1)));
    }

    asio::awaitable<answer> exchange(std::uint16_t port, std::string request)
    {
        auto socket = co_await test::raw_connect(port);
        const bool encrypted = options.tls && port == port_of(google->url());
        if (encrypted) co_await socket.connect_tls("localhost", options.tls->certificate_pem);
        co_await socket.write(std::move(request));
        answer got;
        got.head = co_await socket.read_head();
        got.body = co_await socket.read_to_end();
        got.status = got.head.target();
        co_return got;
    }

    answer call(std::uint16_t port, std::string method, const std::string& target,
        const fields& head = {}, const std::string& body = {})
    {
        auto request = std::move(method) + ' ' + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
        for (const auto& [name, value] : head) request += name + ": " + value + "\r\n";
        if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return test::run(io, exchange(port, request + "\r\n" + body));
    }

    answer post_form(const std::string& url, const fields& members)
    {
        const fields head{{"Content-Type", "application/x-www-form-urlencoded"}};
        return call(port_of(google->url()), "POST", url.substr(google->url().size()), head,
            form_of(members));
    }

    answer metadata(const std::string& target, const fields& head = {{"Metadata-Flavor", "Google"}})
    {
        return call(port_of(google->metadata_host()), "GET", target, head);
    }

    [[nodiscard]] std::string sign_assertion(const assertion& wanted) const
    {
        const live::json file(google->service_account_file());
        const auto email = file.at<std::string>("/client_email");
        const auto issued = std::chrono::duration_cast<std::chrono::seconds>(
            (*now - wanted.issued_ago).time_since_epoch());
        auto claims = live::json::object()
                          .add("iss", wanted.issuer.empty() ? email : wanted.issuer)
                          .add("scope", wanted.scopes)
                          .add("aud", wanted.audience)
                          .add("iat", std::int64_t{issued.count()})
                          .add("exp", std::int64_t{(issued + wanted.lifetime).count()});
        if (!wanted.subject.empty()) claims = std::move(claims).add("sub", wanted.subject);
        auto text = base64url(wanted.header) + '.' + base64url(claims.text());
        auto signature = sign(text, file.at<std::string>("/private_key"));
        if (wanted.tampered) signature[7] = static_cast<char>(signature[7] ^ 1);
        return text + '.' + base64url(signature);
    }

    answer grant(const assertion& wanted)
    {
        return post_form(google->token_url(),
            {{"grant_type", jwt_grant}, {"assertion", sign_assertion(wanted)}});
    }

    answer refresh(std::string client_id = {}, std::string secret = {}, std::string token = {})
    {
        const live::json file(google->authorized_user_file());
        const auto or_else = [&](std::string given, const char* pointer) {
            return given.empty() ? file.at<std::string>(pointer) : given;
        };
        return post_form(file.at<std::string>("/token_uri"),
            {{"grant_type", "refresh_token"},
                {"client_id", or_else(std::move(client_id), "/client_id")},
                {"client_secret", or_else(std::move(secret), "/client_secret")},
                {"refresh_token", or_else(std::move(token), "/refresh_token")}});
    }

    answer token_exchange(const std::string& subject_token, const fields& instead = {})
    {
        const live::json file(google->external_account_file());
        fields members{{"grant_type", exchange_grant},
            {"audience", file.at<std::string>("/audience")}, {"scope", scope},
            {"requested_token_type", access_token_type}, {"subject_token", subject_token},
            {"subject_token_type", file.at<std::string>("/subject_token_type")}};
        for (const auto& [name, value] : instead)
            for (auto& each : members)
                if (each.first == name) each.second = value;
        return post_form(file.at<std::string>("/token_url"), members);
    }

    answer impersonate(const std::string& bearer, const std::string& body, std::string url = {})
    {
        if (url.empty()) url = google->impersonation_url();
        return call(port_of(google->url()), "POST", url.substr(google->url().size()),
            {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + bearer}}, body);
    }

    answer subject(const live::testing::external_account_kind& kind = {})
    {
        const live::json file(google->external_account_file(kind));
        const auto url = file.at<std::string>("/credential_source/url");
        return call(port_of(google->url()), "GET", url.substr(google->url().size()),
            {{"Authorization", file.at<std::string>("/credential_source/headers/Authorization")}});
    }
};

const std::string impersonation_body =
    R"({"scope": [")" + scope + R"("], "lifetime": "3600s", "delegates": []})";

} // namespace

TEST_CASE("a service account gets a token for its assertion, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    world w(tls);
    const auto got = w.grant({});
    REQUIRE(got.status == "200");
    CHECK(got.head.header("content-type").starts_with("application/json"));
    CHECK(got.token().starts_with("ya29."));
    CHECK(got.json().at<std::int64_t>("/expires_in") == 3599);
    CHECK(got.member("/token_type") == "Bearer");
    CHECK(w.google->requests(live::testing::google_endpoint::token) == 1);
    REQUIRE(w.google->issued().size() == 1);
    CHECK(w.google->issued()[0].value == got.token());
    CHECK(w.google->issued()[0].from == live::testing::google_endpoint::token);
}

TEST_CASE("the audience may be the token_uri of the file, and the key may be named")
{
    world w;
    const live::json file(w.google->service_account_file());
    assertion named;
    named.audience = file.at<std::string>("/token_uri");
    named.header =
        R"({"alg":"RS256","typ":"JWT","kid":")" + file.at<std::string>("/private_key_id") + R"("})";
    CHECK(w.grant(named).status == "200");
}

TEST_CASE("a defect of an assertion is reported as Google reports it")
{
    world w;
    assertion wrong;
    std::string error = "invalid_grant";
    std::string description;
    SECTION("signature")
    {
        wrong.tampered = true;
        description = "Invalid JWT Signature.";
    }
    SECTION("algorithm")
    {
        wrong.header = R"({"alg":"none"})";
        description = "Invalid JWT Signature.";
    }
    SECTION("another key")
    {
        wrong.header = R"({"alg":"RS256","kid":"another"})";
        description = "Invalid JWT Signature.";
    }
    SECTION("issuer")
    {
        wrong.issuer = "nobody@fake-project.iam.gserviceaccount.com";
        description = "Invalid grant: account not found";
    }
    SECTION("audience")
    {
        wrong.audience = "https://example.com/token";
        description = "Invalid JWT: Failed audience check.";
    }
    SECTION("a clock that is slow")
    {
        wrong.issued_ago = 61min;
        description = "Invalid JWT: Token must be a short-lived token (60 minutes)";
    }
    SECTION("a clock that is fast")
    {
        wrong.issued_ago = -6min;
        description = "in a reasonable timeframe. Check your iat and exp values";
    }
    SECTION("too long a lifetime")
    {
        wrong.lifetime = 1h + 1s;
        description = "Token must be a short-lived token";
    }
    SECTION("scope")
    {
        wrong.scopes = "";
        error = "invalid_scope";
        description = "Invalid OAuth scope";
    }
    SECTION("delegation")
    {
        wrong.subject = "somebody@example.com";
        error = "unauthorized_client";
        description = "Client is unauthorized";
    }
    const auto got = w.grant(wrong);
    CHECK(got.status == (error == "unauthorized_client" ? "401" : "400"));
    CHECK(got.member("/error") == error);
    CHECK(got.member("/error_description").find(description) != std::string::npos);
    CHECK(w.google->issued().empty());
}

TEST_CASE("a clock may be off by a few minutes")
{
    world w;
    assertion early;
    early.issued_ago = -4min;
    CHECK(w.grant(early).status == "200");
    assertion late;
    late.issued_ago = 59min;
    CHECK(w.grant(late).status == "200");
}

TEST_CASE("a user receives a token for a refresh token")
{
    world w;
    const auto got = w.refresh();
    REQUIRE(got.status == "200");
    CHECK(got.member("/scope") == scope);
    CHECK(w.google->valid(got.token()));

    CHECK(w.refresh("nobody").status == "401");
    CHECK(w.refresh("nobody").member("/error") == "invalid_client");
    CHECK(w.refresh({}, "wrong").member("/error_description") ==
          "The provided client secret is invalid.");
    CHECK(w.refresh({}, {}, "wrong").member("/error_description") == "Bad Request");
    w.google->log_user_out();
    CHECK(w.refresh().member("/error_description") == "Token has been expired or revoked.");
    CHECK(w.google->issued().size() == 1);
}

TEST_CASE("a request that is not a token request is refused")
{
    world w;
    const auto error = [&](const fields& members) {
        const auto got = w.post_form(w.google->token_url(), members);
        return got.status + ' ' + got.member("/error") + ": " + got.member("/error_description");
    };
    CHECK(error({{"a", "b"}}) == "400 invalid_request: Missing required parameter: grant_type");
    CHECK(error({{"grant_type", jwt_grant}}) ==
          "400 invalid_request: Missing required parameter: assertion");
    CHECK(error({{"grant_type", "password"}}) ==
          "400 unsupported_grant_type: Invalid grant_type: password");
    CHECK(error({{"grant_type", jwt_grant}, {"assertion", "a.b.c"}}) ==
          "400 invalid_grant: Bad Request");
    const auto port = world::port_of(w.google->url());
    CHECK(w.call(port, "POST", "/token", {}, "grant_type=refresh_token").member("/error") ==
          "invalid_request"); // not a form by its content type
    CHECK(w.call(port, "GET", "/token").status == "404");
    CHECK(w.call(port, "POST", "/elsewhere", {}, "x").status == "404");
    CHECK(w.call(port, "POST", "/token", {{"Origin", "https://example.com"}}, "x").status == "403");
}

TEST_CASE("a foreign token is exchanged, and impersonates a service account")
{
    const bool json = GENERATE(false, true);
    world w;
    live::testing::external_account_kind kind;
    kind.json = json;
    kind.impersonate = true;
    const auto said = w.subject(kind);
    REQUIRE(said.status == "200");
    const auto federated = w.token_exchange(json ? said.member("/id_token") : said.body);
    REQUIRE(federated.status == "200");
    CHECK(federated.member("/issued_token_type") == access_token_type);

    const live::json file(w.google->external_account_file(kind));
    const auto got = w.impersonate(federated.token(), impersonation_body,
        file.at<std::string>("/service_account_impersonation_url"));
    REQUIRE(got.status == "200");
    CHECK(w.google->valid(got.member("/accessToken")));
    CHECK(got.member("/expireTime").ends_with("Z"));
    CHECK(w.google->requests(live::testing::google_endpoint::subject) == 1);
    CHECK(w.google->requests(live::testing::google_endpoint::sts) == 1);
    CHECK(w.google->requests(live::testing::google_endpoint::impersonation) == 1);
}

TEST_CASE("a subject token may also be in a file")
{
    world w;
    live::testing::external_account_kind kind;
    kind.file = "/run/token";
    const live::json file(w.google->external_account_file(kind));
    CHECK(file.at<std::string>("/credential_source/file") == "/run/token");
    CHECK_FALSE(file.find("/credential_source/url"));
    CHECK_FALSE(file.find("/service_account_impersonation_url"));
    CHECK(w.token_exchange(w.google->subject_token()).status == "200");
}

TEST_CASE("an invalid exchange is refused")
{
    world w;
    const auto good = w.google->subject_token();
    const auto error = [&](const std::string& token, const fields& instead) {
        const auto got = w.token_exchange(token, instead);
        return got.status + ' ' + got.member("/error");
    };
    CHECK(error(good, {{"audience", "//iam.googleapis.com/elsewhere"}}) == "400 invalid_target");
    CHECK(error(good, {{"subject_token_type", "urn:example"}}) == "400 invalid_request");
    CHECK(error(good, {{"grant_type", jwt_grant}}) == "400 invalid_request");
    CHECK(error(good, {{"requested_token_type", ""}}) == "400 invalid_request");
    CHECK(error(good, {{"scope", "openid"}}) == "400 invalid_scope");
    CHECK(error("nothing", {}) == "400 invalid_grant");
    CHECK(error(w.sign_assertion({}), {}) == "400 invalid_grant"); // for another audience
    *w.now += 1h;
    CHECK(error(good, {}) == "400 invalid_grant");
    CHECK(w.google->issued().empty());
    const auto port = world::port_of(w.google->url());
    CHECK(w.call(port, "GET", "/subject").status == "401");
}

TEST_CASE("a caller that may not impersonate a service account gets an error")
{
    world w;
    const auto user = w.refresh().token();
    const auto status = [](const answer& got) {
        return got.status + ' ' + got.member("/error/status");
    };
    CHECK(w.impersonate(user, impersonation_body).status == "200");
    CHECK(status(w.impersonate("stranger", impersonation_body)) == "401 UNAUTHENTICATED");
    CHECK(status(w.impersonate(user, R"({"lifetime": "60s"})")) == "400 INVALID_ARGUMENT");
    CHECK(status(w.impersonate(user, "{")) == "400 INVALID_ARGUMENT");
    auto too_long = impersonation_body;
    too_long.replace(too_long.find("3600s"), 5, "3601s");
    CHECK(status(w.impersonate(user, too_long)) == "400 INVALID_ARGUMENT");
    auto other = w.google->impersonation_url();
    other.replace(other.find("live@"), 5, "dead@");
    CHECK(status(w.impersonate(user, impersonation_body, other)) == "403 PERMISSION_DENIED");
}

TEST_CASE("the metadata server describes the machine")
{
    const bool tls = GENERATE(false, true); // of the others; this one never encrypts
    world w(tls);
    const std::string root = "/computeMetadata/v1/";
    const auto got =
        w.metadata(root + "instance/service-accounts/default/token?scopes=" + encoded(scope));
    REQUIRE(got.status == "200");
    CHECK(got.head.header("metadata-flavor") == "Google");
    CHECK(w.google->valid(got.token()));
    CHECK(w.metadata(root + "project/project-id").body == "fake-project");
    CHECK(w.metadata(root + "project/numeric-project-id").body == "123456789012");
    CHECK(w.metadata(root + "instance/zone").body.ends_with("/zones/us-central1-a"));
    CHECK(w.metadata(root + "instance/region").body.ends_with("/regions/us-central1"));
    CHECK(w.metadata(root + "universe/universe-domain").body == "googleapis.com");
    const auto account = w.metadata(root + "instance/service-accounts/default/?recursive=true");
    CHECK(account.member("/email") ==
          w.metadata(root + "instance/service-accounts/default/email").body);
    CHECK(w.metadata("/").head.header("metadata-flavor") == "Google");
    CHECK(w.metadata(root + "instance/nothing").status == "404");
    CHECK(w.metadata(root + "instance").status == "200"); // clients detect the server by this
    CHECK(w.metadata(root + "instance/").status == "200");
}

TEST_CASE("the metadata server answers only requests with its header")
{
    world w;
    const std::string path = "/computeMetadata/v1/instance/service-accounts/default/token";
    CHECK(w.metadata(path, {}).status == "403");
    CHECK(w.metadata(path, {{"Metadata-Flavor", "Other"}}).status == "403");
    CHECK(w.metadata(path, {{"Metadata-Flavor", "Google"}, {"X-Forwarded-For", "192.0.2.1"}})
              .status == "403");
    CHECK(w.google->issued().empty());
    CHECK(w.google->requests(live::testing::google_endpoint::metadata) == 3);
}

TEST_CASE("the metadata server returns the same token until it has five minutes left")
{
    world w;
    const std::string path = "/computeMetadata/v1/instance/service-accounts/default/token";
    const auto first = w.metadata(path);
    *w.now += 50min;
    const auto second = w.metadata(path);
    CHECK(second.token() == first.token());
    CHECK(second.json().at<std::int64_t>("/expires_in") == 599);
    *w.now += 5min;
    CHECK(w.metadata(path).token() != first.token());
}

TEST_CASE("a token ends when it expires or is revoked")
{
    world w;
    const auto begin = *w.now;
    const auto token = w.refresh().token();
    CHECK(w.google->valid(token, begin + 3598s));
    CHECK_FALSE(w.google->valid(token, begin + 3599s));
    *w.now += 1h;
    CHECK_FALSE(w.google->valid(token));
    const auto next = w.refresh().token();
    CHECK(w.google->valid(next));
    w.google->revoke_tokens();
    CHECK_FALSE(w.google->valid(next));
    CHECK(w.google->valid(w.google->issue()));
    CHECK_FALSE(w.google->valid("ya29.of-somebody-else"));
}

TEST_CASE("a self-signed JWT of the service account is a bearer token")
{
    world w;
    const live::json file(w.google->service_account_file());
    assertion self;
    self.subject = file.at<std::string>("/client_email");
    self.header =
        R"({"alg":"RS256","typ":"JWT","kid":")" + file.at<std::string>("/private_key_id") + R"("})";
    CHECK(w.google->valid(w.sign_assertion(self)));
    CHECK_FALSE(w.google->valid(w.sign_assertion(self), *w.now + 1h));
    auto wrong = self;
    SECTION("not without the key's name") { wrong.header = R"({"alg":"RS256"})"; }
    SECTION("not without the subject") { wrong.subject.clear(); }
    SECTION("not without a scope") { wrong.scopes.clear(); }
    SECTION("not with another signature") { wrong.tampered = true; }
    CHECK_FALSE(w.google->valid(w.sign_assertion(wrong)));
}

TEST_CASE("failures are planned, request by request")
{
    world w;
    w.google->next(
        live::testing::google_endpoint::token, live::testing::google_outcome::refuse(503, 2s), 2);
    w.google->next(live::testing::google_endpoint::token, live::testing::google_outcome::proper());
    w.google->next(
        live::testing::google_endpoint::token, live::testing::google_outcome::invalid_grant("No."));
    const auto first = w.refresh();
    CHECK(first.status == "503");
    CHECK(first.head.header("retry-after") == "2");
    CHECK(w.refresh().status == "503");
    CHECK(w.refresh().status == "200");
    CHECK(w.refresh().member("/error_description") == "No.");
    CHECK(w.refresh().status == "200");
    w.google->otherwise(
        live::testing::google_endpoint::token, live::testing::google_outcome::refuse(429));
    CHECK(w.refresh().status == "429");
    CHECK(w.refresh().status == "429");
    CHECK(w.google->requests(live::testing::google_endpoint::token) == 7);
    CHECK(w.google->issued().size() == 2);
    CHECK(w.metadata("/").status == "200"); // planned for another endpoint
}

TEST_CASE("every kind of bad response can be planned")
{
    world w;
    const auto refresh_after = [&](live::testing::google_outcome outcome) {
        w.google->next(live::testing::google_endpoint::token, std::move(outcome));
        return w.refresh();
    };
    CHECK(
        refresh_after(live::testing::google_outcome::reauthentication()).member("/error_subtype") ==
        "invalid_rapt");
    CHECK_THROWS_AS(refresh_after(live::testing::google_outcome::garbage()).json(), live::error);
    CHECK(refresh_after(live::testing::google_outcome::web_page()).head.header("content-type") ==
          "text/html; charset=utf-8");
    const auto timeless = refresh_after(live::testing::google_outcome::without_expiry());
    CHECK(w.google->valid(timeless.token()));
    CHECK_FALSE(timeless.json().find("/expires_in"));
    const auto brief = refresh_after(live::testing::google_outcome::expires_in(5s));
    CHECK(brief.json().at<std::int64_t>("/expires_in") == 5);
    CHECK_FALSE(w.google->valid(brief.token(), *w.now + 5s));
    CHECK_THROWS(refresh_after(live::testing::google_outcome::cut()));
    const auto half = refresh_after(live::testing::google_outcome::cut_short());
    CHECK(half.body.size() < std::stoul(half.head.header("content-length")));

    w.google->next(live::testing::google_endpoint::metadata,
        live::testing::google_outcome::without_metadata_flavor());
    const auto other = w.metadata("/computeMetadata/v1/project/project-id");
    CHECK(other.status == "200");
    CHECK(other.head.header("metadata-flavor").empty());
}

namespace {

asio::awaitable<void> stall_once(world& w)
{
    auto silent = co_await test::raw_connect(world::port_of(w.google->metadata_host()));
    co_await silent.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (w.google->requests(live::testing::google_endpoint::metadata) == 0)
        co_await asio::post(w.io, asio::use_awaitable);
    const auto got = co_await w.exchange(
        world::port_of(w.google->metadata_host()), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(got.status == "200"); // the next one is served meanwhile
    CHECK(silent.tcp().available() == 0);
}

} // namespace

TEST_CASE("a request may get no answer")
{
    world w;
    w.google->next(
        live::testing::google_endpoint::metadata, live::testing::google_outcome::stall());
    test::run(w.io, stall_once(w));
}

TEST_CASE("the emulator accepts the bearer tokens of its Google, as long as they are valid")
{
    world w;
    live::testing::emulator_options serving;
    serving.google = w.google;
    live::testing::emulator emulator(w.io.get_executor(), serving);
    const auto knock = [&](const fields& head) {
        fields all{{"Connection", "Upgrade"}, {"Upgrade", "websocket"},
            {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", std::string(test::client_key)}};
        all.insert(all.end(), head.begin(), head.end());
        return w.call(emulator.port(), "GET", upgrade_path, all);
    };
    const auto token = w.refresh().token();
    const auto knock_with = [&](const std::string& bearer) {
        return knock({{"Authorization", "Bearer " + bearer}});
    };
    const auto stranger = knock_with("ya29.of-somebody-else");
    CHECK(stranger.status == "401");
    CHECK(stranger.member("/error/status") == "UNAUTHENTICATED");
    CHECK(stranger.head.header("www-authenticate").find("invalid_token") != std::string::npos);
    const auto nobody = knock({});
    CHECK(nobody.status == "401");
    CHECK(nobody.member("/error/message").find("missing") != std::string::npos);
    *w.now += 1h;
    CHECK(knock_with(token).status == "401");
    CHECK(emulator.accepted() == 0);
}

namespace {

asio::awaitable<std::string> status_of_upgrade(std::uint16_t port, std::string bearer)
{
    auto socket = co_await test::raw_connect(port);
    const test::header_fields head{{"Authorization", "Bearer " + bearer}};
    co_await socket.write(test::upgrade_request(upgrade_path, head));
    const auto answered = co_await socket.read_head();
    co_return answered.target();
}

} // namespace

TEST_CASE("a valid bearer token opens a session")
{
    world w;
    live::testing::emulator_options serving;
    serving.google = w.google;
    live::testing::emulator emulator(w.io.get_executor(), serving);
    CHECK(test::run(w.io, status_of_upgrade(emulator.port(), w.refresh().token())) == "101");
}

TEST_CASE("the files name the endpoints, and differ between one Google and the next")
{
    live::testing::fake_google_options options;
    options.quota_project = "payer";
    options.project = "mine";
    asio::io_context io;
    live::testing::fake_google google(io.get_executor(), options);
    const live::json user(google.authorized_user_file());
    CHECK(user.at<std::string>("/type") == "authorized_user");
    CHECK(user.at<std::string>("/quota_project_id") == "payer");
    const live::json account(google.service_account_file());
    CHECK(account.at<std::string>("/type") == "service_account");
    CHECK(account.at<std::string>("/project_id") == "mine");
    CHECK(account.at<std::string>("/private_key").starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const live::json stand_in(google.impersonated_service_account_file());
    CHECK(stand_in.at<std::string>("/type") == "impersonated_service_account");
    CHECK(stand_in.at<std::string>("/source_credentials/refresh_token") ==
          user.at<std::string>("/refresh_token"));
    live::testing::fake_google other(io.get_executor());
    CHECK(live::json(other.authorized_user_file()).at<std::string>("/refresh_token") !=
          user.at<std::string>("/refresh_token"));
}

TEST_CASE("its descriptions contain no secrets")
{
    auto told = std::make_shared<std::string>();
    live::testing::fake_google_options options;
    options.on_event = [told](std::string_view sentence) { told->append(sentence) += '\n'; };
    world w;
    w.options.on_event = options.on_event;
    w.google = std::make_shared<live::testing::fake_google>(w.io.get_executor(), w.options);
    w.refresh();
    w.grant({});
    w.metadata("/computeMetadata/v1/instance/service-accounts/default/token");
    CHECK(told->find("A call for an OAuth token was answered with 200.") != std::string::npos);
    CHECK(told->find("fake-google") == std::string::npos);
    CHECK(told->find("ya29") == std::string::npos);
}

TEST_CASE("other threads may inspect it while it serves")
{
    world w;
    std::atomic<bool> over = false;
    std::thread other([&] {
        while (!over) {
            w.google->next(live::testing::google_endpoint::token,
                live::testing::google_outcome::expires_in(60s));
            (void)w.google->issued();
            (void)w.google->valid("ya29.x", {});
            std::this_thread::yield();
        }
    });
    for (int i = 0; i < 5; ++i) CHECK(w.refresh().status == "200");
    over = true;
    other.join();
}

TEST_CASE("after close nothing listens")
{
    world w;
    const auto port = world::port_of(w.google->url());
    w.google->close();
    w.google->close();
    w.io.poll();
    CHECK_THROWS_AS(w.call(port, "GET", "/subject"), std::system_error);
}

} // namespace fake_google_test
