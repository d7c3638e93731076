// SPDX-License-Identifier: Apache-2.0
#include "engine/turn_recorder.hpp"
#include "protocol/decode.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turn_recorder_test {

// What becomes of the messages of either side as records of turns: one row for each step.
using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

namespace {

constexpr time_point t0 = time_point() + 1h;

server_message message(std::string_view text)
{
    return protocol::decode_server_message(base::padded_buffer(text));
}

std::string content(std::string_view members)
{
    return R"({"serverContent":{)" + std::string(members) + "}}";
}
const std::string sound = content(
    R"("modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQI="}}]})");
const std::string words = content(R"("outputTranscription":{"text":"One"})");
const std::string user_words = content(R"("inputTranscription":{"text":"Hi"})");
const std::string over = content(R"("turnComplete":true)");
const std::string cut = content(R"("interrupted":true)");
const std::string cut_and_over = content(R"("interrupted":true,"turnComplete":true)");
const std::string call = R"({"toolCall":{"functionCalls":[{"id":"f","name":"look","args":{}}]}})";
const std::string two_calls =
    R"({"toolCall":{"functionCalls":[{"id":"f","name":"look"},{"id":"g","name":"go"}]}})";
const std::string cancelled = R"({"toolCallCancellation":{"ids":["f"]}})";
const std::string failure = R"({"error":{"code":400,"message":"No."}})";
const std::string vad_end = R"({"voiceActivity":{"type":"ACTIVITY_END"}})";
const std::string vad_signal =
    R"({"voiceActivityDetectionSignal":{"vadSignalType":"VAD_SIGNAL_TYPE_EOS"}})";
const std::string tokens = R"({"usageMetadata":{"promptTokenCount":7,"responseTokenCount":5}})";

/// All of a record, in milliseconds from the begin of the story.
std::string text_of(const turn_record& record)
{
    using std::chrono::milliseconds;
    const auto ms = [](auto time) {
        return std::to_string(std::chrono::duration_cast<milliseconds>(time).count());
    };
    std::string all = std::to_string(record.number) + ' ' + to_string(record.origin);
    if (record.speech_end != speech_end_sign::none)
        all += std::string(" by ") + to_string(record.speech_end);
    all += " at " + ms(record.began - t0);
    const auto time = [&](const char* name, const std::optional<turn_record::duration>& value) {
        if (value) all += std::string(" ") + name + ms(*value);
    };
    time("byte ", record.first_byte);
    time("audio ", record.first_audio);
    time("heard ", record.first_heard);
    time("cut ", record.interrupted);
    time("silence ", record.silence);
    all += std::string(" ") + to_string(record.end) + ' ' + ms(record.lasted);
    for (const auto& each : record.calls)
        all += " " + each.name + "(" + each.id + ") " + to_string(each.ending) + ' ' +
               ms(each.duration);
    if (record.calls_omitted != 0) all += " omitted " + std::to_string(record.calls_omitted);
    if (record.usage) all += " tokens " + std::to_string(record.usage->prompt_token_count);
    if (record.losses != 0) all += " lost " + std::to_string(record.losses);
    if (record.handovers != 0) all += " handed over " + std::to_string(record.handovers);
    if (record.resumes != 0) all += " resumed " + std::to_string(record.resumes);
    return all;
}

/// A turn_tracker and a turn_recorder that see the same.
class both {
public:
    explicit both(bool waits = true) : tracker_([waits](const std::string&) { return waits; }) {}

    /// What one of the sides does, 100 ms after the last step.
    void play(const std::string& what)
    {
        now_ += 100ms;
        if (what == "asks")
            send(delivery_class::durable, {true, false, true, false, 1});
        else if (what == "loud")
            send(delivery_class::audio, {false, false, false, true}, {}, true);
        else if (what == "quiet")
            send(delivery_class::audio, {false, false, false, true});
        else if (what == "ends activity")
            send(delivery_class::activity_end, {true, false, true, false, 1});
        else if (what == "ends stream")
            send(delivery_class::stream_end, {false, false, true, false});
        else if (what == "responds")
            respond({"f"});
        else if (what == "responds to g")
            respond({"g"});
        else if (what == "responds silently")
            respond({"f"}, false);
        else if (what == "responds in part")
            respond({"f"}, true, {"f"});
        else if (what == "plays")
            recorder.playback_started(now_);
        else if (what == "is silent")
            recorder.playback_stopped(now_);
        else if (what == "unreadable") {
            tracker_.heard_nonsense(now_);
            recorder.heard_nonsense();
        } else if (what == "stalls") {
            tracker_.stalled();
            recorder.stalled();
        } else if (what == "loses" || what == "loses, asks again itself") {
            recorder.forgot(tracker_.lost(turn_tracker::forgets::since_handle), now_);
            recorder.lost(what == "loses", now_);
        } else if (what == "leaves") {
            recorder.left();
            recorder.forgot(tracker_.lost(turn_tracker::forgets::since_handle), now_);
        } else if (what == "resumes")
            recorder.opened(true, now_);
        else if (what == "old ends" || what == "old is cut")
            of_left(what == "old ends" ? over : cut_and_over);
        else if (what == "10 s pass") {
            now_ += 10s;
            tracker_.settle(now_);
        } else if (what == "closes")
            recorder.closed(now_);
        else {
            const auto heard = message(what);
            recorder.heard(heard, tracker_.heard(heard, now_), now_);
        }
        recorder.settled(tracker_.is_open());
    }

    turn_recorder recorder;

private:
    void send(delivery_class kind, turn_tracker::said what, std::vector<std::string> ids = {},
        bool is_loud = false, std::vector<std::string> later = {})
    {
        outgoing sent(base::frame("{}"), kind, std::move(ids));
        sent.is_loud = is_loud;
        sent.continues = std::move(later);
        recorder.sent(sent, now_);
        tracker_.told(what, now_);
    }
    void respond(
        std::vector<std::string> ids, bool asks = true, std::vector<std::string> later = {})
    {
        tracker_.responded(ids, later);
        const auto kind = asks ? delivery_class::durable : delivery_class::context;
        send(
            kind, {asks, true, true, false, asks ? 1 : 0}, std::move(ids), false, std::move(later));
    }
    void of_left(const std::string& what)
    {
        turn_mark mark;
        mark.turn = mark.asked_in = tracker_.turn();
        mark.is_of_left = true;
        mark.ends = turn_mark::end::turn;
        recorder.heard(message(what), mark, now_);
    }

    turn_tracker tracker_;
    time_point now_ = t0 - 100ms;
};

struct story {
    std::string name;
    std::vector<std::string> steps;
    std::vector<std::string> records;
    bool waits = true; ///< The model waits for its functions.
};

} // namespace

TEST_CASE("each turn has one record, which says how it went")
{
    const std::vector<story> all{
        {"a typed question", {"asks", words, sound, over},
            {"1 text at 0 byte 100 audio 200 complete 300"}},
        {"two turns", {"asks", sound, over, "asks", sound, over},
            {"1 text at 0 byte 100 audio 100 complete 200",
                "2 text at 300 byte 100 audio 100 complete 200"}},
        {"nothing was asked", {sound, over}, {"1 server at 0 complete 100"}},
        {"an empty turn", {"asks", over}, {"1 text at 0 empty 100"}},
        {"tokens come with the end or after the words", {"asks", sound, tokens, over},
            {"1 text at 0 byte 100 audio 100 complete 300 tokens 7"}},

        {"speech, by the activity mark", {"loud", "ends activity", sound, over},
            {"1 speech by activity_end at 100 byte 100 audio 100 complete 200"}},
        {"speech, by the end of the stream", {"loud", "ends stream", sound, over},
            {"1 speech by audio_stream_end at 100 byte 100 audio 100 complete 200"}},
        {"speech, by the server's report", {"loud", vad_end, "quiet", sound, over},
            {"1 speech by voice_activity at 100 byte 200 audio 200 complete 300"}},
        {"speech, by the server's other report", {"loud", vad_signal, sound, over},
            {"1 speech by voice_activity at 100 byte 100 audio 100 complete 200"}},
        {"speech, by its last loud audio", {"loud", "loud", "quiet", user_words, sound, over},
            {"1 speech by last_loud_audio at 100 byte 300 audio 300 complete 400"}},
        {"speech that shows only in its words", {"quiet", user_words, sound, over},
            {"1 speech at 200 complete 100"}},
        {"quiet audio asks nothing", {"quiet", sound, over}, {"1 server at 100 complete 100"}},
        {"typed while a microphone is open", {"loud", "asks", "loud", sound, over},
            {"1 text at 100 byte 200 audio 200 complete 300"}},
        {"words recognized late belong to the turn before",
            {"loud", sound, user_words, over, sound, over},
            {"1 speech by last_loud_audio at 0 byte 100 audio 100 complete 300",
                "2 server at 400 complete 100"}},

        {"an interruption", {"asks", sound, "loud", cut, over, sound, over},
            {"1 text at 0 byte 100 audio 100 cut 300 interrupted 400",
                "2 speech by last_loud_audio at 200 byte 300 audio 300 complete 400"}},
        {"an interruption and the end at once", {"asks", sound, cut_and_over},
            {"1 text at 0 byte 100 audio 100 cut 200 interrupted 200"}},
        {"an interruption whose end never comes", {"asks", sound, cut, "asks", sound, "closes"},
            {"1 text at 0 byte 100 audio 100 cut 200 interrupted 100",
                "2 text at 300 byte 100 audio 100 closed 200"}},

        {"a call in the middle of the turn", {"asks", call, "responds", sound, over},
            {"1 text at 0 byte 100 tool_call 100 look(f) answered 100",
                "2 tool_response at 200 byte 100 audio 100 complete 200"}},
        {"a turn that ends before its call", {"asks", call, over, "responds", sound, over},
            {"1 text at 0 byte 100 tool_call 200 look(f) answered 200",
                "2 tool_response at 300 byte 100 audio 100 complete 200"}},
        {"an answer in parts ends with the last",
            {"asks", call, "responds in part", "responds", sound, over},
            {"1 text at 0 byte 100 tool_call 100 look(f) answered 200",
                "2 tool_response at 300 byte 100 audio 100 complete 200"}},
        {"a canceled call", {"asks", call, cancelled, over},
            {"1 text at 0 byte 100 complete 300 look(f) canceled 100"}},
        {"two calls, one of which outlasts the turn that follows",
            {"asks", two_calls, over, "responds", "asks", sound, over, "responds to g", sound,
                over},
            {"1 text at 0 byte 100 tool_call 200 look(f) answered 200",
                "2 text at 400 byte 100 audio 100 complete 200",
                "3 tool_response at 700 byte 100 audio 100 complete 200 go(g) answered 600"},
            false},
        {"a silent response", {"asks", call, sound, "responds silently", over, "closes"},
            {"1 text at 0 byte 100 audio 200 complete 400 look(f) answered 200"}, false},
        {"the session ends with a call open", {"asks", call, over, "closes"},
            {"1 text at 0 byte 100 tool_call 200 look(f) session_ended 200"}},

        {"the session ends in mid-turn", {"asks", sound, "closes"},
            {"1 text at 0 byte 100 audio 100 closed 200"}},
        {"the session ends before an answer", {"asks", "closes"}, {}},
        {"an error of the server", {"asks", sound, failure, "closes"},
            {"1 text at 0 byte 100 audio 100 error 200"}},
        {"an error instead of an answer", {"asks", failure, "asks", sound, over},
            {"1 text at 200 byte 100 audio 100 complete 200"}},
        {"an unreadable end", {"asks", sound, "unreadable", "10 s pass"},
            {"1 text at 0 byte 100 audio 100 unreadable 100"}},
        {"a turn that falls silent", {"asks", sound, "stalls", "asks", over, sound, over},
            {"1 text at 0 byte 100 audio 100 stalled 100",
                "2 text at 300 byte 200 audio 200 complete 300"}},

        {"a loss in mid-turn", {"asks", sound, "loses", "resumes", "asks", sound, over},
            {"1 text at 0 byte 100 audio 100 cut 200 lost 1",
                "2 text at 400 byte 100 audio 100 complete 200"}},
        {"a loss between question and answer, which is asked again",
            {"asks", "loses, asks again itself", "resumes", "asks", sound, over},
            {"1 text at 0 byte 400 audio 400 complete 500 lost 1 resumed 1"}},
        {"a loss between question and answer, which is not asked again",
            {"asks", "loses", "resumes", "10 s pass", sound, over},
            {"1 server at 10400 complete 100"}},
        {"a loss between turns belongs to none",
            {"asks", sound, over, "loses", "resumes", "asks", sound, over},
            {"1 text at 0 byte 100 audio 100 complete 200",
                "2 text at 500 byte 100 audio 100 complete 200"}},
        {"a loss makes the server forget a call", {"asks", call, "loses", "closes"},
            {"1 text at 0 byte 100 cut 200 look(f) forgotten 100 lost 1"}},

        {"a handover in mid-turn that the old connection finishes",
            {"asks", sound, "leaves", "old ends", "resumes"},
            {"1 text at 0 byte 100 audio 100 complete 300 handed over 1"}},
        {"a handover in mid-turn, interrupted on the old connection",
            {"asks", sound, "leaves", "old is cut", "resumes"},
            {"1 text at 0 byte 100 audio 100 cut 300 interrupted 300 handed over 1"}},
        {"a handover in mid-turn that cuts it", {"asks", sound, "leaves", "resumes"},
            {"1 text at 0 byte 100 audio 100 cut 300 handed over 1 resumed 1"}},
        {"a handover between question and answer",
            {"asks", "leaves", "resumes", "asks", sound, over},
            {"1 text at 0 byte 400 audio 400 complete 500 handed over 1 resumed 1"}},

        {"a turn that is heard", {"asks", sound, "plays", over},
            {"1 text at 0 byte 100 audio 100 heard 200 complete 300"}},
        {"a short turn is heard after its end",
            {"asks", sound, "plays", over, "asks", sound, over, "plays"},
            {"1 text at 0 byte 100 audio 100 heard 200 complete 300",
                "2 text at 400 byte 100 audio 100 heard 300 complete 200"}},
        {"an interrupted turn falls silent after its end",
            {"asks", sound, "plays", cut_and_over, "is silent"},
            {"1 text at 0 byte 100 audio 100 heard 200 cut 300 silence 100 interrupted 300"}},
        {"an interrupted turn whose silence is never told",
            {"asks", sound, "plays", cut_and_over, "asks", words, over},
            {"1 text at 0 byte 100 audio 100 heard 200 cut 300 interrupted 300",
                "2 text at 400 byte 100 complete 200"}},
    };
    for (const auto& each : all) {
        INFO(each.name);
        both sides(each.waits);
        for (const auto& step : each.steps) sides.play(step);
        std::vector<std::string> records;
        for (const auto& record : sides.recorder.take()) records.push_back(text_of(record));
        CHECK(records == each.records);
    }
}

TEST_CASE("a record is of bounded size")
{
    both sides;
    sides.play("asks");
    std::string many = R"({"toolCall":{"functionCalls":[)";
    for (int i = 0; i < 100; ++i) many += R"({"id":")" + std::to_string(i) + R"(","name":"f"},)";
    many += R"({"id":")" + std::string(1000, 'x') + R"(","name":"f"}]}})";
    sides.play(many);
    std::string counts = R"({"usageMetadata":{"promptTokensDetails":[)";
    for (int i = 0; i < 100; ++i) counts += R"({"modality":"TEXT","tokenCount":1},)";
    counts += R"({"modality":"TEXT","tokenCount":1}],"billedToolCalls":[{"tool":")" +
              std::string(1000, 'x') + R"("}]}})";
    sides.play(counts);
    sides.play("closes");
    const auto records = sides.recorder.take();
    REQUIRE(records.size() == 1);
    CHECK(records[0].calls.size() == 32);
    CHECK(records[0].calls_omitted == 101 - 32);
    REQUIRE(records[0].usage);
    CHECK(records[0].usage->prompt_tokens_details.size() == 16);
    CHECK(records[0].usage->billed_tool_calls.empty());
}

TEST_CASE("audio is loud above -40 dBFS")
{
    const auto of = [](std::int16_t level) {
        const std::vector<std::int16_t> samples(160, level);
        return is_loud(std::as_bytes(std::span(samples)));
    };
    CHECK_FALSE(is_loud({}));
    CHECK_FALSE(of(0));
    CHECK_FALSE(of(328));
    CHECK(of(329));
    CHECK(of(-329));
    CHECK(of(-32768));
}

} // namespace turn_recorder_test
