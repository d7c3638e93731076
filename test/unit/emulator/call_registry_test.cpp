// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/call_registry.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace call_registry_test {

using namespace gemini::live;
using namespace gemini::live::emulator;

namespace {

function_call call(std::string id, std::string name = "get_weather")
{
    function_call result;
    result.id = std::move(id);
    result.name = std::move(name);
    return result;
}

} // namespace

TEST_CASE("a call is found by its ID, and without one by its name")
{
    call_registry calls;
    calls.open(call("1", "a"), waiting::blocked);
    calls.open(call("2", "b"), waiting::silent);
    calls.open(call("2", "c"), waiting::blocked); // another piece of the same call

    REQUIRE(calls.find_open("2", "a"));
    CHECK(calls.find_open("2", "a")->call.name == "b");
    CHECK(calls.find_open("2", "a")->wait == waiting::silent);
    REQUIRE(calls.find_open("", "a"));
    CHECK(calls.find_open("", "a")->call.id == "1");
    CHECK_FALSE(calls.find_open("3", "a"));
    CHECK_FALSE(calls.find_open("", "c"));
}

TEST_CASE("a closed call is past, and can still be recognized")
{
    call_registry calls;
    calls.open(call("1", "a"), waiting::blocked);
    CHECK(calls.has_open());
    CHECK_FALSE(calls.is_past("1", ""));
    calls.close("2");
    CHECK(calls.has_open());
    calls.close("1");
    CHECK_FALSE(calls.has_open());
    CHECK_FALSE(calls.find_open("1", "a"));
    CHECK(calls.is_past("1", ""));
    CHECK(calls.is_past("", "a"));
    CHECK_FALSE(calls.is_past("2", "a"));
}

TEST_CASE("which calls an interruption cancels")
{
    using ids = std::vector<std::string>;
    struct row {
        waiting wait;
        bool cancels_blocking;
        ids cancelled;
    };
    const row rows[]{
        {waiting::blocked, false, {}},
        {waiting::blocked, true, {"1"}},
        {waiting::silent, false, {"1"}},
        {waiting::silent, true, {"1"}},
        {waiting::talks_on, false, {}},
        {waiting::talks_on, true, {}},
    };
    for (const auto& row : rows) {
        CAPTURE(static_cast<int>(row.wait), row.cancels_blocking);
        call_registry calls;
        calls.open(call("1"), row.wait);
        CHECK(calls.interrupt(row.cancels_blocking) == row.cancelled);
        CHECK(calls.has_open() == row.cancelled.empty());
        CHECK(calls.is_past("1", "") != row.cancelled.empty());
    }
}

TEST_CASE("the newest hundred of open and of past calls are kept")
{
    call_registry calls;
    for (int i = 0; i < 250; ++i) calls.open(call(std::to_string(i)), waiting::blocked);
    CHECK(calls.find_open("150", ""));
    CHECK_FALSE(calls.find_open("149", ""));
    CHECK(calls.is_past("149", ""));
    CHECK(calls.is_past("50", ""));
    CHECK_FALSE(calls.is_past("49", ""));
}

} // namespace call_registry_test
