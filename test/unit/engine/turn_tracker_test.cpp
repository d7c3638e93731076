// SPDX-License-Identifier: Apache-2.0
#include "engine/turn_tracker.hpp"
#include "protocol/decode.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turn_tracker_test {

// How each message relates to the turns: one row for each step that either side takes.
using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

namespace {

constexpr time_point t0 = time_point() + 1h;
using end = turn_mark::end;

server_message message(std::string_view text)
{
    return protocol::decode_server_message(base::padded_buffer(text));
}

/// A step: what the server says, or what the client sends, `after` that time.
struct step {
    std::string what;
    std::uint64_t turn = 0; ///< The turn that the words belong to.
    end ends = end::nothing;
    std::string notes{}; ///< b: begins an answer, e: empty, c: was cut, u: unsure, ?: undecided,
                         ///< !: claims, i: still in a turn afterwards
    std::chrono::milliseconds after{0};
};

struct story {
    std::string name;
    bool waits = true; ///< The model waits for its functions.
    std::vector<step> steps;
    std::chrono::milliseconds crossing{0}; ///< The latency of the link.
};

std::string content(std::string_view members)
{
    return R"({"serverContent":{)" + std::string(members) + "}}";
}
const std::string sound = content(
    R"("modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQI="}}]})");
const std::string words = content(R"("outputTranscription":{"text":"One"})");
const std::string user_words = content(R"("inputTranscription":{"text":"Hi"})");
const std::string interim = content(R"("interimInputTranscription":{"text":"H"})");
const std::string finished = content(R"("outputTranscription":{"finished":true})");
const std::string generated = content(R"("generationComplete":true)");
const std::string over = content(R"("turnComplete":true)");
const std::string cut = content(R"("interrupted":true)");
const std::string grounding = content(R"("groundingMetadata":{})");
const std::string idle = content(R"("interactionStatus":"IDLE")");
const std::string no_speech = content(R"("speechState":"NON_SPEECH")");
const std::string nothing = "{}";
const std::string no_content = content("");
const std::string no_parts = content(R"("modelTurn":{"parts":[{"text":""}]})");
const std::string call = R"({"toolCall":{"functionCalls":[{"id":"f","name":"f","args":{}}]}})";
const std::string two_calls =
    R"({"toolCall":{"functionCalls":[{"id":"f","name":"f"},{"id":"g","name":"g"}]}})";
const std::string call_and_over =
    R"({"toolCall":{"functionCalls":[{"id":"f","name":"f"}]},"serverContent":{"turnComplete":true}})";
const std::string cancelled = R"({"toolCallCancellation":{"ids":["f"]}})";
const std::string failure = R"({"error":{"code":400,"message":"No."}})";
const std::string handle = R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})";

std::string notes_of(const turn_mark& mark, const turn_tracker& talk)
{
    std::string notes;
    if (mark.begins) notes += 'b';
    if (mark.is_empty) notes += 'e';
    if (mark.was_cut) notes += 'c';
    if (mark.unsure) notes += 'u';
    if (mark.undecided) notes += '?';
    if (mark.claims) notes += '!';
    if (talk.in_turn()) notes += 'i';
    return notes;
}

void play(const story& told)
{
    turn_tracker talk([&](const std::string&) { return told.waits; });
    auto now = t0;
    std::size_t number = 0;
    for (const auto& each : told.steps) {
        now += each.after;
        INFO(told.name << ", step " << ++number << ": " << each.what);
        if (each.what == "asks") {
            talk.told({true, false, true, false, 1}, now);
        } else if (each.what == "speaks") {
            talk.told({false, false, false, true}, now);
        } else if (each.what == "responds") {
            talk.responded({"f"}, {});
            talk.told({true, true, true, false, 1}, now);
        } else if (each.what == "responds to the other") {
            talk.responded({"g"}, {});
            talk.told({true, true, true, false, 1}, now);
        } else if (each.what == "unreadable") {
            talk.heard_nonsense(now);
        } else if (each.what == "waits") {
            talk.settle(now);
            CHECK(talk.in_turn() == (each.notes == "i"));
        } else {
            const auto mark = talk.heard(message(each.what), now, false, told.crossing);
            CHECK(mark.turn == each.turn);
            CHECK(mark.ends == each.ends);
            CHECK(notes_of(mark, talk) == each.notes);
        }
    }
}

} // namespace

TEST_CASE("a turn ends once, and the order of its messages decides what they are")
{
    const std::vector<story> all{
        {"a plain answer", true,
            {{"asks"}, {words, 1, end::nothing, "bi"}, {sound, 1, end::nothing, "i"},
                {generated, 1, end::nothing, "i"}, {over, 1, end::turn, ""}}},
        {"an unrequested greeting", true,
            {{words, 1, end::nothing, "bi"}, {sound, 1, end::nothing, "i"}, {over, 1, end::turn}}},
        {"a second answer", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn}, {"asks"},
                {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"an empty turn answers", true, {{"asks"}, {over, 1, end::turn, "be"}}},
        {"a repeated end", true,
            {{"asks"}, {words, 1, end::nothing, "bi"}, {over, 1, end::turn},
                {over, 1, end::nothing}, {"asks"}, {over, 2, end::turn, "be"}}},
        {"an end of an unknown turn, after sound of the user", true,
            {{"asks"}, {words, 1, end::nothing, "bi"}, {over, 1, end::turn}, {"speaks"},
                {over, 2, end::turn, "be"}}},
        {"a model turn without content does not count", true,
            {{"asks"}, {no_parts, 0, end::nothing, "i"}, {over, 1, end::turn, "be"}}},

        {"closed before the response", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {sound, 1, end::nothing, "i"},
                {generated, 1, end::nothing, "i"}, {over, 1, end::calls, "i"}, {"responds"},
                {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"closed before the response, after some words", true,
            {{"asks"}, {words, 1, end::nothing, "bi"}, {call, 1, end::nothing, "i"},
                {finished, 1, end::nothing, "i"}, {over, 1, end::calls, "i"}, {"responds"},
                {sound, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"closed after the response", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {"responds"}, {words, 2, end::nothing, "bi"},
                {over, 2, end::turn}}},
        {"call and end in one message", true,
            {{"asks"}, {call_and_over, 1, end::calls, "i"}, {"responds"},
                {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"two calls answered apart", true,
            {{"asks"}, {two_calls, 1, end::nothing, "i"}, {over, 1, end::calls, "i"}, {"responds"},
                {"responds to the other"}, {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"two calls, of which one is answered before the end", true,
            {{"asks"}, {two_calls, 1, end::nothing, "i"}, {"responds"}, {over, 1, end::calls, "i"},
                {"responds to the other"}, {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"two calls, between whose answers the model talks on and ends late", true,
            {{"asks"}, {two_calls, 1, end::nothing, "i"}, {"responds"},
                {sound, 1, end::nothing, "i"}, {over, 1, end::calls, "i", 2s},
                {"responds to the other"}, {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"after the end, only metadata of parts", true,
            {{"asks"}, {words, 1, end::nothing, "bi"}, {over, 1, end::turn},
                {content(R"("modelTurn":{"parts":[{"thoughtSignature":"c2ln"},{"thought":true}]})"),
                    1, end::nothing, ""}}},
        {"the end crosses the response", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {"responds"},
                {over, 1, end::calls, "ui", 100ms}, {words, 2, end::nothing, "bi", 900ms},
                {over, 2, end::turn}}},
        {"the end seems to cross the response, and nothing follows", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {"responds"},
                {over, 1, end::calls, "ui", 100ms}, {"waits", 0, end::nothing, "i", 4s},
                {"waits", 0, end::nothing, "", 1s}}},
        {"nothing is said to a response", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {over, 1, end::calls, "i"}, {"responds"},
                {over, 2, end::turn, "be", 3s}}},
        {"nothing is said to a response, and the turn had not been closed", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {"responds"}, {over, 2, end::turn, "be", 3s}}},
        {"one call after the other", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {over, 1, end::calls, "i"}, {"responds"},
                {call, 2, end::nothing, "i"}, {over, 2, end::calls, "i"}, {"responds"},
                {words, 3, end::nothing, "bi"}, {over, 3, end::turn}}},
        {"late words of a turn with an open call", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {over, 1, end::calls, "i"},
                {words, 1, end::nothing, "i"}, {"responds"}, {sound, 2, end::nothing, "bi"},
                {over, 2, end::turn}}},
        {"a function that the model does not wait for", false,
            {{"asks"}, {call, 1, end::nothing, "i"}, {sound, 1, end::nothing, "i"},
                {over, 1, end::calls, "b"}, {"responds"}, {words, 2, end::nothing, "bi"},
                {over, 2, end::turn}}},
        {"a call that is taken back", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {cut, 1, end::nothing, "i"},
                {cancelled, 1, end::nothing, "i"}, {over, 1, end::turn, "ci"}, {"asks"},
                {sound, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"the model is interrupted with a call open", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {cut, 1, end::nothing, "i"},
                {over, 1, end::turn, "ci"}, {"responds"}, {sound, 2, end::nothing, "bi"},
                {over, 2, end::turn}}},

        {"two questions, two answers", true,
            {{"asks"}, {"asks"}, {words, 1, end::nothing, "bi"}, {over, 1, end::turn},
                {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"two questions, one answer, and late words", true,
            {{"asks"}, {"asks"}, {words, 1, end::nothing, "bi"}, {over, 1, end::turn},
                {words, 2, end::nothing, "bi"}, {"waits", 0, end::nothing, "", 5s}}},
        {"an interruption", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {"asks"}, {cut, 1, end::nothing, "i"},
                {over, 1, end::turn, "ci"}, {sound, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"the end of an interrupted turn does not split the next one", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {"asks"}, {cut, 1, end::nothing, "i"},
                {sound, 2, end::nothing, "bi"}, {over, 1, end::nothing, "ui"},
                {sound, 2, end::nothing, "i"}, {generated, 2, end::nothing, "i"},
                {over, 2, end::turn}}},
        {"late words behind an answer, with a question before that was interrupted at once", true,
            {{"asks"}, {"asks"}, {cut, 1, end::nothing, "i"}, {sound, 2, end::nothing, "bi"},
                {over, 1, end::nothing, "ui"}, {sound, 2, end::nothing, "i"},
                {generated, 2, end::nothing, "i"}, {over, 2, end::turn}, {words, 2}}},
        {"an interrupted turn whose end never comes", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {"asks"}, {cut, 1, end::nothing, "i"},
                {sound, 2, end::nothing, "bi"}, {generated, 2, end::nothing, "i"},
                {over, 2, end::turn}}},
        {"an interrupted turn whose end never comes, and an answer without sound", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {"asks"}, {cut, 1, end::nothing, "i"},
                {words, 1, end::nothing, "?i"}, {generated, 2, end::nothing, "b!i"},
                {over, 2, end::turn}}},
        {"words that come with an interruption", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {cut, 1, end::nothing, "i"},
                {words, 1, end::nothing, "?i"}, {over, 1, end::turn, "c"}}},
        {"a late activityStart", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn},
                {cut, 2, end::nothing, "i"}, {over, 2, end::turn, "ec"}, {"asks"},
                {sound, 3, end::nothing, "bi"}, {over, 3, end::turn}}},

        {"whatever comes after the end", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn}, {words, 1},
                {user_words, 1}, {interim, 1}, {finished, 1}, {generated, 1}, {grounding, 1},
                {idle, 1}, {no_speech, 1}, {nothing, 1}, {no_content, 1}, {no_parts, 1},
                {handle, 1}}},
        {"late words while a microphone is open", true,
            {{"speaks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn}, {"speaks"},
                {words, 1, end::nothing, "?"}, {sound, 2, end::nothing, "bi", 2s},
                {over, 2, end::turn}}},
        {"words before the sound that they are of, while a microphone is open", true,
            {{"speaks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn}, {"speaks"},
                {words, 1, end::nothing, "?"}, {sound, 2, end::nothing, "b!i", 50ms},
                {over, 2, end::turn}}},
        {"words of a question that come late while a microphone is open", true,
            {{"speaks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn}, {"speaks"},
                {user_words, 1, end::nothing, "", 800ms}, {user_words, 1, end::nothing, "", 400ms},
                {user_words, 1, end::nothing, "i", 600ms}}},
        {"words of a question that come late, and those of the next", true,
            {{"speaks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn}, {"speaks"},
                {user_words, 1, end::nothing, "", 100ms}, {"speaks"},
                {user_words, 1, end::nothing, "i", 1300ms}}},
        {"a remark while a microphone is open, soon after the answer to what was typed", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {over, 1, end::turn}, {"speaks"},
                {user_words, 1, end::nothing, "i", 800ms}}},
        {"a slow link: the end crosses the response", true,
            {{"asks"}, {call, 1, end::nothing, "i"}, {"responds"},
                {over, 1, end::calls, "ui", 1500ms}, {sound, 2, end::nothing, "bi", 900ms},
                {over, 2, end::turn}},
            4s},
        {"a spoken question that is recognized", true,
            {{"speaks"}, {user_words, 0, end::nothing, "i"}, {words, 1, end::nothing, "bi"},
                {over, 1, end::turn}, {"speaks"}, {interim, 1, end::nothing, "i"},
                {words, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
        {"a spoken remark that is never answered", true,
            {{"speaks"}, {user_words, 0, end::nothing, "i"}, {sound, 1, end::nothing, "bi"},
                {over, 1, end::turn}, {"speaks"}, {user_words, 1, end::nothing, "i"},
                {"waits", 0, end::nothing, "i", 9s}, {"waits", 0, end::nothing, "", 1s}}},

        {"an error, and what the server says after it", true,
            {{"asks"}, {failure, 0}, {over, 0}, {"asks"}, {words, 1, end::nothing, "bi"},
                {over, 1, end::turn}}},
        {"an error in the middle of an answer", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {failure, 1}, {words, 2, end::nothing, "bi"},
                {over, 2, end::turn}}},
        {"an unreadable message that was the end", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {"unreadable"},
                {"waits", 0, end::nothing, "", 5s}}},
        {"an unreadable message that was not", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {"unreadable"},
                {sound, 1, end::nothing, "i", 1s}, {"waits", 0, end::nothing, "i", 5s},
                {over, 1, end::turn}}},
        {"a question after an unreadable end", true,
            {{"asks"}, {sound, 1, end::nothing, "bi"}, {"unreadable"}, {"asks"},
                {sound, 2, end::nothing, "bi"}, {over, 2, end::turn}}},
    };
    for (const auto& each : all) play(each);
}

TEST_CASE("a call repeated after its answer is disregarded where nobody answers an id twice")
{
    const bool answers_once = GENERATE(true, false);
    turn_tracker talk([](const std::string&) { return true; });
    talk.set_answers_once(
        [&](const function_call& made) { return answers_once && made.id == "f"; });
    talk.heard(message(call), t0);
    CHECK(talk.has_open_calls());
    talk.responded({"f"}, {});
    talk.told({true, true, true, false, 1}, t0);
    CHECK_FALSE(talk.has_open_calls());
    talk.heard(message(call), t0);
    CHECK(talk.has_open_calls() == !answers_once);
    CHECK(talk.is_waited_for() == !answers_once);
    const std::vector<std::string> f{"f"};
    CHECK((talk.answered_before(f) != nullptr) == answers_once);
    talk.lost(turn_tracker::forgets::everything);
    talk.heard(message(call), t0); // the server has forgotten it, and makes it anew
    CHECK(talk.has_open_calls());
    CHECK_FALSE(talk.answered_before(f));
}

TEST_CASE("what follows the end of a turn leaves the conversation at rest")
{
    for (const auto& late : {words, user_words, interim, finished, generated, grounding, idle,
             no_speech, nothing, no_content, no_parts}) {
        INFO(late);
        turn_tracker talk([](const std::string&) { return true; });
        talk.told({true, false, true, false, 1}, t0);
        talk.heard(message(sound), t0);
        talk.heard(message(over), t0);
        talk.heard(message(handle), t0);
        CHECK(talk.at_rest());
        talk.heard(message(late), t0);
        CHECK(talk.at_rest());
    }
}

} // namespace turn_tracker_test
