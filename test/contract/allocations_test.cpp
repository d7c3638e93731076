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
#include <string>
#include <utility>

namespace allocations_test {

// A conversation over sockets in which one allocation of the client fails.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// A question that has been cut is asked again, as an application does.
asio::awaitable<void> ask(live::session& session, std::string question = "Hello!")
{
    std::string ends;
    bool asks = true;
    for (int turns = 0; turns < 6; ++turns) {
        if (asks) co_await session.send(question);
        const auto turn = co_await session.turn();
        if (turn.end == live::turn_end::complete) co_return;
        asks = turn.end == live::turn_end::cut;
        ends += std::string(" ") + live::to_string(turn.end);
    }
    FAIL("no answer was whole:" << ends);
}

asio::awaitable<void> converse(live::client& client)
{
    live::session session(client, {.model = "gemini-3.8-live"});
    co_await session.connect();
    co_await ask(session);
    co_await ask(session);
    co_await session.close();
}

/// The model calls a function.
asio::awaitable<void> converse_with_tools(live::client& client)
{
    live::toolset tools;
    live::function_options options{.name = "get_weather", .description = "The weather."};
    tools.add(std::move(options), [] { return "rain"; });
    live::session session(client, {.model = "gemini-3.8-live", .functions = tools.declarations()});
    const live::tool_dispatcher dispatcher(session, tools);
    co_await session.connect();
    co_await ask(session, "What is the weather in Oslo?");
    co_await session.close();
}

using conversation = asio::awaitable<void> (*)(live::client&);

/// Asio's own start of a coroutine is over when the allocations are counted.
asio::awaitable<bool> has_failed_while_conversing(
    live::client& client, conversation hold, std::size_t nth)
{
    const test::failing_allocation failing(nth);
    try {
        co_await hold(client);
    } catch (const std::bad_alloc&) { // the conversation was told
    }
    co_return failing.struck();
}

/// Returns whether there were so many allocations.
bool hold_conversation(
    const test::emulator_thread& peer, std::size_t nth, conversation hold = &converse)
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
    return test::run(io, has_failed_while_conversing(client, hold, nth), 5s);
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

TEST_CASE("whichever allocation fails, a call of a function is answered or told std::bad_alloc")
{
    const test::emulator_thread peer(test::wire::plain);
    constexpr std::size_t none = 0;
    static_cast<void>(hold_conversation(peer, none, &converse_with_tools));
    std::size_t nth = 1;
    for (bool has_failed = true; has_failed; ++nth) {
        INFO("allocation number " << nth << " fails");
        has_failed = false;
        CHECK_NOTHROW(has_failed = hold_conversation(peer, nth, &converse_with_tools));
    }
    CHECK(nth > 400);
}

} // namespace allocations_test
