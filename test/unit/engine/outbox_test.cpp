// SPDX-License-Identifier: Apache-2.0
#include "engine/outbox.hpp"

#include "support/catch.hpp"

#include <string>

namespace outbox_test {

using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

namespace {

constexpr time_point t0 = time_point() + 1h;

constexpr std::size_t plenty = 1'000'000;

std::string joined(const std::vector<base::frame>& batch)
{
    std::string all;
    for (const auto& each : batch) all += std::string(each.view()) + ' ';
    return all;
}

} // namespace

TEST_CASE("messages leave in the order of their arrival")
{
    outbox box(plenty);
    CHECK(box.push({base::frame("a"), delivery_class::durable}, t0) == 1);
    CHECK(box.push({base::frame("b"), delivery_class::audio}, t0) == 2);
    CHECK(box.push({base::frame("c"), delivery_class::durable}, t0) == 3);
    CHECK(joined(box.take(1000)) == "a c b "); // text does not wait for media
    CHECK(box.oldest() == 1);
    box.written();
    CHECK(box.empty());
    CHECK(box.cost() == 0);
    CHECK(box.oldest() == 4);
    CHECK(box.last() == 3);
}

TEST_CASE("text that asks for nothing does not wait for media either")
{
    outbox box(plenty);
    box.push({base::frame("audio"), delivery_class::audio}, t0);
    box.push({base::frame("remark"), delivery_class::context}, t0);
    CHECK(joined(box.take(1000)) == "remark audio ");
}

TEST_CASE("a batch has about the given size, and at least one message")
{
    outbox box(plenty);
    for (const char* each : {"aaaa", "bbbb", "cccc"})
        box.push({base::frame(each), delivery_class::durable}, t0);
    CHECK(joined(box.take(8)) == "aaaa bbbb ");
    box.written();
    CHECK(joined(box.take(1)) == "cccc ");
}

TEST_CASE("after a lost connection durable messages are sent again and media are not")
{
    outbox box(plenty);
    box.push({base::frame("a"), delivery_class::durable}, t0);
    box.push({base::frame("audio"), delivery_class::audio}, t0);
    box.push({base::frame("c"), delivery_class::durable}, t0);
    box.push({base::frame("later"), delivery_class::audio}, t0);
    CHECK(joined(box.take(7)) == "a c audio ");
    box.lost();
    CHECK(joined(box.take(1000)) == "a c later ");
    box.written();
    CHECK(box.cost() == 0);
}

TEST_CASE("media older than the window are dropped and counted; the rest keeps its order")
{
    outbox box(plenty);
    box.push({base::frame("old"), delivery_class::audio}, t0);
    box.push({base::frame("text"), delivery_class::durable}, t0);
    box.push({base::frame("new"), delivery_class::audio}, t0 + 2s);
    CHECK(box.expire(t0 + 1s) == 1);
    CHECK(box.cost() == outbox::cost_of(4) + outbox::cost_of(3));
    CHECK(joined(box.take(1000)) == "text new ");
}

TEST_CASE("there is room up to the limit, and for one message of any size")
{
    outbox box(2 * outbox::cost_of(5));
    CHECK(box.has_room(1'000'000));
    box.push({base::frame("12345"), delivery_class::durable}, t0);
    CHECK(box.has_room(5));
    CHECK_FALSE(box.has_room(6));
}

TEST_CASE("what the server has not consumed is sent again in order, once, before everything else")
{
    outbox box(plenty, keeps::until_consumed);
    for (const char* each : {"a", "b", "audio", "d"}) {
        const auto kind =
            std::string_view(each) == "audio" ? delivery_class::audio : delivery_class::durable;
        box.push({base::frame(each), kind}, t0);
    }
    CHECK(joined(box.take(7)) == "a b d ");
    box.written();
    CHECK(box.oldest() == 3);
    CHECK(box.cost() == outbox::cost_of(5));
    CHECK(box.kept_cost() == 3 * outbox::cost_of(1));
    box.consumed(1);
    box.lost();
    CHECK(box.waiting_again() == 2);
    box.lost();
    CHECK(box.waiting_again() == 2);
    box.push({base::frame("e"), delivery_class::durable}, t0);
    CHECK(joined(box.take(1000)) == "b d e audio ");
    box.written();
    box.consumed(3); // the count has started again
    box.lost();
    CHECK(box.waiting_again() == 1);
    CHECK(joined(box.take(1000)) == "audio ");
    CHECK(box.cost() == outbox::cost_of(5));
}

TEST_CASE("a message that was being written when the connection ended is not counted twice")
{
    outbox box(plenty, keeps::until_consumed);
    box.push({base::frame("a"), delivery_class::durable}, t0);
    box.push({base::frame("audio"), delivery_class::audio}, t0);
    CHECK(joined(box.take(1000)) == "a audio ");
    box.lost();
    CHECK(box.waiting_again() == 0);
    CHECK(joined(box.take(1000)) == "a audio ");
    box.written();
    CHECK(box.empty());
    box.lost();
    CHECK(box.waiting_again() == 2);
    CHECK(box.expire(t0 + 1s) == 1);
    CHECK(joined(box.take(1000)) == "a ");
}

TEST_CASE("what the server has consumed of a batch that is still being written is not sent again")
{
    outbox box(plenty, keeps::until_consumed);
    for (const auto* each : {"a", "b", "c"})
        box.push({base::frame(each), delivery_class::durable}, t0);
    static_cast<void>(box.take(2));
    box.consumed(1);
    SECTION("the batch is cut off")
    {
        CHECK(box.lost() == 0);
        CHECK(box.cost() == 2 * outbox::cost_of(1));
        CHECK(joined(box.take(1000)) == "b c ");
        box.written();
        box.lost();
        CHECK(box.waiting_again() == 2); // the count has started again
    }
    SECTION("the batch is written")
    {
        box.written();
        CHECK(box.kept_cost() == outbox::cost_of(1));
        box.lost();
        CHECK(joined(box.take(1000)) == "b c ");
    }
}

TEST_CASE("an index beyond what has been sent is ignored")
{
    outbox box(plenty, keeps::until_consumed);
    const auto send = [&box](const char* text) {
        box.push({base::frame(text), delivery_class::durable}, t0);
        static_cast<void>(box.take(1000));
        box.written();
    };
    send("a");
    box.consumed(7);
    send("b");
    box.lost();
    CHECK(joined(box.take(1000)) == "b ");
}

TEST_CASE("the server's count includes what was sent besides the user's messages")
{
    outbox box(plenty, keeps::until_consumed);
    box.sent_besides(1);
    for (const auto* each : {"a", "b"}) box.push({base::frame(each), delivery_class::durable}, t0);
    static_cast<void>(box.take(1000));
    box.written();
    box.consumed(2);
    box.lost();
    CHECK(joined(box.take(1000)) == "b ");
}

TEST_CASE("the start of an unfinished activity is left out of the history")
{
    outbox box(plenty, keeps::until_handle);
    const auto say = [&box](const char* text, delivery_class kind) {
        box.push({base::frame(text), kind}, t0);
        static_cast<void>(box.take(1000));
        box.written();
    };
    say("start", delivery_class::activity_start);
    say("text", delivery_class::durable);
    box.noted();
    box.lost();
    box.drop_noted();
    CHECK(joined(box.take(1000)) == "start ");
}

TEST_CASE("the start of an open activity outlives a handle, and ends with its activity")
{
    const auto keep = GENERATE(keeps::until_handle, keeps::until_answered);
    outbox box(plenty, keep);
    const auto say = [&box](const char* text, delivery_class kind) {
        box.push({base::frame(text), kind}, t0);
        static_cast<void>(box.take(1000));
        box.written();
    };
    say("start", delivery_class::activity_start);
    box.handle_issued();
    SECTION("the activity continues")
    {
        box.lost();
        CHECK(joined(box.take(1000)) == "start ");
    }
    SECTION("the activity has ended")
    {
        say("end", delivery_class::activity_end);
        box.handle_issued();
        box.lost();
        CHECK(joined(box.take(1000)).empty());
    }
}

TEST_CASE("media that were lost in the middle of a batch are reported")
{
    outbox box(plenty, keeps::until_answered);
    box.push({base::frame("a"), delivery_class::durable}, t0);
    box.push({base::frame("audio"), delivery_class::audio}, t0);
    box.push({base::frame("more"), delivery_class::audio}, t0);
    static_cast<void>(box.take(6));
    CHECK(box.lost() == 1);
    CHECK(box.lost() == 0);
    CHECK(joined(box.take(1000)) == "a more ");
}

TEST_CASE("unconfirmed messages never hold up a sender: beyond the limit media are dropped first")
{
    outbox box(2 * outbox::cost_of(5), keeps::until_consumed);
    const auto send = [&box](const char* text, delivery_class kind) {
        box.push({base::frame(text), kind}, t0);
        static_cast<void>(box.take(1000));
        box.written();
    };
    send("1111", delivery_class::durable);
    send("2222", delivery_class::audio);
    CHECK(box.shed().media == 0);
    send("3333", delivery_class::durable);
    CHECK(box.has_room(10));
    auto gone = box.shed();
    CHECK(gone.media == 1);
    CHECK(gone.durable == 0);
    send("4444", delivery_class::durable);
    gone = box.shed();
    CHECK(gone.media == 0);
    CHECK(gone.durable == 1);
    CHECK(box.kept_cost() == 2 * outbox::cost_of(4));
    box.consumed(3); // "3333" was the third
    box.lost();
    CHECK(joined(box.take(1000)) == "4444 ");
}

TEST_CASE("a response to several calls is sent while one of them is still open")
{
    outbox box(1000);
    box.push({base::frame("response"), delivery_class::durable, {"first", "second"}}, t0);
    CHECK(box.drop_answers({"first"}) == 0);
    CHECK(box.drop_answers({"second", "first"}) == 1);
    CHECK(box.empty());
}

} // namespace outbox_test
