// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/oauth.hpp"

#include "emulator/google/jwt.hpp"

#include <fmt/format.h>

namespace gemini::live::emulator {
namespace {

/// The audience that SDKs name, regardless of where they send the assertion.
constexpr std::string_view google_audience = "https://oauth2.googleapis.com/token";

testing::emulator_verdict invalid_grant(std::string_view description)
{
    return oauth_failure(400, "invalid_grant", description);
}

testing::emulator_verdict missing(std::string_view parameter)
{
    return oauth_failure(
        400, "invalid_request", fmt::format("Missing required parameter: {}", parameter));
}

testing::emulator_verdict answer_assertion(
    const form& asked, const google_request& call, google_state& google)
{
    if (const auto absent = asked.find_missing({"assertion"})) return missing(*absent);
    const auto& accounts = google.accounts;
    const auto token = read_jwt(asked.value("assertion"), *accounts.key);
    if (!token) return invalid_grant("Bad Request");
    if (token->claim("iss") != accounts.service_email)
        return invalid_grant("Invalid grant: account not found");
    const auto key_id = token->header_member("kid");
    if (!token->genuine || (!key_id.empty() && key_id != accounts.key_id))
        return invalid_grant("Invalid JWT Signature.");
    const auto audience = token->claim("aud");
    if (audience != google_audience && audience != google.urls.token())
        return invalid_grant("Invalid JWT: Failed audience check.");
    if (check_time(*token, call.now) != jwt_time::good) {
        return invalid_grant(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
            "timeframe. Check your iat and exp values in the JWT claim.");
    }
    const auto subject = token->claim("sub");
    if (!subject.empty() && subject != accounts.service_email) {
        return oauth_failure(401, "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not "
            "authorized for any of the scopes requested.");
    }
    if (!has_word(token->claim("scope"), cloud_scope)) {
        return oauth_failure(
            400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    }
    return token_answer(
        call, google.book.issue(testing::google_endpoint::token, call.now, call.lifetime));
}

testing::emulator_verdict answer_refresh_token(
    const form& asked, const google_request& call, google_state& google)
{
    if (const auto absent = asked.find_missing({"client_id", "client_secret", "refresh_token"}))
        return missing(*absent);
    const auto& accounts = google.accounts;
    if (asked.value("client_id") != accounts.client_id)
        return oauth_failure(401, "invalid_client", "The OAuth client was not found.");
    if (asked.value("client_secret") != accounts.client_secret)
        return oauth_failure(401, "invalid_client", "The provided client secret is invalid.");
    if (asked.value("refresh_token") != accounts.refresh_token) return invalid_grant("Bad Request");
    if (accounts.logged_out) return invalid_grant("Token has been expired or revoked.");
    return token_answer(call,
        google.book.issue(testing::google_endpoint::token, call.now, call.lifetime),
        {{"scope", cloud_scope}});
}

} // namespace

testing::emulator_verdict answer_token_call(const google_request& call, google_state& google)
{
    const auto asked = form::body_of(call);
    const auto type = asked.value("grant_type");
    if (type.empty()) return missing("grant_type");
    if (type == "urn:ietf:params:oauth:grant-type:jwt-bearer")
        return answer_assertion(asked, call, google);
    if (type == "refresh_token") return answer_refresh_token(asked, call, google);
    return oauth_failure(
        400, "unsupported_grant_type", fmt::format("Invalid grant_type: {}", type));
}

bool is_self_signed_bearer(std::string_view bearer, const google_accounts& accounts,
    std::chrono::system_clock::time_point at)
{
    const auto token = read_jwt(bearer, *accounts.key);
    if (!token || !token->genuine || check_time(*token, at) != jwt_time::good) return false;
    const auto audience = token->claim("aud");
    const bool for_vertex_ai =
        has_word(token->claim("scope"), cloud_scope) ||
        (audience.starts_with("https://") && audience.find("aiplatform.") != std::string::npos);
    return for_vertex_ai && token->claim("iss") == accounts.service_email &&
           token->claim("sub") == accounts.service_email &&
           token->header_member("kid") == accounts.key_id;
}

} // namespace gemini::live::emulator
