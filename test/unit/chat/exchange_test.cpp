// SPDX-License-Identifier: Apache-2.0
#include "chat/exchange.hpp"

#include "support/catch.hpp"

#include <initializer_list>

namespace exchange_test {

using chat::exchange;
using namespace std::chrono_literals;
using outcome = exchange::outcome;
using change = exchange::change;

namespace {

constexpr exchange::message sound{.speaks = true};
constexpr exchange::message words{.transcribes = true};
constexpr exchange::message call{.calls = true};
constexpr exchange::message interrupted{.interrupted = true};
constexpr exchange::message turn_complete{.turn_complete = true};
constexpr exchange::message failure{.has_error = true};
constexpr exchange::message nothing{};

/// A reader of a pipe, and a user at a terminal.
constexpr bool patient = true;
constexpr bool impatient = false;

exchange asked(bool is_patient)
{
    exchange made(is_patient);
    made.ask();
    return made;
}

/// How the last of the messages ends the answer.
outcome hear(exchange& to, std::initializer_list<exchange::message> messages)
{
    auto how = outcome::none;
    for (const auto& each : messages) {
        CHECK(how == outcome::none);
        how = to.hear(each);
    }
    return how;
}

} // namespace

TEST_CASE("chat: an answer is over at its turnComplete, for a terminal at once")
{
    auto one = asked(impatient);
    CHECK(one.is_waited_for());
    CHECK(hear(one, {words, sound, words}) == outcome::none);
    CHECK_FALSE(one.is_waited_for());
    CHECK(one.is_open());
    CHECK(one.hear(turn_complete) == outcome::answered);
    CHECK_FALSE(one.is_open());
    CHECK_FALSE(one.patience());
}

TEST_CASE("chat: in a pipe late words still belong to the answer, and start no other")
{
    auto one = asked(patient);
    CHECK(hear(one, {sound, turn_complete, words}) == outcome::none);
    CHECK(one.is_open());
    REQUIRE(one.patience());
    CHECK(*one.patience() < 1s);
    CHECK(one.hear_silence() == outcome::answered);
    CHECK_FALSE(one.is_open());
    CHECK(hear(one, {words, nothing}) == outcome::none);
    CHECK_FALSE(one.is_open());
    CHECK_FALSE(one.patience());
}

TEST_CASE("chat: the turnComplete of a function call does not end the answer")
{
    SECTION("where the turn is closed before the response")
    {
        for (const bool who : {patient, impatient}) {
            auto one = asked(who);
            CHECK(hear(one, {call, turn_complete}) == outcome::none);
            CHECK(one.is_waited_for());
            CHECK(hear(one, {sound, words}) == outcome::none);
            CHECK(one.hear(turn_complete) == (who == patient ? outcome::none : outcome::answered));
            if (who == patient) CHECK(one.hear_silence() == outcome::answered);
        }
    }
    SECTION("where more is said before the turn is closed, in a pipe")
    {
        auto one = asked(patient);
        CHECK(hear(one, {sound, call, sound, turn_complete}) == outcome::none);
        CHECK(hear(one, {sound, turn_complete}) == outcome::none);
        CHECK(one.hear_silence() == outcome::answered);
    }
    SECTION("where the model waits for the response")
    {
        auto one = asked(impatient);
        CHECK(hear(one, {call, sound, turn_complete}) == outcome::answered);
    }
    SECTION("and where nothing follows, the answer is empty")
    {
        auto one = asked(patient);
        CHECK(hear(one, {call, turn_complete}) == outcome::none);
        REQUIRE(one.patience());
        CHECK(one.hear_silence() == outcome::empty);
    }
}

TEST_CASE("chat: an error of the server ends the answer, with or without its turnComplete")
{
    for (const bool who : {patient, impatient}) {
        auto one = asked(who);
        CHECK(hear(one, {failure, turn_complete}) == outcome::failed);
        CHECK_FALSE(one.is_open());

        auto other = asked(who);
        CHECK(hear(other, {sound, failure}) == outcome::none);
        REQUIRE(other.patience());
        CHECK(*other.patience() <= 1s);
        CHECK(other.hear_silence() == outcome::failed);
        CHECK_FALSE(other.is_open());

        auto broken = asked(who);
        CHECK(broken.hear(failure) == outcome::none);
        CHECK(broken.reconnect(change::loss, false) == outcome::failed);
    }
    exchange nobody_asked(patient);
    CHECK(nobody_asked.hear(failure) == outcome::none);
    CHECK_FALSE(nobody_asked.patience());
}

TEST_CASE("chat: an unreadable message may have been the end")
{
    auto one = asked(patient);
    one.hear(sound);
    one.hear_nonsense();
    REQUIRE(one.patience());
    CHECK(*one.patience() < 10s);
    CHECK(one.hear_silence() == outcome::failed);
}

TEST_CASE("chat: a server that says nothing more is not waited for forever")
{
    auto one = asked(patient);
    CHECK(one.patience() == chat::longest_silence);
    CHECK(one.hear_silence() == outcome::silent);
    CHECK_FALSE(one.is_open());
}

TEST_CASE("chat: an empty turn is distinguished from an answer")
{
    auto one = asked(impatient);
    CHECK(one.hear(turn_complete) == outcome::empty);
    auto other = asked(patient);
    CHECK(other.hear(turn_complete) == outcome::none);
    CHECK(other.hear_silence() == outcome::empty);
}

TEST_CASE("chat: a question while the model answers mutes only the old answer")
{
    auto one = asked(impatient);
    one.hear(sound);
    one.ask();
    CHECK(one.is_muted());
    CHECK(one.is_waited_for());
    one.hear(sound);
    SECTION("which the server interrupts")
    {
        CHECK(one.hear(interrupted) == outcome::none);
        CHECK_FALSE(one.is_muted());
        CHECK(one.hear(turn_complete) == outcome::interrupted);
        CHECK(one.is_waited_for());
        CHECK(hear(one, {sound, turn_complete}) == outcome::answered);
    }
    SECTION("which the server interrupts without closing it")
    {
        CHECK(hear(one, {interrupted, sound}) == outcome::none);
        CHECK_FALSE(one.is_muted());
        CHECK(one.hear(turn_complete) == outcome::answered);
    }
    SECTION("which has ended meanwhile")
    {
        CHECK(one.hear(turn_complete) == outcome::answered);
        CHECK_FALSE(one.is_muted());
        CHECK(one.is_waited_for());
        CHECK(hear(one, {sound, turn_complete}) == outcome::answered);
        CHECK_FALSE(one.is_open());
    }
}

TEST_CASE("chat: a stopped answer is silent to its end, and the next one is heard")
{
    auto one = asked(impatient);
    one.hear(sound);
    CHECK(one.stop());
    CHECK_FALSE(one.stop());
    CHECK_FALSE(one.can_stop());
    one.hear(sound);
    CHECK(one.is_muted());
    SECTION("once it has ended")
    {
        CHECK(hear(one, {interrupted, turn_complete}) == outcome::interrupted);
        one.ask();
    }
    SECTION("before it has ended")
    {
        one.ask();
        CHECK(hear(one, {interrupted, turn_complete}) == outcome::interrupted);
    }
    CHECK_FALSE(one.is_muted());
    CHECK(one.is_waited_for());
    CHECK(hear(one, {sound, turn_complete}) == outcome::answered);
}

TEST_CASE("chat: what a model says about being stopped is not heard")
{
    auto one = asked(impatient);
    one.hear(sound);
    CHECK(one.stop());
    CHECK(hear(one, {interrupted, turn_complete}) == outcome::interrupted);
    one.hear(sound); // "I am listening."
    CHECK(one.is_muted());
    CHECK_FALSE(one.can_stop());
    SECTION("not even when the user asks meanwhile")
    {
        one.ask();
        CHECK(one.is_muted());
        CHECK(hear(one, {sound, turn_complete}) == outcome::answered);
    }
    SECTION("nor later")
    {
        CHECK(hear(one, {turn_complete}) == outcome::answered);
        CHECK(one.is_muted());
        one.ask();
    }
    CHECK_FALSE(one.is_muted());
    CHECK(one.is_waited_for());
    CHECK(hear(one, {sound, turn_complete}) == outcome::answered);
}

TEST_CASE("chat: an answer cut by a change of connections is reported, and the next one is heard")
{
    for (const auto how : {change::handover, change::loss}) {
        auto one = asked(impatient);
        one.hear(sound);
        CHECK(one.reconnect(how, true) == outcome::cut);
        CHECK_FALSE(one.is_open());
        one.ask();
        CHECK_FALSE(one.is_muted());
        CHECK(hear(one, {sound, turn_complete}) == outcome::answered);

        auto other = asked(impatient);
        CHECK(other.reconnect(how, true) == outcome::lost);

        auto stopped = asked(impatient);
        stopped.hear(sound);
        CHECK(stopped.stop());
        CHECK(stopped.reconnect(how, true) == outcome::none);
        stopped.ask();
        CHECK_FALSE(stopped.is_muted());
    }
}

TEST_CASE("chat: the answer to what the session asks again is waited for")
{
    auto one = asked(patient);
    CHECK(one.reconnect(change::loss, false) == outcome::none);
    CHECK(one.is_waited_for());

    auto other = asked(patient);
    other.hear(call);
    CHECK(other.reconnect(change::loss, false) == outcome::repeated);
    CHECK(other.is_waited_for());
    CHECK(hear(other, {sound, turn_complete}) == outcome::none);
    CHECK(other.hear_silence() == outcome::answered);
}

TEST_CASE("chat: a change of connections at rest changes nothing")
{
    exchange one(impatient);
    CHECK(one.reconnect(change::handover, false) == outcome::none);
    CHECK(one.reconnect(change::loss, false) == outcome::none);
    CHECK_FALSE(one.is_open());
}

} // namespace exchange_test
