// SPDX-License-Identifier: Apache-2.0
#include "async/surroundings.hpp"

#include "support/catch.hpp"
#include "support/virtual_time.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/within.hpp>

namespace surroundings_test {

using namespace gemini::live;
using namespace std::chrono_literals;

TEST_CASE("time and chance are the machine's, unless they have been replaced on this context")
{
    asio::io_context real;
    asio::io_context replaced;
    const auto clock = std::make_shared<test::virtual_clock>();
    async::replace_surroundings(replaced, {clock, [] { return 0.25; }});
    CHECK(async::surroundings_of(replaced.get_executor()).clock == clock);
    CHECK(async::surroundings_of(replaced.get_executor()).random() == 0.25);

    const auto outside = async::surroundings_of(real.get_executor());
    const auto before = std::chrono::steady_clock::now();
    CHECK(outside.clock->now() >= before);
    const auto first = outside.random();
    CHECK(first >= 0);
    CHECK(first < 1);
    CHECK(outside.random() != first);

    try {
        async::replace_surroundings(replaced, {clock, [] { return 0.5; }});
        FAIL("they were replaced twice");
    } catch (const error& refused) {
        CHECK(refused.value() == errc::misuse);
    }
}

TEST_CASE("sleep_for and within measure time by the clock of their context")
{
    asio::io_context io;
    const auto clock = std::make_shared<test::virtual_clock>();
    async::replace_surroundings(io, {clock, [] { return 0.5; }});
    const auto begin = clock->now();
    const auto work = [&]() -> asio::awaitable<void> {
        co_await sleep_for(1h);
        CHECK(clock->now() == begin + 1h);
        co_await sleep_for(-1h);
        CHECK(clock->now() == begin + 1h);
        bool is_late = false;
        try {
            co_await within(10min, sleep_for(std::chrono::milliseconds::max()));
        } catch (const error& thrown) {
            is_late = thrown.value() == errc::timed_out;
        }
        CHECK(is_late);
        CHECK(clock->now() == begin + 70min);
        co_await within(10min, sleep_for(1min));
        CHECK(clock->now() == begin + 71min);
        CHECK(clock->waits() == 0);
    };
    test::play(io, *clock, work());
}

} // namespace surroundings_test
