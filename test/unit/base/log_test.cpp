// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/log.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace log_test {

using namespace gemini::live;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST_CASE("a record becomes one line, whatever its contents")
{
    const std::vector<log_field> fields{{"attempt", std::int64_t{2}}, {"delay", 500ms},
        {"resumed", true}, {"load", 0.5}, {"to", "connected"sv}, {"empty", ""sv},
        {"cause", "He said \"no\"\nand\\left"sv}};
    const log_record record{log_level::warning, "status_change", "session reconnecting", fields};
    CHECK(
        to_line(record) ==
        R"(session reconnecting: attempt=2 delay=500ms resumed=true load=0.5 to=connected empty="" )"
        R"(cause="He said \"no\"\x0aand\\left")");
    CHECK(to_line({log_level::info, "quiet", "nothing to add"}) == "nothing to add");
}

TEST_CASE("plain lines are written by a function of level and line")
{
    std::vector<std::pair<log_level, std::string>> got;
    logger log;
    CHECK_FALSE(log.wants(log_level::error));
    log.sink = log_lines(
        [&got](log_level level, std::string_view line) { got.emplace_back(level, line); });
    CHECK(log.wants(log_level::info));
    CHECK_FALSE(log.wants(log_level::debug));
    log.sink({log_level::error, "event", "message"});
    REQUIRE(got.size() == 1);
    CHECK(got[0] == std::pair(log_level::error, std::string("message")));
    CHECK(std::string(to_string(log_level::warning)) == "warning");
}

} // namespace log_test
