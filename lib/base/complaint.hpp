// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>

#include <string_view>

/// What servers complain of, as it can be told from their words.
namespace gemini::live::base {

/// Alternatives for `mentions`.
namespace complaint {
inline constexpr std::string_view of_quota = "quota|exhausted|rate limit|too many requests|too "
                                             "many concurrent|concurrent session|spending cap|"
                                             "credits are depleted|429";
inline constexpr std::string_view of_key =
    "api key|unauthenticated|unauthorized|authentication "
    "credential|access token|token expired|token has "
    "expired|token is expired|expired token|invalid token|401";
inline constexpr std::string_view of_permission =
    "permission|forbidden|access denied|denied access|quota project|has not been used in "
    "project|service disabled|insufficient authentication scope|billing to be enabled|"
    "billing account|billing disabled|requests to this api|service blocked|consumer suspended|"
    "403";
inline constexpr std::string_view of_model = "is not found for|publisher model|no such model";
inline constexpr std::string_view of_location = "location is not supported";
} // namespace complaint

/// Whether `reason` contains one of the `alternatives`, which "|" separates. Words are compared
/// without case and punctuation, and a word counts when it begins like the one that is asked for:
/// "RESOURCE_EXHAUSTED", "resourceExhausted" and "Resource exhausted." are the same. A number must
/// be a whole word that stands at the front or behind "HTTP", "code", "status" or "error". An empty
/// list is contained in everything.
[[nodiscard]] bool mentions(std::string_view reason, std::string_view alternatives);

/// What an HTTP status other than the expected one means, with the server's own `words` where it
/// gave some.
[[nodiscard]] errc cause_of_refusal(int status, std::string_view words);

} // namespace gemini::live::base
