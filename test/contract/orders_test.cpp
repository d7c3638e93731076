// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/co_spawn.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace orders_test {

// Recordings of the orders in which the service sends its messages, in the form of a wire_tap,
// played back to each way of reading.
namespace live = gemini::live;

namespace {

enum class line_kind {
    says, ///< A message of the server.
    asks, ///< The user sends this text / answers the call of this id / speaks.
    answers,
    speaks,
    expects, ///< What turn() returns here, "end: words | late words"; by lines, one of several.
};
struct line {
    line_kind kind;
    std::string text{};
};

struct recording {
    std::string name;
    std::string model;
    std::vector<line> lines;
};

line says(std::string_view message) { return {line_kind::says, std::string(message)}; }
line content(std::string_view members)
{
    return says(R"({"serverContent":{)" + std::string(members) + "}}");
}
line spoken(std::string_view words)
{
    return content(R"("outputTranscription":{"text":")" + std::string(words) + R"("})");
}
line asks(std::string_view text) { return {line_kind::asks, std::string(text)}; }
line answers(std::string_view id) { return {line_kind::answers, std::string(id)}; }
line expects(std::string_view turn) { return {line_kind::expects, std::string(turn)}; }
line call(std::string_view ids)
{
    std::string calls;
    for (const char id : ids) {
        if (!calls.empty()) calls += ',';
        calls += std::string(R"({"id":")") + id + R"(","name":"look","args":{}})";
    }
    return says(R"({"toolCall":{"functionCalls":[)" + calls + "]}}");
}

const line sound = content(
    R"("modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQIDBA=="}}]})");
const line generated = content(R"("generationComplete":true)");
const line over =
    says(R"({"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":515}})");
const line interrupted = content(R"("interrupted":true)");
const line finished = content(R"("outputTranscription":{"finished":true})");
const line grounded = content(R"("turnComplete":true,"groundingMetadata":{})");
const line idle = content(R"("interactionStatus":"IDLE")");
const line nothing = content("");
const line handle =
    says(R"({"sessionResumptionUpdate":{"newHandle":"a-handle","resumable":true}})");

constexpr const char* flash_3_8 = "gemini-3.8-live";
constexpr const char* native_2_5 = "gemini-2.5-flash-native-audio-latest";
constexpr const char* flash_3_1 = "gemini-3.1-flash-live-preview";

std::vector<recording> all_recordings()
{
    return {
        {"a call whose turn is closed at once", native_2_5,
            {asks("How is it?"), call("a"), generated, grounded, expects("tool_call:  | "),
                answers("a"), spoken("Clear."), sound, generated, finished, grounded,
                expects("complete: Clear. | ")}},
        {"a call, more sound, and the end", native_2_5,
            {asks("How is it?"), spoken("Let me "), sound, call("a"), spoken("look."), sound,
                generated, over, expects("tool_call: Let me  | "), answers("a"), spoken("Clear."),
                sound, generated, over, expects("complete: Clear. | look.")}},
        {"a call whose turn waits for the response", flash_3_1,
            {asks("How is it?"), call("a"), handle, expects("tool_call:  | "), answers("a"), handle,
                spoken("Clear."), sound, generated, handle, handle, handle, handle, over, handle,
                expects("complete: Clear. | ")}},
        {"a call, then a finished transcription", flash_3_8,
            {asks("How is it?"), spoken("One moment."), call("a"), finished, generated, over,
                expects("tool_call: One moment. | "), answers("a"), spoken("Clear."), sound,
                generated, over, expects("complete: Clear. | ")}},
        {"a call in the message that ends its turn", native_2_5,
            {asks("How is it?"),
                says(
                    R"({"toolCall":{"functionCalls":[{"id":"a","name":"look","args":{}}]},"serverContent":{"turnComplete":true}})"),
                expects("tool_call:  | "), answers("a"), spoken("Clear."), sound, generated, over,
                expects("complete: Clear. | ")}},
        {"two calls that are answered apart", native_2_5,
            {asks("How is it?"), call("ab"), generated, over, expects("tool_call:  | "),
                answers("a"), answers("b"), spoken("Both."), sound, generated, over,
                expects("complete: Both. | ")}},
        {"words, statuses and handles after the end", flash_3_8,
            {asks("Count."), spoken("One"), sound, generated, over,
                expects("complete: One | \ncomplete: One two. | "), spoken(" two."),
                content(R"("inputTranscription":{"text":"Count."})"),
                content(R"("interimInputTranscription":{"text":"Co"})"), finished, idle,
                content(R"("groundingMetadata":{})"), nothing, says("{}"), generated, handle,
                asks("Go on."), spoken("Three."), sound, generated, over,
                expects("complete: Three. |  two.\ncomplete: Three. | ")}},
        {"an error inside the stream", flash_3_8,
            {asks("Count."),
                says(R"({"error":{"code":400,"message":"Refused.","status":"INVALID"}})"),
                expects("error:  | "), asks("Again."), spoken("One."), sound, generated, over,
                expects("complete: One. | ")}},
        {"empty turns", flash_3_8,
            {asks("."), over, expects("empty:  | "), asks("Again."), interrupted, over,
                expects("empty:  | "), asks("Well?"), spoken("One."), sound, generated, over,
                expects("complete: One. | ")}},
        {"an interrupted turn that ends late", flash_3_8,
            {asks("A story."), spoken("Once"), sound, asks("Stop."), interrupted, sound,
                expects("interrupted: Once | "), over, spoken("Well."), sound, generated, over,
                expects("complete: Well. | ")}},
        {"the user's words after the answer", flash_3_8,
            {{line_kind::speaks}, spoken("Good day."), sound, generated, over,
                expects("complete: Good day. | "),
                content(R"("inputTranscription":{"text":"Hello"})"), asks("Bye."), spoken("Bye."),
                sound, generated, over, expects("complete: Bye. | ")}},
    };
}

/// As a tap would have written it.
std::string tapped(const recording& one)
{
    std::string text;
    const auto add = [&text](std::string_view member, std::string_view value) {
        text += R"({"at":0,"connection":1,")" + std::string(member) + "\":" + std::string(value) +
                "}\n";
    };
    add("opened", "true");
    add("sent", R"({"setup":{"model":"models/any"}})");
    add("received", R"({"setupComplete":{}})");
    for (const auto& each : one.lines) {
        switch (each.kind) {
        case line_kind::says: add("received", each.text); break;
        case line_kind::asks:
            add("sent", one.model == native_2_5
                            ? R"({"clientContent":{"turns":[],"turnComplete":true}})"
                            : R"({"realtimeInput":{"text":""}})");
            break;
        case line_kind::answers: add("sent", R"({"toolResponse":{}})"); break;
        case line_kind::speaks: add("sent", R"({"realtimeInput":{"audio":{"bytes":4}}})"); break;
        case line_kind::expects: break;
        }
    }
    return text;
}

asio::awaitable<void> act(live::session& session, const line& what)
{
    if (what.kind == line_kind::asks) co_await session.send(what.text);
    if (what.kind == line_kind::answers) {
        live::function_response response;
        response.id = what.text;
        response.name = "look";
        response.response = live::json(R"({"output":"clear"})");
        co_await session.send_tool_response(std::move(response));
    }
    if (what.kind == line_kind::speaks) {
        const std::array<std::byte, 4> pcm{};
        co_await session.send_audio(pcm);
    }
}

asio::awaitable<void> read_messages(live::session& session, const recording& one)
{
    auto messages = session.messages();
    co_await messages.next(); // setupComplete
    for (const auto& each : one.lines) {
        co_await act(session, each);
        if (each.kind != line_kind::says) continue;
        auto message = co_await messages.next();
        REQUIRE(message);
        CHECK(message->raw() == each.text);
    }
}

asio::awaitable<void> read_events(live::session& session, const recording& one)
{
    auto events = session.events();
    const auto next = [&events]() -> asio::awaitable<std::string> {
        for (;;) {
            auto event = co_await events.next();
            if (!event) co_return "the end";
            if (const auto* message = std::get_if<live::server_message>(&*event))
                co_return std::string(message->raw());
            const auto* change = std::get_if<live::status_change>(&*event);
            if (!change || change->ask_again) co_return "another event";
        }
    };
    co_await next();
    for (const auto& each : one.lines) {
        co_await act(session, each);
        if (each.kind != line_kind::says) continue;
        const auto message = co_await next();
        CHECK(message == each.text);
    }
}

asio::awaitable<void> read_turns(live::session& session, const recording& one)
{
    for (const auto& each : one.lines) {
        co_await act(session, each);
        if (each.kind != line_kind::expects) continue;
        const auto turn = co_await session.turn();
        const auto got = std::string(to_string(turn.end)) + ": " + turn.output_transcription +
                         " | " + turn.late.output_transcription;
        INFO("turn() returned " << got << " for " << each.text);
        CHECK(('\n' + each.text + '\n').find('\n' + got + '\n') != std::string::npos);
    }
}

} // namespace

TEST_CASE("recordings of each order play back correctly through messages(), events() and turn()")
{
    using reader = asio::awaitable<void> (*)(live::session&, const recording&);
    const auto [way, read] = GENERATE(table<const char*, reader>(
        {{"messages()", read_messages}, {"events()", read_events}, {"turn()", read_turns}}));
    for (const auto& one : all_recordings()) {
        INFO(one.name << ", by " << way);
        test::context io;
        live::testing::emulator_options serving;
        serving.pace = 0;
        serving.replay = tapped(one);
        live::testing::emulator server(io.get_executor(), serving);
        live::client_options options;
        options.credentials = live::api_key("any");
        options.base_url = server.url();
        live::client client(io.get_executor(), options);
        live::setup setup{.model = one.model};
        live::session session(client, setup);
        const auto work = [&, read = read]() -> asio::awaitable<void> {
            co_await session.connect();
            co_await read(session, one);
            co_await session.close();
        };
        test::run(io, work());
        CHECK(session.counters().cut_turns == 0);
    }
}

} // namespace orders_test
