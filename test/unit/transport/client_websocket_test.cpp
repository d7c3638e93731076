// SPDX-License-Identifier: Apache-2.0
#include "lws_support.hpp"
#include "transport/client_websocket.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <numeric>

namespace client_websocket_test {

using namespace test;
using live::errc;
using live::phase;

namespace {

/// Runs a scenario on an open connection, plain and encrypted.
void on_both(
    asio::awaitable<void> (*scenario)(bench&, pair&),
    const std::function<void(transport::connect_request&)>& adjust = [](auto&) {})
{
    const bool tls = GENERATE(false, true);
    CAPTURE(tls);
    bench on(tls);
    auto request = on.request();
    adjust(request);
    const auto play = [](bench& with, transport::connect_request to,
                          asio::awaitable<void> (*what)(bench&, pair&)) -> asio::awaitable<void> {
        auto both = co_await with.open(std::move(to));
        co_await what(with, both);
    };
    on.run(play(on, std::move(request), scenario));
}

asio::awaitable<void> expect_text(transport::connection& from, std::string expected)
{
    const auto heard = co_await receive_text(from);
    CHECK(heard == expected);
}

/// A whole message, joined from its fragments, none of which may be long.
asio::awaitable<std::string> read_message(raw_socket& from)
{
    std::string text;
    bool more = true;
    for (bool first = true; more; first = false) {
        const auto frame = co_await from.read_frame();
        CHECK(frame.opcode() == (first ? 1 : 0));
        CHECK(frame.payload().size() <= 64 * 1024);
        text += frame.payload();
        more = !frame.is_final();
    }
    co_return text;
}

/// Starts an operation that a test ends in another way than by awaiting it.
template <class T>
std::shared_ptr<std::exception_ptr> start(
    bench& on, asio::awaitable<T> work, asio::cancellation_slot slot = {})
{
    auto end = std::make_shared<std::exception_ptr>();
    const auto to_void = [](asio::awaitable<T> what) -> asio::awaitable<void> {
        co_await std::move(what);
    };
    asio::co_spawn(on.io, to_void(std::move(work)),
        asio::bind_cancellation_slot(slot, [end](std::exception_ptr thrown) {
            *end = thrown ? thrown : std::make_exception_ptr(0);
        }));
    return end;
}

asio::awaitable<void> until(std::function<bool()> holds)
{
    while (!holds()) co_await asio::post(asio::use_awaitable);
}

errc code_of(const std::exception_ptr& thrown)
{
    try {
        std::rethrow_exception(thrown);
    } catch (const live::error& why) {
        return why.value();
    }
}

std::string bytes_of(std::size_t size, char first = 'a')
{
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(first + i % 23);
    return text;
}

} // namespace

TEST_CASE("messages arrive whole and in order, of any size")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        const std::vector<std::size_t> sizes{0, 1, 125, 126, 65'535, 65'536, 200'000};
        for (const auto size : sizes) {
            const auto text = bytes_of(size);
            co_await both.server->write(raw_frame::binary(text).bytes());
            const auto message = co_await both.client->receive();
            CHECK(message.kind == transport::opcode::binary);
            CHECK(message.payload.view() == text);
        }
        co_await both.server->write(raw_frame::text("t").bytes() + raw_frame::binary("b").bytes());
        const auto text = co_await both.client->receive();
        const auto binary = co_await both.client->receive();
        CHECK(text.kind == transport::opcode::text);
        CHECK(binary.kind == transport::opcode::binary);
    });
}

TEST_CASE("a batch is sent in order, in several writes per turn")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        std::vector<std::string> texts;
        for (int i = 0; i < 100; ++i) texts.push_back(std::to_string(i));
        auto batch = batch_of(texts);
        co_await both.client->send(std::move(batch));
        for (const auto& expected : texts) {
            const auto text = co_await read_message(*both.server);
            CHECK(text == expected);
        }
        std::vector<live::base::frame> nothing(2);
        co_await both.client->send(std::move(nothing));
        for (int i = 0; i < 2; ++i) {
            const auto text = co_await read_message(*both.server);
            CHECK(text.empty());
        }
    });
}

TEST_CASE("pitfall 3.26: 8 MB pass both ways, long messages in fragments")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        const auto text = bytes_of(8u << 20);
        const auto take = [](raw_socket& from,
                              const std::string& expected) -> asio::awaitable<void> {
            const auto heard = co_await read_message(from);
            CHECK((heard == expected));
        };
        co_await side_by_side(send_text(*both.client, text), take(*both.server, text));
        const auto hear = [](transport::connection& from,
                              const std::string& expected) -> asio::awaitable<void> {
            const auto heard = co_await from.receive();
            CHECK((heard.payload.view() == expected));
        };
        co_await side_by_side(
            both.server->write(raw_frame::text(text).bytes()), hear(*both.client, text));
    });
}

TEST_CASE("pitfall 3.21: fragments are joined, with pings between them answered")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->drip(raw_frame::text("one ").final(false).bytes() +
                                   raw_frame::ping("are you there").bytes() +
                                   raw_frame::continuation("two ").final(false).bytes() +
                                   raw_frame::continuation("three").bytes());
        co_await expect_text(*both.client, "one two three");
        const auto pong = co_await both.server->read_frame();
        CHECK(pong.opcode() == 10);
        CHECK(pong.payload() == "are you there");
    });
}

TEST_CASE("a requested ping follows what was sent, and messages report whether its pong has come")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await send_text(*both.client, "words");
        CHECK(both.client->ping() == 1);
        const auto words = co_await both.server->read_frame();
        CHECK(words.payload() == "words");
        const auto ping = co_await both.server->read_frame();
        CHECK(ping.opcode() == 9);
        co_await both.server->write(
            raw_frame::text("before").bytes() + raw_frame::pong("not ours 7").bytes() +
            raw_frame::pong("99").bytes() + raw_frame::pong(ping.payload()).bytes() +
            raw_frame::text("after").bytes());
        const auto before = co_await both.client->receive();
        CHECK(before.payload.view() == "before");
        CHECK(before.pongs == 0);
        CHECK(before.round_trip == 0s);
        const auto after = co_await both.client->receive();
        CHECK(after.pongs == 1);
        CHECK(after.round_trip > 0s);
        CHECK(after.round_trip < 10s);
        CHECK(both.client->ping() == 2);
        CHECK(both.client->ping() == 3); // one pong answers both
        auto last = co_await both.server->read_frame();
        while (last.payload() != "3") last = co_await both.server->read_frame();
        co_await both.server->write(raw_frame::pong("3").bytes() + raw_frame::text("last").bytes());
        const auto end = co_await both.client->receive();
        CHECK(end.pongs == 3);
        co_await both.server->write(raw_frame::pong("2").bytes() + raw_frame::text("more").bytes());
        const auto more = co_await both.client->receive();
        CHECK(more.pongs == 3);
    });
}

TEST_CASE("a ping is measured from when it was sent, whichever ping follows it")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        CHECK(both.client->ping() == 1);
        const auto ping_1 = co_await both.server->read_frame();
        CHECK(ping_1.payload() == "1");
        CHECK(both.client->ping() == 2);
        const auto ping_2 = co_await both.server->read_frame();
        CHECK(ping_2.payload() == "2");
        co_await both.server->write(raw_frame::pong("1").bytes() + raw_frame::text("one").bytes());
        const auto one = co_await both.client->receive();
        CHECK(one.pongs == 1);
        CHECK(one.round_trip > 0s);
    });
}

TEST_CASE("many pings are answered by the latest pong")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        std::string pings;
        for (int i = 0; i < 1000; ++i) pings += raw_frame::ping(std::to_string(i)).bytes();
        co_await both.server->write(pings);
        int count = 0;
        for (std::string last; last != "999"; ++count) {
            const auto pong = co_await both.server->read_frame();
            CHECK(pong.opcode() == 10);
            last = pong.payload();
        }
        CHECK(count < 1000);
    });
}

TEST_CASE(
    "pitfall 3.22: a reader who does not receive makes the server wait, and then gets everything")
{
    on_both([](bench& on, pair& both) -> asio::awaitable<void> {
        constexpr std::size_t count = 20'000; // of 1 KB: more than the kernel holds
        std::string flood;
        for (std::size_t i = 0; i < count; ++i)
            flood += raw_frame::text(std::to_string(i) + ' ' + std::string(1000, 'x')).bytes();
        const auto written = start(on, both.server->write(std::move(flood)));
        for (int i = 0; i < 1000; ++i) co_await asio::post(asio::use_awaitable);
        CHECK_FALSE(*written);
        for (std::size_t i = 0; i < count; ++i) {
            const auto text = co_await receive_text(*both.client);
            if (std::stoull(text) != i || text.size() < 1001) {
                FAIL_CHECK("message " << i << " is another");
                break;
            }
        }
    });
}

TEST_CASE(
    "data left behind a full buffer, also in TLS, is read at once and not with the next message")
{
    // OpenSSL reads on, and fills our buffer, when what it has read ends within a record's header.
    const std::size_t size = GENERATE(range(16'350u, 16'362u));
    CAPTURE(size);
    bench on(true);
    const auto play = [](bench& with, std::size_t each) -> asio::awaitable<void> {
        auto both = co_await with.open();
        co_await both.server->write(raw_frame::text("first").bytes());
        for (int i = 0; i < 100; ++i) co_await asio::post(asio::use_awaitable);
        const std::string text(each, 'x');
        constexpr int count = 5; // more than 64 KB
        for (int i = 0; i < count; ++i) co_await both.server->write(raw_frame::text(text).bytes());
        co_await expect_text(*both.client, "first");
        for (int i = 0; i < count; ++i) co_await expect_text(*both.client, text);
    };
    on.run(play(on, size));
}

TEST_CASE("pitfall 3.24: the server's close code and reason arrive as they were sent")
{
    const std::uint16_t code = GENERATE(1000, 1001, 1007, 1008, 1011, 1012, 1013, 1014, 4321);
    bench on;
    const auto play = [](bench& with, std::uint16_t sent) -> asio::awaitable<void> {
        auto both = co_await with.open();
        co_await both.server->write(raw_frame::text("last words").bytes() +
                                    raw_frame::close(sent, "API key not valid").bytes());
        co_await expect_text(*both.client, "last words");
        for (int i = 0; i < 2; ++i) { // with the same result each time
            const auto why = co_await error_of(both.client->receive());
            CHECK(why.code() == errc::connection_lost);
            CHECK(why.close_code() == sent);
            CHECK(why.reason() == "API key not valid");
            CHECK(why.phase() == phase::open);
        }
        const auto in_vain = co_await error_of(send_text(*both.client, "too late"));
        CHECK(in_vain.close_code() == sent);
        const auto answer = co_await both.server->read_frame();
        CHECK(answer.opcode() == 8);
        CHECK(answer.close_code() == sent);
        CHECK(answer.is_masked());
    };
    on.run(play(on, code));
}

TEST_CASE("7e: the server's Close is answered even if its receiver is gone")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->write(raw_frame::close(1000, "bye").bytes());
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.close_code() == 1000);
        both.client.reset();
        const auto answer = co_await both.server->read_frame();
        CHECK(answer.opcode() == 8);
        both.server->finish();
        const auto rest = co_await both.server->read_to_end();
        CHECK(rest.empty());
    });
}

TEST_CASE("7e: a close completes the closing handshake, with code and reason, then the stream ends")
{
    on_both([](bench& on, pair& both) -> asio::awaitable<void> {
        const auto waiting = start(on, both.client->receive());
        const auto serve = [](raw_socket& server,
                               const std::exception_ptr& closed) -> asio::awaitable<void> {
            const auto close = co_await server.read_frame();
            CHECK(close.opcode() == 8);
            CHECK(close.close_code() == 1000);
            CHECK(close.close_reason() == "done");
            for (int i = 0; i < 100; ++i) co_await asio::post(asio::use_awaitable);
            CHECK_FALSE(closed); // it waits for the answer
            co_await server.write(
                raw_frame::text("discarded").bytes() + raw_frame::close(1000, "done").bytes());
            server.finish();
            const auto rest = co_await server.read_to_end();
            CHECK(rest.empty());
        };
        const auto closing = start(on, both.client->close(1000, "done"));
        co_await serve(*both.server, *closing);
        co_await until([&] { return *closing != nullptr; });
        co_await until([&] { return *waiting != nullptr; });
        CHECK(code_of(*waiting) == errc::closed);
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.code() == errc::closed);
        co_await both.client->close(1000, "again");
    });
}

TEST_CASE("7e: a server that never answers our Close is abandoned at the deadline")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            co_await both.client->close(1000, "");
            const auto close = co_await both.server->read_frame();
            CHECK(close.opcode() == 8);
            const auto rest = co_await both.server->read_to_end();
            CHECK(rest.empty());
        },
        [](auto& request) { request.deadlines.close = 50ms; });
}

TEST_CASE("a close reason is cut between characters")
{
    bench on;
    const auto play = [](bench& with) -> asio::awaitable<void> {
        auto both = co_await with.open();
        std::string reason;
        for (int i = 0; i < 100; ++i) reason += "\u00e4";
        const auto serve = [](raw_socket& server) -> asio::awaitable<void> {
            const auto close = co_await server.read_frame();
            CHECK(close.close_reason().size() == 122);
            co_await server.write(raw_frame::close(1000).bytes());
            server.close();
        };
        co_await side_by_side(both.client->close(1000, reason), serve(*both.server));
    };
    on.run(play(on));
}

TEST_CASE("a server's close is echoed with its code and without its reason, or without a code")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->write(raw_frame::close(1011, "what it says").bytes());
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.reason() == "what it says");
        const auto answer = co_await both.server->read_frame();
        CHECK(answer.opcode() == 8);
        CHECK(answer.close_code() == 1011);
        CHECK(answer.close_reason().empty());
    });
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->write(raw_frame(8, "").bytes());
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.value() == errc::connection_lost);
        const auto answer = co_await both.server->read_frame();
        CHECK(answer.opcode() == 8);
        CHECK(answer.payload().empty());
    });
}

TEST_CASE("7f: our last messages arrive even if the server's are unread")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->write(raw_frame::text("first").bytes());
        std::string flood;
        for (int i = 0; i < 200; ++i) flood += raw_frame::text(std::string(1000, 'x')).bytes();
        co_await both.server->write(flood);
        co_await send_text(*both.client, "the last word");
        const auto serve = [](raw_socket& server) -> asio::awaitable<void> {
            const auto text = co_await read_message(server);
            CHECK(text == "the last word");
            const auto close = co_await server.read_frame();
            CHECK(close.opcode() == 8);
            co_await server.write(raw_frame::close(1000).bytes());
            server.finish();
        };
        co_await side_by_side(both.client->close(1000, ""), serve(*both.server));
    });
}

TEST_CASE("7b: a parsed close takes precedence over a write error")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->write(raw_frame::text("unread").bytes());
        co_await send_text(*both.client, "one");
        co_await both.server->read_frame();
        // "unread" waits, so nobody reads what follows, and our next write meets a closed socket
        co_await both.server->write(
            raw_frame::text("more").bytes() + raw_frame::close(1007, "API key not valid").bytes());
        both.server->reset();
        const auto insist = [](transport::connection& to) -> asio::awaitable<void> {
            while (true) co_await send_text(to, "two");
        };
        const auto why = co_await error_of(insist(*both.client));
        CHECK(why.close_code() == 1007);
        CHECK(why.reason() == "API key not valid");
        co_await expect_text(*both.client, "unread");
        co_await expect_text(*both.client, "more");
        const auto same = co_await error_of(both.client->receive());
        CHECK(same.close_code() == 1007);
    });
}

TEST_CASE("7c: the server sees the end of an aborted connection")
{
    on_both([](bench& on, pair& both) -> asio::awaitable<void> {
        const bool by_destruction = both.server->tcp().local_endpoint().port() % 2 == 0;
        const auto waiting = start(on, both.client->receive());
        co_await asio::post(asio::use_awaitable);
        if (!by_destruction) {
            both.client->abort();
            both.client->abort();
            co_await until([&] { return *waiting != nullptr; });
            CHECK(code_of(*waiting) == errc::closed);
        }
        both.client.reset();
        co_await both.server->read_to_end();
        co_await until([&] { return *waiting != nullptr; });
    });
}

TEST_CASE("7d: the end of the stream, orderly or not, is a retryable error")
{
    const bool reset = GENERATE(false, true);
    const bool tls = GENERATE(false, true);
    bench on(tls);
    const auto play = [](bench& with, bool hard) -> asio::awaitable<void> {
        auto both = co_await with.open();
        co_await both.server->write(raw_frame::text("half of a").final(false).bytes());
        hard ? both.server->reset() : both.server->finish();
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.code() == errc::connection_lost);
        CHECK(why.condition() == live::condition::retryable);
        CHECK(why.close_code() == 0);
        CHECK(why.phase() == phase::open);
    };
    on.run(play(on, reset));
}

TEST_CASE("7h: what arrives in the packet after the upgrade is read at once")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->write(raw_frame::text("hello").bytes());
        co_await expect_text(*both.client, "hello");
    });
}

TEST_CASE("a server that breaks the protocol receives a close, and the reader an error")
{
    struct row {
        std::string bytes;
        errc expected;
        std::uint16_t close_code;
    };
    const auto [bytes, expected, close_code] =
        GENERATE(row{raw_frame::text("x").reserved(4).bytes(), errc::protocol_violation, 1002},
            row{raw_frame::text("x").masked().bytes(), errc::protocol_violation, 1002},
            row{raw_frame::text("\xff\xfe").bytes(), errc::protocol_violation, 1007},
            row{raw_frame::text("").announce(2000).bytes(), errc::message_too_big, 1009});
    bench on;
    auto request = on.request();
    request.max_message = 1000;
    const auto play = [](bench& with, transport::connect_request to, std::string sent, errc code,
                          std::uint16_t close) -> asio::awaitable<void> {
        auto both = co_await with.open(std::move(to));
        co_await both.server->write(std::move(sent));
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.code() == code);
        const auto answer = co_await both.server->read_frame();
        CHECK(answer.close_code() == close);
    };
    on.run(play(on, request, bytes, expected, close_code));
}

TEST_CASE("pitfall 3.27: a silent server is pinged, and dropped when it stays silent")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            const auto why = co_await error_of(both.client->receive());
            CHECK(why.code() == errc::timed_out);
            CHECK(why.phase() == phase::open);
            const auto ping = co_await both.server->read_frame();
            CHECK(ping.opcode() == 9);
            CHECK(ping.is_masked());
            const auto rest = co_await both.server->read_to_end();
            CHECK(rest.empty());
        },
        [](auto& request) {
            request.deadlines.ping_after = 20ms;
            request.deadlines.silence = 20ms;
        });
}

TEST_CASE("pitfall 3.27: a pong, or anything else, counts as life")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            for (int i = 0; i < 5; ++i) {
                const auto ping = co_await both.server->read_frame();
                CHECK(ping.opcode() == 9);
                const auto alive =
                    i % 2 == 0 ? raw_frame::pong(ping.payload()) : raw_frame::text("still here");
                co_await both.server->write(alive.bytes());
                if (i % 2 != 0) co_await expect_text(*both.client, "still here");
            }
        },
        [](auto& request) {
            request.deadlines.ping_after = 10ms;
            request.deadlines.silence = 10s;
        });
}

namespace {

/// Blocks the loop.
void stand_still(std::chrono::milliseconds time)
{
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
}

} // namespace

TEST_CASE("pitfall 3.28: a stalled loop costs a healthy session nothing")
{
    bench on;
    auto request = on.request();
    request.deadlines.ping_after = 20ms;
    request.deadlines.silence = 50ms;
    const auto play = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        auto both = co_await with.open(std::move(to));
        const auto ping = co_await both.server->read_frame();
        CHECK(ping.opcode() == 9);
        stand_still(300ms);
        co_await both.server->write(raw_frame::pong("").bytes() + raw_frame::text("alive").bytes());
        co_await expect_text(*both.client, "alive");
    };
    on.run(play(on, request));
}

TEST_CASE("a loop that stalls repeatedly does not keep a dead connection")
{
    bench on;
    auto request = on.request();
    request.deadlines.ping_after = 20ms;
    request.deadlines.silence = 50ms;
    const auto play = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        auto both = co_await with.open(std::move(to));
        const auto end = start(with, both.client->receive());
        for (int i = 0; i < 20 && !*end; ++i) {
            stand_still(150ms);
            co_await asio::post(asio::use_awaitable);
        }
        CHECK(code_of(*end) == errc::timed_out);
    };
    on.run(play(on, request));
}

TEST_CASE("after an abort nothing that had arrived is delivered")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        co_await both.server->write(
            raw_frame::text("one").bytes() + raw_frame::text("two").bytes());
        co_await expect_text(*both.client, "one");
        both.client->abort();
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.code() == errc::closed);
    });
}

namespace {

void soon(transport::connect_request& request) { request.deadlines.message = 100ms; }

asio::awaitable<void> expect_no_end_of_message(transport::connection& from)
{
    const auto why = co_await error_of(from.receive());
    CHECK(why.code() == errc::timed_out);
    CHECK(why.phase() == phase::open);
    CHECK(why.condition() == live::condition::retryable);
    CHECK(std::string(why.what()).find("deadlines::message") != std::string::npos);
}

asio::awaitable<void> pass(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

} // namespace

TEST_CASE("an endless message is given up, whatever comes between its fragments")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            const auto drip = [](raw_socket& server) -> asio::awaitable<void> {
                co_await server.write(raw_frame::text("begun").final(false).bytes() +
                                      raw_frame::continuation("").final(false).bytes());
                try {
                    while (true) {
                        co_await server.write(raw_frame::ping("alive").bytes());
                        co_await server.read_frame();
                        co_await pass(5ms); // the number of fragments is bounded as well
                    }
                } catch (const std::system_error&) {
                }
            };
            co_await side_by_side(expect_no_end_of_message(*both.client), drip(*both.server));
        },
        soon);
}

TEST_CASE("a frame that does not end is given up, even within its header")
{
    SECTION("within its header")
    {
        on_both(
            [](bench&, pair& both) -> asio::awaitable<void> {
                co_await both.server->write(raw_frame::text("1234").bytes().substr(0, 1));
                co_await expect_no_end_of_message(*both.client);
            },
            soon);
    }
    SECTION("after its header")
    {
        on_both(
            [](bench&, pair& both) -> asio::awaitable<void> {
                co_await both.server->write(raw_frame::ping("1234").bytes().substr(0, 3));
                co_await expect_no_end_of_message(*both.client);
            },
            soon);
    }
}

TEST_CASE("a long message may take longer while it progresses")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            const auto bytes = raw_frame::binary(bytes_of(32'000)).bytes();
            const auto slowly = [](raw_socket& server, std::string all) -> asio::awaitable<void> {
                co_await server.write(all.substr(0, 16'000));
                co_await pass(200ms);
                co_await server.write(all.substr(16'000));
            };
            co_await side_by_side(
                expect_text(*both.client, bytes_of(32'000)), slowly(*both.server, bytes));
        },
        soon);
}

TEST_CASE("each message has its own time limit")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            const auto slowly = [](raw_socket& server) -> asio::awaitable<void> {
                const auto bytes = raw_frame::text("words").bytes();
                for (int i = 0; i < 5; ++i) {
                    co_await server.write(bytes.substr(0, 4));
                    co_await pass(40ms);
                    co_await server.write(bytes.substr(4));
                }
            };
            const auto read = [](transport::connection& from) -> asio::awaitable<void> {
                for (int i = 0; i < 5; ++i) co_await expect_text(from, "words");
            };
            co_await side_by_side(read(*both.client), slowly(*both.server));
        },
        soon);
}

TEST_CASE("the server's last message is read to its end, however late")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        const std::string words(900, 'x');
        std::string flood;
        for (int i = 0; i < 60; ++i) flood += raw_frame::text(words).bytes();
        co_await both.server->write(flood);
        both.server->close();
        for (int i = 0; i < 60; ++i) co_await expect_text(*both.client, words);
    });
}

TEST_CASE("the time in which nobody reads does not count against a message")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            const auto half = raw_frame::text("second").bytes();
            co_await both.server->write(raw_frame::text("first").bytes() + half.substr(0, 4));
            co_await pass(250ms);
            co_await expect_text(*both.client, "first");
            co_await both.server->write(half.substr(4));
            co_await expect_text(*both.client, "second");
        },
        soon);
}

TEST_CASE("thousands of tiny messages wait as bytes, and so does what follows them")
{
    on_both([](bench& on, pair& both) -> asio::awaitable<void> {
        constexpr int count = 10'000;
        std::string flood;
        for (int i = 0; i < count; ++i) flood += raw_frame::text("{}").bytes();
        co_await both.server->write(flood + raw_frame::ping("behind").bytes());
        bool answered = false;
        const auto listen = [](raw_socket& server, bool& heard) -> asio::awaitable<void> {
            const auto pong = co_await server.read_frame();
            CHECK(pong.payload() == "behind");
            heard = true;
        };
        const auto listening = start(on, listen(*both.server, answered));
        for (int i = 0; i < 200; ++i) co_await asio::post(asio::use_awaitable);
        CHECK_FALSE(answered);
        for (int i = 0; i < count; ++i) co_await expect_text(*both.client, "{}");
        co_await until([&] { return answered; });
        CHECK(*listening);
    });
}

TEST_CASE("a Close after many messages is reported after them, even if the stream ends with it")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        constexpr int count = 2'000;
        std::string flood;
        for (int i = 0; i < count; ++i) flood += raw_frame::text("{}").bytes();
        co_await both.server->write(flood + raw_frame::close(1008, "enough").bytes());
        both.server->finish();
        for (int i = 0; i < count; ++i) co_await expect_text(*both.client, "{}");
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.close_code() == 1008);
    });
}

TEST_CASE("a reader who pauses for longer than the permitted silence keeps the connection")
{
    on_both(
        [](bench& on, pair& both) -> asio::awaitable<void> {
            const auto ping = co_await both.server->read_frame();
            CHECK(ping.opcode() == 9);
            co_await both.server->write(
                raw_frame::text("one").bytes() + raw_frame::text("two").bytes());
            asio::steady_timer pause(on.io, 200ms);
            co_await pause.async_wait(asio::use_awaitable);
            co_await expect_text(*both.client, "one");
            co_await expect_text(*both.client, "two");
            co_await both.server->write(raw_frame::text("three").bytes());
            co_await expect_text(*both.client, "three");
        },
        [](auto& request) {
            request.deadlines.ping_after = 20ms;
            request.deadlines.silence = 50ms;
        });
}

TEST_CASE(
    "a process that is suspended while a ping is out still waits the full time for its answer")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            const auto ping = co_await both.server->read_frame();
            CHECK(ping.opcode() == 9);
            const auto stall_end = std::chrono::steady_clock::now() + 500ms;
            while (std::chrono::steady_clock::now() < stall_end) {
            }
            for (int i = 0; i < 20; ++i) co_await asio::post(asio::use_awaitable);
            co_await both.server->write(
                raw_frame::pong("").bytes() + raw_frame::text("on").bytes());
            co_await expect_text(*both.client, "on");
        },
        [](auto& request) {
            request.deadlines.ping_after = 20ms;
            request.deadlines.silence = 200ms;
        });
}

TEST_CASE("a network that accepts nothing ends the connection")
{
    on_both(
        [](bench&, pair& both) -> asio::awaitable<void> {
            const auto why = co_await error_of(send_text(*both.client, bytes_of(12u << 20)));
            CHECK(why.code() == errc::timed_out);
            CHECK(why.phase() == phase::write);
        },
        [](auto& request) { request.deadlines.write_stall = 100ms; });
}

TEST_CASE("a slow upload that makes progress is not a stall, however long it takes")
{
    on_both(
        [](bench& on, pair& both) -> asio::awaitable<void> {
            const auto text = bytes_of(40u << 20);
            const auto sending = start(on, send_text(*both.client, text));
            std::size_t arrived = 0;
            const auto read_on = [](raw_socket& from, std::size_t& to,
                                     std::size_t goal) -> asio::awaitable<void> {
                while (to < goal) {
                    const auto frame = co_await from.read_frame();
                    to += frame.payload().size();
                }
            };
            // The kernel's buffer grows, and asks for more only when a third of it is free.
            co_await read_on(*both.server, arrived, 16u << 20);
            both.server->tcp().set_option(asio::socket_base::receive_buffer_size(128 * 1024));
            co_await read_on(*both.server, arrived, 32u << 20);
            const auto slow_end = std::chrono::steady_clock::now() + 3s;
            asio::steady_timer pause(on.io);
            while (std::chrono::steady_clock::now() < slow_end) {
                co_await read_on(*both.server, arrived, arrived + 1);
                pause.expires_after(100ms);
                co_await pause.async_wait(asio::use_awaitable);
            }
            if (*sending) std::rethrow_exception(*sending);
            co_await read_on(*both.server, arrived, text.size());
            co_await until([&] { return *sending != nullptr; });
            CHECK_THROWS_AS(std::rethrow_exception(*sending), int); // it was sent
        },
        [](auto& request) { request.deadlines.write_stall = 1s; });
}

TEST_CASE("a deadline of zero is no deadline: a slow peer is waited for")
{
    on_both(
        [](bench& on, pair& both) -> asio::awaitable<void> {
            const auto turns = []() -> asio::awaitable<void> {
                for (int i = 0; i < 200; ++i) co_await asio::post(asio::use_awaitable);
            };
            const auto text = bytes_of(12u << 20); // more than the kernel accepts
            const auto sending = start(on, send_text(*both.client, text));
            co_await turns();
            CHECK_FALSE(*sending);
            const auto heard = co_await read_message(*both.server);
            CHECK((heard == text));
            co_await until([&] { return *sending != nullptr; });
            const auto closing = start(on, both.client->close(1000, ""));
            const auto close = co_await both.server->read_frame();
            CHECK(close.opcode() == 8);
            co_await turns();
            CHECK_FALSE(*closing);
            co_await both.server->write(raw_frame::close(1000).bytes());
            co_await until([&] { return *closing != nullptr; });
        },
        [](auto& request) {
            request.deadlines = {.resolve = 0ms,
                .connect = 0ms,
                .upgrade = 0ms,
                .setup = 0ms,
                .write_stall = 0ms,
                .ping_after = 0ms,
                .silence = 0ms};
        });
}

TEST_CASE("a canceled send sends whole messages or none of them")
{
    on_both([](bench& on, pair& both) -> asio::awaitable<void> {
        std::vector<std::string> texts;
        for (int i = 0; i < 12; ++i)
            texts.push_back(std::to_string(i) + bytes_of(1u << 20)); // more than the kernel accepts
        asio::cancellation_signal cancel;
        auto batch = batch_of(texts);
        const auto sending = start(on, both.client->send(std::move(batch)), cancel.slot());
        for (int i = 0; i < 200; ++i) co_await asio::post(asio::use_awaitable);
        REQUIRE_FALSE(*sending);
        cancel.emit(asio::cancellation_type::terminal);
        co_await until([&] { return *sending != nullptr; });
        CHECK_THROWS_AS(std::rethrow_exception(*sending), std::system_error);

        const auto after = start(on, send_text(*both.client, "after"));
        std::size_t whole = 0;
        for (std::string text; text != "after"; ++whole) {
            text = co_await read_message(*both.server);
            if (text != "after") CHECK((text == texts[whole]));
        }
        CHECK(whole > 1);
        CHECK(whole <= texts.size());
        co_await until([&] { return *after != nullptr; });
    });
}

TEST_CASE("a canceled receive loses nothing")
{
    on_both([](bench& on, pair& both) -> asio::awaitable<void> {
        for (int i = 0; i < 20; ++i) {
            asio::cancellation_signal cancel;
            const auto receiving = start(on, both.client->receive(), cancel.slot());
            co_await asio::post(asio::use_awaitable);
            co_await both.server->write(raw_frame::text(std::to_string(i)).bytes());
            for (int turn = 0; turn < i; ++turn) co_await asio::post(asio::use_awaitable);
            cancel.emit(asio::cancellation_type::terminal);
            co_await until([&] { return *receiving != nullptr; });
            try {
                std::rethrow_exception(*receiving);
            } catch (const std::system_error&) {
            } catch (int) {
                continue; // it had arrived
            }
            co_await expect_text(*both.client, std::to_string(i));
        }
    });
}

TEST_CASE("a receiver and a sender wait at the same time")
{
    on_both([](bench&, pair& both) -> asio::awaitable<void> {
        const auto echo = [](raw_socket& server) -> asio::awaitable<void> {
            for (int i = 0; i < 200; ++i) {
                const auto frame = co_await server.read_frame();
                co_await server.write(raw_frame::binary(frame.payload()).bytes());
            }
        };
        const auto talk = [](transport::connection& client) -> asio::awaitable<void> {
            for (int i = 0; i < 200; ++i) co_await send_text(client, std::to_string(i));
        };
        const auto listen = [](transport::connection& client) -> asio::awaitable<void> {
            for (int i = 0; i < 200; ++i) co_await expect_text(client, std::to_string(i));
        };
        co_await side_by_side(
            echo(*both.server), side_by_side(talk(*both.client), listen(*both.client)));
    });
}

} // namespace client_websocket_test
