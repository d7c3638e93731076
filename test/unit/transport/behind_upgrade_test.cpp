// SPDX-License-Identifier: Apache-2.0
#include "lws_support.hpp"

#include <asio/post.hpp>

/// What a server sends in the packet of its 101, or instead of a valid one.
namespace behind_upgrade_test {

using namespace test;
using live::errc;
using live::phase;

namespace {

asio::awaitable<void> some_turns()
{
    for (int i = 0; i < 10; ++i) co_await asio::post(asio::use_awaitable);
}

/// Answers the upgrade with `behind` in the same packet, whose first `cut` bytes are sent ahead.
asio::awaitable<raw_socket> answer_with(
    raw_peer& peer, std::string behind, std::size_t cut = std::string::npos)
{
    auto socket = co_await peer.accept();
    const auto head = co_await socket.read_head();
    const auto packet = switching_protocols(head) + behind;
    if (cut < packet.size()) {
        co_await socket.write(packet.substr(0, cut));
        co_await some_turns();
        co_await socket.write(packet.substr(cut));
    } else {
        co_await socket.write(packet);
    }
    co_return socket;
}

using client_part = asio::awaitable<void> (*)(transport::connection&);
using server_part = asio::awaitable<void> (*)(raw_socket&);

asio::awaitable<void> nothing_more(raw_socket& socket) { co_await socket.read_to_end(); }

void play(std::string behind, client_part client, server_part server = nothing_more,
    std::size_t cut = std::string::npos)
{
    const bool tls = GENERATE(false, true);
    CAPTURE(tls);
    bench on(tls);
    const auto connect = [](bench& with, client_part part) -> asio::awaitable<void> {
        auto request = with.request();
        request.max_message = 10'000;
        auto opened = co_await with.connector->connect(std::move(request));
        co_await part(*opened);
    };
    const auto serve = [](raw_peer& peer, std::string bytes, std::size_t at,
                           server_part part) -> asio::awaitable<void> {
        auto socket = co_await answer_with(peer, std::move(bytes), at);
        co_await part(socket);
    };
    on.run(side_by_side(connect(on, client), serve(on.peer, std::move(behind), cut, server)));
}

asio::awaitable<void> expect_text(transport::connection& from, std::string expected)
{
    const auto heard = co_await receive_text(from);
    CHECK(heard == expected);
}

} // namespace

TEST_CASE("a message in the packet of the 101 arrives, wherever that packet is cut")
{
    const bool tls = GENERATE(false, true);
    CAPTURE(tls);
    bench on(tls);
    const auto greet = [](bench& with, std::size_t cut) -> asio::awaitable<void> {
        const auto connect = [](bench& to) -> asio::awaitable<void> {
            auto opened = co_await to.connector->connect(to.request());
            co_await expect_text(*opened, "{\"setupComplete\":{}}");
            opened->abort();
        };
        const auto serve = [](bench& by, std::size_t at) -> asio::awaitable<void> {
            auto behind = raw_frame::text("{\"setupComplete\":{}}").bytes();
            auto socket = co_await answer_with(by.peer, std::move(behind), at);
            co_await socket.read_to_end();
        };
        co_await side_by_side(connect(with), serve(with, cut));
    };
    for (std::size_t cut = 1; cut < 155; ++cut) {
        INFO("after " << cut);
        on.run(greet(on, cut));
    }
}

TEST_CASE("messages, fragments and pings in the packet of the 101 are handled as at any other time")
{
    play(
        raw_frame::text("one").bytes() + raw_frame::binary("two").bytes() +
            raw_frame::text("th").final(false).bytes() + raw_frame::ping("there?").bytes() +
            raw_frame::continuation("ree").bytes(),
        [](transport::connection& from) -> asio::awaitable<void> {
            co_await expect_text(from, "one");
            const auto two = co_await from.receive();
            CHECK(two.kind == transport::opcode::binary);
            CHECK(two.payload.view() == "two");
            co_await expect_text(from, "three");
            CHECK(from.ping() == 1);
            const auto four = co_await from.receive();
            CHECK(four.pongs == 1);
            CHECK(four.round_trip > 0s);
        },
        [](raw_socket& socket) -> asio::awaitable<void> {
            const auto pong = co_await socket.read_frame();
            CHECK(pong.opcode() == 10);
            CHECK(pong.payload() == "there?");
            CHECK(pong.is_masked());
            const auto ping = co_await socket.read_frame();
            CHECK(ping.opcode() == 9);
            co_await socket.write(
                raw_frame::pong(ping.payload()).bytes() + raw_frame::text("four").bytes());
            co_await socket.read_to_end();
        });
}

TEST_CASE("a Close in the packet of the 101 is reported as it was sent, and answered")
{
    const std::uint16_t code = GENERATE(1000, 1008, 1012, 1013, 1014, 4321);
    const bool tls = GENERATE(false, true);
    CAPTURE(code, tls);
    bench on(tls);
    const auto connect = [](bench& with, std::uint16_t sent) -> asio::awaitable<void> {
        auto opened = co_await with.connector->connect(with.request());
        co_await expect_text(*opened, "last words");
        const auto why = co_await error_of(opened->receive());
        CHECK(why.code() == errc::connection_lost);
        CHECK(why.close_code() == sent);
        CHECK(why.reason() == "no such model");
    };
    const auto serve = [](raw_peer& peer, std::uint16_t sent) -> asio::awaitable<void> {
        auto behind =
            raw_frame::text("last words").bytes() + raw_frame::close(sent, "no such model").bytes();
        auto socket = co_await answer_with(peer, std::move(behind));
        const auto answer = co_await socket.read_frame();
        CHECK(answer.opcode() == 8);
        CHECK(answer.close_code() == sent);
    };
    on.run(side_by_side(connect(on, code), serve(on.peer, code)));
}

TEST_CASE("a protocol violation in the packet of the 101 is refused as at any other time")
{
    struct row {
        const char* what;
        std::string bytes;
        errc expected;
        std::uint16_t close_code;
    };
    std::string fragments = raw_frame::text("").final(false).bytes();
    for (int i = 0; i < 5'000; ++i) fragments += raw_frame::continuation("").final(false).bytes();
    const auto each = GENERATE_COPY(row{"a reserved bit", raw_frame::text("x").reserved(4).bytes(),
                                        errc::protocol_violation, 1002},
        row{"a mask", raw_frame::text("x").masked().bytes(), errc::protocol_violation, 1002},
        row{"no UTF-8", raw_frame::text("\xff\xfe").bytes(), errc::protocol_violation, 1007},
        row{"a long ping", raw_frame::ping(std::string(126, 'x')).bytes(), errc::protocol_violation,
            1002},
        row{"a message over the limit", raw_frame::text("").announce(10'001).bytes(),
            errc::message_too_big, 1009},
        row{"fragments without end", fragments, errc::message_too_big, 1009});
    INFO(each.what);
    const bool tls = GENERATE(false, true);
    CAPTURE(tls);
    bench on(tls);
    const auto connect = [](bench& with, const row& expected) -> asio::awaitable<void> {
        auto request = with.request();
        request.max_message = 10'000;
        auto opened = co_await with.connector->connect(std::move(request));
        const auto why = co_await error_of(opened->receive());
        CHECK(why.code() == expected.expected);
        CHECK(why.phase() == phase::open);
    };
    const auto serve = [](raw_peer& peer, const row& sent) -> asio::awaitable<void> {
        auto socket = co_await answer_with(peer, sent.bytes);
        const auto close = co_await socket.read_frame();
        CHECK(close.opcode() == 8);
        CHECK(close.close_code() == sent.close_code);
    };
    on.run(side_by_side(connect(on, each), serve(on.peer, each)));
}

TEST_CASE("a flood after the 101 waits until it is requested, and then arrives")
{
    std::string flood;
    for (int i = 0; i < 3'000; ++i) flood += raw_frame::text(std::to_string(i)).bytes();
    play(flood, [](transport::connection& from) -> asio::awaitable<void> {
        co_await some_turns();
        for (int i = 0; i < 3'000; ++i) co_await expect_text(from, std::to_string(i));
    });
}

TEST_CASE("a closing handshake after an early message is like any other")
{
    play(
        raw_frame::text("early").bytes(),
        [](transport::connection& from) -> asio::awaitable<void> {
            co_await expect_text(from, "early");
            co_await send_text(from, "answer");
            co_await from.close(1000, "done");
        },
        [](raw_socket& socket) -> asio::awaitable<void> {
            const auto answer = co_await socket.read_frame();
            CHECK(answer.payload() == "answer");
            const auto close = co_await socket.read_frame();
            CHECK(close.close_code() == 1000);
            CHECK(close.close_reason() == "done");
            co_await socket.write(raw_frame::close(1000).bytes());
            socket.finish();
            const auto rest = co_await socket.read_to_end();
            CHECK(rest.empty());
        });
}

namespace {

/// An answer to an upgrade, of which a test changes single parts.
struct answer {
    std::string start_line = "HTTP/1.1 101 Switching Protocols";
    header_fields fields;
};

using change = std::function<void(answer&)>;

void set(answer& to, const char* name, const char* value)
{
    std::erase_if(to.fields, [name](const auto& each) { return each.first == name; });
    if (value) to.fields.emplace_back(name, value);
}

/// The error of connecting to a server that answers like this; nothing when it succeeds.
std::optional<live::error> outcome(bool tls, const change& spoil)
{
    bench on(tls);
    std::optional<live::error> why;
    const auto connect = [](bench& with, std::optional<live::error>& end) -> asio::awaitable<void> {
        try {
            auto opened = co_await with.connector->connect(with.request());
        } catch (const live::error& failure) {
            end = failure;
        }
    };
    const auto serve = [](raw_peer& peer, const change& how) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        const auto head = co_await socket.read_head();
        answer given;
        given.fields = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"},
            {"Sec-WebSocket-Accept", accept_key(head.header("sec-websocket-key"))}};
        how(given);
        std::string bytes = given.start_line + "\r\n";
        for (const auto& [name, value] : given.fields) bytes += name + ": " + value + "\r\n";
        co_await socket.write(bytes + "\r\n");
        co_await socket.read_to_end();
    };
    on.run(side_by_side(connect(on, why), serve(on.peer, spoil)));
    return why;
}

} // namespace

TEST_CASE("an answer to the upgrade that is not a WebSocket server's is refused, naming the field")
{
    struct row {
        const char* named;
        change spoil;
    };
    const auto each = GENERATE_COPY(
        row{"HTTP/1.1", [](answer& a) { a.start_line = "HTTP/1.0 101 Switching Protocols"; }},
        row{"HTTP/1.1", [](answer& a) { a.start_line = "HTTP/2 101"; }},
        row{"Upgrade", [](answer& a) { set(a, "Upgrade", nullptr); }},
        row{"Upgrade", [](answer& a) { set(a, "Upgrade", "h2c"); }},
        row{"Connection", [](answer& a) { set(a, "Connection", nullptr); }},
        row{"Connection", [](answer& a) { set(a, "Connection", "keep-alive"); }},
        row{"Sec-WebSocket-Accept", [](answer& a) { set(a, "Sec-WebSocket-Accept", nullptr); }},
        row{"Sec-WebSocket-Accept", [](answer& a) { set(a, "Sec-WebSocket-Accept", ""); }},
        row{"Sec-WebSocket-Accept",
            [](answer& a) { set(a, "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); }},
        row{"Sec-WebSocket-Accept",
            [](answer& a) {
                a.fields.emplace_back("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            }},
        row{"Sec-WebSocket-Accept", [](answer& a) { a.fields.push_back(a.fields.back()); }},
        row{"Sec-WebSocket-Extensions",
            [](answer& a) { set(a, "Sec-WebSocket-Extensions", "permessage-deflate"); }},
        row{"Sec-WebSocket-Protocol", [](answer& a) { set(a, "Sec-WebSocket-Protocol", "chat"); }});
    const bool tls = GENERATE(false, true);
    const auto why = outcome(tls, each.spoil);
    REQUIRE(why);
    INFO(why->what());
    CHECK(why->value() == errc::protocol_violation);
    CHECK(why->phase() == phase::upgrade);
    CHECK(std::string(why->what()).find(each.named) != std::string::npos);
}

TEST_CASE("an answer to the upgrade may format its fields in any way that HTTP allows")
{
    const auto spoil = GENERATE(
        as<change>(), [](answer&) {}, [](answer& a) { set(a, "Upgrade", "WebSocket"); },
        [](answer& a) { set(a, "Connection", "keep-alive, UPGRADE"); },
        [](answer& a) { a.fields.emplace_back("Connection", "keep-alive"); },
        [](answer& a) { a.start_line = "HTTP/1.1 101"; },
        [](answer& a) { a.start_line = "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" + a.start_line; },
        [](answer& a) {
            for (int i = 100; i < 110; ++i)
                a.start_line = "HTTP/1.1 102 Processing\r\nX: y\r\n\r\n" + a.start_line;
        },
        [](answer& a) { set(a, "Sec-WebSocket-Extensions", ""); },
        [](answer& a) { set(a, "Sec-WebSocket-Protocol", " "); },
        [](answer& a) { a.fields.emplace_back("X", std::string(64'000, 'x')); });
    CHECK_FALSE(outcome(GENERATE(false, true), spoil));
}

TEST_CASE("an answer to the upgrade that is refused is reported with what the server said, bounded")
{
    struct row {
        const char* name;
        std::string value;
        const char* told;
    };
    const auto each = GENERATE_COPY(row{"Upgrade", "h2c", "\"h2c\""},
        row{"Sec-WebSocket-Accept",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "\"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\""},
        row{"Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover",
            "\"permessage-deflate; server_no_context_takeover\""},
        row{"Sec-WebSocket-Protocol", "chat", "\"chat\""},
        row{"Sec-WebSocket-Protocol", "\x1b[31m" + std::string(30'000, 'c'), "\"[31mccc"});
    const auto why = outcome(false, [&each](answer& a) { set(a, each.name, each.value.c_str()); });
    REQUIRE(why);
    const std::string sentence = why->what();
    INFO(sentence);
    CHECK(sentence.find(std::string("its ") + each.name) != std::string::npos);
    CHECK(sentence.find(each.told) != std::string::npos);
    CHECK(sentence.find('\x1b') == std::string::npos);
    CHECK(sentence.size() < 400);
}

} // namespace behind_upgrade_test
