// SPDX-License-Identifier: Apache-2.0
#include "reading.hpp"
#include "support/catch.hpp"
#include "viewer/session_builder.hpp"

#include <string>
#include <vector>

namespace conversation_test {

using namespace gemini::live::viewer;
using test::recording;
using namespace std::chrono_literals;

namespace {

std::string text_of(const turn& of, word_source source)
{
    std::string all;
    for (const auto& each : of.said)
        if (each.source == source) all += each.text;
    return all;
}

const shown_session& only_session(const conversation& of)
{
    REQUIRE(of.sessions.size() == 1);
    return of.sessions[0];
}

} // namespace

TEST_CASE("a typed question and its answer are a turn, with the time to the first byte")
{
    const auto read = recording()
                          .ready(100, 1)
                          .asks(1000, 1, "Who?")
                          .says(1400, 1, "Me ")
                          .says(1500, 1, "again.")
                          .over(1600, 1)
                          .read();
    const auto& session = only_session(read);
    CHECK(session.model == "models/m");
    REQUIRE(session.turns.size() == 1);
    const auto& turn = session.turns[0];
    CHECK(turn.time.begin == 1000ms);
    CHECK(turn.time.end == 1600ms);
    CHECK(turn.end == turn::ending::complete);
    CHECK(turn.from == turn::waited_from::text);
    CHECK(turn.latency() == 400ms);
    CHECK(text_of(turn, word_source::typed) == "Who?");
    CHECK(text_of(turn, word_source::spoken) == "Me again.");
    CHECK(session.sum.turns == 1);
    CHECK(session.sum.latency_50 == 400ms);
    CHECK(session.sum.duration == 1500ms);
}

TEST_CASE("the time to the first byte counts from the last loud sound, where sound was recorded")
{
    recording recorded;
    recorded.ready(0, 1);
    for (int at = 100; at <= 1000; at += 100)
        recorded.sent(at, 1, test::user_sound(at > 200 && at <= 600));
    const auto read = recorded.says(1050, 1, "Yes.").over(1100, 1).read();
    const auto& session = only_session(read);
    REQUIRE(session.speech.size() == 1);
    CHECK(session.speech[0].begin == 200ms);
    CHECK(session.speech[0].end == 600ms);
    REQUIRE(session.turns.size() == 1);
    CHECK(session.turns[0].from == turn::waited_from::loud_sound);
    CHECK(session.turns[0].time.begin == 200ms);
    CHECK(session.turns[0].latency() == 450ms);
}

TEST_CASE("without a known end of speech there is no time to the first byte")
{
    const auto read = recording()
                          .ready(0, 1)
                          .content(900, 1, R"("inputTranscription":{"text":"Who?"})")
                          .says(1000, 1, "Me.")
                          .over(1100, 1)
                          .read();
    const auto& session = only_session(read);
    REQUIRE(session.turns.size() == 1);
    CHECK_FALSE(session.turns[0].latency());
    CHECK(session.sum.latencies == 0);
    CHECK(text_of(session.turns[0], word_source::heard) == "Who?");
}

TEST_CASE("the end of activity and what the server heard are ends of speech")
{
    const auto read = recording()
                          .ready(0, 1)
                          .sent(100, 1, R"({"realtimeInput":{"activityStart":{}}})")
                          .sent(500, 1, R"({"realtimeInput":{"activityEnd":{}}})")
                          .says(700, 1, "One.")
                          .over(800, 1)
                          .got(1500, 1, R"({"voiceActivity":{"type":"ACTIVITY_END"}})")
                          .says(1600, 1, "Two.")
                          .over(1700, 1)
                          .read();
    const auto& turns = only_session(read).turns;
    REQUIRE(turns.size() == 2);
    CHECK(turns[0].from == turn::waited_from::mark);
    CHECK(turns[0].time.begin == 100ms);
    CHECK(turns[0].latency() == 200ms);
    CHECK(turns[1].from == turn::waited_from::server_vad);
    CHECK(turns[1].latency() == 100ms);
}

TEST_CASE("an interruption ends the turn, and its turnComplete does not end the next one")
{
    const auto read = recording()
                          .ready(0, 1)
                          .asks(100, 1, "Tell me.")
                          .says(200, 1, "Long ago")
                          .content(300, 1, R"("interrupted":true)")
                          .content(310, 1, R"("inputTranscription":{"text":"Stop."})")
                          .over(320, 1)
                          .says(400, 1, "All right.")
                          .over(500, 1)
                          .read();
    const auto& session = only_session(read);
    REQUIRE(session.turns.size() == 2);
    CHECK(session.turns[0].end == turn::ending::interrupted);
    CHECK(session.turns[0].time.end == 300ms);
    CHECK(session.turns[1].end == turn::ending::complete);
    CHECK(text_of(session.turns[1], word_source::heard) == "Stop.");
    CHECK(text_of(session.turns[1], word_source::spoken) == "All right.");
    CHECK(session.interruptions == std::vector<milliseconds>{300ms});
    CHECK(session.sum.interruptions == 1);
}

TEST_CASE("sound plays one piece after the other, and an interruption drops what has not played")
{
    const std::string sound = test::second_of_sound;
    const auto read = recording()
                          .ready(0, 1)
                          .asks(0, 1, "?")
                          .content(100, 1, sound + R"(,"outputTranscription":{"text":"one "})")
                          .content(110, 1, sound + R"(,"outputTranscription":{"text":"two "})")
                          .content(120, 1, sound + R"(,"outputTranscription":{"text":"three "})")
                          .content(1600, 1, R"("interrupted":true)")
                          .read();
    const auto& session = only_session(read);
    REQUIRE(session.output.size() == 3);
    CHECK(session.output[0].begin == 100ms);
    CHECK(session.output[1].begin == 1100ms);
    CHECK(session.output[1].duration == 500ms);
    CHECK(session.output[2].duration == 0ms);
    REQUIRE(session.received.size() == 1);
    CHECK(session.received[0].end == 120ms);
    const auto& said = session.turns[0].said;
    REQUIRE(said.size() == 4);
    CHECK(said[2].plays == 1100ms);
    CHECK_FALSE(said[2].unheard);
    CHECK(said[3].unheard);
}

TEST_CASE("a call lasts until its answer or its cancellation")
{
    const auto read =
        recording()
            .ready(0, 1)
            .asks(100, 1, "?")
            .got(200, 1,
                R"({"toolCall":{"functionCalls":[{"id":"a","name":"f"},{"id":"b","name":"g"}]}})")
            .sent(700, 1,
                R"({"toolResponse":{"functionResponses":[{"id":"a","name":"f","response":{}}]}})")
            .got(800, 1, R"({"toolCallCancellation":{"ids":["b"]}})")
            .says(900, 1, "Done.")
            .over(1000, 1)
            .content(1500, 1, R"("inputTranscription":{"text":"And?"})")
            .says(1600, 1, "That was all.")
            .over(1700, 1)
            .read();
    const auto& session = only_session(read);
    REQUIRE(session.turns.size() == 2);
    CHECK_FALSE(session.turns[1].latency()); // the function's answer was part of the turn before
    const auto& calls = session.turns[0].calls;
    REQUIRE(calls.size() == 2);
    CHECK(calls[0].end == shown_call::ending::answered);
    CHECK(calls[0].time.end == 700ms);
    CHECK(calls[1].end == shown_call::ending::cancelled);
    CHECK(calls[1].time.end == 800ms);
    CHECK(session.turns[0].latency() == 100ms);
    CHECK(session.sum.calls == 2);
}

TEST_CASE("if the turn ends with the call, the answer after it is a turn that the function caused")
{
    const auto read =
        recording()
            .ready(0, 1)
            .asks(100, 1, "?")
            .got(200, 1, R"({"toolCall":{"functionCalls":[{"id":"a","name":"f"}]}})")
            .over(210, 1)
            .sent(700, 1,
                R"({"toolResponse":{"functionResponses":[{"id":"a","name":"f","response":{}}]}})")
            .says(900, 1, "Done.")
            .over(1000, 1)
            .read();
    const auto& turns = only_session(read).turns;
    REQUIRE(turns.size() == 2);
    CHECK(turns[0].calls[0].time.end == 700ms);
    CHECK(turns[1].from == turn::waited_from::answer);
    CHECK(turns[1].latency() == 200ms);
}

TEST_CASE("a lost connection cuts the answer, and the time until the next is lost")
{
    const auto read = recording()
                          .ready(0, 1)
                          .asks(100, 1, "?")
                          .says(200, 1, "It is")
                          .tell(300, 1, R"("lost":"connection_lost")")
                          .tell(500, 2, R"("refused":503)")
                          .ready(900, 3, true)
                          .says(1000, 3, "It is so.")
                          .over(1100, 3)
                          .read();
    const auto& session = only_session(read);
    REQUIRE(session.turns.size() == 2);
    CHECK(session.turns[0].end == turn::ending::cut);
    REQUIRE(session.outages.size() == 1);
    CHECK(session.outages[0].time.begin == 300ms);
    CHECK(session.outages[0].time.end == 900ms);
    CHECK(session.sum.lost == 600ms);
    CHECK(session.sum.connections == 2); // the refused one is none
    CHECK(session.sum.handovers == 0);
    CHECK(session.connections.size() == 3);
}

TEST_CASE("a handover loses no time and cuts no answer")
{
    const auto read = recording()
                          .ready(0, 1)
                          .asks(100, 1, "?")
                          .got(200, 1, R"({"goAway":{"timeLeft":"10s"}})")
                          .ready(300, 2, true)
                          .says(350, 1, "Old.")
                          .tell(400, 1, R"("left":4000)")
                          .over(500, 2)
                          .read();
    const auto& session = only_session(read);
    CHECK(session.handovers == std::vector<std::int64_t>{2});
    CHECK(session.sum.handovers == 1);
    CHECK(session.outages.empty());
    REQUIRE(session.turns.size() == 1);
    CHECK(session.turns[0].end == turn::ending::complete);
    CHECK_FALSE(read.owners[1].guessed);
}

TEST_CASE("what is sent again after a loss is marked, and is not said twice")
{
    const auto read = recording()
                          .ready(0, 1)
                          .asks(50, 1, "Hello?")
                          .asks(100, 1, "Again.")
                          .tell(200, 1, R"("lost":"connection_lost")")
                          .ready(400, 2, true)
                          .asks(400, 2, "Hello?")
                          .asks(410, 2, "New.")
                          .asks(420, 2, "Again.")
                          .says(500, 2, "Hi.")
                          .over(600, 2)
                          .read();
    const auto& session = only_session(read);
    CHECK(session.sum.resent == 1);
    CHECK(read.lines[11].resent);
    CHECK_FALSE(read.lines[12].resent);
    CHECK_FALSE(read.lines[13].resent); // it comes after something new
    REQUIRE(session.turns.size() == 1);
    CHECK(text_of(session.turns[0], word_source::typed) == "Hello?Again.New.Again.");
}

TEST_CASE("sound that waited for the next connection had been spoken before")
{
    const std::vector<milliseconds> expected{0ms, 700ms, 800ms, 900ms, 1000ms};
    CHECK(begins_of({{100ms, 100ms}, {1000ms, 100ms}, {1000ms, 100ms}, {1000ms, 100ms},
              {1100ms, 100ms}}) == expected);
    CHECK(begins_of({}).empty());
    CHECK(begins_of({{50ms, 100ms}}) == std::vector<milliseconds>{0ms});
}

TEST_CASE("tokens are summed, also those that come after the turn")
{
    const auto read =
        recording()
            .ready(0, 1)
            .asks(100, 1, "?")
            .says(200, 1, "!")
            .over(300, 1)
            .got(310, 1,
                R"({"usageMetadata":{"promptTokenCount":3,"responseTokenCount":4,"totalTokenCount":7}})")
            .read();
    const auto& session = only_session(read);
    CHECK(session.sum.total_tokens == 7);
    CHECK(session.sum.prompt_tokens == 3);
    CHECK(session.turns[0].tokens == 7);
}

TEST_CASE("two conversations of one client are two sessions")
{
    const auto read = recording()
                          .ready(0, 1)
                          .ready(10, 2)
                          .asks(100, 1, "One?")
                          .asks(110, 2, "Two?")
                          .says(200, 2, "Two.")
                          .says(210, 1, "One.")
                          .over(300, 1)
                          .over(310, 2)
                          .read();
    REQUIRE(read.sessions.size() == 2);
    CHECK(text_of(read.sessions[0].turns.at(0), word_source::spoken) == "One.");
    CHECK(text_of(read.sessions[1].turns.at(0), word_source::spoken) == "Two.");
}

TEST_CASE("lines that cannot be read are listed with the reason, and the others are read")
{
    const auto read = recording()
                          .line("not JSON")
                          .line("[1]")
                          .line(R"({"connection":1,"opened":true})")
                          .line(R"({"at":1,"opened":true})")
                          .line(R"({"at":1,"connection":1})")
                          .tell(5, 1, R"("opened":true)")
                          .tell(6, 1, R"("malformed":17)")
                          .tell(7, 1, R"("closed":1011,"reason":"Why")")
                          .read();
    CHECK(read.unreadable == 5);
    CHECK(read.lines[0].summary == "It is not JSON.");
    CHECK(read.lines[2].summary == "It has no time \"at\".");
    CHECK(read.lines[3].summary == "It has no number of a connection.");
    CHECK(read.lines[6].odd);
    CHECK(read.lines[7].summary == "1011 Why");
    REQUIRE(read.connections.size() == 1);
    CHECK(read.connections[0].end == connection_end::closed);
    CHECK(read.connections[0].code == 1011);
}

TEST_CASE("members that are unknown are counted, with the first message that has them")
{
    const auto read = recording()
                          .ready(0, 1)
                          .got(10, 1, R"({"news":1})")
                          .got(20, 1, R"({"news":2,"goAway":{"timeLeft":"soon"}})")
                          .read();
    REQUIRE(read.odd.size() == 2);
    CHECK(read.odd[0].name == "news");
    CHECK(read.odd[0].count == 2);
    CHECK(read.odd[0].first_line == 4);
    CHECK(read.odd[1].name == "goAway.timeLeft");
    CHECK_FALSE(read.odd[1].why.empty());
    CHECK(read.lines[4].odd);
}

TEST_CASE("percentiles are by nearest rank")
{
    CHECK(percentile({}, 0.5) == 0ms);
    CHECK(percentile({30ms, 10ms, 20ms}, 0.5) == 20ms);
    CHECK(percentile({30ms, 10ms, 20ms}, 0.95) == 30ms);
    CHECK(percentile({10ms, 20ms}, 0.5) == 10ms);
}

} // namespace conversation_test
