// SPDX-License-Identifier: Apache-2.0
#include "auth/jwt.hpp"
#include "auth/token_call.hpp"
#include "base/utf8.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace token_call_test {

using namespace gemini::live;
using namespace std::chrono_literals;
using auth::grant;
using transport::http_response;

namespace {

constexpr auth::wall_time noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h;

const auth::authorized_user user{
    "id+1", secret("canary-s"), secret("1//canary-r"), "https://oauth2.googleapis.com/token"};

auth::token_call call_of(grant what)
{
    auto call = auth::by_refresh_token(user, "Credential file /f");
    call.grant = what;
    return call;
}

error refusal(grant what, int status, std::string body)
{
    return auth::refused(call_of(what), {status, {}, std::move(body)}, noon);
}

bool says(const error& why, std::string_view part)
{
    INFO(why.what());
    return std::string_view(why.what()).find(part) != std::string_view::npos;
}

std::string header(const auth::token_call& call, std::string_view name)
{
    for (const auto& [each, value] : call.request.fields)
        if (each == name) return value;
    return "none";
}

} // namespace

TEST_CASE("a user's refresh token is sent to Google in a form")
{
    const auto call = auth::by_refresh_token(user, "f");
    CHECK(call.request.tls);
    CHECK(call.request.host == "oauth2.googleapis.com");
    CHECK(call.request.target == "/token");
    CHECK(call.request.method == "POST");
    CHECK(header(call, "Content-Type") == "application/x-www-form-urlencoded");
    CHECK(call.request.body == "grant_type=refresh_token&client_id=id%2B1&client_secret=canary-s&"
                               "refresh_token=1%2F%2Fcanary-r");
}

TEST_CASE("a subject token is exchanged for a Google token")
{
    auth::external_identity identity;
    identity.audience = "//iam.googleapis.com/pool";
    identity.subject_token_type = "urn:ietf:params:oauth:token-type:jwt";
    identity.token_url = "https://sts.googleapis.com/v1/token";
    auto call = auth::by_exchange(identity, secret("s"), "f");
    CHECK(call.request.body ==
          "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
          "&audience=%2F%2Fiam.googleapis.com%2Fpool"
          "&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform"
          "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
          "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
          "&subject_token=s");
    CHECK(header(call, "Authorization") == "none");
    identity.workforce_project = "123";
    call = auth::by_exchange(identity, secret("s"), "f");
    CHECK(call.request.body.ends_with("&options=%7B%22userProject%22%3A%22123%22%7D"));
    identity.client_id = "me";
    identity.client_secret = secret("pass");
    call = auth::by_exchange(identity, secret("s"), "f");
    CHECK(header(call, "Authorization") == "Basic bWU6cGFzcw==");
    CHECK(call.request.body.ends_with("&subject_token=s"));
}

TEST_CASE("a service account is impersonated with another token")
{
    const auth::impersonation whom{"https://iam.example/x:generateAccessToken", {"a@b"}, 10min};
    const auto call = auth::by_impersonation(whom, secret("bearer"), "f");
    CHECK(call.request.target == "/x:generateAccessToken");
    CHECK(header(call, "Authorization") == "Bearer bearer");
    CHECK(call.request.body == R"({"scope":["https://www.googleapis.com/auth/cloud-platform"],)"
                               R"("lifetime":"600s","delegates":["a@b"]})");
    const auto answer =
        auth::read_answer(call, R"({"accessToken":"t","expireTime":"2026-11-23T12:10:00Z"})", noon);
    CHECK(answer.token.reveal() == "t");
    CHECK(answer.lifetime == 10min);
    const auto lifetime_until = [&call](const std::string& end) {
        return auth::read_answer(call, R"({"accessToken":"t","expireTime":")" + end + R"("})", noon)
            .lifetime;
    };
    CHECK(lifetime_until("2200-01-01T00:00:00Z") == 24h);
    CHECK(lifetime_until("1678-01-01T00:00:00Z") == 0s);
}

TEST_CASE("the metadata server is asked in the clear, with its own header")
{
    const auto call = auth::of_machine("127.0.0.1:8080", auth::machine_token_path(""));
    CHECK_FALSE(call.request.tls);
    CHECK(call.request.host == "127.0.0.1");
    CHECK(call.request.port == 8080);
    CHECK(call.request.target ==
          "/computeMetadata/v1/instance/service-accounts/default/"
          "token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform");
    CHECK(header(call, "Metadata-Flavor") == "Google");
    CHECK(auth::machine_token_path("a@b/c").starts_with("instance/service-accounts/a%40b%2Fc/"));
    CHECK(auth::of_machine("metadata.google.internal", "").request.port == 80);
}

TEST_CASE("answers are read")
{
    const auto read = [](std::string_view body) {
        return auth::read_answer(call_of(grant::refresh_token), body, noon);
    };
    CHECK(read(R"({"access_token":"t","expires_in":3599})").token.reveal() == "t");
    CHECK(read(R"({"access_token":"t","expires_in":3599})").lifetime == 3599s);
    CHECK(read(R"({"access_token":"t","expires_in":"60"})").lifetime == 60s);
    CHECK(read(R"({"access_token":"t","expires_in":-1})").lifetime == 0s);
    CHECK_FALSE(read(R"({"access_token":"t"})").lifetime);
    CHECK_FALSE(read(R"({"access_token":"t","expires_in":{}})").lifetime);
    for (const auto* bad : {"", "<html>canary", "[]", "{}", R"({"access_token":""})",
             R"({"access_token":1})", R"({"access_token":"canary\r\nX: 1"})"}) {
        try {
            read(bad);
            FAIL("taken: " << bad);
        } catch (const error& why) {
            CHECK(why.value() == errc::unavailable);
            CHECK(says(why, "Credential file /f: the answer of oauth2.googleapis.com "));
            CHECK_FALSE(says(why, "canary"));
        }
    }
}

TEST_CASE("a subject token is a whole text, or a member of JSON")
{
    auth::external_identity identity;
    identity.file = "/token";
    CHECK(auth::read_subject(identity, " abc\n", "f").reveal() == "abc");
    CHECK_THROWS_AS(auth::read_subject(identity, " ", "f"), error);
    CHECK_THROWS_AS(auth::read_subject(identity, "a b", "f"), error);
    identity.token_member = "id_token";
    CHECK(auth::read_subject(identity, R"({"id_token":"abc"})", "f").reveal() == "abc");
    for (const auto* bad : {"canary", R"({"canary":1})", R"({"id_token":"canary canary"})"}) {
        try {
            static_cast<void>(auth::read_subject(identity, bad, "Credential file /f"));
            FAIL("taken");
        } catch (const error& why) {
            CHECK(why.value() == errc::missing_credentials);
            CHECK(says(why, "Credential file /f: \"credential_source\""));
            CHECK(says(why, "/token"));
            CHECK_FALSE(says(why, "canary"));
        }
    }
}

TEST_CASE("a refusal reports what to do about it")
{
    struct row {
        auth::grant grant;
        int status;
        std::string body;
        errc cause;
        std::string advice;
    };
    const auto oauth = [](std::string code, std::string words) {
        return R"({"error":")" + code + R"(","error_description":")" + words + "\"}";
    };
    const auto each = GENERATE_COPY(
        row{grant::assertion, 400,
            oauth("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) "
                                   "and in a reasonable timeframe."),
            errc::unauthorized, "clock is wrong: it says 2026-11-23T12:00:00Z."},
        row{grant::assertion, 400, oauth("invalid_grant", "Invalid JWT Signature."),
            errc::unauthorized, "key has been deleted"},
        row{grant::assertion, 400, oauth("invalid_grant", "Invalid grant: account not found"),
            errc::unauthorized, "account has been deleted"},
        row{grant::refresh_token, 400, oauth("invalid_grant", "Token has been expired or revoked."),
            errc::unauthorized, "Log in again: gcloud auth application-default login."},
        row{grant::refresh_token, 401, oauth("invalid_client", "The OAuth client was not found."),
            errc::unauthorized, "Log in again"},
        row{grant::exchange, 400, oauth("invalid_target", "The target service"), errc::unauthorized,
            "\"audience\""},
        row{grant::exchange, 400, oauth("invalid_grant", "The ID Token is stale to sign-in."),
            errc::unauthorized, "subject token has expired"},
        row{grant::impersonation, 403,
            R"({"error":{"code":403,"message":"Permission denied","status":"PERMISSION_DENIED"}})",
            errc::unauthorized, "Service Account Token Creator"},
        row{grant::impersonation, 404,
            R"({"error":{"code":404,"message":"Not found","status":"NOT_FOUND"}})",
            errc::missing_credentials, "Check the service account's name"},
        row{grant::impersonation, 404, "<html>", errc::unavailable, "Try again later."},
        row{grant::machine, 404, "not found", errc::missing_credentials, "attach one"},
        row{grant::machine, 403, "forbidden", errc::missing_credentials, "its scopes"},
        row{grant::machine, 410, R"({"error":"invalid_grant"})", errc::missing_credentials,
            "its scopes"},
        row{grant::machine, 503, "", errc::unavailable, "Try again later."},
        row{grant::subject, 401, "", errc::unauthorized, "\"credential_source\""},
        row{grant::subject, 404, R"({"error":"gone"})", errc::missing_credentials,
            "\"credential_source\""},
        row{grant::assertion, 403, "<html>Log in to the network", errc::unavailable,
            "Try again later."},
        row{grant::assertion, 401, "<html>", errc::unauthorized, "Check the service account"},
        row{grant::assertion, 503, oauth("temporarily_unavailable", "Busy."), errc::unavailable,
            "Try again later."},
        row{grant::assertion, 503, "<html>", errc::unavailable, "Try again later."},
        row{grant::assertion, 429, "", errc::quota_exceeded, "Try again later."});
    const auto why = refusal(each.grant, each.status, each.body);
    CHECK(why.value() == each.cause);
    CHECK(why.http_status() == each.status);
    CHECK(says(why, "Credential file /f: oauth2.googleapis.com gave no token (HTTP "));
    CHECK(says(why, each.advice));
}

TEST_CASE("a service that echoes its request does not expose secrets")
{
    const auto why = refusal(grant::refresh_token, 400,
        R"({"error":"1//canary-r","error_subtype":"canary-s","error_description":"1//canary-r canary-s"})");
    CHECK_FALSE(says(why, "canary"));
    CHECK(why.reason().find("canary") == std::string::npos);
}

TEST_CASE("what a service says about a refusal stays on one line")
{
    const auto why = refusal(grant::refresh_token, 400,
        R"({"error":"invalid_grant","error_description":"It has\nexpired."})");
    CHECK(says(why, "It has expired."));
}

TEST_CASE("what a service says about a refusal is cut between characters")
{
    std::string words = "x";
    for (int i = 0; i < 500; ++i) words += "é";
    const auto why = refusal(
        grant::refresh_token, 400, R"({"error":"x","error_description":")" + words + R"("})");
    CHECK(says(why, "xé"));
    CHECK(base::is_utf8(why.what()));
}

TEST_CASE("a key that a service account cannot have is refused by file and member")
{
    // on the curve P-256, made for this test
    const std::string curve = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n"
                              "OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n"
                              "1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n"
                              "-----END PRIVATE KEY-----\n";
    for (const auto& [key, told] : {std::pair<std::string, std::string>{curve, "is not an RSA key"},
             {"-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
                 "is not an unencrypted private key in PEM"}}) {
        auth::service_account robot{
            "e@x", "kid", secret(key), "https://oauth2.googleapis.com/token"};
        try {
            static_cast<void>(auth::by_assertion(robot, "Credential file /f", noon));
            FAIL("taken");
        } catch (const error& why) {
            CHECK(why.value() == errc::missing_credentials);
            CHECK(says(why, "Credential file /f: \"private_key\" " + told));
            CHECK_FALSE(says(why, "canary"));
        }
    }
}

} // namespace token_call_test
