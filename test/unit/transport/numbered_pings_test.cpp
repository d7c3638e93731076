// SPDX-License-Identifier: Apache-2.0
#include "transport/numbered_pings.hpp"

#include "support/catch.hpp"

namespace numbered_pings_test {

using gemini::live::transport::numbered_pings;
using namespace std::chrono_literals;

namespace {

constexpr numbered_pings::time_point t0{1h};

} // namespace

TEST_CASE("the newest pong counts for all pings before it, and an unrequested one for none")
{
    numbered_pings pings;
    CHECK(pings.newest_answered() == 0);
    for (const auto expected : {1u, 2u, 3u}) CHECK(pings.add() == expected);
    struct row {
        const char* pong;
        std::uint64_t newest;
    };
    for (const auto& [pong, newest] :
        {row{"", 0}, row{"words", 0}, row{"2", 2}, row{"1", 2}, row{"4", 2}, row{"3", 3}}) {
        CAPTURE(pong);
        pings.answered(pong, t0);
        CHECK(pings.newest_answered() == newest);
    }
}

TEST_CASE("one ping at a time is measured, from its writing to the pong that answers it")
{
    numbered_pings pings;
    for (int i = 0; i < 4; ++i) (void)pings.add();
    pings.sent(2, t0);
    pings.sent(3, t0 + 1s);
    pings.answered("1", t0 + 2s);
    CHECK(pings.round_trip() == 0s);
    pings.answered("3", t0 + 5s);
    CHECK(pings.round_trip() == 5s);
    pings.answered("3", t0 + 9s);
    CHECK(pings.round_trip() == 5s);
    pings.sent(4, t0 + 10s);
    pings.answered("4", t0 + 11s);
    CHECK(pings.round_trip() == 1s);
}

} // namespace numbered_pings_test
