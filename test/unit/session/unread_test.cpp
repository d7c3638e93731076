// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

namespace unread_test {

// What a session does with messages that cannot be read in whole or in part.
using namespace test;

namespace {

/// Sends all of this in reply to the first message, then listens.
script saying(world& w, std::vector<std::string> messages)
{
    return [&w, messages = std::move(messages)](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        if (!co_await peer->receive()) co_return;
        for (const auto& each : messages) peer->send(each);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    };
}

std::string spoken(std::string_view words)
{
    return R"({"serverContent":{"outputTranscription":{"text":")" + std::string(words) + R"("}}})";
}

/// All events up to the message that says `last`.
asio::awaitable<void> read_until(
    session& session, std::string_view last, std::vector<session_event>& to)
{
    auto events = session.events();
    for (;;) {
        auto event = co_await events.next();
        if (!event) co_return;
        const auto* message = std::get_if<server_message>(&*event);
        const bool ends = message && message->output_transcription() == last;
        to.push_back(std::move(*event));
        if (ends) co_return;
    }
}

std::vector<const malformed_message*> unread_of(const std::vector<session_event>& events)
{
    std::vector<const malformed_message*> all;
    for (const auto& each : events)
        if (const auto* unread = std::get_if<malformed_message>(&each)) all.push_back(unread);
    return all;
}

} // namespace

TEST_CASE("unreadable members are reported by event, counter and log, after their message")
{
    world w;
    std::vector<std::string> lines;
    w.options.logger.sink =
        log_lines([&lines](log_level, std::string_view text) { lines.emplace_back(text); });
    w.scripts = {saying(w,
        {R"({"serverContent":{"outputTranscription":{"text":"Hello."},"groundingMetadata":"secret"},)"
         R"("usageMetadata":{"totalTokenCount":"secret","promptTokenCount":3}})",
            spoken("Over.")})};
    std::vector<session_event> events;
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        co_await read_until(session, "Over.", events);
        co_await session.close();
    });
    const auto unread = unread_of(events);
    REQUIRE(unread.size() == 1);
    CHECK(unread[0]->delivered);
    CHECK_FALSE(unread[0]->turn_in_doubt);
    CHECK(unread[0]->omitted ==
          std::vector{omitted_member{"serverContent.groundingMetadata", "is not an object"},
              omitted_member{"usageMetadata.totalTokenCount", "is not an integer"}});
    CHECK(std::string(unread[0]->why.what()) ==
          "The server sent a malformed message: serverContent.groundingMetadata is not an object.");
    const auto at = std::find_if(events.begin(), events.end(),
        [](const session_event& each) { return std::holds_alternative<malformed_message>(each); });
    const auto* before = std::get_if<server_message>(&*(at - 1));
    REQUIRE(before);
    CHECK(before->output_transcription() == "Hello.");
    CHECK(before->members().omitted.size() == 2);
    CHECK(played.counters().members_omitted == 2);
    CHECK(played.counters().malformed == 0);
    CHECK(std::count(lines.begin(), lines.end(),
              "a member of a server message could not be read: "
              "member=serverContent.groundingMetadata reason=\"is not an object\"") == 1);
    for (const auto& line : lines) CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE("turn() continues after a message with a member left out")
{
    world w;
    w.scripts = {saying(
        w, {R"({"serverContent":{"outputTranscription":{"text":"Hel"},"speechState":[]}})",
               R"({"toolCallCancellation":{"ids":[7]},"sessionResumptionUpdate":{"newHandle":"h",)"
               R"("resumable":true,"lastConsumedClientMessageIndex":"x"}})",
               spoken("lo \\ud83d"),
               "{\"serverContent\":{\"outputTranscription\":{\"text\":\"\xff\"},"
               "\"turnComplete\":true,\"groundingMetadata\":1e999}}"})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "Hello \xef\xbf\xbd\xef\xbf\xbd");
        CHECK(session.resumption_handle() == "h");
        CHECK(session.counters().members_omitted == 4);
        co_await session.close();
    });
}

TEST_CASE("turn() ends as unreadable when its end, or a call, is what could not be read")
{
    const std::string unreadable = GENERATE(as<std::string>(),
        R"({"serverContent":{"turnComplete":"yes please","outputTranscription":{"text":"lo."}}})",
        R"({"serverContent":7,"usageMetadata":{}})", R"({"toolCall":"look"})",
        R"({"toolCall":{"functionCalls":["look"]}})", R"({"error":"No."})");
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        peer->send(spoken("Hel"));
        peer->send(unreadable);
        co_await peer->receive();
        peer->send(spoken("Here."));
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto torn = co_await session.turn();
        CHECK(torn.end == turn_end::unreadable);
        CHECK(torn.ask_again());
        CHECK(torn.output_transcription.starts_with("Hel"));
        REQUIRE(torn.cause);
        CHECK(torn.cause->value() == errc::malformed_message);
        co_await session.send("two");
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "Here.");
        co_await session.close();
    });
}

TEST_CASE("a call is delivered, and answered, though its arguments cannot be read")
{
    world w;
    w.scripts = {
        saying(w, {R"({"toolCall":{"functionCalls":[{"id":"a","name":"look","args":7}]}})"})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        const auto called = co_await session.turn();
        CHECK(called.end == turn_end::tool_call);
        REQUIRE(called.tool_calls.size() == 1);
        CHECK(called.tool_calls[0].id == "a");
        CHECK(called.tool_calls[0].args.empty());
        co_await session.close();
    });
}

TEST_CASE("malformed_policy::fail ends the session at one unreadable member")
{
    const std::string spoilt = GENERATE(as<std::string>(),
        R"({"serverContent":{"turnComplete":true,"groundingMetadata":7}})",
        R"({"goAway":{"timeLeft":"soon"}})", R"({"usageMetadata":{"totalTokenCount":1e999}})");
    world w;
    w.options.malformed = malformed_policy::fail;
    w.scripts = {saying(w, {spoilt})};
    std::optional<error> end;
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        auto turn = session.turn();
        end = co_await failure_of(std::move(turn));
    });
    REQUIRE(end);
    CHECK(end->value() == errc::malformed_message);
    CHECK(played.status() == session_status::failed);
    CHECK(w.dials == 1);
}

TEST_CASE("malformed_policy::fail does not object to what can be read")
{
    world w;
    w.options.malformed = malformed_policy::fail;
    w.scripts = {saying(w,
        {spoken("bye \\ud83d"), R"({"goAway":{"timeLeft":"50"},"novelty":1e999})", turn_complete})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        const auto answer = co_await session.turn();
        CHECK(answer.output_transcription == "bye \xef\xbf\xbd");
        co_await session.close();
    });
}

TEST_CASE("a goAway with an unreadable timeLeft still changes the connection")
{
    const std::string left = GENERATE(as<std::string>(), R"({"timeLeft":"soon"})",
        R"({"timeLeft":"50"})", R"({"timeLeft":50})", R"({"timeLeft":{"seconds":50}})",
        R"({"timeLeft":"50.0123456789s"})", R"({"timeLeft":null})", "true", "[]");
    world w;
    w.scripts = {saying(w, {R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})",
                               spoken("Hello."), turn_complete, R"({"goAway":)" + left + "}"}),
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        co_await listen_until(session, all, [&] {
            return all.last(session_status::connected) &&
                   all.last(session_status::connected)->handover;
        });
        CHECK(session.counters().handovers == 1);
        CHECK(session.counters().losses == 0);
        co_await session.close();
    });
    CHECK(w.dials == 2);
}

TEST_CASE("a session opens even if setupComplete has an odd member")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->send(R"({"setupComplete":true})");
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        CHECK(session.status() == session_status::connected);
        co_await session.close();
    });
}

TEST_CASE("a tap records a message as the session has read it")
{
    world w;
    std::string recorded;
    w.options.tap.sink = [&](std::string_view line) { recorded.append(line).append(1, '\n'); };
    w.scripts = {
        saying(w, {"{\"serverContent\":{\"outputTranscription\":{\"text\":\"\xff \\ud83d\"}},"
                   "\"n\":1e999}",
                      turn_complete})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        static_cast<void>(co_await session.turn());
        co_await session.close();
    });
    CHECK(recorded.find("\"text\":\"\xef\xbf\xbd \xef\xbf\xbd\"") != std::string::npos);
    CHECK(recorded.find("malformed") == std::string::npos);
}

} // namespace unread_test
