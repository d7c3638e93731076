// SPDX-License-Identifier: Apache-2.0
#include "lws_support.hpp"
#include "transport/lws_runtime.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <sys/resource.h>

#include <mutex>
#include <thread>

namespace lws_runtime_test {

using namespace test;
using live::errc;

namespace {

/// Upgrades every client and echoes its messages; ends with the test.
asio::awaitable<void> echo_one(raw_socket socket)
{
    try {
        const auto head = co_await socket.read_head();
        co_await socket.write(switching_protocols(head));
        while (true) {
            const auto frame = co_await socket.read_frame();
            co_await socket.write(raw_frame(frame.opcode(), frame.payload()).bytes());
            if (frame.opcode() == 8) break;
        }
    } catch (const std::system_error&) {
        // the client has gone
    }
}

asio::awaitable<void> echo_all(raw_peer& peer, int count)
{
    for (int i = 0; i < count; ++i) {
        auto socket = co_await peer.accept();
        asio::co_spawn(
            co_await asio::this_coro::executor, echo_one(std::move(socket)), asio::detached);
    }
}

asio::awaitable<void> converse(
    std::shared_ptr<transport::connector> connector, std::uint16_t port, bool tls, int rounds)
{
    auto opened = co_await connector->connect(request_to(port, tls));
    for (int i = 0; i < rounds; ++i) {
        co_await send_text(*opened, "message " + std::to_string(i));
        const auto heard = co_await receive_text(*opened);
        if (heard != "message " + std::to_string(i)) throw std::runtime_error("another message");
    }
    co_await opened->close(1000, "");
}

/// Counts conversations by how they ended, from any thread.
class outcomes {
public:
    void operator()(const std::exception_ptr& thrown)
    {
        const std::lock_guard lock(mutex_);
        try {
            if (thrown) std::rethrow_exception(thrown);
            ++good_;
        } catch (const std::exception& why) {
            failures_ += std::string(why.what()) + '\n';
        }
    }
    [[nodiscard]] auto handler()
    {
        return [this](std::exception_ptr thrown) { (*this)(thrown); };
    }
    void check(int expected) const
    {
        CHECK(failures_ == "");
        CHECK(good_ == expected);
    }

private:
    std::mutex mutex_;
    int good_ = 0;
    std::string failures_;
};

/// An echo server with its own io_context and thread.
class echo_server {
public:
    echo_server(bool tls, int clients) : peer_(io_, identity_for(tls))
    {
        asio::co_spawn(io_, echo_all(peer_, clients), asio::detached);
        port_ = peer_.port();
        thread_ = std::thread([this] { io_.run(); });
    }
    echo_server(const echo_server&) = delete;
    echo_server& operator=(const echo_server&) = delete;
    ~echo_server()
    {
        io_.stop();
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    asio::io_context io_;
    raw_peer peer_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

/// Limits the descriptors of this process for a test.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t most)
    {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit now = before_;
        now.rlim_cur = most;
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;
    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

int open_descriptors()
{
    int count = 0;
    for (int fd = 0; fd < 4096; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

} // namespace

TEST_CASE("run() returns when everything has been closed")
{
    const bool tls = GENERATE(false, true);
    const echo_server server(tls, 3);
    asio::io_context io;
    const auto connector = transport::make_lws_connector(io.get_executor());
    for (int i = 0; i < 3; ++i) {
        std::exception_ptr end;
        asio::co_spawn(io, converse(connector, server.port(), tls, 3),
            [&](std::exception_ptr thrown) { end = thrown; });
        io.restart();
        io.run();
        CHECK_FALSE(end);
    }
}

TEST_CASE("one runtime serves all connectors of an execution context, and none is left pending")
{
    asio::io_context io;
    const auto one = transport::lws_runtime::of(io.get_executor());
    CHECK(one == transport::lws_runtime::of(asio::make_strand(io)));
    io.run();
    transport::lws_use use(one);
    io.restart();
    io.poll();
    CHECK_FALSE(io.stopped());
    use.reset();
    io.run();
}

TEST_CASE("many sessions share one io_context")
{
    const bool tls = GENERATE(false, true);
    constexpr int count = 200;
    const echo_server server(tls, count);
    asio::io_context io;
    const auto connector = transport::make_lws_connector(io.get_executor());
    outcomes ended;
    for (int i = 0; i < count; ++i)
        asio::co_spawn(io, converse(connector, server.port(), tls, 5), ended.handler());
    io.run();
    ended.check(count);
}

TEST_CASE("pitfall 3.3: several io_contexts come and go in several threads")
{
    constexpr int threads = 4;
    constexpr int contexts = 5;
    constexpr int sessions = 3;
    const bool tls = GENERATE(false, true);
    const echo_server server(tls, threads * contexts * sessions);
    outcomes ended;
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&] {
            for (int k = 0; k < contexts; ++k) {
                asio::io_context io;
                const auto connector = transport::make_lws_connector(io.get_executor());
                for (int s = 0; s < sessions; ++s)
                    asio::co_spawn(io, converse(connector, server.port(), tls, 3), ended.handler());
                io.run();
            }
        });
    }
    for (auto& each : running) each.join();
    ended.check(threads * contexts * sessions);
}

TEST_CASE("an io_context may run in several threads")
{
    const bool tls = GENERATE(false, true);
    constexpr int count = 20;
    const echo_server server(tls, count);
    outcomes ended;
    {
        asio::thread_pool pool(4);
        const auto connector = transport::make_lws_connector(pool.get_executor());
        for (int i = 0; i < count; ++i)
            asio::co_spawn(connector->executor(), converse(connector, server.port(), tls, 20),
                ended.handler());
        pool.join();
    }
    ended.check(count);
}

TEST_CASE("pitfall 3.3: an io_context is destroyed with connections in every state")
{
    const bool tls = GENERATE(false, true);
    for (int turns = 0; turns < 60; turns += 3) {
        const echo_server server(tls, 20);
        auto io = std::make_unique<asio::io_context>();
        auto connector = transport::make_lws_connector(io->get_executor());
        for (int i = 0; i < 20; ++i)
            asio::co_spawn(*io, converse(connector, server.port(), tls, 1000), asio::detached);
        for (int i = 0; i < turns; ++i) io->run_one_for(10ms);
        if (turns % 2 == 0) connector.reset();
        io.reset();
    }
}

TEST_CASE("connections and connectors may outlive their io_context")
{
    const bool tls = GENERATE(false, true);
    std::unique_ptr<transport::connection> survivor;
    std::shared_ptr<transport::connector> connector;
    {
        bench on(tls);
        const auto keep =
            [](bench& with, std::unique_ptr<transport::connection>& kept) -> asio::awaitable<void> {
            auto both = co_await with.open();
            co_await both.server->write(raw_frame::text("unread").bytes());
            kept = std::move(both.client);
        };
        on.run(keep(on, survivor));
        connector = on.connector;
        on.connector.reset();
    }
    survivor->abort();
    survivor.reset();
    connector.reset();
}

TEST_CASE("an io_context that is no longer run is destroyed with sessions that nobody closed")
{
    bench on;
    const auto keep = [](bench& with, pair& kept) -> asio::awaitable<void> {
        kept = co_await with.open();
    };
    pair kept;
    on.run(keep(on, kept));
    kept.server.reset();
    kept.client.reset(); // posted, never run
}

namespace {

struct exhaustion {
    std::vector<live::error> failures;
    std::size_t succeeded = 0;
};

asio::awaitable<void> open_until_it_fails(std::shared_ptr<transport::connector> connector,
    std::uint16_t port, bool tls, exhaustion& result)
{
    std::vector<std::unique_ptr<transport::connection>> opened;
    while (result.failures.size() < 5) {
        auto request = request_to(port, tls);
        request.deadlines.upgrade = 300ms;
        try {
            opened.push_back(co_await connector->connect(std::move(request)));
        } catch (const live::error& why) {
            result.failures.push_back(why);
        }
    }
    result.succeeded = opened.size();
}

exhaustion exhaust_descriptors(bool tls)
{
    exhaustion result;
    const echo_server server(tls, 100);
    const descriptor_limit few(100);
    asio::io_context io;
    const auto connector = transport::make_lws_connector(io.get_executor());
    test::run(io, open_until_it_fails(connector, server.port(), tls, result));
    io.restart();
    io.run();
    return result;
}

} // namespace

TEST_CASE("pitfall 3.8: running out of descriptors is an error, and leaks nothing")
{
    const bool tls = GENERATE(false, true);
    exhaust_descriptors(tls); // leaves an event loop in the cache
    const int before = open_descriptors();
    const auto result = exhaust_descriptors(tls);
    CHECK(result.failures.size() == 5);
    for (const auto& each : result.failures) CHECK(each.condition() == live::condition::retryable);
    CHECK(result.succeeded > 5);
    CHECK(open_descriptors() == before);
}

TEST_CASE("without descriptors no event loop can be made, and the error says so")
{
    asio::io_context io;
    const auto work = asio::make_work_guard(io);
    io.poll();
    std::optional<live::error> why;
    {
        const descriptor_limit none(0);
        try {
            static_cast<void>(transport::make_lws_connector(io.get_executor()));
        } catch (const live::error& thrown) {
            why = thrown;
        }
    }
    REQUIRE(why);
    CHECK(why->code() == errc::event_loop_unavailable);
}

TEST_CASE("pitfall 3.14: failed connects lose no libuv handle, as they would in lws 4.1.6")
{
    std::vector<std::unique_ptr<transport::lws_loop>> others; // so that the next one is fresh
    for (int i = 0; i < 16; ++i) others.push_back(transport::lws_loop::take());
    {
        bench on;
        const auto fail = [](bench& with) -> asio::awaitable<void> {
            auto request = with.request();
            request.port = closed_port(with.io);
            for (int i = 0; i < 20; ++i) {
                const auto why = co_await error_of(with.connector->connect(request));
                CHECK(why.code() == errc::connect_failed);
            }
        };
        on.run(fail(on));
    }
    auto used = transport::lws_loop::take();
    int handles = 0;
    uv_walk(
        used->uv(), [](uv_handle_t*, void* count) { ++*static_cast<int*>(count); }, &handles);
    CHECK(handles == 3); // lws's own: its pipe, a timer, an idle handle
    for (auto& each : others) transport::lws_loop::give_back(std::move(each));
    transport::lws_loop::give_back(std::move(used));
}

} // namespace lws_runtime_test
