// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>

#include <string_view>

/// Classifies servers' complaints by their wording.
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

/// Returns whether `reason` contains one of the `alternatives`, which are separated by "|". Case
/// and punctuation are ignored, and the last word of an alternative may be a prefix of a word in
/// `reason`: "RESOURCE_EXHAUSTED", "resourceExhausted" and "Resource exhausted." are equivalent. A
/// number must be a whole word at the start or after "HTTP", "code", "status" or "error". An empty
/// list matches everything.
[[nodiscard]] bool mentions(std::string_view reason, std::string_view alternatives);

/// Returns the meaning of an unexpected HTTP status. `words` are the server's own, if it gave any.
[[nodiscard]] errc cause_of_refusal(int status, std::string_view words);

} // namespace gemini::live::base
