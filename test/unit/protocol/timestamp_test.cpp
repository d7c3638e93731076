// SPDX-License-Identifier: Apache-2.0
#include "protocol/timestamp.hpp"

#include "support/catch.hpp"

#include <string>

namespace timestamp_test {

using namespace gemini::live::protocol;
using namespace std::chrono_literals;

TEST_CASE("durations are seconds with up to nine decimals")
{
    CHECK(parse_duration("50s") == 50s);
    CHECK(parse_duration("9.846s") == 9846ms);
    CHECK(parse_duration("29.999999999s") == 29'999'999'999ns);
    CHECK(parse_duration("-0.5s") == -500ms);
    CHECK(parse_duration("0s") == 0s);
    for (const char* wrong : {"", "s", "5", "5.s", ".5s", "5.0000000000s", "5s ", "5ms", "9e9s",
             "99999999999s", "- 5s", "5.-5s"}) {
        INFO(wrong);
        CHECK_FALSE(parse_duration(wrong));
    }
    for (const auto value : {0ns, 1ns, -1ns, 999'999'999ns, 1'500'000'000ns, -2'000'000'001ns})
        CHECK(parse_duration(duration_text(value)) == value);
    CHECK(duration_text(9846ms) == "9.846s");
    CHECK(duration_text(-500ms) == "-0.5s");
}

TEST_CASE("times are RFC 3339")
{
    const std::chrono::sys_seconds noon{1'795'437'000s}; // 2026-11-23T12:30:00Z
    CHECK(parse_timestamp("2026-11-23T12:30:00Z") == noon);
    CHECK(parse_timestamp("2026-11-23T13:30:00+01:00") == noon);
    CHECK(parse_timestamp("2026-11-23T07:00:00-05:30") == noon);
    CHECK(parse_timestamp("2026-11-23T12:30:00.25Z") == noon + 250ms);
    CHECK(parse_timestamp("1969-12-31T23:59:59.5Z") == std::chrono::sys_seconds{0s} - 500ms);
    for (const char* wrong : {"", "2026-11-23", "2026-11-23T12:30:00", "2026-13-01T00:00:00Z",
             "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T12:30:00.Z",
             "1677-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "2026-11-23T12:30:00Zz",
             "2026-11-23 12:30:00Z", "26-11-23T12:30:00Z"}) {
        INFO(wrong);
        CHECK_FALSE(parse_timestamp(wrong));
    }
    for (const char* far : {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.5+23:59"}) {
        CHECK_FALSE(parse_timestamp(far));
        CHECK(is_timestamp(far));
    }
    CHECK_FALSE(is_timestamp("2026-02-30T00:00:00Z"));
    CHECK(timestamp_text(noon) == "2026-11-23T12:30:00Z");
    CHECK(timestamp_text(noon + 250ms) == "2026-11-23T12:30:00.25Z");
    CHECK(parse_timestamp(timestamp_text(noon - 1us)) == noon - 1us);
}

} // namespace timestamp_test
