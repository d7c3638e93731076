// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/failing_allocation.hpp"
#include "support/loud.hpp"
#include "support/proxy_peer.hpp"
#include "support/run.hpp"
#include "support/stride.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <thread>

namespace allocations_test {

// A conversation over sockets in which one allocation of the client fails.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// An emulator in a thread of its own, with a proxy before it if need be, whose allocations
/// succeed.
class server {
public:
    /// Both with TLS, or none.
    explicit server(bool behind_proxy)
    {
        live::testing::emulator_options serving;
        serving.pace = 0;
        if (behind_proxy) {
            serving.tls = live::testing::tls_identity::self_signed();
            certificate = serving.tls->certificate_pem;
            const test::pem_identity same{certificate, serving.tls->private_key_pem};
            proxy_.emplace(io_, test::proxy_answer::tunnel, same);
            proxy = "https://127.0.0.1:" + std::to_string(proxy_->port());
        }
        emulator_.emplace(io_.get_executor(), serving);
        url = emulator_->url();
        thread_ = std::thread([this] { io_.run(); });
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server()
    {
        io_.stop();
        thread_.join();
    }

    std::string url;
    std::string proxy;
    std::string certificate;

private:
    asio::io_context io_;
    std::optional<live::testing::emulator> emulator_;
    std::optional<test::proxy_peer> proxy_;
    std::thread thread_;
};

struct outcome {
    bool was_told = false; // by std::bad_alloc
    bool has_failed = false;
    std::size_t allocations = 0;
};

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
asio::awaitable<void> fail_while_conversing(live::client& client, std::size_t nth, outcome& result)
{
    const test::failing_allocation failing(nth);
    try {
        co_await converse(client);
    } catch (const std::bad_alloc&) {
        result.was_told = true;
    }
    result.has_failed = failing.struck();
    result.allocations = failing.allocations();
}

outcome hold_conversation(const server& peer, std::size_t nth)
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
    outcome result;
    test::run(io, fail_while_conversing(client, nth, result), 5s);
    return result;
}

} // namespace

TEST_CASE("whichever allocation fails, the conversation continues or is told std::bad_alloc")
{
    const server peer(GENERATE(false, true));
    static_cast<void>(hold_conversation(peer, 0)); // creates what is made once and cached
    const auto stride = test::stride_or("ALLOCATIONS_STRIDE", 1);
    std::size_t nth = test::stride_or("ALLOCATIONS_FROM", 1);
    for (bool has_failed = true; has_failed; nth += stride) {
        if (std::getenv("ALLOCATIONS_TELL")) test::tell(std::to_string(nth));
        INFO("allocation number " << nth << " fails");
        outcome result;
        CHECK_NOTHROW(result = hold_conversation(peer, nth));
        has_failed = result.has_failed;
    }
    CHECK(nth > 500);
}

} // namespace allocations_test
