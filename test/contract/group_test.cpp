// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/loud.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace group_test {

// Many sessions over real sockets, on several threads.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

constexpr int sessions = 40;

/// Threads that run an io_context.
class crew {
public:
    crew()
    {
        for (int i = 0; i < 4; ++i) threads_.emplace_back([this] { io.run(); });
    }
    crew(const crew&) = delete;
    crew& operator=(const crew&) = delete;
    ~crew()
    {
        work_.reset();
        for (auto& each : threads_) each.join();
    }

    template <class T>
    T wait(asio::awaitable<T> work)
    {
        auto done = asio::co_spawn(io, std::move(work), asio::use_future);
        if (done.wait_for(60s) != std::future_status::ready)
            throw std::runtime_error("the test took too long");
        return done.get();
    }

    asio::io_context io;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io);
    std::vector<std::thread> threads_;
};

/// Counts messages until its session ends; the first run fails.
class caller {
public:
    explicit caller(std::atomic<int>& answers, std::promise<void>& all)
        : answers_(answers), all_(all)
    {
    }

    asio::awaitable<void> operator()(live::session& session)
    {
        co_await session.send("Hello");
        co_await session.turn();
        if (!std::exchange(failed_, true)) throw std::runtime_error("a handler's own failure");
        if (++answers_ == sessions) all_.set_value();
        auto messages = session.messages();
        for (bool open = true; open;) {
            const auto message = co_await messages.next();
            open = message.has_value();
        }
    }

private:
    std::atomic<int>& answers_;
    std::promise<void>& all_;
    bool failed_ = false;
};

} // namespace

TEST_CASE("many sessions are restarted, found, stopped and shut down from several threads")
{
    std::atomic<int> answers = 0;
    std::promise<void> all;
    std::atomic<int> ended = 0;
    crew threads;
    live::testing::emulator_options serving;
    serving.pace = 0;
    live::testing::emulator server(threads.io.get_executor(), serving);
    live::client_options options;
    test::make_loud(options);
    options.credentials = live::api_key(test::secret_key);
    options.base_url = server.url();
    const live::client client(threads.io.get_executor(), options);
    live::session_group_options group_options;
    group_options.restart.first_delay = 1ms;
    group_options.on_event = [&ended](const live::group_event& event) {
        if (event.what == live::group_event::kind::ended) ++ended;
    };
    live::session_group group(threads.io.get_executor(), client, group_options);

    for (int i = 0; i < sessions; ++i) {
        group.start(std::to_string(i), {.model = "gemini-3.8-live"}, caller(answers, all));
        if (const auto found = group.find(std::to_string(i / 2)))
            CHECK(found->status() != live::session_status::disconnected);
    }
    CHECK(group.size() == sessions);
    REQUIRE(all.get_future().wait_for(60s) == std::future_status::ready);

    std::vector<std::future<bool>> stops;
    for (int i = 0; i < sessions / 2; ++i)
        stops.push_back(
            asio::co_spawn(threads.io, group.stop(std::to_string(i)), asio::use_future));
    for (auto& each : stops) CHECK(each.get());
    CHECK(group.size() == sessions / 2);
    CHECK(threads.wait(group.shutdown(30s)) == 0);
    CHECK(group.names().empty());
    CHECK(ended == sessions);
    server.close();
}

} // namespace group_test
