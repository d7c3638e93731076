// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/planned_fault.hpp"

#include "emulator/google/request.hpp"
#include "protocol/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gemini::live {
namespace {

testing::google_outcome of_kind(testing::google_outcome::kind what)
{
    testing::google_outcome outcome;
    outcome.what = what;
    return outcome;
}

} // namespace

testing::google_outcome testing::google_outcome::proper() { return {}; }

testing::google_outcome testing::google_outcome::refuse(
    int status, std::chrono::seconds retry_after, std::string body)
{
    auto outcome = of_kind(kind::refusal);
    outcome.status = status;
    outcome.time = retry_after;
    outcome.body = std::move(body);
    return outcome;
}

testing::google_outcome testing::google_outcome::invalid_grant(std::string description)
{
    return refuse(400, {}, live::emulator::oauth_failure(400, "invalid_grant", description).body);
}

testing::google_outcome testing::google_outcome::reauthentication()
{
    protocol::json_writer out;
    out.begin_object().member("error", "invalid_grant");
    out.member("error_description", "reauth related error (invalid_rapt)");
    out.member("error_uri", "https://support.google.com/a/answer/9368756");
    out.member("error_subtype", "invalid_rapt");
    return refuse(400, {}, protocol::indented(out.end_object().text()));
}

testing::google_outcome testing::google_outcome::stall() { return of_kind(kind::stall); }

testing::google_outcome testing::google_outcome::cut() { return of_kind(kind::cut); }

testing::google_outcome testing::google_outcome::cut_short() { return of_kind(kind::cut_short); }

testing::google_outcome testing::google_outcome::garbage() { return of_kind(kind::garbage); }

testing::google_outcome testing::google_outcome::web_page() { return of_kind(kind::web_page); }

testing::google_outcome testing::google_outcome::without_expiry()
{
    return of_kind(kind::without_expiry);
}

testing::google_outcome testing::google_outcome::expires_in(std::chrono::seconds lifetime)
{
    auto outcome = of_kind(kind::brief);
    outcome.time = lifetime;
    return outcome;
}

testing::google_outcome testing::google_outcome::without_metadata_flavor()
{
    return of_kind(kind::without_flavor);
}

namespace emulator {
namespace {

using transport::plain_answer;

constexpr const char* login_page = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>"
                                   "<body>Log in to use this network.</body></html>\n";

plain_answer to_plain(
    testing::emulator_verdict verdict, plain_answer::fate sent = plain_answer::fate::whole)
{
    plain_answer answer;
    answer.status = verdict.status;
    answer.fields = std::move(verdict.headers);
    answer.body = std::move(verdict.body);
    answer.sent = sent;
    return answer;
}

plain_answer unsent(plain_answer::fate fate) { return to_plain({}, fate); }

/// Returns the endpoint's own answer for a status.
testing::emulator_verdict usual_refusal(testing::google_endpoint endpoint, int status)
{
    switch (endpoint) {
    case testing::google_endpoint::token:
        if (status < 500) break;
        return oauth_failure(status, "internal_failure", "Backend Error");
    case testing::google_endpoint::metadata:
    case testing::google_endpoint::subject:
        return text_answer(status, "The request was refused.\n");
    case testing::google_endpoint::sts:
    case testing::google_endpoint::impersonation: break;
    }
    switch (status) {
    case 429:
        return api_failure(
            429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).");
    case 500: return api_failure(500, "INTERNAL", "Internal error encountered.");
    case 503: return api_failure(503, "UNAVAILABLE", "The service is currently unavailable.");
    default: return api_failure(status, "UNKNOWN", "The request was refused.");
    }
}

testing::emulator_verdict refusal_of(
    const testing::google_outcome& outcome, testing::google_endpoint endpoint)
{
    auto verdict = usual_refusal(endpoint, outcome.status);
    if (!outcome.body.empty()) verdict.body = outcome.body;
    if (outcome.time.count() != 0)
        verdict.headers.emplace_back("Retry-After", std::to_string(outcome.time.count()));
    return verdict;
}

testing::emulator_verdict garbage_for(testing::google_endpoint endpoint)
{
    auto verdict = json_answer(200, "{}");
    verdict.body = "{\"access_token\": \"ya29.fake-google-gar";
    if (endpoint == testing::google_endpoint::metadata)
        verdict.headers.emplace_back("Metadata-Flavor", "Google");
    return verdict;
}

} // namespace

void planned_faults::push(testing::google_outcome outcome, std::size_t times)
{
    if (times != 0) waiting_.emplace_back(std::move(outcome), times);
}

testing::google_outcome planned_faults::take()
{
    if (waiting_.empty()) return default_;
    auto& [outcome, times] = waiting_.front();
    auto taken = outcome;
    if (--times == 0) waiting_.pop_front();
    return taken;
}

plain_answer meet(const testing::google_outcome& outcome, testing::google_endpoint endpoint,
    std::chrono::seconds lifetime,
    const std::function<testing::emulator_verdict(
        std::chrono::seconds lifetime, bool tells_expiry)>& answer)
{
    using fate = plain_answer::fate;
    switch (outcome.what) {
    case testing::google_outcome::kind::proper: break;
    case testing::google_outcome::kind::refusal: return to_plain(refusal_of(outcome, endpoint));
    case testing::google_outcome::kind::stall: return unsent(fate::silence);
    case testing::google_outcome::kind::cut: return unsent(fate::nothing);
    case testing::google_outcome::kind::cut_short:
        return to_plain(answer(lifetime, true), fate::half);
    case testing::google_outcome::kind::garbage: return to_plain(garbage_for(endpoint));
    case testing::google_outcome::kind::web_page: {
        auto page = text_answer(200, login_page);
        page.headers = {{"Content-Type", "text/html; charset=utf-8"}};
        return to_plain(std::move(page));
    }
    case testing::google_outcome::kind::without_expiry: return to_plain(answer(lifetime, false));
    case testing::google_outcome::kind::brief: return to_plain(answer(outcome.time, true));
    case testing::google_outcome::kind::without_flavor: {
        auto anonymous = answer(lifetime, true);
        std::erase_if(
            anonymous.headers, [](const auto& each) { return each.first == "Metadata-Flavor"; });
        return to_plain(std::move(anonymous));
    }
    }
    return to_plain(answer(lifetime, true));
}

} // namespace emulator
} // namespace gemini::live
