// SPDX-License-Identifier: Apache-2.0
#include "engine/failure_classifier.hpp"

#include "support/catch.hpp"

namespace failure_classifier_test {

using namespace gemini::live;
using namespace gemini::live::engine;

namespace {

struct sample {
    std::uint16_t code;
    const char* reason;
    failure_context when;
    engine::action action;
    errc means;
};

constexpr failure_context before{false, false};
constexpr failure_context before_with_handle{false, true};
constexpr failure_context when_open{true, false};
constexpr failure_context open_with_handle{true, true};
constexpr failure_context reconnecting{false, false, true};

} // namespace

TEST_CASE("close codes and reasons seen from the service are classified by the table")
{
    // clang-format off
    const sample samples[]{
        {1000, "", when_open, action::resume, errc::connection_lost},
        {1000, "The operation was cancelled.", when_open, action::resume, errc::connection_lost},
        {1000, "", before, action::back_off, errc::unavailable},
        {1001, "", when_open, action::resume, errc::connection_lost},
        {1005, "", when_open, action::resume, errc::connection_lost},
        {1006, "", when_open, action::resume, errc::connection_lost},
        {1007, "Request contains an invalid argument.", before, action::give_up, errc::rejected},
        {1007, "Request contains an invalid argument.", before_with_handle, action::fresh, errc::rejected},
        {1007, "Request contains an invalid argument.", open_with_handle, action::resume, errc::rejected},
        {1007, "Request contains an invalid argument.", when_open, action::resume, errc::rejected},
        {1007, "The audio content type (CONTENT_TYPE_AUDIO) is not supported for this model configuration.", when_open, action::resume, errc::rejected},
        {1007, "API key not valid. Please pass a valid API key.", before, action::give_up, errc::unauthorized},
        {1007, "API key not valid. Please pass a valid API key.", before_with_handle, action::give_up, errc::unauthorized},
        {1007, "API key expired. Please renew the API key.", when_open, action::give_up, errc::unauthorized},
        {1007, "User location is not supported for the API use.", before, action::give_up, errc::rejected},
        {1007, "Invalid JSON payload received. Unknown name \"x\" at 'setup': Cannot find field.", before_with_handle, action::give_up, errc::rejected},
        {1007, "Invalid JSON payload received. Unknown name \"x\" at 'realtime_input': Cannot find field.", open_with_handle, action::give_up, errc::rejected},
        {1007, "User location is not supported for the API use.", open_with_handle, action::give_up, errc::rejected},
        {1007, "Function response scheduling is not supported for this model.", open_with_handle, action::give_up, errc::rejected},
        {1007, "Invalid session handle", before_with_handle, action::fresh, errc::rejected},
        {1007, "Function response scheduling is not supported for this model.", when_open, action::give_up, errc::rejected},
        {1008, "models/x is not found for API version v1beta, or is not supported for bidiGenerateContent. Call ModelServi", before, action::give_up, errc::rejected},
        {1008, "Operation is not implemented, or supported, or enabled.", when_open, action::back_off, errc::unavailable},
        {1008, "Requested entity was not found.", before_with_handle, action::fresh, errc::rejected},
        {1008, "BidiGenerateContent session not found", before_with_handle, action::fresh, errc::rejected},
        {1008, "BidiGenerateContent session not found", open_with_handle, action::resume, errc::rejected},
        {1008, "Requested entity was not found.", open_with_handle, action::resume, errc::rejected},
        {1008, "Requested entity was not found.", before, action::give_up, errc::rejected},
        {1008, "REQUESTED ENTITY WAS NOT FOUND", before_with_handle, action::fresh, errc::rejected},
        {1008, "You exceeded your current quota.", open_with_handle, action::back_off, errc::quota_exceeded},
        {1008, "RESOURCE_EXHAUSTED", before_with_handle, action::back_off, errc::quota_exceeded},
        {1008, "Quota exceeded for aiplatform.googleapis.com/generate_content_requests", when_open, action::back_off, errc::quota_exceeded},
        {1008, "API key expired. Please renew the API key.", open_with_handle, action::give_up, errc::unauthorized},
        {1008, "API_KEY_INVALID", before_with_handle, action::give_up, errc::unauthorized},
        {1008, "Request had invalid authentication credentials. Expected OAuth 2 access token", open_with_handle, action::give_up, errc::unauthorized},
        {1008, "PERMISSION_DENIED", open_with_handle, action::give_up, errc::unauthorized},
        {1008, "permission denied on resource project x", before_with_handle, action::give_up, errc::unauthorized},
        {1008, "Publisher Model `projects/p/locations/l/publishers/google/models/x` was not found or your project does not have acc", before, action::give_up, errc::rejected},
        {1008, "Connection aborted because the client failed to close the connection after receiving a GoAway signal once the session durat", open_with_handle, action::resume, errc::connection_lost},
        {1008, "Method doesn't allow unregistered callers (callers without established identity).", before, action::give_up, errc::unauthorized},
        {1008, "The operation was aborted.", when_open, action::resume, errc::connection_lost},
        {1008, "", when_open, action::resume, errc::rejected},
        {1008, "", before, action::give_up, errc::rejected},
        {1011, "Internal error occurred.", when_open, action::back_off, errc::unavailable},
        {1011, "The service is currently unavailable.", before, action::back_off, errc::unavailable},
        {1011, "Deadline expired before operation could complete.", when_open, action::resume, errc::connection_lost},
        {1011, "You exceeded your current quota, please check your plan", before, action::back_off, errc::quota_exceeded},
        {1011, "Resource has been exhausted (e.g. check quota).", when_open, action::back_off, errc::quota_exceeded},
        {1011, "RESOURCE_EXHAUSTED", when_open, action::back_off, errc::quota_exceeded},
        {1011, "429 Too Many Requests", before, action::back_off, errc::quota_exceeded},
        {1007, "Quota exceeded for metric x", before_with_handle, action::back_off, errc::quota_exceeded},
        {1011, "DEADLINE EXPIRED before operation could complete", when_open, action::resume, errc::connection_lost},
        {1011, "DEADLINE_EXCEEDED", when_open, action::resume, errc::connection_lost},
        {1012, "", when_open, action::back_off, errc::unavailable},
        {1013, "", when_open, action::back_off, errc::unavailable},
        {1002, "", when_open, action::give_up, errc::rejected},
        {1003, "", when_open, action::give_up, errc::rejected},
        {1009, "", when_open, action::give_up, errc::rejected},
        {4000, "something new", when_open, action::resume, errc::connection_lost},
    };
    // clang-format on
    for (const auto& each : samples) {
        INFO(each.code << " " << each.reason);
        const error failure(
            errc::connection_lost, "Closed.", {phase::open, each.code, each.reason});
        const auto judged = classify(failure, each.when);
        CHECK(judged.action == each.action);
        CHECK(judged.why.value() == each.means);
        CHECK(judged.why.close_code() == each.code);
        CHECK(judged.why.reason() == each.reason);
    }
}

TEST_CASE("the user reads what to do and what the server said")
{
    const error failure(errc::connection_lost, "Closed.",
        {phase::setup, 1007, "API key not valid. Please pass a valid API key."});
    CHECK(std::string(classify(failure, before).why.what()) ==
          "The API key was refused: check GOOGLE_API_KEY or GEMINI_API_KEY (close code 1007: API "
          "key not valid. Please pass a valid API key.).");
}

TEST_CASE("every row of the table has an example that reaches it")
{
    for (const auto& row : close_table()) {
        INFO(row.code << " " << row.reason_part);
        const failure_context when{row.stage == stage::open, row.handle == handle::used};
        const error failure(errc::connection_lost, "Closed.",
            {phase::open, row.code == 0 ? std::uint16_t{4999} : row.code,
                std::string(row.reason_part)});
        const auto judged = classify(failure, when);
        CHECK(judged.action == row.action);
        CHECK(judged.why.value() == row.code_means);
    }
}

TEST_CASE("failures without a close frame are classified by their kind")
{
    const auto judge = [](errc code, int http_status = 0) {
        return classify(error(code, "x", {phase::upgrade, 0, "", http_status}), before).action;
    };
    CHECK(judge(errc::resolve_failed) == action::back_off);
    CHECK(judge(errc::connect_failed) == action::back_off);
    CHECK(judge(errc::timed_out) == action::back_off);
    CHECK(judge(errc::unavailable, 503) == action::back_off);
    CHECK(judge(errc::quota_exceeded, 429) == action::back_off);
    CHECK(judge(errc::protocol_violation) == action::back_off);
    CHECK(judge(errc::connection_lost) == action::resume);
    CHECK(judge(errc::unauthorized, 401) == action::give_up);
    CHECK(judge(errc::rejected, 404) == action::give_up);
    CHECK(judge(errc::tls_failed) == action::give_up);
    CHECK(judge(errc::proxy_failed) == action::give_up);
    CHECK(judge(errc::message_too_big) == action::give_up);
    CHECK(judge(errc::missing_credentials) == action::give_up);
    CHECK(judge(errc::event_loop_unavailable) == action::give_up);
}

TEST_CASE("a failure that ends a first connection need not end a later one")
{
    const auto judge = [](errc code, int status, std::string reason, failure_context when) {
        return classify(error(code, "x", {phase::upgrade, 0, std::move(reason), status}), when)
            .action;
    };
    for (const auto passing :
        {errc::tls_failed, errc::proxy_failed, errc::missing_credentials, errc::storage_failed}) {
        CHECK(judge(passing, 0, "", before) == action::give_up);
        CHECK(judge(passing, 0, "", reconnecting) == action::back_off);
    }
    for (const int status : {200, 302}) {
        INFO(status);
        CHECK(judge(errc::rejected, status, "OK", before) == action::give_up);
        CHECK(judge(errc::rejected, status, "OK", reconnecting) == action::back_off);
    }
    for (const int status : {400, 403, 404, 410}) {
        INFO(status);
        const auto* const page = "web page \"Log in to the network\"";
        CHECK(judge(errc::rejected, status, page, before) == action::give_up);
        CHECK(judge(errc::rejected, status, page, reconnecting) == action::back_off);
        CHECK(judge(errc::rejected, status, "Not Found", reconnecting) == action::give_up);
    }
    for (const int status : {408, 425, 500, 502, 503, 504})
        CHECK(judge(errc::unavailable, status, "", reconnecting) == action::back_off);
    CHECK(judge(errc::unauthorized, 401, "", reconnecting) == action::give_up);
    CHECK(judge(errc::unauthorized, 400, "API key not valid.", reconnecting) == action::give_up);
    CHECK(judge(errc::rejected, 404, "models/x is not found for API version v1beta",
              reconnecting) == action::give_up);
    CHECK(judge(errc::rejected, 400, "User location is not supported for the API use.",
              reconnecting) == action::give_up);
    const error refused_setup(errc::rejected, "x", {phase::setup, 0, "No.", 400});
    CHECK(classify(refused_setup, reconnecting).action == action::give_up);
}

TEST_CASE("an exhausted quota means a minute's wait unless the server or the user says otherwise")
{
    using namespace std::chrono_literals;
    error_details details{phase::upgrade, 0, "", 429};
    CHECK(classify(error(errc::quota_exceeded, "x", details), when_open).at_least == 60s);
    CHECK(classify(error(errc::quota_exceeded, "x", details), when_open, 50ms).at_least == 50ms);
    const error closed(errc::connection_lost, "x", {phase::open, 1011, "quota"});
    CHECK(classify(closed, when_open).at_least == 60s);
    CHECK(classify(closed, when_open, 0ms).at_least == 0s);
    details.retry_after = 7s;
    CHECK(classify(error(errc::quota_exceeded, "x", details), when_open).at_least == 7s);
}

} // namespace failure_classifier_test
