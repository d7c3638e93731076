// SPDX-License-Identifier: Apache-2.0
#include "mcp/event_stream.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace event_stream_test {

using namespace std::chrono_literals;
using gemini::live::mcp::event_stream;
using texts = std::vector<std::string>;

namespace {

/// Feeds a text in pieces of this size.
texts fed(event_stream& stream, std::string_view text, std::size_t size)
{
    texts all;
    for (std::size_t at = 0; at < text.size(); at += size)
        for (auto& each : stream.feed(text.substr(at, size))) all.push_back(std::move(each));
    return all;
}

} // namespace

TEST_CASE("events end with an empty line, whatever ends lines and wherever the stream is cut")
{
    struct row {
        const char* text;
        texts events;
    };
    const auto row = GENERATE(values<struct row>({
        {"data: a\n\n", {"a"}},
        {"data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"}},
        {"data: a\r\rdata: b\r\r", {"a", "b"}},
        {"data:a\ndata:  b\n\n", {"a\n b"}},
        {"\xEF\xBB\xBF"
         "data: a\n\n",
            {"a"}},
        {": a comment\n\ndata: a\n\n", {"a"}},
        {"event: message\ndata: a\n\nevent: ping\ndata: b\n\ndata: c\n\n", {"a", "c"}},
        {"data: \n\ndata\n\ndata: a\n\n", {"a"}},
        {"nonsense\nfield: value\ndata: a\n\n", {"a"}},
        {"data: a\n", {}},
        {"\n\n\n", {}},
        {"data: {\"a\":\n"
         "data: 1}\n\n",
            {"{\"a\":\n1}"}},
    }));
    CAPTURE(row.text);
    for (const std::size_t size : {1u, 2u, 3u, 1000u}) {
        event_stream stream(1000);
        CHECK(fed(stream, row.text, size) == row.events);
    }
}

TEST_CASE("the last id and the time to wait are those that the stream named last")
{
    event_stream stream(10'000);
    CHECK(stream.last_event_id().empty());
    CHECK_FALSE(stream.retry());
    CHECK(stream.feed("id: one\nretry: 500\ndata: \n\n").empty());
    CHECK(stream.last_event_id() == "one");
    CHECK(stream.retry() == 500ms);
    CHECK(stream.feed("id: two\n").empty()); // not before its event
    CHECK(stream.last_event_id() == "one");
    CHECK(stream.feed("data: x\n\n") == texts{"x"});
    CHECK(stream.last_event_id() == "two");
    CHECK(stream.feed("data: y\n\n") == texts{"y"});
    CHECK(stream.last_event_id() == "two");
    CHECK(stream.feed(std::string_view("id: a\0b\n\n", 9)).empty());
    CHECK(stream.last_event_id() == "two");
    const std::string too_long(event_stream::longest_id + 1, 'x');
    CHECK(stream.feed("id: " + too_long + "\n\n").empty());
    CHECK(stream.last_event_id() == "two");
}

TEST_CASE("a time to wait that is no number is ignored, and one that is huge is bounded")
{
    event_stream stream(1000);
    for (const auto* const text : {"-1", "", "1s", "  5", "0x5", "1.5"}) {
        CAPTURE(text);
        static_cast<void>(stream.feed("retry:" + std::string(text) + "\n\n"));
        CHECK_FALSE(stream.retry());
    }
    static_cast<void>(stream.feed("retry: 99999999999999999999999\n"));
    CHECK(stream.retry() == event_stream::longest_retry);
    static_cast<void>(stream.feed("retry: 0\n"));
    CHECK(stream.retry() == 0ms);
}

TEST_CASE("a new connection begins with a new event")
{
    event_stream stream(1000);
    CHECK(stream.feed("id: one\ndata: x\n\nid: two\ndata: hal").size() == 1);
    stream.restart();
    CHECK(stream.last_event_id() == "one");
    CHECK(stream.feed("data: y\n\n") == texts{"y"});
    CHECK(stream.last_event_id() == "one");
}

TEST_CASE("an event over the bound ends the stream, and one of exactly the bound passes")
{
    const std::string prefix = "data: ";
    event_stream fits(100);
    CHECK(fits.feed(prefix + std::string(94, 'x') + "\n\n").size() == 1);
    CHECK_FALSE(fits.is_too_long());
    const auto text = GENERATE_COPY(prefix + std::string(95, 'x') + "\n\n",
        prefix + std::string(60, 'x') + "\n" + prefix + std::string(60, 'x') + "\n\n",
        std::string(1000, 'x'));
    event_stream bursts(100);
    CHECK(fed(bursts, text, 7).empty());
    CHECK(bursts.is_too_long());
    CHECK(bursts.feed("\n\ndata: a\n\n").empty());
}

} // namespace event_stream_test
