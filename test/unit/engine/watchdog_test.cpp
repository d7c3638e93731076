// SPDX-License-Identifier: Apache-2.0
#include "engine/watchdog.hpp"

#include "support/catch.hpp"

#include <functional>
#include <string>
#include <vector>

namespace engine_watchdog_test {

using namespace gemini::live;
using gemini::live::base::time_point;
using gemini::live::engine::watchdog;
using namespace std::chrono_literals;
using enum watchdog_action;

namespace {

constexpr time_point start{1h};

watchdogs of(std::vector<watchdog_action> actions, std::optional<int> empty_turns = {})
{
    watchdogs rules;
    rules.in_turn = 5s;
    rules.after_resume = 2s;
    rules.empty_turns = empty_turns;
    rules.actions = std::move(actions);
    return rules;
}

/// One second after another with an answer owed: "5 nudge, 10 reconnect".
std::string run(watchdog& dog, std::chrono::seconds from, std::chrono::seconds to)
{
    std::string all;
    for (auto at = from; at <= to; at += 1s) {
        const auto found = dog.next(start + at, true);
        if (!found) continue;
        if (!all.empty()) all += ", ";
        all += std::to_string(at.count()) + " " + to_string(found->action);
    }
    return all;
}

} // namespace

TEST_CASE("actions follow one another while the server is silent, each once, and then no more")
{
    struct row {
        std::vector<watchdog_action> actions;
        std::string expected;
    };
    const std::vector<row> rows{
        {{}, "5 tell"},
        {{tell}, "5 tell"},
        {{nudge}, "5 nudge"},
        {{tell, nudge}, "5 tell, 10 nudge"},
        {{nudge, reconnect}, "5 nudge, 10 reconnect"},
        {{tell, nudge, give_up}, "5 tell, 10 nudge, 15 give_up"},
        {{nudge, nudge, give_up}, "5 nudge, 10 nudge, 15 give_up"},
        {{tell, nudge, reconnect, give_up}, "5 tell, 10 nudge, 15 reconnect, 20 give_up"},
    };
    for (const auto& each : rows) {
        watchdog dog(of(each.actions));
        dog.opened(start, false);
        CHECK(run(dog, 0s, 60s) == each.expected);
    }
}

TEST_CASE("what the server sends decides whether the next silence is another one")
{
    struct row {
        const char* name;
        std::function<void(watchdog&)> happens; // at 12 s, after two actions
        std::string expected;
    };
    const std::vector<row> rows{
        {"nothing", [](watchdog&) {}, "15 reconnect"},
        {"a handle", [](watchdog& dog) { dog.heard(start + 12s); }, "17 reconnect"},
        {"words",
            [](watchdog& dog) {
                dog.heard(start + 12s);
                dog.spoke();
            },
            "17 tell, 22 nudge, 27 reconnect"},
        {"the end of a turn",
            [](watchdog& dog) {
                dog.heard(start + 12s);
                dog.turn_ended(true);
            },
            "17 tell, 22 nudge, 27 reconnect"},
        {"a connection after a loss", [](watchdog& dog) { dog.opened(start + 12s, false); },
            "17 tell, 22 nudge, 27 reconnect"},
    };
    for (const auto& each : rows) {
        INFO(each.name);
        watchdog dog(of({tell, nudge, reconnect}));
        dog.opened(start, false);
        CHECK(run(dog, 0s, 11s) == "5 tell, 10 nudge");
        each.happens(dog);
        CHECK(run(dog, 12s, 60s) == each.expected);
    }
}

TEST_CASE("a connection that an action has made begins nothing anew, unless the model speaks there")
{
    const bool speaks = GENERATE(true, false);
    watchdog dog(of({reconnect, give_up}));
    dog.opened(start, false);
    CHECK(run(dog, 0s, 6s) == "5 reconnect");
    dog.opened(start + 7s, true);
    if (speaks) {
        dog.heard(start + 8s);
        dog.spoke();
    }
    CHECK(run(dog, 7s, 60s) == (speaks ? "13 reconnect, 18 give_up" : "9 give_up"));
}

TEST_CASE("a report says how long the silence has lasted, and whether since a resume")
{
    watchdog dog(of({tell, nudge}));
    dog.opened(start, true);
    const auto first = dog.next(start + 2s, true);
    REQUIRE(first);
    CHECK(first->after_resume);
    CHECK(first->silence == 2s);
    const auto second = dog.next(start + 4s, true);
    REQUIRE(second);
    CHECK(second->silence == 4s);
    CHECK(second->empty_turns == 0);
}

TEST_CASE("nothing is done while no answer is owed, and a question begins to wait when it is asked")
{
    watchdog dog(of({tell}));
    dog.opened(start, false);
    CHECK_FALSE(dog.next(start + 60s, false));
    dog.asked(start + 60s);
    CHECK(run(dog, 60s, 100s) == "65 tell");
}

TEST_CASE("empty turns in a row lead to the same actions, one for each further empty turn")
{
    watchdog dog(of({nudge, reconnect, give_up}, 2));
    dog.opened(start, false);
    std::string all;
    const auto end = [&](bool is_empty) {
        dog.turn_ended(is_empty);
        const auto found = dog.next(start + 1s, false);
        if (found)
            all += std::string(to_string(found->action)) + std::to_string(found->empty_turns);
        CHECK_FALSE(dog.next(start + 1s, false)); // once
    };
    for (const auto is_empty : {true, true, true}) end(is_empty);
    CHECK(all == "nudge2reconnect3");
    all.clear();
    SECTION("until the list ends")
    {
        for (int i = 0; i < 3; ++i) end(true);
        CHECK(all == "give_up4");
    }
    SECTION("a turn with words begins a new row")
    {
        dog.spoke();
        end(false);
        end(true);
        CHECK(all.empty());
        end(true);
        CHECK(all == "nudge2");
    }
    SECTION("an interrupted turn is none of them, and does not end the row")
    {
        end(false);
        end(true);
        CHECK(all == "give_up4");
    }
}

TEST_CASE("a watchdog without limits is off, and asks for no attention")
{
    CHECK_FALSE(watchdog({}).is_on());
    watchdogs rules;
    rules.in_turn = 1ms;
    CHECK(watchdog(rules).is_on());
    watchdog idle(watchdogs{});
    idle.opened(start, true);
    CHECK_FALSE(idle.due());
    idle.turn_ended(true);
    CHECK_FALSE(idle.next(start + 1h, true));
}

} // namespace engine_watchdog_test
