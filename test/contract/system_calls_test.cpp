// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/emulator_thread.hpp"
#include "support/failing_call.hpp"
#include "support/loud.hpp"
#include "support/run.hpp"
#include "support/stride.hpp"

#include <gemini/live.hpp>

#include <asio/io_context.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>

namespace system_calls_test {

// A conversation over sockets, while the library's system calls fail.
namespace live = gemini::live;
using namespace std::chrono_literals;
using test::system_call;
using test::wire;

namespace {

/// A question that has been cut is asked again, as an application does.
asio::awaitable<void> ask(live::session& session)
{
    for (int tries = 0; tries < 3; ++tries) {
        co_await session.send("Hello!");
        const auto turn = co_await session.turn();
        if (turn.end == live::turn_end::complete) co_return;
        CHECK(turn.end == live::turn_end::cut);
    }
    FAIL("no answer was whole");
}

asio::awaitable<void> converse(live::session session)
{
    co_await session.connect();
    co_await ask(session);
    co_await ask(session);
    co_await session.close();
}

live::client_options calling(const test::emulator_thread& peer)
{
    live::client_options options;
    test::make_loud(options);
    options.credentials = live::api_key(test::secret_key);
    options.base_url = peer.url;
    options.proxy.url = peer.proxy;
    if (!peer.certificate.empty()) {
        options.tls.ca_pem = peer.certificate;
        options.tls.system_store = false;
    }
    options.reconnect.first_connect_attempts = 3;
    options.reconnect.first_delay = 1ms;
    // libwebsockets waits for the answer to an upgrade request that could not be written.
    options.deadlines.upgrade = 500ms;
    return options;
}

void hold_conversation(const test::emulator_thread& peer)
{
    asio::io_context io;
    const live::client client{io.get_executor(), calling(peer)};
    live::session session{client, {.model = "gemini-3.8-live"}};
    test::run(io, converse(std::move(session)), 5s);
}

struct failure {
    system_call which;
    const char* name;
    int error;
};
constexpr std::array failures{
    failure{system_call::socket, "socket", EMFILE},
    failure{system_call::socket, "socket", ENOBUFS},
    failure{system_call::connect, "connect", ECONNREFUSED},
    failure{system_call::connect, "connect", ENETUNREACH},
    failure{system_call::connect, "connect", EADDRNOTAVAIL},
    failure{system_call::connect, "connect", EINTR},
    failure{system_call::send, "send", EINTR},
    failure{system_call::send, "send", EAGAIN},
    failure{system_call::send, "send", ECONNRESET},
    failure{system_call::send, "send", EPIPE},
    failure{system_call::send, "send", ENOBUFS},
    failure{system_call::send, "send", test::short_write},
    failure{system_call::recv, "recv", EINTR},
    failure{system_call::recv, "recv", EAGAIN},
    failure{system_call::recv, "recv", ECONNRESET},
    failure{system_call::recv, "recv", ETIMEDOUT},
    failure{system_call::recv, "recv", ENOMEM},
    failure{system_call::recv, "recv", test::end_of_stream},
    failure{system_call::epoll_wait, "epoll_wait", EINTR},
    failure{system_call::read, "read", EINTR},
    failure{system_call::read, "read", EAGAIN},
    failure{system_call::read, "read", ECONNRESET},
    failure{system_call::read, "read", test::end_of_stream},
    failure{system_call::write, "write", EINTR},
    failure{system_call::write, "write", EAGAIN},
    failure{system_call::write, "write", EPIPE},
    failure{system_call::write, "write", test::short_write},
};

/// The calls by which OpenSSL reads and writes, and those of libwebsockets without it.
bool is_used(system_call which, wire by)
{
    switch (which) {
    case system_call::send:
    case system_call::recv: return by == wire::plain;
    case system_call::read:
    case system_call::write: return by != wire::plain;
    default: return true;
    }
}

} // namespace

TEST_CASE("whichever system call fails once, the conversation continues")
{
    const auto by = GENERATE(wire::plain, wire::tls, wire::tls_through_tls);
    const auto failing = GENERATE(from_range(failures));
    if (!is_used(failing.which, by)) return;
    const test::emulator_thread peer(by);
    hold_conversation(peer); // creates what is made once and cached
    const auto stride = static_cast<int>(test::stride_or("CALLS_STRIDE", 1));
    int nth = 1 - stride;
    for (bool struck = true; struck;) {
        nth += stride;
        INFO(failing.name << " number " << nth << " fails: " << failing.error << ", wire "
                          << static_cast<int>(by));
        const test::failing_call call(failing.which, failing.error, nth);
        CHECK_NOTHROW(hold_conversation(peer));
        struck = call.struck() != 0;
    }
    CHECK(nth > 1);
}

TEST_CASE(
    "while a process can open no socket, a session tries as often as allowed, then reports why")
{
    const test::emulator_thread peer(wire::plain);
    hold_conversation(peer);
    test::failing_call call(system_call::socket, EMFILE, 1, true);
    asio::io_context io;
    const live::client client{io.get_executor(), calling(peer)};
    std::string why;
    try {
        test::run(io, converse(live::session{client, {.model = "gemini-3.8-live"}}), 5s);
    } catch (const live::error& failure) {
        why = failure.what();
        CHECK(failure.code() == live::errc::connect_failed);
    }
    CHECK(why.find("too many files and sockets are open") != std::string::npos);
    CHECK(call.calls() == 3);
}

} // namespace system_calls_test
