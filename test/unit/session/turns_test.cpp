// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace turns_test {

// Turns in the orders that the service has been seen to send.
using namespace test;

namespace {

std::string saying(std::string_view members)
{
    return R"({"serverContent":{)" + std::string(members) + "}}";
}
std::string spoken(std::string_view words)
{
    return saying(R"("outputTranscription":{"text":")" + std::string(words) + R"("})");
}
std::string heard(std::string_view words)
{
    return saying(R"("inputTranscription":{"text":")" + std::string(words) + R"("})");
}
const std::string sound = saying(
    R"("modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQI="}}]})");
const std::string generation_complete = saying(R"("generationComplete":true)");
const std::string finished = saying(R"("outputTranscription":{"finished":true})");
const std::string interrupted = saying(R"("interrupted":true)");
const std::string a_call = R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get","args":{}}]}})";
const std::string two_calls =
    R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get"},{"id":"f2","name":"get"}]}})";
const std::string a_handle = R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})";

std::string usage(int prompt)
{
    return R"({"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":)" +
           std::to_string(prompt) + "}}";
}

function_response to(const function_call& call) { return {call, json(R"({"output":1})")}; }

setup of(const char* model)
{
    setup made{.model = model};
    return made;
}

/// One connection: for each message of the client, the server messages that answer it. The first
/// ones follow the setup.
script answering(world& w, std::vector<std::vector<std::string>> rounds)
{
    return [&w, rounds = std::move(rounds)](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (std::size_t i = 0; i < rounds.size(); ++i) {
            if (i != 0) {
                auto message = co_await peer->receive();
                if (!message) co_return;
                w.heard.push_back(*message);
            }
            for (const auto& each : rounds[i]) peer->send(each);
        }
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    };
}

script losing(world& w, std::vector<std::vector<std::string>> rounds)
{
    return [&w, rounds = std::move(rounds)](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (std::size_t i = 0; i < rounds.size(); ++i) {
            if (i != 0) {
                auto message = co_await peer->receive();
                if (!message) co_return;
                w.heard.push_back(*message);
            }
            for (const auto& each : rounds[i]) peer->send(each);
        }
        co_await w.clock->sleep_until(w.clock->now() + 100ms);
        peer->drop();
    };
}

} // namespace

TEST_CASE("turn() returns the calls, then the answer, whenever the turn of the calls is closed")
{
    world w;
    const auto model = GENERATE("gemini-3.8-live", "gemini-live-2.5-flash-native-audio",
        "gemini-3.1-flash-live-preview", "an-unknown-model");
    std::vector<std::string> with_call, with_response;
    const std::vector<std::string> answer{spoken("It is clear."), sound, generation_complete};
    SECTION("at once, as on Vertex AI")
    {
        with_call = {a_call, generation_complete, turn_complete};
        with_response = answer;
    }
    SECTION("after the response, as gemini-3.1 does")
    {
        with_call = {a_call};
        with_response = answer;
    }
    SECTION("after more audio")
    {
        with_call = {
            sound, a_call, sound, spoken("Let me look."), generation_complete, turn_complete};
        with_response = answer;
    }
    SECTION("after a finished transcription")
    {
        with_call = {spoken("Let me look."), a_call, finished, generation_complete, turn_complete};
        with_response = answer;
    }
    SECTION("in the message of the calls")
    {
        with_call = {
            R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get"}]},"serverContent":{"turnComplete":true}})"};
        with_response = answer;
    }
    SECTION("followed by grounding, interaction status and handles")
    {
        with_call = {a_call, generation_complete,
            saying(R"("turnComplete":true,"groundingMetadata":{})"), "{}", a_handle,
            saying(R"("interactionStatus":"IDLE")"), finished};
        with_response = answer;
    }
    SECTION("before late words")
    {
        with_call = {a_call, generation_complete, turn_complete, spoken(" late")};
        with_response = answer;
    }
    SECTION("while the response is on its way")
    {
        with_call = {a_call};
        with_response = {generation_complete, turn_complete};
        with_response.insert(with_response.end(), answer.begin(), answer.end());
    }
    with_response.push_back(turn_complete);
    w.scripts = {answering(w, {{}, with_call, with_response})};
    const auto client = w.make_client();
    session session{client, of(model)};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("How is the weather?");
        auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::tool_call);
        REQUIRE(turn.tool_calls.size() == 1);
        co_await session.send_tool_response(to(turn.tool_calls[0]));
        turn = co_await session.turn();
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.is_whole());
        CHECK(turn.output_transcription == "It is clear.");
        CHECK(turn.audio.size() == 2);
        CHECK(turn.tool_calls.empty());
        co_await session.close();
    };
    w.play(work());
    CHECK(session.counters().empty_turns == 0);
}

TEST_CASE("what is said after a call in its turn is kept apart from the answer")
{
    world w;
    w.scripts = {answering(w,
        {{},
            {spoken("Let "), a_call, spoken("me look."), sound, generation_complete, turn_complete},
            {spoken("Clear."), sound, turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("How is the weather?");
        const auto calling = co_await session.turn();
        CHECK(calling.output_transcription == "Let ");
        co_await session.send_tool_response(to(calling.tool_calls[0]));
        const auto answer = co_await session.turn();
        CHECK(answer.output_transcription == "Clear.");
        CHECK(answer.late.output_transcription == "me look.");
        CHECK(answer.late.audio.size() == 2);
        co_await session.close();
    });
}

TEST_CASE("two calls with separate responses have one answer")
{
    world w;
    std::vector<std::string> with_calls{two_calls};
    SECTION("the turn is closed before the responses")
    {
        with_calls.insert(with_calls.end(), {generation_complete, turn_complete});
    }
    SECTION("the turn is closed after the responses") {}
    w.scripts = {
        answering(w, {{}, with_calls, {}, {spoken("Both."), generation_complete, turn_complete}})};
    const auto client = w.make_client();
    session session{client, of("gemini-live-2.5-flash-native-audio")};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Look twice.");
        const auto calling = co_await session.turn();
        REQUIRE(calling.tool_calls.size() == 2);
        co_await session.send_tool_response(to(calling.tool_calls[0]));
        co_await w.clock->sleep_until(w.clock->now() + 5s);
        co_await session.send_tool_response(to(calling.tool_calls[1]));
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "Both.");
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("a question whose turn was closed at a call is asked again after a loss")
{
    world w;
    w.scripts = {losing(w, {{}, {a_call, generation_complete, turn_complete}}),
        answering(w, {{}, {spoken("Clear."), turn_complete}})};
    const auto client = w.make_client();
    session session{client, of("gemini-live-2.5-flash-native-audio")};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("How is the weather?");
        const auto calling = co_await session.turn();
        CHECK(calling.end == turn_end::tool_call);
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "Clear.");
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard.size() == 4); // two setups, and the question twice
    CHECK(session.counters().replayed == 1);
}

TEST_CASE("a model with a non-blocking function says more, and later answers the response")
{
    world w;
    w.scripts = {answering(
        w, {{}, {a_call, spoken("Talk to me meanwhile."), generation_complete, turn_complete},
               {spoken("It is done."), generation_complete, turn_complete}})};
    const auto client = w.make_client();
    session session{client, plain}; // its functions do not block
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Do it.");
        const auto calling = co_await session.turn();
        CHECK(calling.end == turn_end::tool_call);
        const auto meanwhile = co_await session.turn(); // nobody has responded yet
        CHECK(meanwhile.end == turn_end::complete);
        CHECK(meanwhile.output_transcription == "Talk to me meanwhile.");
        co_await session.send_tool_response(to(calling.tool_calls[0]));
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "It is done.");
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("after a silent response to a non-blocking function no answer is owed")
{
    world w;
    w.options.watchdogs.in_turn = 3s;
    w.scripts = {answering(w, {{}, {a_call, generation_complete, turn_complete}})};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Note it.");
        const auto calling = co_await session.turn();
        auto response = to(calling.tool_calls[0]);
        response.scheduling = scheduling::silent;
        co_await session.send_tool_response(std::move(response));
        co_await w.clock->sleep_until(w.clock->now() + 60s);
        co_await session.close();
        co_await listen_until(session, all, [] { return false; });
    });
    CHECK(all.silences.empty());
}

TEST_CASE("what follows the end of a turn opens no other: no false cut, no false silence, no late "
          "handover")
{
    world w;
    w.options.watchdogs.in_turn = 1s;
    const auto late = GENERATE(spoken(" two."), heard("Hello"),
        saying(R"("interimInputTranscription":{"text":"He"})"), finished, generation_complete,
        saying(R"("groundingMetadata":{})"), saying(R"("interactionStatus":"IDLE")"),
        saying(R"("speechState":"NON_SPEECH")"), saying(""), std::string("{}"));
    const bool behind_handle = GENERATE(false, true);
    INFO(late);
    std::vector<std::string> said{spoken("One"), turn_complete, late, a_handle};
    if (behind_handle) std::swap(said[2], said[3]);
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     for (const auto& each : said) peer->send(each);
                     co_await w.clock->sleep_until(w.clock->now() + 5s);
                     peer->send(R"({"goAway":{"timeLeft":"6s"}})");
                     while (co_await peer->receive()) {
                     }
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            co_await w.clock->sleep_until(w.clock->now() + 1s);
            peer->drop();
        },
        answering(w, {{}, {spoken("Three."), turn_complete}})};
    told all;
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto first = co_await session.turn();
        CHECK(first.end == turn_end::complete);
        const auto begun = w.clock->now();
        co_await listen_until(session, all, [&] { return session.counters().connections == 2; });
        CHECK(w.clock->now() - begun < 5500ms); // at once, not at the deadline
        while (session.counters().connections < 3)
            co_await w.clock->sleep_until(w.clock->now() + 1s);
        co_await session.send("three");
        const auto next = co_await session.turn();
        CHECK(next.end == turn_end::complete);
        CHECK(next.output_transcription == "Three.");
        co_await session.close();
    });
    CHECK(all.silences.empty());
    CHECK(played.counters().cut_turns == 0);
    CHECK(played.counters().stalls == 0);
}

TEST_CASE("late words belong to their own turn, or are kept apart in the next")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        peer->send(spoken("One"));
        peer->send(turn_complete);
        co_await w.clock->sleep_until(w.clock->now() + 100ms);
        peer->send(spoken(" two."));
        co_await peer->receive();
        peer->send(spoken("Three."));
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        SECTION("read before they come")
        {
            const auto first = co_await session.turn();
            CHECK(first.output_transcription == "One");
            co_await w.clock->sleep_until(w.clock->now() + 1s);
            co_await session.send("three");
            const auto second = co_await session.turn();
            CHECK(second.late.output_transcription == " two.");
            CHECK(second.output_transcription == "Three.");
        }
        SECTION("read after they have come")
        {
            co_await w.clock->sleep_until(w.clock->now() + 1s);
            co_await session.send("three");
            const auto first = co_await session.turn();
            CHECK(first.output_transcription == "One two.");
            const auto second = co_await session.turn();
            CHECK(second.late.output_transcription.empty());
            CHECK(second.output_transcription == "Three.");
        }
        co_await session.close();
    });
}

TEST_CASE("with an open microphone, words before the audio of an answer belong to the answer")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (int turn = 0; turn < 2; ++turn) {
            co_await peer->receive();
            peer->send(spoken("One"));
            peer->send(sound);
            peer->send(turn_complete);
        }
        while (co_await peer->receive()) {
        }
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        for (int turn = 0; turn < 2; ++turn) {
            co_await session.send_audio(pcm);
            const auto said = co_await session.turn();
            CHECK(said.end == turn_end::complete);
            CHECK(said.output_transcription == "One");
            CHECK(said.late.output_transcription.empty());
        }
        co_await session.close();
    });
}

TEST_CASE("turn() ends at an error of the server, and the stream continues")
{
    world w;
    w.scripts = {answering(
        w, {{},
               {spoken("I "),
                   R"({"error":{"code":400,"message":"That is refused.","status":"INVALID"}})"},
               {spoken("Here."), turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto refused = co_await session.turn();
        CHECK(refused.end == turn_end::error);
        CHECK_FALSE(refused.is_whole());
        CHECK(refused.output_transcription == "I ");
        REQUIRE(refused.cause);
        CHECK(refused.cause->value() == errc::rejected);
        CHECK(std::string(refused.cause->what()).find("That is refused.") != std::string::npos);
        co_await session.send("two");
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "Here.");
        co_await session.close();
    });
}

TEST_CASE("turn() ends at a message that cannot be read, and the stream continues")
{
    world w;
    w.scripts = {answering(w, {{}, {spoken("I "), R"({"serverContent":{"turnComplete":tru)"},
                                  {spoken("Here."), turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto torn = co_await session.turn();
        CHECK(torn.end == turn_end::unreadable);
        CHECK(torn.ask_again());
        CHECK(torn.output_transcription == "I ");
        REQUIRE(torn.cause);
        CHECK(torn.cause->value() == errc::malformed_message);
        co_await session.send("two");
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "Here.");
        co_await session.close();
    });
}

TEST_CASE("turn() ends when the watchdog sees the server freeze, and the stream continues")
{
    world w;
    w.options.watchdogs.in_turn = 4s;
    std::vector<std::string> before{spoken("I was about to ")};
    SECTION("in the middle of an answer") {}
    SECTION("before the first word") { before.clear(); }
    w.scripts = {answering(w, {{}, before, {spoken("Here."), turn_complete}})};
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto frozen = co_await session.turn();
        CHECK(frozen.end == turn_end::stalled);
        CHECK(frozen.ask_again());
        REQUIRE(frozen.cause);
        CHECK(frozen.cause->value() == errc::timed_out);
        co_await session.send("two");
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "Here.");
        co_await session.close();
    });
    CHECK(played.counters().stalls == 1);
}

TEST_CASE("the end of a turn that was given up is not the end of the next answer")
{
    world w;
    const std::string refused = R"({"error":{"code":400,"message":"That is refused."}})";
    const std::string torn = R"({"serverContent":{"turnComplete":tru)";
    const auto how = GENERATE(turn_end::error, turn_end::unreadable, turn_end::stalled);
    std::vector<std::string> first{spoken("I ")};
    if (how == turn_end::stalled) w.options.watchdogs.in_turn = 4s;
    if (how != turn_end::stalled) first.push_back(how == turn_end::error ? refused : torn);
    const std::string words = GENERATE("Here.", "");
    std::vector<std::string> second{turn_complete};
    if (!words.empty()) second.insert(second.end(), {spoken(words), turn_complete});
    const bool is_interrupted = GENERATE(false, true);
    if (is_interrupted) second.insert(second.begin(), interrupted);
    CAPTURE(to_string(how), words, is_interrupted);
    w.scripts = {answering(w, {{}, first, second})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto given_up = co_await session.turn();
        CHECK(given_up.end == how);
        CHECK(given_up.output_transcription == "I ");
        co_await session.send("two");
        const auto answer = co_await session.turn();
        // or is yet to come: the watchdog cannot tell
        const auto none = how == turn_end::stalled ? turn_end::stalled : turn_end::empty;
        CHECK(answer.end == (words.empty() ? none : turn_end::complete));
        CHECK(answer.output_transcription == words);
        co_await session.close();
    });
}

TEST_CASE("a turn of which nothing but the end arrives after it was given up is empty")
{
    world w;
    const std::string torn = R"({"serverContent":{"groundingMetadata":{},"turnComplete":tru)";
    const auto how = GENERATE(turn_end::unreadable, turn_end::stalled);
    std::vector<std::string> first{spoken("I ")};
    if (how == turn_end::unreadable) first.push_back(torn);
    if (how == turn_end::stalled) w.options.watchdogs.in_turn = 4s;
    w.scripts = {[&w, first](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        for (const auto& each : first) peer->send(each);
        co_await w.clock->sleep_until(w.clock->now() + 4500ms);
        peer->send(turn_complete);
        while (co_await peer->receive()) {
        }
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto given_up = co_await session.turn();
        CHECK(given_up.end == how);
        const auto rest = co_await session.turn();
        CHECK(rest.end == turn_end::empty);
        co_await session.close();
    });
}

TEST_CASE("the reason of an unreadable turn is the member that may have been its end")
{
    world w;
    w.scripts = {answering(w, {{}, {R"({"serverContent":{"outputTranscription":{"text":"I "},)"
                                    R"("groundingMetadata":7,"turnComplete":"?"}})"}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto torn = co_await session.turn();
        CHECK(torn.end == turn_end::unreadable);
        REQUIRE(torn.cause);
        CHECK(std::string(torn.cause->what()).find("turnComplete") != std::string::npos);
        co_await session.close();
    });
}

TEST_CASE("turn() does not wait forever for an answer to a response that the model ignores")
{
    world w;
    w.scripts = {answering(w, {{}, {a_call}, {turn_complete}})};
    const auto client = w.make_client();
    session session{client, of("gemini-3.1-flash-live-preview")};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto calling = co_await session.turn();
        co_await session.send_tool_response(to(calling.tool_calls[0]));
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::empty);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("a turn without text, audio or call is empty, and is counted")
{
    world w;
    std::vector<std::string> said{turn_complete};
    SECTION("after a question") {}
    SECTION("with usage, grounding and a finished transcription")
    {
        said = {finished, saying(R"("groundingMetadata":{})"), generation_complete, usage(12)};
    }
    SECTION("after an interruption of nothing, as by a late activityStart")
    {
        said = {interrupted, turn_complete};
    }
    SECTION("with a model turn without content")
    {
        said = {saying(R"("modelTurn":{"parts":[{"text":""}]})"), turn_complete};
    }
    w.scripts = {answering(w, {{}, {sound, turn_complete}, said, {spoken("Yes."), turn_complete}})};
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto first = co_await session.turn();
        CHECK(first.end == turn_end::complete); // audio is enough
        co_await session.send(".");
        const auto nothing = co_await session.turn();
        CHECK(nothing.end == turn_end::empty);
        CHECK_FALSE(nothing.is_whole());
        CHECK(session.counters().empty_turns == 1);
        co_await session.send("three");
        const auto third = co_await session.turn();
        CHECK(third.end == turn_end::complete);
        CHECK(third.output_transcription == "Yes.");
        co_await session.close();
    });
    CHECK(played.counters().empty_turns == 1);
}

TEST_CASE("the late end of an interrupted turn does not split the next answer")
{
    world w;
    w.scripts = {answering(w, {{}, {spoken("Once upon "), sound},
                                  {interrupted, sound, turn_complete, spoken("All of it."), sound,
                                      generation_complete, turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("A story!");
        co_await settle();
        co_await session.send("Rather not.");
        const auto cut = co_await session.turn();
        CHECK(cut.end == turn_end::interrupted);
        CHECK(cut.output_transcription == "Once upon ");
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.output_transcription == "All of it.");
        CHECK(answer.audio.size() == 4);
        co_await session.close();
    });
}

TEST_CASE("a canceled turn() loses nothing: the next one continues")
{
    world w;
    peer_ptr server;
    const auto beginning = answering(w, {{}, {spoken("One ")}});
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        return beginning(std::move(peer));
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        asio::cancellation_signal cancel;
        bool cancelled = false;
        const auto read = [&]() -> asio::awaitable<void> { co_await session.turn(); };
        asio::co_spawn(w.io, read(),
            asio::bind_cancellation_slot(
                cancel.slot(), [&](std::exception_ptr thrown) { cancelled = thrown != nullptr; }));
        co_await settle();
        cancel.emit(asio::cancellation_type::terminal);
        co_await settle();
        CHECK(cancelled);
        server->send(spoken("two."));
        server->send(turn_complete);
        const auto whole = co_await session.turn();
        CHECK(whole.end == turn_end::complete);
        CHECK(whole.output_transcription == "One two.");
        server.reset();
        co_await session.close();
    });
}

TEST_CASE("turn() of a failed session throws, and never returns half an answer as a whole one")
{
    world w;
    w.options.reconnect.max_attempts = 1;
    w.scripts = {losing(w, {{}, {spoken("I was about to ")}})};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1) throw error(errc::connect_failed, "Nobody listens.");
    };
    bool enabled = true;
    SECTION("when the attempts are exhausted") {}
    SECTION("when there are no attempts") { enabled = false; }
    w.options.reconnect.enabled = enabled;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        if (enabled) {
            const auto cut = co_await session.turn();
            CHECK(cut.end == turn_end::cut);
        }
        for (int i = 0; i < 2; ++i) {
            auto waiting = session.turn();
            const auto thrown = co_await failure_of(std::move(waiting));
            REQUIRE(thrown);
        }
        CHECK(session.status() == session_status::failed);
    });
}

TEST_CASE("a turn that a handover cuts is marked as cut, and exactly one change reports it")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->send(a_handle);
                     peer->send(spoken("Once "));
                     peer->send(R"({"goAway":{"timeLeft":"5s"}})");
                     while (co_await peer->receive()) {
                     }
                 },
        answering(w, {{}, {spoken("Once upon a time."), turn_complete}})};
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("A story!");
        const auto cut = co_await session.turn();
        CHECK(cut.end == turn_end::cut);
        CHECK(cut.ask_again());
        co_await session.send("A story!");
        const auto whole = co_await session.turn();
        CHECK(whole.end == turn_end::complete);
        CHECK(whole.output_transcription == "Once upon a time.");
        co_await session.close();
    });
    CHECK(played.counters().handovers == 1);
    CHECK(played.counters().cut_turns == 1);
}

TEST_CASE(
    "a question that could not be asked again as planned is reported once, on the next change")
{
    world w;
    w.options.reconnect.on_context_loss = context_loss::restore;
    int refusals = 0;
    w.scripts = {losing(w, {{a_handle}, {a_call}}),
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            ++refusals;
            peer->close(1008, "BidiGenerateContent session not found");
        },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        co_await listen_until(session, all, [&] {
            return refusals != 0 && all.last(session_status::connected) &&
                   all.last(session_status::connected)->context_lost;
        });
        co_await session.close();
    });
    int asked = 0;
    for (const auto& change : all.changes) {
        CHECK(change.ask_again == change.turn_cut);
        if (change.ask_again) ++asked;
    }
    CHECK(asked == 1);
}

TEST_CASE("a resume after which the server counts far fewer tokens is reported once")
{
    world w;
    int before = 515;
    int now = 60;
    setup given = plain;
    bool is_told = true;
    SECTION("far fewer") {}
    SECTION("about as many")
    {
        now = 480;
        is_told = false;
    }
    SECTION("more")
    {
        now = 600;
        is_told = false;
    }
    SECTION("far fewer, because of compression")
    {
        given.context_window_compression.emplace().trigger_tokens = 550;
        is_told = false;
    }
    SECTION("far fewer, below the target of compression")
    {
        given.context_window_compression.emplace().trigger_tokens = 100'000;
    }
    SECTION("far fewer, because of compression where the service will begin it")
    {
        given.context_window_compression.emplace();
        before = 26'000;
        is_told = false;
    }
    SECTION("far fewer, below where the service begins to compress")
    {
        given.context_window_compression.emplace();
    }
    w.scripts = {losing(w, {{}, {sound, usage(before), a_handle}}),
        answering(w, {{}, {sound, usage(now)}, {sound, usage(now)}})};
    std::vector<memory_doubtful> doubts;
    const auto played = w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        while (session.counters().connections < 2)
            co_await w.clock->sleep_until(w.clock->now() + 1s);
        co_await session.send("two");
        co_await session.send("three");
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        co_await session.close();
        auto events = session.events();
        while (auto event = co_await events.next())
            if (const auto* doubt = std::get_if<memory_doubtful>(&*event)) doubts.push_back(*doubt);
    });
    REQUIRE(doubts.size() == (is_told ? 1 : 0));
    CHECK(played.counters().memory_doubts == doubts.size());
    if (is_told) {
        CHECK(doubts[0].prompt_tokens_before == before);
        CHECK(doubts[0].prompt_tokens_now == now);
    }
}

TEST_CASE("a second final response to one call is refused")
{
    world w;
    w.scripts = {answering(w, {{}, {a_call}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        const auto calling = co_await session.turn();
        const auto& call = calling.tool_calls[0];
        auto first = to(call);
        first.will_continue = true;
        co_await session.send_tool_response(first);
        co_await session.send_tool_response(to(call));
        auto again = session.send_tool_response(to(call));
        const auto refused = co_await failure_of(std::move(again));
        REQUIRE(refused);
        CHECK(refused->value() == errc::misuse);
        CHECK(std::string(refused->what()).find("f1") != std::string::npos);
        function_call other;
        other.id = "f9";
        other.name = "get";
        std::vector<function_response> both{to(other), to(other)};
        auto twice = session.send_tool_response(both);
        const auto refused_too = co_await failure_of(std::move(twice));
        REQUIRE(refused_too);
        CHECK(refused_too->value() == errc::misuse);
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    CHECK(w.heard.size() == 4);
}

TEST_CASE("reading, turn() and drain() connect if nobody has, and a sender does not wait forever")
{
    world w;
    w.options.limits.outbox = 100;
    w.scripts = {answering(w, {{}, {spoken("Here."), turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send(std::string(90, 'x'));
        SECTION("turn()")
        {
            const auto turn = co_await session.turn();
            CHECK(turn.output_transcription == "Here.");
        }
        SECTION("messages()")
        {
            auto messages = session.messages();
            CHECK(co_await messages.next());
        }
        SECTION("events()")
        {
            auto events = session.events();
            CHECK(co_await events.next());
        }
        SECTION("drain()") { co_await session.drain(); }
        SECTION("a send that waits for room") { co_await session.send("two"); }
        co_await session.connect();
        CHECK(session.status() == session_status::connected);
        co_await session.close();
    });
    CHECK(w.dials == 1);
}

TEST_CASE("without a connection or any chance of one, turn() throws the cause")
{
    world w;
    w.decide = [](const transport::connect_request&) {
        throw error(errc::unauthorized, "The key is wrong.", {phase::connect});
    };
    w.play_session([&](session& session) -> asio::awaitable<void> {
        auto waiting = session.turn();
        const auto thrown = co_await failure_of(std::move(waiting));
        REQUIRE(thrown);
        CHECK(thrown->value() == errc::unauthorized);
    });
}

TEST_CASE("a restored history has the user's words before their answer, in every order")
{
    world w;
    w.options.reconnect.on_context_loss = context_loss::restore;
    std::vector<std::string> said;
    SECTION("heard before the answer") { said = {heard("Hello"), spoken("Good day."), sound}; }
    SECTION("heard in the middle of it")
    {
        said = {spoken("Good "), heard("Hello"), spoken("day.")};
    }
    SECTION("heard after it") { said = {spoken("Good day."), sound, heard("Hello")}; }
    SECTION("heard after its end")
    {
        said = {spoken("Good day."), sound, turn_complete, heard("Hello")};
    }
    SECTION("with late words of the answer")
    {
        said = {spoken("Good"), sound, turn_complete, spoken(" day."), heard("Hello")};
    }
    said.push_back(turn_complete);
    w.scripts = {losing(w, {{}, said}), [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, of("gemini-live-2.5-flash-native-audio")};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await session.send_audio(pcm);
        while (session.counters().connections < 2)
            co_await w.clock->sleep_until(w.clock->now() + 1s);
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    REQUIRE(w.heard.size() >= 3);
    const auto& memory = w.heard.back();
    const auto user = memory.find(R"({"role":"user","parts":[{"text":"Hello"}]})");
    const auto model = memory.find(R"({"role":"model","parts":[{"text":"Good day."}]})");
    REQUIRE(user != std::string::npos);
    REQUIRE(model != std::string::npos);
    CHECK(user < model);
}

TEST_CASE("turn() collects what the model says until it is over")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(text_message("Good "));
        peer->send(R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{)"
                   R"("mimeType":"audio/pcm;rate=24000","data":"AQID"}}]},)"
                   R"("outputTranscription":{"text":"Good day"}}})");
        peer->send(text_message("day"));
        peer->send(R"({"serverContent":{"turnComplete":true,"interactionStatus":"IN_PROGRESS"}})");
        peer->send(text_message("."));
        peer->send(
            R"({"serverContent":{"turnComplete":true},"usageMetadata":{"totalTokenCount":9}})");
        peer->send(R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get","args":{"a":1}}]}})");
        peer->send(text_message("cut"));
        peer->send(R"({"serverContent":{"interrupted":true}})");
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        auto first = co_await session.turn();
        CHECK(first.end == turn_end::complete);
        CHECK(first.text == "Good day.");
        CHECK(first.output_transcription == "Good day");
        CHECK(first.audio == bytes{std::byte{1}, std::byte{2}, std::byte{3}});
        REQUIRE(first.usage);
        CHECK(first.usage->total_token_count == 9);
        auto second = co_await session.turn();
        CHECK(second.end == turn_end::tool_call);
        REQUIRE(second.tool_calls.size() == 1);
        CHECK(second.tool_calls[0].args.text() == R"({"a":1})");
        auto third = co_await session.turn();
        CHECK(third.end == turn_end::interrupted);
        CHECK(third.text == "cut");
        co_await session.close();
        auto last = co_await session.turn();
        CHECK(last.end == turn_end::closed);
    });
}

TEST_CASE("a turn that loses its connection in the middle is not reported as complete")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(text_message("I was about to "));
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->send(text_message("Again."));
            peer->send(turn_complete);
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        auto first = co_await session.turn();
        CHECK(first.end == turn_end::cut);
        CHECK(first.text == "I was about to ");
        auto second = co_await session.turn();
        CHECK(second.end == turn_end::complete);
        CHECK(second.text == "Again.");
    });
}

TEST_CASE("a question that was lost with its connection is distinguished from one that waits for "
          "the next")
{
    world w;
    w.options.reconnect.replay = replay::none;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive(); // and does not reply
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->drop(); // while no question is open
        },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            co_await peer->receive();
            peer->send(text_message("Here."));
            peer->send(turn_complete);
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Are you there?");
        auto first = co_await session.turn();
        CHECK(first.end == turn_end::cut);
        CHECK(first.text.empty());
        while (w.dials < 3) co_await w.clock->sleep_until(w.clock->now() + 1s);
        co_await session.send("And now?");
        auto second = co_await session.turn();
        CHECK(second.end == turn_end::complete);
        CHECK(second.text == "Here.");
    });
}

} // namespace turns_test
