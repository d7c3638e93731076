// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/emulator_thread.hpp"
#include "support/failing_allocation.hpp"
#include "support/loud.hpp"
#include "support/run.hpp"

#include <gemini/live.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <new>

namespace allocations_test {

// A conversation over sockets in which one allocation of the client fails.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// A question that has been cut is asked again, as an application does.
asio::awaitable<void> ask(live::session& session)
{
    for (int tries = 0; tries < 3; ++tries) {
        co_await session.send("Hello!");
        const auto turn = co_await session.turn();
        if (turn.end == live::turn_end::complete) co_return;
    }
    FAIL("no answer was whole");
}

asio::awaitable<void> converse(live::client& client)
{
    live::session session(client, {.model = "gemini-3.8-live"});
    co_await session.connect();
    co_await ask(session);
    co_await ask(session);
    co_await session.close();
}

/// Asio's own start of a coroutine is over when the allocations are counted.
asio::awaitable<bool> has_failed_while_conversing(live::client& client, std::size_t nth)
{
    const test::failing_allocation failing(nth);
    try {
        co_await converse(client);
    } catch (const std::bad_alloc&) { // the conversation was told
    }
    co_return failing.struck();
}

/// Returns whether there were so many allocations.
bool hold_conversation(const test::emulator_thread& peer, std::size_t nth)
{
    live::client_options options;
    options.credentials = live::api_key(test::secret_key);
    options.base_url = peer.url;
    options.proxy.url = peer.proxy;
    options.tls.ca_pem = peer.certificate;
    options.tls.system_store = peer.certificate.empty();
    options.reconnect.first_connect_attempts = 3;
    options.reconnect.first_delay = 1ms;
    asio::io_context io;
    live::client client{io.get_executor(), options};
    return test::run(io, has_failed_while_conversing(client, nth), 5s);
}

} // namespace

TEST_CASE("whichever allocation fails, the conversation continues or is told std::bad_alloc")
{
    const test::emulator_thread peer(GENERATE(test::wire::plain, test::wire::tls_through_tls));
    constexpr std::size_t none = 0;
    static_cast<void>(hold_conversation(peer, none)); // creates what is made once and cached
    std::size_t nth = 1;
    for (bool has_failed = true; has_failed; ++nth) {
        INFO("allocation number " << nth << " fails");
        has_failed = false;
        CHECK_NOTHROW(has_failed = hold_conversation(peer, nth));
    }
    CHECK(nth > 500);
}

} // namespace allocations_test
