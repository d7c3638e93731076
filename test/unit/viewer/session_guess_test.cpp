// SPDX-License-Identifier: Apache-2.0
#include "viewer/session_guess.hpp"

#include "support/catch.hpp"

#include <vector>

namespace session_guess_test {

using namespace gemini::live::viewer;
using std::chrono::milliseconds;

namespace {

/// A connection from `opened` to `ended` that received a handle.
connection_life life(std::int64_t number, int opened, int ended, connection_end how)
{
    connection_life made;
    made.number = number;
    made.opened = milliseconds(opened);
    made.setup = made.ready = made.opened;
    made.ended = milliseconds(ended);
    made.end = how;
    made.resumable = true;
    made.settings = "{}";
    return made;
}

connection_life resumed(connection_life from)
{
    from.resumes = true;
    return from;
}

} // namespace

TEST_CASE("a setup with a handle continues the one session whose connection is over")
{
    const auto found = sessions_of(
        {life(1, 0, 100, connection_end::lost), resumed(life(2, 200, 300, connection_end::left))});
    CHECK(found[1].session == 0);
    CHECK_FALSE(found[1].guessed);
}

TEST_CASE("after goAway the next connection belongs to the session while the old one is open")
{
    auto old = life(1, 0, 300, connection_end::left);
    old.go_away = milliseconds(100);
    const auto found = sessions_of({old, resumed(life(2, 150, 400, connection_end::left))});
    CHECK(found[1].session == 0);
    CHECK_FALSE(found[1].guessed);
}

TEST_CASE("a setup without a handle begins a session while the other connection is open")
{
    const auto found = sessions_of(
        {life(1, 0, 300, connection_end::left), life(2, 100, 300, connection_end::left)});
    CHECK(found[1].session == 1);
    CHECK_FALSE(found[1].guessed);
}

TEST_CASE("a session that continues from before the recording is the first one")
{
    const auto found = sessions_of({resumed(life(1, 0, 100, connection_end::left))});
    CHECK(found[0].session == 0);
    CHECK_FALSE(found[0].guessed);
}

TEST_CASE("other settings are another session")
{
    auto other = resumed(life(2, 200, 300, connection_end::left));
    other.settings = R"({"voice":"Kore"})";
    const auto found = sessions_of({life(1, 0, 100, connection_end::lost), other});
    CHECK(found[1].session == 1);
    CHECK(found[1].guessed); // its first connection is not in the recording
}

TEST_CASE("if two sessions could continue, it is the one that ended last, as a guess")
{
    const auto found = sessions_of({life(1, 0, 100, connection_end::lost),
        life(2, 10, 150, connection_end::lost), resumed(life(3, 200, 300, connection_end::left)),
        resumed(life(4, 210, 300, connection_end::left))});
    CHECK(found[2].session == 1);
    CHECK(found[2].guessed);
    CHECK(found[3].session == 0);
    CHECK_FALSE(found[3].guessed); // only one was left
}

TEST_CASE("whoever starts afresh after a loss may be the same session")
{
    const auto found = sessions_of(
        {life(1, 0, 100, connection_end::lost), life(2, 200, 300, connection_end::left)});
    CHECK(found[1].session == 0);
    CHECK(found[1].guessed);
    const auto new_one = sessions_of(
        {life(1, 0, 100, connection_end::left), life(2, 200, 300, connection_end::left)});
    CHECK(new_one[1].session == 1); // the first session had ended
    CHECK_FALSE(new_one[1].guessed);
}

TEST_CASE("refused attempts belong to the setup that follows, or to the last session")
{
    connection_life refused;
    refused.number = 1;
    refused.end = connection_end::refused;
    CHECK(sessions_of({refused})[0].session == 0);
    const auto found = sessions_of({refused, life(2, 100, 200, connection_end::lost), refused,
        resumed(life(4, 300, 400, connection_end::lost)), refused});
    for (const auto& each : found) {
        CHECK(each.session == 0);
        CHECK_FALSE(each.guessed);
    }
}

} // namespace session_guess_test
