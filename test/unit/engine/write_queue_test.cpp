// SPDX-License-Identifier: Apache-2.0
#include "engine/write_queue.hpp"

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace write_queue_test {

using namespace gemini::live;
using namespace gemini::live::engine;
using base::frame_kind;

namespace {

constexpr std::size_t most = 4; // bytes per fragment

std::string name_of(const write_queue::output& frame)
{
    std::string name;
    switch (frame.kind) {
    case frame_kind::continuation: name = "more"; break;
    case frame_kind::text: name = "text"; break;
    case frame_kind::binary: name = "binary"; break;
    case frame_kind::close: name = "close"; break;
    case frame_kind::ping: name = "ping"; break;
    case frame_kind::pong: name = "pong"; break;
    }
    name += '(' + std::string(frame.payload.begin(), frame.payload.end()) + ')';
    return frame.is_final ? name : name + '-';
}

/// What is written next, with a `!` where it completes a message; "nothing" when nothing waits.
std::string write_one(write_queue& queue)
{
    const auto frame = queue.next();
    if (!frame) return "nothing";
    const auto name = name_of(*frame);
    return queue.written() ? name + '!' : name;
}

std::string write_all(write_queue& queue)
{
    std::string all;
    for (auto one = write_one(queue); one != "nothing"; one = write_one(queue))
        all += all.empty() ? one : ' ' + one;
    return all;
}

std::vector<base::frame> batch_of(const std::vector<std::string>& texts)
{
    std::vector<base::frame> frames;
    for (const auto& each : texts) frames.emplace_back(std::string_view(each));
    return frames;
}

/// Sends that a test can cancel.
class sender {
public:
    explicit sender(write_queue& queue) : queue_(queue) {}

    void send(const std::vector<std::string>& texts, frame_kind kind = frame_kind::text)
    {
        sends_.push_back(std::make_unique<write_queue::batch>(queue_, batch_of(texts), kind));
    }
    void cancel() { sends_.back().reset(); }
    [[nodiscard]] bool is_complete() const { return sends_.back()->is_complete(); }

private:
    write_queue& queue_;
    std::vector<std::unique_ptr<write_queue::batch>> sends_;
};

} // namespace

TEST_CASE("short frames are handed out together, and complete together")
{
    write_queue queue(most);
    sender one(queue);
    one.send({"a", "bcdef", ""});
    std::string together;
    const auto add = [&] { together += name_of(*queue.next()) + ' '; };
    CHECK(queue.can_add(1));
    add();
    CHECK_FALSE(queue.can_add(3));
    CHECK(queue.can_add(4));
    add();
    queue.ping(7);
    CHECK(queue.can_add(2));
    add();
    CHECK(together == "text(a) text(bcde)- ping(7) ");
    CHECK_FALSE(queue.can_add(100)); // one control frame at a time
    CHECK(queue.written());          // "a"
    CHECK_FALSE(one.is_complete());
    CHECK(write_one(queue) == "more(f)!");
    CHECK(queue.can_add(0));
    CHECK(write_all(queue) == "text()!");
    CHECK(one.is_complete());
    CHECK_FALSE(queue.can_add(100));
}

TEST_CASE("what is at hand of several messages is sent although the send is canceled")
{
    write_queue queue(most);
    sender one(queue);
    one.send({"a", "bcdef", "g"});
    static_cast<void>(queue.next());
    static_cast<void>(queue.next());
    one.cancel();
    CHECK(queue.written());
    CHECK(write_all(queue) == "more(f)!");
}

TEST_CASE("messages are sent in order, long ones in fragments")
{
    struct row {
        std::vector<std::string> messages;
        std::string frames;
    };
    const std::vector<row> rows{
        {{}, ""},
        {{""}, "text()!"},
        {{"a"}, "text(a)!"},
        {{"abcd"}, "text(abcd)!"},
        {{"abcde"}, "text(abcd)- more(e)!"},
        {{"abcdefgh"}, "text(abcd)- more(efgh)!"},
        {{"abcdefghi"}, "text(abcd)- more(efgh)- more(i)!"},
        {{"abcde", "", "f"}, "text(abcd)- more(e)! text()! text(f)!"},
    };
    for (const auto& [messages, frames] : rows) {
        CAPTURE(frames);
        write_queue queue(most);
        sender sends(queue);
        sends.send(messages);
        CHECK(write_all(queue) == frames);
        CHECK(sends.is_complete());
    }
    write_queue queue(most);
    sender sends(queue);
    sends.send({"abcde"}, frame_kind::binary);
    sends.send({"f"});
    CHECK(write_all(queue) == "binary(abcd)- more(e)! text(f)!");
}

TEST_CASE("an empty message that owns no memory has room for its header")
{
    write_queue queue(most);
    const write_queue::batch sending(queue, std::vector<base::frame>(1), frame_kind::text);
    const auto frame = queue.next();
    REQUIRE(frame);
    *(frame->payload.data() - base::frame::headroom) = 'h';
    CHECK(frame->payload.empty());
    CHECK(queue.written());
}

TEST_CASE("a send completes when the socket has accepted its last byte, whatever follows it")
{
    write_queue queue(most);
    const write_queue::batch first(queue, batch_of({"a", "bcdef"}), frame_kind::text);
    const write_queue::batch second(queue, batch_of({"g"}), frame_kind::text);
    const write_queue::batch nothing(queue, {}, frame_kind::text);
    CHECK_FALSE(first.is_complete());
    CHECK(write_one(queue) == "text(a)!");
    CHECK(write_one(queue) == "text(bcde)-");
    CHECK_FALSE(first.is_complete());
    CHECK(name_of(*queue.next()) == "more(f)");
    CHECK_FALSE(first.is_complete()); // handed out, but not written
    CHECK(queue.written());
    CHECK(first.is_complete());
    CHECK_FALSE(second.is_complete());
    CHECK_FALSE(queue.written()); // nothing is being written
    CHECK_FALSE(second.is_complete());
    CHECK(write_all(queue) == "text(g)!");
    CHECK(second.is_complete());
    CHECK(nothing.is_complete());
}

TEST_CASE("a canceled send sends each message whole or not at all")
{
    struct row {
        int written;  ///< Number of frames before the cancellation.
        bool at_hand; ///< Another frame has been handed out by then.
        std::string rest;
    };
    const std::vector<row> rows{
        {0, false, "text(next)!"},
        {0, true, "more(efgh)- more(i)! text(next)!"},
        {1, false, "more(efgh)- more(i)! text(next)!"},
        {1, true, "more(i)! text(next)!"},
        {2, true, "text(next)!"},
        {3, false, "text(next)!"},
        {3, true, "text(next)!"},
        {4, false, "text(next)!"},
    };
    for (const auto& [written, at_hand, rest] : rows) {
        CAPTURE(written, at_hand);
        write_queue queue(most);
        sender sends(queue);
        sends.send({"abcdefghi", "j"});
        for (int i = 0; i < written; ++i) write_one(queue);
        if (at_hand) (void)queue.next();
        sends.cancel();
        sends.send({"next"});
        CHECK_FALSE(sends.is_complete());
        if (at_hand) queue.written();
        CHECK(write_all(queue) == rest);
        CHECK(sends.is_complete());
    }
}

TEST_CASE("a completed send drops nothing when it ends")
{
    write_queue queue(most);
    sender sends(queue);
    sends.send({"a"});
    write_all(queue);
    const write_queue::batch next(queue, batch_of({"b"}), frame_kind::text);
    sends.cancel();
    CHECK(write_all(queue) == "text(b)!");
    CHECK(next.is_complete());
}

TEST_CASE(
    "control frames go between fragments: pong, ping, numbered ping; a Close after everything")
{
    write_queue queue(most);
    sender sends(queue);
    sends.send({"abcde", "f"});
    queue.close("bye");
    queue.ping(7);
    queue.ping();
    queue.pong("p");
    CHECK(queue.has_close());
    CHECK(write_one(queue) == "pong(p)");
    CHECK(write_one(queue) == "ping()");
    CHECK(write_one(queue) == "ping(7)");
    CHECK(write_one(queue) == "text(abcd)-");
    queue.pong("q");
    CHECK(write_one(queue) == "pong(q)");
    CHECK(write_one(queue) == "more(e)!");
    queue.ping();
    CHECK(write_one(queue) == "ping()");
    CHECK_FALSE(sends.is_complete());
    CHECK(write_one(queue) == "text(f)!");
    CHECK(queue.has_close());
    CHECK(write_one(queue) == "close(bye)");
    CHECK_FALSE(queue.has_close());
    CHECK(write_one(queue) == "nothing");
}

TEST_CASE("of pongs, and of numbered pings, only the latest is written")
{
    write_queue queue(most);
    for (const auto* each : {"1", "2", "3"}) queue.pong(each);
    for (const auto each : {1u, 2u, 3u}) queue.ping(each);
    CHECK(write_one(queue) == "pong(3)");
    const auto ping = queue.next();
    REQUIRE(ping);
    CHECK(name_of(*ping) == "ping(3)");
    CHECK(ping->ping == 3);
    queue.ping();
    CHECK(queue.next()->ping == 0);
    CHECK_FALSE(queue.next());
}

TEST_CASE("a Close follows the current message when unstarted messages are dropped")
{
    write_queue queue(most);
    sender sends(queue);
    sends.send({"abcde", "f", "g"});
    CHECK(write_one(queue) == "text(abcd)-");
    queue.drop_unbegun();
    queue.close("bye");
    CHECK(write_all(queue) == "more(e)! close(bye)");
    CHECK_FALSE(sends.is_complete());

    queue.close("bye");
    queue.drop_close();
    CHECK_FALSE(queue.has_close());
    CHECK(write_all(queue).empty());
}

TEST_CASE("after a clear nothing is left, and what is sent then is whole")
{
    write_queue queue(most);
    sender sends(queue);
    sends.send({"abcde", "f"});
    CHECK(write_one(queue) == "text(abcd)-");
    queue.pong("p");
    queue.ping();
    queue.ping(1);
    queue.close("bye");
    queue.clear();
    CHECK(write_all(queue).empty());
    CHECK_FALSE(sends.is_complete());
    sends.cancel();
    sends.send({"ghijk"});
    CHECK(write_all(queue) == "text(ghij)- more(k)!");
    CHECK(sends.is_complete());
}

TEST_CASE("a Close has its code first, and a reason that fits, cut between characters")
{
    CHECK(close_payload(1000, "") == std::string("\x03\xe8", 2));
    CHECK(close_payload(4321, "why") == "\x10\xe1why");
    const auto longest = write_queue::most_control_payload;
    CHECK(close_payload(1001, std::string(123, 'x')).size() == longest);
    CHECK(close_payload(1001, std::string(124, 'x')).size() == longest);
    CHECK(close_payload(1001, std::string(122, 'x') + "\xc3\xa9").size() == longest - 1);
}

} // namespace write_queue_test
