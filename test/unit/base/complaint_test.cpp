// SPDX-License-Identifier: Apache-2.0
#include "base/complaint.hpp"

#include "support/catch.hpp"

namespace complaint_test {

using namespace gemini::live;
using namespace gemini::live::base;

TEST_CASE("a server's complaint is recognized in every spelling")
{
    for (const auto* reason :
        {"RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", "429",
            "HTTP 429: slow down", "Quota exceeded for aiplatform.googleapis.com/requests",
            "quotaExceeded", "rateLimitExceeded", "You exceeded your current QUOTA, please check",
            "Too Many Requests", "RATE_LIMIT_EXCEEDED", "Error 429", "status: 429",
            "Your prepayment credits are depleted.", "You exceeded your monthly spending cap",
            "Concurrent session limit exceeded"}) {
        INFO(reason);
        CHECK(mentions(reason, complaint::of_quota));
    }
    for (const auto* reason : {"API key not valid. Please pass a valid API key.", "API_KEY_INVALID",
             "api key expired", "apiKeyInvalid", "APIKey not found", "UNAUTHENTICATED",
             "Request had invalid authentication credentials.", "ACCESS_TOKEN_EXPIRED",
             "Unauthorized", "HTTP/1.1 401"}) {
        INFO(reason);
        CHECK(mentions(reason, complaint::of_key));
    }
    for (const auto* reason : {"PERMISSION_DENIED", "Permission 'x' denied on resource",
             "permission denied", "The caller does not have permission", "SERVICE_DISABLED",
             "Request had insufficient authentication scopes.",
             "This API method requires billing to be enabled.",
             "Billing account disabled in state absent", "BILLING_DISABLED", "CONSUMER_SUSPENDED",
             "Requests to this API generativelanguage.googleapis.com method are blocked.",
             "API_KEY_SERVICE_BLOCKED"}) {
        INFO(reason);
        CHECK(mentions(reason, complaint::of_permission));
    }
}

TEST_CASE("a similar text is not recognized as a complaint")
{
    CHECK_FALSE(mentions("4290 tokens are too many", complaint::of_quota));
    CHECK_FALSE(mentions("Internal error encountered.", complaint::of_quota));
    CHECK_FALSE(mentions("Invalid UTF-8 at offset 429 of 500", complaint::of_quota));
    CHECK_FALSE(mentions("at most 401 parts", complaint::of_key));
    CHECK_FALSE(mentions("", complaint::of_key));
    CHECK_FALSE(mentions("capi keyboard", complaint::of_key));
    CHECK(mentions("anything", ""));
}

TEST_CASE("the status of a refusal and its text together decide its meaning")
{
    struct row {
        int status;
        const char* words;
        errc cause;
    };
    const auto [status, words, cause] =
        GENERATE(row{400, "API key not valid. Please pass a valid API key.", errc::unauthorized},
            row{400, "Request contains an invalid argument.", errc::rejected},
            row{400, "User location is not supported for the API use.", errc::rejected},
            row{403, "User location is not supported for the API use.", errc::rejected},
            row{401, "", errc::unauthorized}, row{403, "", errc::unauthorized},
            row{403, "Quota exceeded for quota metric 'x'", errc::quota_exceeded},
            row{403, "The API requires a quota project, which is not set", errc::unauthorized},
            row{404, "models/x is not found for API version v1beta", errc::rejected},
            row{404, "Publisher Model `x` was not found or your project does not have access to it",
                errc::rejected},
            row{408, "", errc::unavailable}, row{425, "", errc::unavailable},
            row{429, "", errc::quota_exceeded}, row{502, "", errc::unavailable},
            row{500, "", errc::unavailable}, row{503, "", errc::unavailable},
            row{504, "", errc::unavailable}, row{200, "", errc::rejected},
            row{302, "", errc::rejected});
    INFO(status << " " << words);
    CHECK(cause_of_refusal(status, words) == cause);
}

} // namespace complaint_test
