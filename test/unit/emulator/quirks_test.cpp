// SPDX-License-Identifier: Apache-2.0
#include "unit/emulator/virtual_client.hpp"

#include "emulator/persona/speech.hpp"
#include "emulator/rules/quirks.hpp"

#include <gemini/live/error.hpp>

#include <numeric>
#include <set>

namespace quirks_test {

using namespace test;

// How the service behaves on some models, message by message.

namespace {

constexpr std::string_view flash_3_1 = "gemini-3.1-flash-live-preview";
constexpr std::string_view flash_3_8 = "gemini-3.8-live";
constexpr std::string_view native_2_5 = "gemini-live-2.5-flash-native-audio";
constexpr std::string_view by_hand =
    R"(,"realtimeInputConfig":{"automaticActivityDetection":{"disabled":true}})";
constexpr std::string_view mark = R"({"realtimeInput":{"activityStart":{}}})";
constexpr std::string_view end_mark = R"({"realtimeInput":{"activityEnd":{}}})";

/// Declares get_weather with this behavior.
std::string weather(std::string_view behavior = "")
{
    return fmt::format(
        R"(,"tools":[{{"functionDeclarations":[{{"name":"get_weather",{})"
        R"("parameters":{{"type":"OBJECT","properties":{{"city":{{"type":"STRING"}}}}}}}}]}}])",
        behavior.empty() ? "" : fmt::format(R"("behavior":"{}",)", behavior));
}

void set_up(client& c, std::string_view model, std::string_view more = "")
{
    const bool must_think = model.ends_with("extended-thinking");
    c.say(fmt::format(R"({{"setup":{{"model":"models/{}"{}{}}}}})", model, more,
        must_think ? R"(,"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}})" : ""));
    REQUIRE_FALSE(c.closed);
}

void go_to_vertex(client& c)
{
    c.way.backend = backend::vertex_ai;
    c.way.version = "v1beta1";
    c.way.credential = credential::access_token;
}

std::string kind_of(const server_message& message)
{
    std::string kind;
    const auto add = [&kind](bool has, std::string_view name) {
        if (has) kind.append(kind.empty() ? "" : "+").append(name);
    };
    const auto& all = message.members();
    add(all.setup_complete.has_value(), "setup");
    add(all.tool_call.has_value(), "call");
    add(all.tool_call_cancellation.has_value(), "cancel");
    add(all.session_resumption_update.has_value(), "handle");
    if (const auto& content = all.server_content) {
        const auto& words = content->output_transcription;
        add(content->interrupted, "interrupted");
        add(content->input_transcription.has_value(), "heard");
        add(words && !words->text.empty(), "words");
        add(words && words->text.empty() && words->finished, "finished");
        add(content->model_turn.has_value(), "sound");
        add(content->generation_complete, "generated");
        add(content->turn_complete, "end");
        add(content->turn_complete && content->grounding_metadata, "grounding");
        if (kind.empty()) kind = "nothing";
    }
    return kind;
}

/// The kinds of what was received. Text and audio count as "speech", and repetitions in a row count
/// once.
std::string order(const client& c)
{
    std::string all, last;
    for (const auto& each : c.heard) {
        auto kind = kind_of(each);
        if (kind == "words" || kind == "sound" || kind == "words+sound") kind = "speech";
        if (kind == last) continue;
        all += (all.empty() ? "" : " ") + kind;
        last = kind;
    }
    return all;
}

bool is_call(const server_message& each) { return each.members().tool_call.has_value(); }
bool is_cancellation(const server_message& each)
{
    return each.members().tool_call_cancellation.has_value();
}
bool is_handle(const server_message& each)
{
    return each.members().session_resumption_update.has_value();
}
bool is_generated(const server_message& each)
{
    return each.members().server_content && each.members().server_content->generation_complete;
}

std::string response_to(const client& c)
{
    const auto* const asked = c.find(is_call);
    REQUIRE(asked);
    return fmt::format(
        R"({{"toolResponse":{{"functionResponses":[{{"id":"{}","name":"get_weather",)"
        R"("response":{{"output":"rain"}}}}]}}}})",
        asked->members().tool_call->function_calls.at(0).id);
}

/// The lengths of the audio chunks, in bytes.
std::vector<std::size_t> pieces(const client& c)
{
    std::vector<std::size_t> all;
    for (const auto& each : c.heard) {
        const auto& content = each.members().server_content;
        if (!content || !content->model_turn) continue;
        for (const auto& part : content->model_turn->parts)
            if (part.inline_data) all.push_back(part.inline_data->data.size());
    }
    return all;
}

} // namespace

TEST_CASE("3.1 sends handles without being asked: after the setup, and around each turn")
{
    client c;
    set_up(c, flash_3_1);
    CHECK(order(c) == "setup nothing handle");
    std::vector<std::ptrdiff_t> at_the_end;
    for (int turn = 0; turn < 2; ++turn) {
        c.heard.clear();
        c.text("Hello");
        c.wait();
        CHECK(order(c) == "nothing handle speech generated handle end handle nothing");
        const auto from = c.heard.begin() + static_cast<std::ptrdiff_t>(c.place(is_generated));
        const auto to = c.heard.begin() + static_cast<std::ptrdiff_t>(c.place(is_end));
        at_the_end.push_back(std::count_if(from, to, is_handle));
    }
    CHECK(at_the_end == std::vector<std::ptrdiff_t>{4, 5});

    SECTION("each of them resumes the conversation")
    {
        const auto handle = c.find(is_handle)->members().session_resumption_update->new_handle;
        CHECK(handle.size() == 36); // a UUID
        CHECK(std::count(handle.begin(), handle.end(), '-') == 4);
        client next;
        next.kept = c.kept;
        c.server.reset();
        set_up(next, flash_3_1, fmt::format(R"(,"sessionResumption":{{"handle":"{}"}})", handle));
        next.text("What did I say before?");
        next.wait();
        CHECK(next.transcript().find("Hello") != std::string::npos);
    }
}

TEST_CASE("3.1 sends a handle after a tool response, and none at the start of the next turn")
{
    client c;
    set_up(c, flash_3_1, weather());
    c.text("What is the weather in Oslo?");
    c.wait();
    CHECK(order(c) == "setup nothing handle nothing handle call");
    const auto response = response_to(c);
    c.heard.clear();
    c.say(response);
    CHECK(order(c) == "handle");
    c.wait();
    CHECK(order(c) == "handle speech generated handle end handle nothing");
}

TEST_CASE("with transparent resumption a handle after a tool response counts that response")
{
    client c;
    go_to_vertex(c);
    c.quirks.unasked_handles = true;
    set_up(c, flash_3_1, weather() + R"(,"sessionResumption":{"transparent":true})");
    const auto index_of_last = [&c] {
        const auto& update = c.heard.back().members().session_resumption_update;
        REQUIRE(update);
        return update->last_consumed_client_message_index;
    };
    CHECK(index_of_last() == 0);
    c.text("What is the weather in Oslo?");
    c.wait();
    c.say(response_to(c));
    CHECK(index_of_last() == 2);
}

TEST_CASE("3.1 transcribes both directions although the setup asks for neither")
{
    client c;
    set_up(c, flash_3_1);
    c.say(audio_message(speak("hello hello hello")));
    c.say(audio_message(bytes(speech_rate * 3)));
    c.wait();
    CHECK(c.count([](const auto& each) { return !each.input_transcription().empty(); }) == 1);
    CHECK_FALSE(c.transcript().empty());

    client other;
    set_up(other, flash_3_8);
    other.text("Hello");
    other.wait();
    CHECK(other.transcript().empty());
}

TEST_CASE("3.1 has text and audio in one message, without a role, sometimes in several parts")
{
    client c;
    set_up(c, flash_3_1);
    c.text("Hello");
    c.wait();
    bool has_several = false;
    for (const auto& each : c.heard) {
        const auto& content = each.members().server_content;
        if (!content) continue;
        if (content->output_transcription) CHECK(content->model_turn);
        if (!content->model_turn) continue;
        CHECK(content->model_turn->role.empty());
        has_several = has_several || content->model_turn->parts.size() > 1;
    }
    CHECK(has_several);
    for (const auto& each : c.raw) CHECK(each.find("\"role\"") == std::string::npos);

    client other;
    other.connect("", flash_3_8);
    other.text("Hello");
    other.wait();
    for (const auto& each : other.heard) {
        const auto& content = each.members().server_content;
        if (content && content->output_transcription) CHECK_FALSE(content->model_turn);
        if (content && content->model_turn) CHECK(content->model_turn->role == "model");
    }
}

TEST_CASE("3.1 sends an empty serverContent after the setup and around turns")
{
    client c;
    set_up(c, flash_3_1);
    c.text("Hello");
    c.wait();
    CHECK(std::count(c.raw.begin(), c.raw.end(), R"({"serverContent":{}})") == 3);
}

TEST_CASE("the habits of 3.1 on the Gemini API are not those of Vertex AI, nor of other models")
{
    client c;
    SECTION("3.1 on Vertex AI")
    {
        go_to_vertex(c);
        set_up(c, flash_3_1);
    }
    SECTION("3.8") { set_up(c, flash_3_8); }
    SECTION("2.5") { set_up(c, "gemini-2.5-flash-native-audio-latest"); }
    SECTION("the emulator's own") { set_up(c, "gemini-emulator-text"); }
    CHECK(order(c) == "setup");
    c.say(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hello"}]}],)"
          R"("turnComplete":true}})");
    c.wait();
    CHECK(order(c) == "setup speech generated end");
}

TEST_CASE(
    "2.5 on Vertex AI closes a call's turn before the response, and ends with an empty grounding")
{
    client c;
    go_to_vertex(c);
    set_up(c, native_2_5, weather() + R"(,"outputAudioTranscription":{})");
    c.say(
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"the weather in Oslo?"}]}],)"
        R"("turnComplete":true}})");
    c.wait();
    CHECK(order(c) == "setup call generated end+grounding");
    CHECK(c.find(is_end)->members().usage_metadata);
    const auto response = response_to(c);
    c.heard.clear();
    c.raw.clear();
    c.say(response);
    c.wait();
    CHECK(order(c) == "speech generated finished end+grounding");
    const auto has = [&c](std::string_view text) {
        return std::any_of(c.raw.begin(), c.raw.end(),
            [text](const auto& each) { return each.find(text) != std::string::npos; });
    };
    CHECK(has(R"("groundingMetadata":{})"));
    CHECK(has(R"({"serverContent":{"outputTranscription":{"finished":true}}})"));
}

TEST_CASE("audio comes in chunks of 40 to 560 ms, the first of an answer a single sample")
{
    const auto model = GENERATE(flash_3_8, flash_3_1, native_2_5);
    client uneven, even;
    even.quirks.uneven_sound = false;
    for (auto* c : {&uneven, &even}) {
        set_up(*c, model);
        for (int turn = 0; turn < 2; ++turn) {
            c->text("tell me a story");
            c->wait();
        }
    }
    const auto total = [](const std::vector<std::size_t>& sizes) {
        return std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
    };
    const auto sizes = pieces(uneven);
    REQUIRE(sizes.size() > 10);
    CHECK(total(sizes) == total(pieces(even)));
    CHECK(sizes.front() == 2);
    CHECK(std::count(sizes.begin(), sizes.end(), 2u) == 2); // one of each answer
    for (const auto each : sizes) {
        CHECK(each % 2 == 0);
        if (each == 2) continue;
        CHECK(each >= 40 * 48);
        CHECK(each <= 560 * 48);
    }
    const std::set<std::size_t> distinct(sizes.begin(), sizes.end());
    CHECK(distinct.size() > 5);
    const auto regular = pieces(even);
    const auto usual = model == flash_3_1 ? 50u : 100u; // in messages of one part and of two
    CHECK(std::count(regular.begin(), regular.end(), usual * 48) > 10);
    CHECK(*std::max_element(regular.begin(), regular.end()) == 100 * 48);
}

TEST_CASE("a blocking call is canceled by whatever the user says next")
{
    const auto again = GENERATE(as<std::string>(), R"({"realtimeInput":{"text":"Hello"}})",
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hello"}]}],"turnComplete":true}})",
        "speech");
    client c;
    SECTION("as by 3.8")
    {
        set_up(c, flash_3_8, weather("BLOCKING"));
        c.text("What is the weather in Oslo?");
        c.wait();
        const auto response = response_to(c);
        c.say(again == "speech" ? audio_message(speak("hello")) : again);
        CHECK(c.count(is_cancellation) == 1);
        c.say(response); // which was on its way
        CHECK_FALSE(c.closed);
    }
    SECTION("not when that is disabled")
    {
        c.quirks.cancels_blocking_calls = false;
        set_up(c, flash_3_8, weather("BLOCKING") + R"(,"outputAudioTranscription":{})");
        c.text("What is the weather in Oslo?");
        c.wait();
        const auto response = response_to(c);
        c.say(again == "speech" ? audio_message(speak("hello")) : again);
        c.wait();
        CHECK(c.count(is_cancellation) == 0);
        c.say(response);
        c.wait();
        CHECK(c.transcript().find("rain") != std::string::npos);
    }
}

TEST_CASE("turns of other roles are refused by name, and on 3.x those without one")
{
    const auto turn = [](std::string_view role) {
        return fmt::format(R"({{"clientContent":{{"turns":[{{{}"parts":[{{"text":"Hello"}}]}}],)"
                           R"("turnComplete":true}}}})",
            role.empty() ? "" : fmt::format(R"("role":"{}",)", role));
    };
    for (const auto model : {flash_3_8, std::string_view("gemini-3.8-live-extended-thinking"),
             flash_3_1, native_2_5, std::string_view("gemini-emulator-text")}) {
        for (const bool on_vertex : {false, true}) {
            const bool needs_one = model.starts_with("gemini-3.");
            for (const auto role : {"user", "model", "system", "assistant", "USER", ""}) {
                INFO(model << ", " << role << (on_vertex ? ", Vertex AI" : ""));
                client c;
                if (on_vertex) go_to_vertex(c);
                set_up(c, model);
                c.say(turn(role));
                const std::string_view given = role;
                const bool is_taken =
                    given == "user" || given == "model" || (given.empty() && !needs_one);
                CHECK(c.closed.has_value() != is_taken);
                if (is_taken || !c.closed) continue;
                CHECK(c.closed->first == 1007);
                CHECK(c.rule.starts_with("client_content.turns[0].role: user or model"));
            }
        }
    }
    SECTION("unless that is disabled")
    {
        client c;
        c.quirks.refuses_other_roles = c.quirks.refuses_omitted_roles = false;
        set_up(c, flash_3_8, R"(,"outputAudioTranscription":{})");
        c.say(turn("system"));
        c.say(turn(""));
        c.wait();
        CHECK_FALSE(c.closed);
        CHECK_FALSE(c.transcript().empty());
    }
}

TEST_CASE("the first mark of activity after an answer interrupts a turn that is empty")
{
    const auto speak_by_hand = [](client& c) {
        c.say(mark);
        c.say(audio_message(speak("hello")));
        c.say(end_mark);
    };
    client c;
    SECTION("on 2.5 and 3.1")
    {
        set_up(c, GENERATE(native_2_5, flash_3_1), by_hand);
        speak_by_hand(c);
        CHECK(c.count(is_end) == 0); // nothing has been answered yet
        c.wait();
        CHECK(c.count(is_end) == 1);
        c.heard.clear();
        c.say(mark);
        CHECK(c.count(is_cut) == 1);
        CHECK(c.count(is_end) == 1);
        CHECK(c.place(is_cut) < c.place(is_end));
        c.say(audio_message(speak("hello")));
        c.say(end_mark);
        c.wait();
        CHECK(c.count(is_cut) == 1);
        CHECK(c.count(is_end) == 2);
    }
    SECTION("on 3.8 it does not, unless enabled")
    {
        const bool on = GENERATE(false, true);
        if (on) c.quirks.empty_turn_at_late_activity = true;
        set_up(c, flash_3_8, by_hand);
        speak_by_hand(c);
        c.wait();
        c.heard.clear();
        c.say(mark);
        CHECK(order(c) == (on ? "interrupted end" : ""));
    }
    SECTION("between the last words and the end it ends that turn")
    {
        set_up(c, native_2_5, by_hand);
        speak_by_hand(c);
        while (c.count(is_generated) == 0) {
            c.now = *c.server->next_timer();
            c.take(c.server->on_timer(c.now));
        }
        c.heard.clear();
        c.say(mark);
        CHECK(order(c) == "interrupted end");
        c.wait();
        CHECK(c.count(is_end) == 1);
    }
}

TEST_CASE("the last words of an answer may come after the end of its turn")
{
    client c;
    c.quirks.trailing_transcription = true;
    c.connect();
    c.text("Hello");
    c.wait();
    const auto last = c.place(is_end) + 1;
    REQUIRE(last < c.heard.size());
    CHECK_FALSE(c.heard[last].output_transcription().empty());
    client other;
    other.connect();
    other.text("Hello");
    other.wait();
    CHECK(c.transcript() == other.transcript());
}

TEST_CASE("an interrupted turn may end after the next answer has begun, but not later than that")
{
    client c;
    c.quirks.late_interrupted_end = true;
    c.connect();
    c.text("tell me a story");
    c.wait(2s);
    c.heard.clear();
    SECTION("at the next question")
    {
        c.text("Hello");
        CHECK(order(c) == "interrupted");
        c.wait();
        CHECK(order(c) == "interrupted speech end handle speech generated end handle");
    }
    SECTION("when nothing follows it still ends")
    {
        c.say(R"({"clientContent":{"turnComplete":false}})");
        CHECK(order(c) == "interrupted");
        c.wait();
        CHECK(order(c) == "interrupted end handle");
    }
    SECTION("interrupted again, each turn has its own end")
    {
        c.text("tell me a story");
        c.text("Hello");
        c.wait();
        CHECK(c.count(is_cut) == 2);
        CHECK(c.count(is_end) == 3);
    }
}

TEST_CASE("each behavior can be switched on and off for any model, and a model's own are known")
{
    for (const auto model : {flash_3_1, flash_3_8, native_2_5}) {
        for (const auto& each : all_quirks()) {
            INFO(each.name);
            CHECK(testing::emulator_quirks::of(model).*each.member);
            CHECK((testing::emulator_quirks::none().*each.member) == false);
            for (const bool on : {false, true}) {
                testing::emulator_quirks chosen;
                chosen.*each.member = on;
                CHECK((overlaid(chosen, testing::emulator_quirks::of(model)).*each.member) == on);
            }
        }
    }
    CHECK(testing::emulator_quirks::of(flash_3_1).unasked_handles == true);
    CHECK(testing::emulator_quirks::of(flash_3_1, backend::vertex_ai).unasked_handles == false);
    CHECK(testing::emulator_quirks::of(native_2_5, backend::vertex_ai).empty_grounding == true);
    CHECK(testing::emulator_quirks::of(native_2_5).empty_grounding == false);
    CHECK_THROWS_AS(testing::emulator_quirks::of("gemini-0-dead"), error);
    CHECK(sizeof(testing::emulator_quirks) == all_quirks().size() * sizeof(std::optional<bool>));

    client c; // one model with the behavior of another
    c.quirks = testing::emulator_quirks::of(flash_3_1);
    set_up(c, flash_3_8);
    CHECK(order(c) == "setup nothing handle");
}

} // namespace quirks_test
