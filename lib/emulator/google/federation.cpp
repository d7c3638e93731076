// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/federation.hpp"

#include "emulator/google/jwt.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/timestamp.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;
using protocol::json_writer;
using namespace std::chrono_literals;

constexpr std::string_view exchange_grant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view access_token_type = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view id_token_type = "urn:ietf:params:oauth:token-type:id_token";
/// The scope that some SDKs request when they intend to impersonate next.
constexpr std::string_view iam_scope = "https://www.googleapis.com/auth/iam";
constexpr auto longest_impersonation = 3600s;

testing::emulator_verdict invalid_parameter(std::string_view parameter)
{
    return oauth_failure(
        400, "invalid_request", fmt::format("Invalid value for \"{}\".", parameter));
}

testing::emulator_verdict no_subject(std::string_view why)
{
    return oauth_failure(400, "invalid_grant", why);
}

std::optional<testing::emulator_verdict> refuse_subject(
    const std::string& text, const google_request& call, const google_accounts& accounts)
{
    const auto token = read_jwt(text, *accounts.key);
    if (!token) return no_subject("Unable to parse the ID Token.");
    if (!token->genuine) return no_subject("Unable to verify the ID Token signature.");
    if (token->claim("aud") != accounts.pool) {
        return no_subject("The audience in ID Token does not match the expected audience.");
    }
    if (check_time(*token, call.now) != jwt_time::good)
        return no_subject("The ID Token is stale to sign-in.");
    return std::nullopt;
}

testing::emulator_verdict bad_request(std::string_view message)
{
    return api_failure(400, "INVALID_ARGUMENT", message);
}

/// The relevant parts of the body of an impersonation call.
struct impersonation {
    std::vector<std::string> scopes;
    std::chrono::nanoseconds lifetime = longest_impersonation;
};

std::optional<impersonation> read_impersonation(std::string_view body)
{
    try {
        const auto json = json_value::parse(body);
        impersonation asked;
        if (const auto scopes = json.find("scope"))
            for (const auto& each : scopes->elements())
                asked.scopes.push_back(each.string().value_or(""));
        if (const auto lifetime = json.find("lifetime")) {
            const auto time = protocol::parse_duration(lifetime->string().value_or(""));
            if (!time) return std::nullopt;
            asked.lifetime = *time;
        }
        return asked;
    } catch (const error&) {
        return std::nullopt;
    }
}

} // namespace

testing::emulator_verdict answer_exchange(const google_request& call, google_state& google)
{
    const auto asked = form::body_of(call);
    if (const auto absent = asked.find_missing({"grant_type", "audience", "scope",
            "requested_token_type", "subject_token", "subject_token_type"}))
        return invalid_parameter(*absent);
    if (asked.value("grant_type") != exchange_grant) return invalid_parameter("grant_type");
    if (asked.value("requested_token_type") != access_token_type)
        return invalid_parameter("requested_token_type");
    const auto type = asked.value("subject_token_type");
    if (type != jwt_type && type != id_token_type) return invalid_parameter("subject_token_type");
    if (asked.value("audience") != google.accounts.pool) {
        return oauth_failure(400, "invalid_target",
            "The target service indicated by the \"audience\" parameters is invalid. This might "
            "either be because the pool or provider is disabled or deleted or because it doesn't "
            "exist.");
    }
    const auto scope = asked.value("scope");
    if (!has_word(scope, cloud_scope) && !has_word(scope, iam_scope)) {
        return oauth_failure(
            400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    }
    if (auto refused = refuse_subject(asked.value("subject_token"), call, google.accounts))
        return *refused;
    const auto& token = google.book.issue(testing::google_endpoint::sts, call.now, call.lifetime);
    return token_answer(call, token, {{"issued_token_type", std::string(access_token_type)}});
}

testing::emulator_verdict answer_impersonation(const google_request& call, google_state& google)
{
    const auto authorization = call.request.header("authorization");
    if (!authorization.starts_with("Bearer ") ||
        !google.book.valid(authorization.substr(7), call.now)) {
        return api_failure(401, "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
            "cookie or other valid authentication credential. See "
            "https://developers.google.com/identity/sign-in/web/devconsole-project.");
    }
    if (!google.urls.impersonation(google.accounts.service_email).ends_with(call.request.path)) {
        return api_failure(403, "PERMISSION_DENIED",
            "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not "
            "exist).");
    }
    const auto asked = read_impersonation(call.body);
    if (!asked) return bad_request("Invalid JSON payload received.");
    const auto& scopes = asked->scopes;
    if (std::find(scopes.begin(), scopes.end(), cloud_scope) == scopes.end())
        return bad_request("Scope must be provided for access token request.");
    if (asked->lifetime <= 0s || asked->lifetime > longest_impersonation)
        return bad_request("The access token lifetime cannot exceed 3600s.");
    const auto life =
        std::min(call.lifetime, std::chrono::duration_cast<std::chrono::seconds>(asked->lifetime));
    const auto& token = google.book.issue(testing::google_endpoint::impersonation, call.now, life);
    json_writer out;
    out.begin_object().member("accessToken", token.value);
    if (call.tells_expiry) {
        const auto second = std::chrono::floor<std::chrono::seconds>(token.expires);
        out.member("expireTime", protocol::timestamp_text(second));
    }
    return json_answer(200, out.end_object().text());
}

testing::emulator_verdict answer_subject_call(
    const google_request& call, const google_state& google)
{
    if (call.request.header("authorization") != google.accounts.subject_authorization)
        return text_answer(401, "Who are you?\n");
    auto token = subject_token_text(google.accounts, google.urls, call.now);
    if (form(call.request.query).value("format") != "json") return text_answer(200, token);
    json_writer out;
    out.begin_object().member("id_token", token);
    return json_answer(200, out.end_object().text());
}

} // namespace gemini::live::emulator
