// SPDX-License-Identifier: Apache-2.0
#include "engine/dial_rate_limiter.hpp"
#include "engine/session_fsm.hpp"
#include "engine/turn_collector.hpp"
#include "protocol/decode.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace session_fsm_test {

// The parts of a conversation, where a test of a whole session could not show them.
using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::later;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

namespace {

constexpr time_point t0 = time_point() + 1h;

server_message message(std::string_view text)
{
    return protocol::decode_server_message(base::padded_buffer(text));
}

const std::string speech = R"({"serverContent":{"modelTurn":{"parts":[{"text":"Well, "}]}}})";
const std::string end = R"({"serverContent":{"turnComplete":true}})";
const std::string cut_in = R"({"serverContent":{"interrupted":true}})";
const std::string heard = R"({"serverContent":{"inputTranscription":{"text":"Hm"}}})";
const std::string a_handle = R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})";
const std::string no_handle = R"({"sessionResumptionUpdate":{}})";

std::string call(std::string_view id)
{
    return R"({"toolCall":{"functionCalls":[{"id":")" + std::string(id) +
           R"(","name":"f","args":{}}]}})";
}

turn_tracker make_dialogue()
{
    return turn_tracker([](const std::string&) { return true; });
}

turn_mark in_turn(std::uint64_t number)
{
    turn_mark mark;
    mark.turn = mark.asked_in = number;
    return mark;
}

constexpr turn_tracker::said question{true, false, true, false, 1};
constexpr turn_tracker::said remark{false, false, true, false};

session_fsm::rules usual_rules()
{
    session_fsm::rules rules;
    rules.outbox_limit = 10'000'000;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    return rules;
}

/// A message that arrives on the first connection.
session_fsm make_conversation(session_fsm::rules rules = usual_rules())
{
    session_fsm talk(std::move(rules));
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    return talk;
}

const error gone(errc::connection_lost, "Lost.", {phase::open});

/// Whether an answer begins with this message.
bool hears(turn_tracker& talk, std::string_view text)
{
    return talk.heard(message(text), t0).begins;
}

} // namespace

TEST_CASE("an answer begins with what the model says, not with a transcription of the user")
{
    auto talk = make_dialogue();
    talk.told(question, t0);
    CHECK_FALSE(hears(talk, heard));
    CHECK(hears(talk, speech));
    CHECK_FALSE(hears(talk, speech));
    CHECK_FALSE(hears(talk, end));
    CHECK_FALSE(talk.in_turn());
}

TEST_CASE("the end of an interrupted turn does not answer the question that interrupted it")
{
    auto talk = make_dialogue();
    talk.told(question, t0);
    CHECK(hears(talk, speech));
    talk.told(question, t0);
    CHECK_FALSE(hears(talk, cut_in));
    CHECK_FALSE(hears(talk, end));
    CHECK(talk.in_turn());
    CHECK(hears(talk, speech));
    CHECK_FALSE(hears(talk, end));
    CHECK_FALSE(talk.in_turn());
}

TEST_CASE("a turn in which the model has nothing to say counts as an answer")
{
    auto talk = make_dialogue();
    talk.told(question, t0);
    CHECK(hears(talk, end));
    CHECK_FALSE(talk.in_turn());
}

TEST_CASE("a conversation is at rest when a handle has arrived after everything that was said")
{
    auto talk = make_dialogue();
    CHECK_FALSE(talk.at_rest());
    hears(talk, a_handle);
    CHECK(talk.at_rest());
    talk.told(remark, t0);
    CHECK_FALSE(talk.at_rest());
    hears(talk, no_handle);
    CHECK_FALSE(talk.at_rest());
    hears(talk, a_handle);
    CHECK(talk.at_rest());
    hears(talk, call("c"));
    hears(talk, a_handle);
    CHECK_FALSE(talk.at_rest());
    talk.responded({"c"}, {"c"});
    CHECK_FALSE(talk.at_rest());
    talk.responded({"c"}, {});
    talk.told({true, true, true, false, 1}, t0);
    CHECK_FALSE(talk.at_rest()); // the model has not replied to that
    hears(talk, speech);
    hears(talk, end);
    CHECK_FALSE(talk.at_rest());
    hears(talk, a_handle);
    CHECK(talk.at_rest());
}

TEST_CASE("a call that the server cancels is not waited for")
{
    auto talk = make_dialogue();
    hears(talk, call("c"));
    CHECK(talk.is_waited_for());
    hears(talk, R"({"toolCallCancellation":{"ids":["c"]}})");
    CHECK_FALSE(talk.is_waited_for());
}

TEST_CASE("the calls since the newest handle are forgotten with a connection, earlier ones are not")
{
    auto talk = make_dialogue();
    hears(talk, call("a"));
    hears(talk, a_handle);
    hears(talk, call("b"));
    CHECK(talk.lost(turn_tracker::forgets::since_handle) == std::vector<std::string>{"b"});
    CHECK(talk.is_waited_for());
    CHECK(talk.lost(turn_tracker::forgets::everything) == std::vector<std::string>{"a"});
    CHECK_FALSE(talk.is_waited_for());
    CHECK(talk.has_forgotten({"a", "b"}));
}

TEST_CASE(
    "a call that the handle includes is not forgotten with a connection because it comes again")
{
    auto talk = make_dialogue();
    hears(talk, call("a"));
    hears(talk, call("b"));
    hears(talk, a_handle);
    talk.responded({"b"}, {});
    hears(talk, call("a"));
    hears(talk, call("b"));
    CHECK(talk.lost(turn_tracker::forgets::since_handle).empty());
    CHECK_FALSE(talk.has_forgotten({"a"}));
    CHECK_FALSE(talk.has_forgotten({"b"}));
}

TEST_CASE("a call that the handle includes is not forgotten because a left connection repeats it")
{
    auto talk = make_dialogue();
    hears(talk, call("a"));
    hears(talk, a_handle);
    const auto again = message(call("a"));
    CHECK(talk.forget(*again.members().tool_call).empty());
    CHECK_FALSE(talk.has_forgotten({"a"}));
}

TEST_CASE("a response to a forgotten call is dropped, even when it comes late")
{
    session_fsm::rules rules;
    rules.outbox_limit = 1000;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    session_fsm talk(rules);
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    talk.heard(message(call("c")), 1, t0);
    static_cast<void>(talk.lost(error(errc::connection_lost, "Lost."), t0));
    static_cast<void>(talk.opened(t0));
    talk.accept({base::frame("late"), delivery_class::durable, {"c"}}, t0);
    CHECK(talk.counters().obsolete == 1);
    CHECK(talk.take(1000, t0).empty());
    talk.heard(message(call("c")), 1, t0);
    talk.accept({base::frame("now"), delivery_class::durable, {"c"}}, t0);
    CHECK(talk.take(1000, t0 + 30ms).size() == 1);
}

TEST_CASE("a new conversation has none of the old one's calls, even those that its handle included")
{
    session_fsm::rules rules;
    rules.outbox_limit = 1000;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    session_fsm talk(rules);
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    talk.heard(message(call("c")), 1, t0);
    talk.heard(message(a_handle), 1, t0);
    talk.accept({base::frame("response"), delivery_class::durable, {"c"}}, t0);
    const error refused(errc::connection_lost, "Gone.", {phase::setup, 1008, "session not found"});
    static_cast<void>(talk.lost(error(errc::connection_lost, "Lost."), t0));
    static_cast<void>(talk.lost(refused, t0));
    CHECK(talk.handle().empty());
    CHECK(talk.opened(t0).forgotten_calls == std::vector<std::string>{"c"});
    CHECK(talk.take(1000, t0).empty());
}

TEST_CASE("what the end of a connection has cost is reported with the next one, and only then")
{
    session_fsm::rules rules;
    rules.outbox_limit = 1000;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    session_fsm talk(rules);
    const error lost(errc::connection_lost, "Lost.");
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    talk.heard(message(call("c")), 1, t0);
    static_cast<void>(talk.lost(lost, t0));
    talk.accept({base::frame("sound"), delivery_class::audio}, t0);
    const auto next = talk.opened(t0 + 3s);
    CHECK(next.context_lost);
    CHECK(next.dropped == 1);
    CHECK(next.forgotten_calls == std::vector<std::string>{"c"});

    static_cast<void>(talk.lost(lost, t0 + 4s));
    const auto later = talk.opened(t0 + 5s);
    CHECK_FALSE(later.context_lost);
    CHECK(later.dropped == 0);
    CHECK(later.forgotten_calls.empty());
}

TEST_CASE("audio waits for a connection as long as the window, and no longer")
{
    session_fsm::rules rules;
    rules.outbox_limit = 1000;
    rules.reconnect.realtime_window = 2s;
    rules.random = [] { return 0.5; };
    session_fsm talk(rules);
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    static_cast<void>(talk.lost(error(errc::connection_lost, "Lost."), t0));
    talk.accept({base::frame("too old"), delivery_class::audio}, t0);
    talk.accept({base::frame("sound"), delivery_class::audio}, t0 + 1s);
    CHECK(talk.opened(t0 + 3s).dropped == 1);
    CHECK(talk.take(1000, t0 + 3s).size() == 1);
}

TEST_CASE("a handle of the old connection does not count while the new one is being set up")
{
    session_fsm::rules rules;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    session_fsm talk(rules);
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    talk.heard(message(a_handle), 1, t0);
    talk.hand_over(t0);
    talk.heard(
        message(R"({"sessionResumptionUpdate":{"newHandle":"late","resumable":true}})"), 1, t0);
    CHECK(talk.handle() == "h");
}

TEST_CASE("a goAway of the old connection does not count while the new one is being set up")
{
    session_fsm::rules rules;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    session_fsm talk(rules);
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    talk.heard(message(a_handle), 1, t0);
    talk.hand_over(t0);
    talk.heard(message(R"({"goAway":{}})"), 1, t0);
    static_cast<void>(talk.opened(t0));
    CHECK_FALSE(talk.next(t0, session_fsm::successor::none).dial_ahead);
}

TEST_CASE("what was abandoned or dropped is reported once, on the next connection")
{
    session_fsm::rules rules;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    rules.outbox_limit = 2 * outbox::cost_of(4);
    rules.keeps = keeps::until_consumed;
    session_fsm talk(rules);
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    const auto send = [&talk](const char* text, delivery_class kind) {
        talk.accept({base::frame(text), kind}, t0);
        static_cast<void>(talk.take(1000, t0));
        talk.written(t0);
    };
    send("1111", delivery_class::audio);
    send("2222", delivery_class::durable);
    send("3333", delivery_class::durable); // the first is dropped
    send("4444", delivery_class::durable); // the second, too
    static_cast<void>(talk.lost(gone, t0));
    const auto back = talk.opened(t0);
    CHECK(back.dropped == 1);
    CHECK(back.uncertain == 1);
    static_cast<void>(talk.lost(gone, t0));
    const auto again = talk.opened(t0);
    CHECK(again.dropped == 0);
    CHECK(again.uncertain == 0);
    CHECK(talk.counters().uncertain == 1);
    CHECK(talk.counters().dropped == 1);
}

TEST_CASE("the longest outage is kept, whatever comes after it")
{
    auto talk = make_conversation();
    static_cast<void>(talk.lost(gone, t0 + 1s));
    static_cast<void>(talk.opened(t0 + 4s));
    static_cast<void>(talk.lost(gone, t0 + 5s));
    static_cast<void>(talk.opened(t0 + 6s));
    CHECK(talk.counters().longest_outage == 3s);
    CHECK(talk.counters().outage == 4s);
}

TEST_CASE("each connection is measured by its own pings")
{
    auto rules = usual_rules();
    rules.keeps = keeps::until_handle;
    auto talk = make_conversation(rules);
    const auto send = [&talk](time_point now) {
        talk.accept({base::frame("1111"), delivery_class::durable}, now);
        static_cast<void>(talk.take(1000, now));
        talk.written(now);
    };
    talk.heard(message(a_handle), 1, t0, {5, 400ms});
    static_cast<void>(talk.lost(gone, t0 + 1s));
    static_cast<void>(talk.opened(t0 + 2s));
    send(t0 + 2s);
    talk.pinged(1, t0 + 2s);
    talk.heard(message("{}"), 1, t0 + 2010ms, {1, 10ms});
    send(t0 + 3s);
    talk.heard(message(a_handle), 1, t0 + 3100ms, {1, 10ms}); // ten trips later: it holds both
    CHECK(talk.counters().unconfirmed == 0);
}

TEST_CASE("what is in flight without handles is remembered up to a bound")
{
    auto rules = usual_rules();
    rules.keeps = keeps::until_written;
    auto talk = make_conversation(rules);
    talk.heard(message(a_handle), 1, t0);
    for (int i = 0; i < 3000; ++i) {
        talk.accept({base::frame("1111"), delivery_class::durable}, t0);
        static_cast<void>(talk.take(1000, t0));
        talk.written(t0);
    }
    talk.hand_over(t0);
    CHECK(talk.counters().uncertain > 1000);
    CHECK(talk.counters().uncertain < 2000);
}

TEST_CASE(
    "after a resume a suspected loss of context is reported once, however far the count falls")
{
    auto talk = make_conversation();
    const auto count = [&talk](int prompt) {
        talk.heard(
            message(R"({"usageMetadata":{"promptTokenCount":)" + std::to_string(prompt) + "}}"), 1,
            t0);
        return talk.doubt().has_value();
    };
    CHECK_FALSE(count(1000));
    talk.heard(message(a_handle), 1, t0);
    static_cast<void>(talk.lost(gone, t0));
    static_cast<void>(talk.opened(t0));
    CHECK(count(100));
    CHECK_FALSE(count(10));
    CHECK(talk.counters().memory_doubts == 1);
}

TEST_CASE("audio waits while the model waits for a function, and not on the next connection")
{
    auto rules = usual_rules();
    rules.longest_hold = 10s;
    auto talk = make_conversation(rules);
    const auto takes_sound = [&talk](time_point now) {
        talk.accept({base::frame("sound"), delivery_class::audio}, now);
        const bool takes = !talk.take(1000, now).empty();
        talk.written(now);
        return takes;
    };
    talk.heard(message(call("c")), 1, t0);
    talk.heard(message(a_handle), 1, t0);
    CHECK_FALSE(takes_sound(t0 + 1s));
    SECTION("no longer than that, when the writer is woken")
    {
        CHECK_FALSE(talk.next(t0 + 1s, session_fsm::successor::none).hand_over);
        CHECK(talk.next(t0 + 10s, session_fsm::successor::none).write);
        CHECK(takes_sound(t0 + 10s));
    }
    SECTION("the connection is lost")
    {
        static_cast<void>(talk.lost(gone, t0 + 1s));
        static_cast<void>(talk.opened(t0 + 1s));
        CHECK(takes_sound(t0 + 2s));
    }
}

TEST_CASE("the connection is not changed before its deadline while something is being written")
{
    using enum session_fsm::successor;
    auto talk = make_conversation();
    talk.heard(message(a_handle), 1, t0);
    talk.heard(message(R"({"goAway":{"timeLeft":"50s"}})"), 1, t0);
    bool changes = true;
    SECTION("nothing is being written") {}
    SECTION("something is being written")
    {
        talk.accept({base::frame("sound"), delivery_class::audio}, t0);
        CHECK(talk.take(1000, t0).size() == 1);
        changes = false;
    }
    CHECK(talk.next(t0 + 1s, ready).hand_over == changes);
    CHECK(talk.next(t0 + 45s, ready).hand_over);
}

TEST_CASE("a silence is reported only while an answer is owed")
{
    using enum session_fsm::successor;
    auto rules = usual_rules();
    rules.watchdogs.in_turn = 4s;
    auto talk = make_conversation(rules);
    const auto ask = [&talk](time_point now) {
        talk.accept({base::frame("1111"), delivery_class::durable}, now);
        static_cast<void>(talk.take(1000, now));
        talk.written(now);
    };
    CHECK_FALSE(talk.next(t0 + 60s, none).silence);
    ask(t0 + 60s);
    SECTION("the model's, when it says nothing")
    {
        CHECK_FALSE(talk.next(t0 + 63s, none).silence);
        CHECK(talk.next(t0 + 64s, none).silence);
        CHECK_FALSE(talk.next(t0 + 70s, none).silence); // once
    }
    SECTION("not while the user owes the response to a call")
    {
        talk.heard(message(call("c")), 1, t0 + 61s);
        CHECK_FALSE(talk.next(t0 + 90s, none).silence);
    }
}

TEST_CASE("a user who speaks after a resume does not cause a report of silence")
{
    using enum session_fsm::successor;
    auto rules = usual_rules();
    rules.watchdogs.after_resume = 2s;
    rules.watchdogs.in_turn = 0s;
    auto talk = make_conversation(rules);
    talk.heard(message(a_handle), 1, t0);
    static_cast<void>(talk.lost(gone, t0));
    static_cast<void>(talk.opened(t0));
    talk.heard(message(speech), 1, t0 + 1s);
    CHECK_FALSE(talk.next(t0 + 60s, none).silence);
}

TEST_CASE("what arrived in doubt before the network died does not count as the end of an answer")
{
    auto talk = make_conversation();
    talk.accept({base::frame("1111"), delivery_class::durable}, t0);
    static_cast<void>(talk.take(1000, t0));
    talk.written(t0);
    talk.heard(message(speech), 1, t0 + 1s);
    talk.heard_nonsense(t0 + 1s);
    SECTION("it has been dead since")
    {
        const error dead(errc::timed_out, "The network took nothing.", {phase::write});
        CHECK(talk.lost(dead, t0 + 31s).ask_again);
    }
    SECTION("it was alive, and had nothing more to say")
    {
        CHECK_FALSE(talk.lost(gone, t0 + 31s).ask_again);
    }
}

TEST_CASE("a response to a call that the server has canceled is dropped")
{
    auto talk = make_conversation();
    talk.heard(message(call("c")), 1, t0);
    talk.heard(message(R"({"toolCallCancellation":{"ids":["c"]}})"), 1, t0);
    talk.accept({base::frame("late"), delivery_class::durable, {"c"}}, t0);
    CHECK(talk.counters().obsolete == 1);
    CHECK(talk.take(1000, t0 + 1s).empty());
}

TEST_CASE("a response that crosses the cancellation of its call is not sent again after a loss")
{
    auto rules = usual_rules();
    rules.keeps = keeps::until_handle;
    auto talk = make_conversation(rules);
    talk.heard(message(call("c")), 1, t0);
    talk.heard(message(call("d")), 1, t0);
    talk.heard(message(a_handle), 1, t0);
    talk.accept({base::frame("for c"), delivery_class::durable, {"c"}}, t0);
    talk.accept({base::frame("for d"), delivery_class::durable, {"d"}}, t0);
    CHECK(talk.take(1000, t0 + 1s).size() == 2);
    talk.written(t0 + 1s);
    talk.heard(message(R"({"toolCallCancellation":{"ids":["c"]}})"), 1, t0 + 1s);
    static_cast<void>(talk.lost(gone, t0 + 2s));
    static_cast<void>(talk.opened(t0 + 3s));
    const auto again = talk.take(1000, t0 + 4s);
    REQUIRE(again.size() == 1);
    CHECK(again[0].view() == "for d");
    CHECK(talk.counters().obsolete == 1);
}

TEST_CASE("a call that reuses the id of an answered one needs its own response")
{
    auto talk = make_conversation();
    const auto response = [] {
        return outgoing{base::frame("1111"), delivery_class::durable, {"c"}};
    };
    talk.heard(message(call("c")), 1, t0);
    talk.accept(response(), t0);
    CHECK(talk.refusal(response()));
    talk.heard(message(call("c")), 1, t0);
    CHECK_FALSE(talk.refusal(response()));
}

TEST_CASE("an interruption of one turn says nothing about the next")
{
    turn_collector turns;
    turns.use({1000});
    const auto add = [&turns](std::string_view text, turn_mark mark) {
        return turns.add({message(text), mark}, calls::none);
    };
    CHECK_FALSE(add(speech, in_turn(1)));
    CHECK_FALSE(add(cut_in, in_turn(1)));
    auto last = in_turn(1);
    last.ends = turn_mark::end::turn;
    last.was_cut = true;
    CHECK(add(end, last));
    CHECK(turns.finish().end == turn_end::interrupted);
    CHECK_FALSE(add(speech, in_turn(2)));
    CHECK(turns.is_over_before({message(speech), in_turn(3)}));
    CHECK(turns.finish_early().end == turn_end::cut);
}

TEST_CASE(
    "unanswered pings prove nothing while nobody reads, nor do pings sent in quick succession")
{
    session_fsm::rules rules;
    rules.random = [] { return 0.5; };
    rules.waits_for = [](const std::string&) { return true; };
    rules.outbox_limit = 1'000'000;
    rules.keeps = keeps::until_handle;
    session_fsm talk(rules);
    static_cast<void>(talk.start());
    static_cast<void>(talk.opened(t0));
    std::uint64_t pings = 0;
    const auto send = [&](time_point now) {
        talk.accept({base::frame("1111"), delivery_class::durable}, now);
        static_cast<void>(talk.take(1000, now));
        talk.written(now);
        talk.pinged(++pings, now);
    };
    send(t0);
    const auto kept = talk.counters().unconfirmed;
    const auto send_ten_more = [&](std::chrono::milliseconds pace) {
        for (int i = 1; i <= 10; ++i) send(t0 + i * pace);
    };
    SECTION("while nobody reads")
    {
        talk.held_up(true);
        send_ten_more(7s);
        talk.held_up(false);
    }
    SECTION("in quick succession") { send_ten_more(1ms); }
    talk.heard(message(a_handle), 100, t0 + 80s, {0});
    CHECK(talk.counters().unconfirmed == 11 * kept);
    send_ten_more(7s);
    talk.heard(message(a_handle), 100, t0 + 80s, {0});
    CHECK(talk.counters().unconfirmed < 21 * kept);
}

TEST_CASE("a history keeps the newest turns within its bound")
{
    history past(10);
    past.add_user("12345", 1);
    past.heard(
        message(R"({"serverContent":{"outputTranscription":{"text":"678"},"turnComplete":true}})"),
        in_turn(1));
    past.add_user("abcde", 2);
    const auto turns = past.turns();
    REQUIRE(turns.size() == 2);
    CHECK(turns[0].role == "model");
    CHECK(turns[1].parts[0].text == "abcde");
}

TEST_CASE("a single turn also stays within a history's bound, and is cut between characters")
{
    const auto kept = [](std::size_t bound) {
        history past(bound);
        past.add_user("123\xc3\xa4\xc3\xb6z", 1); // 123äöz
        const auto turns = past.turns();
        REQUIRE(turns.size() == 1);
        return turns[0].parts[0].text;
    };
    CHECK(kept(5) == "\xc3\xa4\xc3\xb6z");
    CHECK(kept(4) == "\xc3\xb6z"); // the bound falls within a character
}

TEST_CASE("a history has the user's words before the answer, whenever they are recognized")
{
    const auto spoken = message(R"({"serverContent":{"outputTranscription":{"text":"Yes."}}})");
    const auto late = message(R"({"serverContent":{"outputTranscription":{"text":" Sure."}}})");
    const auto asked = message(R"({"serverContent":{"inputTranscription":{"text":"Really?"}}})");
    turn_mark unsettled = in_turn(1);
    history past(1000);
    past.heard(spoken, in_turn(1));
    SECTION("in the middle of it") {}
    SECTION("after its end, when the next question has been sent") { past.add_user("And?", 2); }
    SECTION("after late words")
    {
        unsettled.undecided = true;
        past.heard(late, unsettled);
    }
    past.heard(asked, in_turn(1));
    const auto turns = past.turns();
    REQUIRE(turns.size() >= 2);
    CHECK(turns[0].role == "user");
    CHECK(turns[0].parts[0].text == "Really?");
    CHECK(turns[1].role == "model");
    CHECK(turns[1].parts[0].text == (unsettled.undecided ? "Yes. Sure." : "Yes."));
}

TEST_CASE("a history assigns undecided words to the turn that claims them")
{
    turn_mark undecided = in_turn(1);
    undecided.undecided = true;
    turn_mark next = in_turn(2);
    next.claims = true;
    history past(1000);
    past.heard(message(R"({"serverContent":{"outputTranscription":{"text":"One."}}})"), in_turn(1));
    past.heard(message(R"({"serverContent":{"outputTranscription":{"text":"Tw"}}})"), undecided);
    past.heard(message(R"({"serverContent":{"outputTranscription":{"text":"o."}}})"), next);
    const auto turns = past.turns();
    REQUIRE(turns.size() == 2);
    CHECK(turns[1].parts[0].text == "Two.");
}

TEST_CASE("a history joins the pieces of a turn")
{
    history past(1000);
    past.heard(message(heard), in_turn(1));
    past.heard(message(heard), in_turn(1));
    past.heard(
        message(R"({"serverContent":{"outputTranscription":{"text":"Well, "}}})"), in_turn(1));
    past.heard(message(R"({"serverContent":{"outputTranscription":{"text":"yes."}}})"), in_turn(1));
    const auto turns = past.turns();
    REQUIRE(turns.size() == 2);
    CHECK(turns[0].parts[0].text == "HmHm");
    CHECK(turns[1].parts[0].text == "Well, yes.");
}

TEST_CASE("a rate limiter lets some dial at once and spreads the rest")
{
    dial_rate_limiter limiter(10);
    for (int i = 0; i < 10; ++i) CHECK(limiter.reserve(t0) == 0ms);
    CHECK(limiter.reserve(t0) == 100ms);
    CHECK(limiter.reserve(t0) == 200ms);
    CHECK(limiter.reserve(t0 + 100ms) == 200ms);
    CHECK(limiter.reserve(t0 + 10s) == 0ms);
    dial_rate_limiter none(std::nullopt);
    CHECK(none.reserve(t0) == 0ms);
}

TEST_CASE("a handover is due at the deadline less its margin, which is at most half of the time")
{
    handover due({});
    CHECK_FALSE(due.is_expected());
    due.announced(t0, 50s);
    CHECK(due.deadline() == t0 + 40s);
    due.announced(t0, 6s);
    CHECK(due.deadline() == t0 + 3s);
    due.announced(t0 + 1s, 50s); // the first has not been withdrawn
    CHECK(due.deadline() == t0 + 3s);
    CHECK(due.end() == t0 + 6s);
    due.dial_failed(t0 + 20s);
    due.plan_dial(t0 + 2s);
    CHECK(due.next_dial() == t0 + 20s); // when the server permits it
    due.plan_dial(t0 + 25s);
    CHECK(due.next_dial() == t0 + 25s);
    due.over();
    CHECK_FALSE(due.is_expected());
}

TEST_CASE("a message that waits to be read is charged for the memory that it owns")
{
    const std::string words(5000, 'x');
    inbox unread(1'000'000);
    unread.push(
        message(R"({"serverContent":{"modelTurn":{"parts":[{"text":")" + words + "\"}]}}}"));
    CHECK(unread.bytes() >= 2 * words.size()); // its text, and what was parsed from it
    const auto before = unread.bytes();
    status_change change;
    change.forgotten_calls.assign(100, std::string(100, 'c'));
    unread.push(change);
    CHECK(unread.bytes() >= before + 100 * 100);
    const auto so_far = unread.bytes();
    malformed_message in_part{error(errc::malformed_message, "Odd.")};
    in_part.omitted.assign(100, {std::string(100, 'p'), std::string(100, 'r')});
    unread.push(in_part);
    CHECK(unread.bytes() >= so_far + 100 * 200);
}

TEST_CASE("whatever time a goAway leaves, the handover is due between now and ten minutes later")
{
    using std::chrono::nanoseconds;
    const auto [left, end] =
        GENERATE(table<nanoseconds, nanoseconds>({{nanoseconds::min(), 0s}, {-1s, 0s}, {-1ns, 0s},
            {0s, 0s}, {1ns, 0s}, {10min, 10min}, {1h, 10min}, {nanoseconds::max(), 10min}}));
    handover due({});
    due.announced(t0, left);
    CHECK(due.end() == t0 + end);
    CHECK(due.deadline() >= t0);
    CHECK(due.deadline() <= due.end());
}

TEST_CASE("a wait that would overflow the clock is capped, and no wait is negative")
{
    using std::chrono::milliseconds;
    CHECK(later(t0, 5ms) == t0 + 5ms);
    CHECK(later(t0, milliseconds::max()) == time_point::max());
    CHECK(later(time_point::max(), 1ms) == time_point::max());
    CHECK(later(t0, milliseconds::min()) == t0);
}

} // namespace session_fsm_test
