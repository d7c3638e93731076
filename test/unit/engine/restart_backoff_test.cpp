// SPDX-License-Identifier: Apache-2.0
#include "engine/restart_backoff.hpp"

#include "support/catch.hpp"

#include <vector>

namespace restart_backoff_test {

using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1h};

restart_backoff make(const restart_policy& policy)
{
    return {policy, [] { return 0.5; }};
}

} // namespace

TEST_CASE("a policy decides which ends are followed by a restart")
{
    struct row {
        restart policy;
        outcome how;
        bool again;
    };
    const std::vector<row> rows{{restart::never, outcome::returned, false},
        {restart::never, outcome::failed, false}, {restart::on_failure, outcome::returned, false},
        {restart::on_failure, outcome::failed, true},
        {restart::on_failure, outcome::hopeless, false}, {restart::always, outcome::returned, true},
        {restart::always, outcome::failed, true}, {restart::always, outcome::hopeless, false}};
    for (const auto& [policy, how, again] : rows) {
        INFO(static_cast<int>(policy) << ' ' << static_cast<int>(how));
        auto one = make({.restart = policy});
        CHECK(one.after(how, start).has_value() == again);
        CHECK(one.restarts() == (again ? 1 : 0));
    }
}

TEST_CASE("the wait grows to a ceiling, and is drawn at random below it")
{
    auto one = make({.max_restarts = std::nullopt, .max_delay = 5s});
    for (const auto expected : {500ms, 1000ms, 2000ms, 2500ms, 2500ms})
        CHECK(one.after(outcome::failed, start) == expected);
    for (int i = 0; i < 1000; ++i) CHECK(one.after(outcome::failed, start) == 2500ms);
}

TEST_CASE("too many restarts within the window are the last; older ones are forgotten")
{
    auto one = make({.max_restarts = 2, .window = 60s});
    CHECK(one.after(outcome::failed, start));
    CHECK(one.after(outcome::failed, start + 59s));
    CHECK_FALSE(one.after(outcome::failed, start + 59s));

    auto other = make({.max_restarts = 2, .window = 60s});
    CHECK(other.after(outcome::failed, start));
    CHECK(other.after(outcome::failed, start + 59s));
    CHECK(other.after(outcome::failed, start + 60s) == 1000ms);
    CHECK_FALSE(other.after(outcome::failed, start + 61s));
}

} // namespace restart_backoff_test
