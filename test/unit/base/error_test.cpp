// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

namespace error_test {

using namespace gemini::live;
using namespace std::chrono_literals;

namespace {

constexpr int first = static_cast<int>(errc::resolve_failed);
constexpr int last = static_cast<int>(errc::storage_failed);

} // namespace

TEST_CASE("every error has a unique name, a text and advice")
{
    std::set<std::string> names;
    std::set<std::string> texts;
    for (int value = first; value <= last; ++value) {
        const auto code = make_error_code(static_cast<errc>(value));
        INFO(value);
        CHECK(code.category() == error_category());
        CHECK(names.insert(to_string(static_cast<errc>(value))).second);
        CHECK(texts.insert(code.message()).second);
        CHECK(code.default_error_condition().category() == condition_category());
        CHECK(code.default_error_condition().message() != "unknown condition");
    }
    CHECK(names.count("unknown") == 0);
    CHECK(texts.count("unknown error") == 0);
    CHECK(std::string(to_string(static_cast<errc>(last + 1))) == "unknown");
    CHECK(std::string(to_string(static_cast<errc>(0))) == "unknown");
}

TEST_CASE("an error compares equal to its cause and to its condition")
{
    const error timed_out(errc::timed_out, "The server did not answer within 5 s.");
    CHECK(timed_out.code() == errc::timed_out);
    CHECK(timed_out.code() == condition::retryable);
    CHECK(timed_out.code() != errc::closed);
    CHECK(timed_out.code() != condition::credentials);
    CHECK(timed_out.condition() == condition::retryable);
    CHECK(make_error_code(errc::unauthorized) == condition::credentials);
    CHECK(make_error_code(errc::quota_exceeded) == condition::quota);
    CHECK(make_error_code(errc::rejected) == condition::invalid_request);
    CHECK(make_error_code(errc::tls_failed) == condition::configuration);
    CHECK(make_error_code(errc::closed) == condition::closed);
    CHECK(make_error_code(errc::misuse) == condition::misuse);
}

TEST_CASE("an error's text is its sentence alone, with the network's words beside it")
{
    error_details details{phase::upgrade, 1011, "Too Many Requests"};
    details.http_status = 429;
    details.retry_after = 7s;
    const error quota(errc::quota_exceeded, "Wait for 7 s.", details);
    CHECK(std::string(quota.what()) == "Wait for 7 s.");
    CHECK(quota.value() == errc::quota_exceeded);
    CHECK(quota.phase() == phase::upgrade);
    CHECK(std::string(to_string(quota.phase())) == "upgrade");
    CHECK(quota.close_code() == 1011);
    CHECK(quota.reason() == "Too Many Requests");
    CHECK(quota.http_status() == 429);
    CHECK(quota.retry_after() == 7s);

    const error bare(errc::closed, "Closed.");
    CHECK(bare.phase() == phase::none);
    CHECK(bare.close_code() == 0);
    CHECK_FALSE(bare.retry_after());
}

TEST_CASE("an error can be caught as std::system_error")
{
    try {
        throw error(errc::misuse, "One reader at a time.");
    } catch (const std::system_error& caught) {
        CHECK(caught.code() == errc::misuse);
        CHECK(std::string(caught.what()) == "One reader at a time.");
    }
}

} // namespace error_test
