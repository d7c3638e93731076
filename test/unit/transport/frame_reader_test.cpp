// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "transport/frame_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace frame_reader_test {

using namespace gemini::live;
using namespace std::string_literals;
using transport::frame_reader;

namespace {

constexpr std::uint8_t fin = 0x80;
constexpr std::uint8_t continuation = 0x0;
constexpr std::uint8_t text = 0x1;
constexpr std::uint8_t binary = 0x2;
constexpr std::uint8_t close_op = 0x8;
constexpr std::uint8_t ping = 0x9;
constexpr std::uint8_t pong = 0xa;

constexpr std::size_t default_limit = 1u << 20;

std::string big_endian(std::uint64_t value, int size)
{
    std::string bytes;
    while (size-- > 0) bytes.push_back(static_cast<char>(value >> (8 * size)));
    return bytes;
}

std::string head(std::uint8_t first, std::uint64_t length)
{
    const auto two = [first](std::uint64_t second) {
        return big_endian(first, 1) + big_endian(second, 1);
    };
    if (length < 126) return two(length);
    if (length < 65536) return two(126) + big_endian(length, 2);
    return two(127) + big_endian(length, 8);
}

std::string frame(std::uint8_t first, std::string_view payload)
{
    return head(first, payload.size()) + std::string(payload);
}

std::string closing(std::uint16_t code, std::string_view reason = "")
{
    return frame(fin | close_op, big_endian(code, 2) + std::string(reason));
}

/// An event in a form that can be compared and printed; long payloads are shortened.
std::string brief(std::string_view payload)
{
    if (payload.size() <= 200) return std::string(payload);
    return std::to_string(payload.size()) + " bytes, hash " +
           std::to_string(std::hash<std::string_view>()(payload));
}

struct describe {
    std::string operator()(const transport::message& m) const
    {
        return (m.kind == transport::opcode::text ? "text:" : "binary:") + brief(m.payload.view());
    }
    std::string operator()(const transport::ping_frame& f) const { return "ping:" + f.payload; }
    std::string operator()(const transport::pong_frame& f) const { return "pong:" + f.payload; }
    std::string operator()(const transport::close_frame& f) const
    {
        return "close:" + std::to_string(f.code) + ":" + f.reason;
    }
    std::string operator()(const transport::violation& v) const
    {
        return "violation:" + std::to_string(v.close_code) + ":" + to_string(v.why.value());
    }
};

using events = std::vector<std::string>;

void drain(frame_reader& reader, std::span<const char> bytes, events& seen)
{
    while (auto event = reader.next(bytes)) seen.push_back(std::visit(describe(), *event));
    REQUIRE(bytes.empty());
}

events read_whole(std::string_view stream, std::size_t limit = default_limit)
{
    frame_reader reader(limit);
    events seen;
    drain(reader, stream, seen);
    return seen;
}

/// Each piece from a heap block of its own size, so that a sanitizer sees a read past its end.
events read_in_pieces(std::string_view stream, const std::function<std::size_t()>& size,
    std::size_t limit = default_limit)
{
    frame_reader reader(limit);
    events seen;
    while (!stream.empty()) {
        const auto piece = stream.substr(0, size());
        stream.remove_prefix(piece.size());
        const std::vector<char> block(piece.begin(), piece.end());
        drain(reader, block, seen);
    }
    return seen;
}

/// Reads the stream whole and byte by byte, which must agree.
events read(std::string_view stream, std::size_t limit = default_limit)
{
    auto seen = read_whole(stream, limit);
    const auto one = [] { return std::size_t{1}; };
    CHECK(read_in_pieces(stream, one, limit) == seen);
    return seen;
}

const std::string broken = "violation:1002:protocol_violation";
const std::string not_utf8 = "violation:1007:protocol_violation";
const std::string too_big = "violation:1009:message_too_big";

struct row {
    std::string what;
    std::string stream;
    events expected;
};

void check(const std::vector<row>& table)
{
    for (const auto& each : table) {
        INFO(each.what);
        CHECK(read(each.stream) == each.expected);
    }
}

std::string many(std::size_t count, char byte = '*') { return std::string(count, byte); }

} // namespace

TEST_CASE("messages of every length encoding arrive whole")
{
    for (const std::size_t size : {0, 1, 124, 125, 126, 127, 128, 65535, 65536, 65537, 200'000}) {
        const auto payload = many(size);
        CHECK(read(frame(fin | text, payload)) == events{"text:" + brief(payload)});
        CHECK(read(frame(fin | binary, payload)) == events{"binary:" + brief(payload)});
    }
    check({
        {"binary is not looked into", frame(fin | binary, "\xff\xfe"), {"binary:\xff\xfe"}},
        {"one behind the other", frame(fin | text, "a") + frame(fin | binary, "b"),
            {"text:a", "binary:b"}},
        {"in two fragments", frame(text, "a") + frame(fin | continuation, "b"), {"text:ab"}},
        {"in empty fragments",
            frame(text, "") + frame(continuation, "") + frame(fin | continuation, ""), {"text:"}},
        {"full between empty fragments",
            frame(binary, "") + frame(continuation, "x") + frame(fin | continuation, ""),
            {"binary:x"}},
        {"the kind of a fragmented one does not stick",
            frame(text, "a") + frame(fin | continuation, "b") + frame(fin | binary, "\x80"),
            {"text:ab", "binary:\x80"}},
    });
}

TEST_CASE("a received message has the padding that the parser needs")
{
    frame_reader reader(default_limit);
    for (const auto& stream :
        {frame(fin | text, ""), frame(fin | text, "abc"), frame(text, "") + frame(fin, "")}) {
        std::span<const char> bytes = stream;
        auto event = reader.next(bytes);
        REQUIRE(event);
        const auto& payload = std::get<transport::message>(*event).payload;
        REQUIRE(payload.data() != nullptr);
        const std::string_view padding(
            payload.data() + payload.capacity(), base::padded_buffer::padding);
        CHECK(padding == std::string(base::padded_buffer::padding, '\0'));
    }
}

TEST_CASE("control frames arrive between messages and between fragments")
{
    check({
        {"empty ping", frame(fin | ping, ""), {"ping:"}},
        {"ping with text", frame(fin | ping, "Hello"), {"ping:Hello"}},
        {"ping with other bytes", frame(fin | ping, "\x00\xff\xfe"s), {"ping:\x00\xff\xfe"s}},
        {"ping of 125", frame(fin | ping, many(125)), {"ping:" + many(125)}},
        {"ping of 126", frame(fin | ping, many(126)), {broken}},
        {"pong of 125", frame(fin | pong, many(125)), {"pong:" + many(125)}},
        {"pong of 126", frame(fin | pong, many(126)), {broken}},
        {"unasked pong, then ping", frame(fin | pong, "u") + frame(fin | ping, "p"),
            {"pong:u", "ping:p"}},
        {"ping inside a message",
            frame(text, "a") + frame(fin | ping, "p") + frame(fin | continuation, "b"),
            {"ping:p", "text:ab"}},
        {"many inside a message",
            frame(text, "a") + frame(fin | ping, "1") + frame(fin | pong, "2") +
                frame(continuation, "b") + frame(fin | ping, "3") + frame(fin | continuation, "c"),
            {"ping:1", "pong:2", "ping:3", "text:abc"}},
        {"close inside a message", frame(text, "a") + closing(1000), {"close:1000:"}},
        {"fragmented ping", frame(ping, "a") + frame(fin | continuation, "b"), {broken}},
        {"fragmented pong", frame(pong, "a") + frame(fin | continuation, "b"), {broken}},
        {"fragmented close", frame(close_op, big_endian(1000, 2)), {broken}},
        {"ping behind a bad one", frame(ping, "a") + frame(fin | ping, "b"), {broken}},
    });
}

TEST_CASE("reserved bits are refused on every kind of frame")
{
    for (const std::uint8_t bits : {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70}) {
        for (const std::uint8_t kind : {text, binary, ping, pong, close_op}) {
            const auto first = static_cast<std::uint8_t>(fin | bits | kind);
            CHECK(read(frame(first, "")) == events{broken});
            CHECK(read(frame(fin | text, "ok") + frame(first, "")) == events{"text:ok", broken});
        }
        CHECK(read(frame(text, "") + frame(fin | bits | continuation, "")) == events{broken});
    }
}

TEST_CASE("reserved opcodes are refused, alone, between messages and between fragments")
{
    for (const std::uint8_t opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        const auto first = static_cast<std::uint8_t>(fin | opcode);
        CHECK(read(frame(first, "")) == events{broken});
        CHECK(read(frame(first, "x") + frame(fin | ping, "")) == events{broken});
        CHECK(read(frame(fin | text, "ok") + frame(first, "x")) == events{"text:ok", broken});
        CHECK(read(frame(text, "begun") + frame(first, "x")) == events{broken});
    }
}

TEST_CASE("masked frames are refused, since they come from a server")
{
    for (const std::uint8_t kind : {text, binary, ping, pong, close_op}) {
        auto masked = frame(fin | kind, "");
        masked[1] = static_cast<char>(0x80);
        CHECK(read(masked + "mask") == events{broken});
    }
    auto long_masked = frame(fin | binary, many(200));
    long_masked[1] = static_cast<char>(0x80 | 126);
    CHECK(read(long_masked) == events{broken});
}

TEST_CASE("lengths must be in their shortest form and below 2^63")
{
    const auto in_2 = [](std::uint64_t length) { return "\x82\x7e"s + big_endian(length, 2); };
    const auto in_8 = [](std::uint64_t length) { return "\x82\x7f"s + big_endian(length, 8); };
    check({
        {"125 in two bytes", in_2(125) + many(125), {broken}},
        {"0 in two bytes", in_2(0), {broken}},
        {"126 in two bytes", in_2(126) + many(126), {"binary:" + many(126)}},
        {"65535 in eight bytes", in_8(65535) + many(65535), {broken}},
        {"0 in eight bytes", in_8(0), {broken}},
        {"65536 in eight bytes", in_8(65536) + many(65536), {"binary:" + brief(many(65536))}},
        {"the highest bit", in_8(1ull << 63), {broken}},
        {"all bits", in_8(~0ull), {broken}},
        {"all but the highest bit", in_8(~0ull >> 1), {too_big}},
    });
}

TEST_CASE("fragments must follow each other")
{
    check({
        {"continuation of nothing", frame(fin | continuation, "x"), {broken}},
        {"continuation of nothing, not final", frame(continuation, "x"), {broken}},
        {"continuation after a whole message",
            frame(fin | text, "a") + frame(fin | continuation, "b"), {"text:a", broken}},
        {"continuation after the final fragment",
            frame(text, "a") + frame(fin | continuation, "b") + frame(continuation, "c"),
            {"text:ab", broken}},
        {"a message inside a message", frame(text, "a") + frame(fin | text, "b"), {broken}},
        {"a beginning inside a message", frame(text, "a") + frame(binary, "b"), {broken}},
        {"a beginning after an empty beginning", frame(text, "") + frame(fin | text, ""), {broken}},
    });
}

TEST_CASE("text must be UTF-8, wherever fragments cut it")
{
    const std::string valid = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5 \xf0\x9f\x98\x80";
    for (std::size_t cut = 0; cut <= valid.size(); ++cut) {
        const auto fragments = frame(text, valid.substr(0, cut)) + frame(fin | ping, "") +
                               frame(fin | continuation, valid.substr(cut));
        CHECK(read(fragments) == events{"ping:", "text:" + valid});
    }
    const std::string invalid = valid + "\xed\xa0\x80 edited";
    for (std::size_t cut = 0; cut <= invalid.size(); ++cut) {
        const auto fragments =
            frame(text, invalid.substr(0, cut)) + frame(fin | continuation, invalid.substr(cut));
        CHECK(read(fragments) == events{not_utf8});
    }
    check({
        {"cut at the end of the message", frame(fin | text, "\xce"), {not_utf8}},
        {"cut at the end of the last fragment",
            frame(text, "\xe2\x82") + frame(fin | continuation, ""), {not_utf8}},
        {"a cut character is not completed by the next message",
            frame(fin | text, "a\xce") + frame(fin | text, "\xba"), {not_utf8}},
        {"the largest code point", frame(fin | text, "\xf4\x8f\xbf\xbf"),
            {"text:\xf4\x8f\xbf\xbf"}},
        {"beyond it", frame(fin | text, "\xf4\x90\x80\x80"), {not_utf8}},
        {"NUL", frame(fin | text, "\0"s), {"text:\0"s}},
        {"overlong NUL", frame(fin | text, "\xc0\x80"), {not_utf8}},
        {"a byte order mark", frame(fin | text, "\xef\xbb\xbf"), {"text:\xef\xbb\xbf"}},
    });
}

TEST_CASE("invalid text is refused at its first impossible byte, not at the message's end")
{
    const auto stream = head(fin | text, 1000) + "fine \xf4\x90";
    CHECK(read(stream) == events{not_utf8});
    CHECK(read(frame(text, "\xc0")) == events{not_utf8});
}

TEST_CASE("a message over the limit is refused as soon as its length is known")
{
    constexpr std::size_t limit = 1000;
    CHECK(read(frame(fin | binary, many(limit)), limit) == events{"binary:" + brief(many(limit))});
    CHECK(read(head(fin | binary, limit + 1), limit) == events{too_big});
    CHECK(read(head(fin | binary, std::uint64_t{1} << 40), limit) == events{too_big});

    const auto halves = frame(binary, many(500)) + frame(continuation, many(499));
    CHECK(read(halves + frame(fin | continuation, "x"), limit) ==
          events{"binary:" + brief(many(499 + 500) + "x")});
    CHECK(read(halves + head(fin | continuation, 2), limit) == events{too_big});

    // control frames have their own limit
    CHECK(read(halves + frame(fin | ping, many(125)) + frame(fin | continuation, "x"), limit)
              .size() == 2);
    // the limit is each message's own
    CHECK(read(frame(fin | text, many(900)) + frame(fin | text, many(900)), limit).size() == 2);
    CHECK(read(frame(fin | text, ""), 0) == events{"text:"});
    CHECK(read(frame(fin | text, "x"), 0) == events{too_big});
}

TEST_CASE("the error for the user names the sizes")
{
    frame_reader reader(1000);
    const auto stream = head(fin | text, 5000);
    std::span<const char> bytes = stream;
    const auto event = reader.next(bytes);
    REQUIRE(event);
    const auto& why = std::get<transport::violation>(*event).why;
    CHECK(std::string(why.what()) == "The server sent a message of at least 5000 bytes; the limit "
                                     "is 1000: raise limits::message if such messages are "
                                     "expected.");
    CHECK(why.phase() == phase::open);
}

TEST_CASE("the number of fragments of a message is bounded")
{
    std::string stream = frame(text, "a");
    for (std::size_t i = 2; i < frame_reader::max_fragments; ++i)
        stream += frame(continuation, i % 2 ? "b" : "");
    const auto pings = frame(fin | ping, "");
    CHECK(read(stream + pings + frame(fin | continuation, "c")).size() == 2);
    CHECK(
        read(stream + frame(continuation, "") + frame(fin | continuation, "")) == events{too_big});
    const auto message = stream + frame(fin | continuation, "c");
    CHECK(read(message + message).size() == 2);
}

TEST_CASE("a close frame yields code and reason, or is refused")
{
    check({
        {"without payload", frame(fin | close_op, ""), {"close:1005:"}},
        {"half a code", frame(fin | close_op, "\x03"), {broken}},
        {"half a code that might be valid", frame(fin | close_op, "\x0f"), {broken}},
        {"a code alone", closing(1000), {"close:1000:"}},
        {"code and reason", closing(1008, "policy"), {"close:1008:policy"}},
        {"the longest reason", closing(1000, many(123)), {"close:1000:" + many(123)}},
        {"a longer reason", closing(1000, many(124)), {broken}},
        {"a reason that is not UTF-8", closing(1000, "\xce\xba\xff"),
            {"close:1000:\xce\xba\xef\xbf\xbd"}},
        {"a reason that is cut", closing(1011, "caf\xe2\x82"), {"close:1011:caf\xef\xbf\xbd"}},
    });
    for (const std::uint16_t code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
             1013, 1014, 3000, 3999, 4000, 4999}) {
        CHECK(read(closing(code, "why")) == events{"close:" + std::to_string(code) + ":why"});
    }
    for (const std::uint16_t code :
        {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
        CHECK(read(closing(code, "why")) == events{broken});
    }
}

TEST_CASE("nothing comes after a close or a violation, whatever follows")
{
    const auto anything = frame(fin | text, "more") + frame(fin | ping, "") + closing(1001);
    check({
        {"after a close", closing(1000) + anything, {"close:1000:"}},
        {"after a violation", frame(fin | continuation, "") + anything, {broken}},
        {"after invalid text", frame(fin | text, "\xff") + anything, {not_utf8}},
        {"after too much", head(fin | text, default_limit + 1) + anything, {too_big}},
    });
    frame_reader reader(default_limit);
    events seen;
    drain(reader, closing(1000), seen);
    CHECK(reader.ended());
    drain(reader, anything, seen);
    CHECK(seen.size() == 1);
}

TEST_CASE("the caller may stop between events and continue with the rest from another buffer")
{
    frame_reader reader(default_limit);
    const auto stream =
        frame(fin | text, "one") + frame(fin | text, "two") + head(fin | text, 5) + "th";
    std::span<const char> bytes = stream;
    const auto first = reader.next(bytes);
    REQUIRE(first);
    CHECK(std::visit(describe(), *first) == "text:one");
    CHECK(bytes.size() == stream.size() - 5);

    const std::string kept(bytes.begin(), bytes.end());
    events seen;
    drain(reader, kept, seen);
    drain(reader, std::string_view("ree"), seen);
    CHECK(seen == events{"text:two", "text:three"});
}

TEST_CASE("memory grows with what has arrived, not with what was announced")
{
    constexpr std::size_t limit = 16u << 20;
    frame_reader reader(limit);
    const auto allowed = [](std::size_t arrived) {
        return arrived + std::max<std::size_t>(64 * 1024, arrived / 2);
    };
    events seen;
    drain(reader, head(fin | binary, limit), seen);
    CHECK(reader.capacity() == 0);
    const auto piece = many(10'000);
    std::size_t arrived = 0;
    bool bounded = true;
    std::size_t growths = 0;
    std::size_t before = 0;
    while (arrived < limit) {
        const auto now = std::min(piece.size(), limit - arrived);
        drain(reader, std::string_view(piece).substr(0, now), seen);
        arrived += now;
        bounded = bounded && (reader.capacity() <= std::min(limit, allowed(arrived)));
        growths += reader.capacity() != std::exchange(before, reader.capacity());
    }
    CHECK(bounded);
    CHECK(growths < 25);
    CHECK(seen.size() == 1);
    CHECK(reader.capacity() == 0);
}

TEST_CASE("fragments grow a message in proportion, within the limit")
{
    constexpr std::size_t limit = 1u << 20;
    frame_reader reader(limit);
    events seen;
    drain(reader, frame(binary, many(256)), seen);
    std::size_t growths = 0;
    std::size_t before = 0;
    for (std::size_t i = 1; i < frame_reader::max_fragments - 1; ++i) {
        drain(reader, frame(continuation, many(256)), seen);
        growths += reader.capacity() != std::exchange(before, reader.capacity());
    }
    CHECK(growths < 25);
    CHECK(reader.capacity() <= limit);
    drain(reader, frame(fin | continuation, many(256)), seen);
    CHECK(seen.size() == 1);
}

TEST_CASE("a whole frame in one read is stored in a buffer of its own size")
{
    frame_reader reader(default_limit);
    for (const std::size_t size : {1, 125, 3400, 70'000}) {
        const auto stream = frame(fin | binary, many(size));
        std::span<const char> bytes = stream;
        const auto event = reader.next(bytes);
        REQUIRE(event);
        CHECK(std::get<transport::message>(*event).payload.capacity() == size);
    }
}

TEST_CASE("a refused message releases its memory")
{
    frame_reader reader(default_limit);
    events seen;
    drain(reader, frame(binary, many(100'000)), seen);
    CHECK(reader.capacity() >= 100'000);
    drain(reader, frame(fin | text, ""), seen);
    CHECK(seen == events{broken});
    CHECK(reader.capacity() == 0);
}

TEST_CASE("random conversations read the same however the network cuts them")
{
    std::mt19937 random(20261123);
    const auto up_to = [&random](std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(0, most)(random);
    };
    const std::vector<std::string> letters{"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (int round = 0; round < 200; ++round) {
        std::string stream;
        events expected;
        for (auto messages = up_to(6); messages-- > 0;) {
            const bool is_text = up_to(1) != 0;
            std::string payload;
            for (auto count = up_to(1) ? up_to(200) : up_to(30'000); count-- > 0;)
                payload +=
                    is_text ? letters[up_to(3)] : std::string(1, static_cast<char>(up_to(255)));
            expected.push_back((is_text ? "text:" : "binary:") + brief(payload));
            std::uint8_t opcode = is_text ? text : binary;
            std::string_view rest = payload;
            for (auto fragments = up_to(4); fragments-- > 0; opcode = continuation) {
                const auto size = up_to(rest.size());
                stream += frame(opcode, rest.substr(0, size));
                rest.remove_prefix(size);
                if (up_to(2) == 0) {
                    stream += frame(fin | ping, "beat");
                    expected.insert(expected.end() - 1, "ping:beat");
                }
            }
            stream += frame(fin | opcode, rest);
        }
        switch (up_to(3)) {
        case 0:
            stream += closing(1000, "end");
            expected.emplace_back("close:1000:end");
            break;
        case 1:
            stream += frame(0x70, "");
            expected.push_back(broken);
            break;
        default: break;
        }
        INFO("round " << round);
        REQUIRE(read_whole(stream) == expected);
        REQUIRE(read_in_pieces(stream, [&] { return 1 + up_to(10); }) == expected);
        REQUIRE(read_in_pieces(stream, [&] { return 1 + up_to(5000); }) == expected);
    }
}

TEST_CASE("each frame or message in progress has a number of its own until it ends")
{
    frame_reader reader(default_limit);
    events seen;
    const auto feed = [&](const std::string& bytes) {
        drain(reader, bytes, seen);
        return reader.underway();
    };
    CHECK(feed("") == 0);
    const auto message = frame(fin | text, "hello");
    const auto first = feed(message.substr(0, 1));
    CHECK(first != 0);
    CHECK(feed(message.substr(1, 3)) == first);
    CHECK(feed(message.substr(4)) == 0);

    const auto second = feed(frame(text, "frag"));
    CHECK(second != 0);
    CHECK(second != first);
    CHECK(feed(frame(fin | ping, "between") + frame(continuation, "ments")) == second);
    CHECK(reader.received() == 9);
    const auto third = feed(frame(fin | continuation, "") + message.substr(0, 3));
    CHECK(third != 0);
    CHECK(third != second);
    CHECK(feed(message.substr(3)) == 0);

    const auto ping_begun = feed(frame(fin | ping, "alone").substr(0, 4));
    CHECK(ping_begun != 0);
    CHECK(feed("one" + frame(fin | ping, "").substr(0, 1)) != ping_begun);
    CHECK(feed("\x82") == 0); // broken
    CHECK(reader.ended());
}

} // namespace frame_reader_test
