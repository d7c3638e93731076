// SPDX-License-Identifier: Apache-2.0
#include "session/session_log.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace session_log_test {

using namespace gemini::live;
using namespace std::chrono_literals;

namespace {

struct heard {
    log_level level;
    std::string event;
    std::string line;
    std::size_t fields;
};

/// The log record of a change.
std::vector<heard> logged(const status_change& change, log_level level = log_level::info)
{
    std::vector<heard> all;
    logger to;
    to.level = level;
    to.sink = [&all](const log_record& record) {
        all.push_back(
            {record.level, std::string(record.event), to_line(record), record.fields.size()});
    };
    log(to, change);
    return all;
}

} // namespace

TEST_CASE("a change of status is a record with typed fields, without the empty ones")
{
    status_change change;
    change.from = session_status::reconnecting;
    change.to = session_status::connected;
    change.resumed = true;
    change.outage = 1500ms;
    change.replayed = 2;
    const auto all = logged(change);
    REQUIRE(all.size() == 1);
    CHECK(all[0].level == log_level::info);
    CHECK(all[0].event == "status_change");
    CHECK(all[0].line == "session connected: from=reconnecting to=connected resumed=true "
                         "outage=1500ms replayed=2");
    CHECK(all[0].fields == 5);
    CHECK(logged(change, log_level::warning).empty());
}

TEST_CASE("a change with a cause is a warning, the end of a failed session an error")
{
    status_change change;
    change.from = session_status::connected;
    change.to = session_status::reconnecting;
    change.attempt = 1;
    change.delay = 250ms;
    change.cause.emplace(errc::unavailable, "Overloaded.", error_details{phase::open, 1011});
    const auto warned = logged(change);
    REQUIRE(warned.size() == 1);
    CHECK(warned[0].level == log_level::warning);
    CHECK(warned[0].line == "session reconnecting: from=connected to=reconnecting attempt=1 "
                            "delay=250ms error=unavailable phase=open close_code=1011 "
                            "cause=Overloaded.");
    change.to = session_status::failed;
    CHECK(logged(change).at(0).level == log_level::error);
}

TEST_CASE("a message that was skipped is a warning")
{
    std::string line;
    logger to;
    to.sink = log_lines([&line](log_level, std::string_view text) { line = text; });
    log(to, malformed_message{error(errc::malformed_message, "It is not JSON.")});
    CHECK(
        line == "a server message was skipped: error=malformed_message cause=\"It is not JSON.\"");
}

TEST_CASE("each member that was left out is a warning, with its path and reason")
{
    std::vector<std::string> lines;
    logger to;
    to.sink = log_lines([&lines](log_level, std::string_view text) { lines.emplace_back(text); });
    log(to, malformed_message{error(errc::malformed_message, "The first of them."), true, false,
                {{"goAway.timeLeft", "is not a duration"}, {"error", "is odd"}}});
    CHECK(lines == std::vector<std::string>{
                       "a member of a server message could not be read: member=goAway.timeLeft "
                       "reason=\"is not a duration\"",
                       "a member of a server message could not be read: member=error "
                       "reason=\"is odd\""});
}

} // namespace session_log_test
