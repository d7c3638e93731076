// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/bearer_check.hpp"

#include "emulator/google/request.hpp"

namespace gemini::live::emulator {
namespace {

testing::emulator_verdict unauthenticated(std::string_view what_is_wrong, const char* challenge)
{
    const auto message =
        std::string(what_is_wrong) +
        " Expected OAuth 2 access token, login cookie or other valid authentication credential. "
        "See https://developers.google.com/identity/sign-in/web/devconsole-project.";
    auto verdict = api_failure(401, "UNAUTHENTICATED", message);
    verdict.headers.emplace_back("WWW-Authenticate", challenge);
    return verdict;
}

} // namespace

std::optional<testing::emulator_verdict> refuse_bearer(
    const route& route, const std::function<bool(std::string_view)>& valid)
{
    if (route.backend != backend::vertex_ai) return std::nullopt;
    switch (route.credential) {
    case credential::api_key: return std::nullopt;
    case credential::none:
        return unauthenticated("Request is missing required authentication credential.",
            R"(Bearer realm="https://accounts.google.com/")");
    case credential::access_token:
        if (valid(route.secret)) return std::nullopt;
        break;
    case credential::ephemeral_token: break;
    }
    return unauthenticated("Request had invalid authentication credentials.",
        R"(Bearer realm="https://accounts.google.com/", error="invalid_token")");
}

} // namespace gemini::live::emulator
