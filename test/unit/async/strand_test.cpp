// SPDX-License-Identifier: Apache-2.0
#include "async/strand.hpp"

#include "async/event.hpp"
#include "support/catch.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace strand_test {

namespace async = gemini::live::async;

namespace {

class note final : public async::strand_task {
public:
    note(std::string& log, char name) : strand_task(&run), log_(log), name_(name) {}

private:
    static void run(strand_task& task, bool is_dropped)
    {
        auto& self = static_cast<note&>(task);
        self.log_ += is_dropped ? '-' : self.name_;
    }

    std::string& log_;
    char name_;
};

} // namespace

TEST_CASE("what is posted to a strand runs later, in order")
{
    asio::io_context io;
    const auto strand = async::make_strand(io.get_executor());
    std::string log;
    note a(log, 'a');
    note b(log, 'b');
    strand.post(a);
    asio::post(strand, [&] { log += '1'; });
    strand.post(b);
    asio::post(strand, [&] {
        asio::post(strand, [&] { log += '3'; });
        asio::dispatch(strand, [&] { log += '2'; });
    });
    CHECK(log.empty());
    io.run();
    CHECK(log == "a1b23");
}

TEST_CASE("a strand fits into any_io_executor, with its properties")
{
    asio::io_context io;
    const auto strand = async::make_strand(io.get_executor());
    const asio::any_io_executor any = strand;
    CHECK(any.target_type() == typeid(async::strand));
    CHECK(any == asio::any_io_executor(async::strand(strand)));
    CHECK(any != asio::any_io_executor(async::make_strand(io.get_executor())));
    CHECK(&asio::query(any, asio::execution::context) == &io);
    CHECK(asio::query(asio::require(any, asio::execution::blocking.never),
              asio::execution::blocking) == asio::execution::blocking.never);
}

TEST_CASE("a tracked strand keeps its context running, others do not")
{
    asio::io_context io;
    const auto strand = async::make_strand(io.get_executor());
    CHECK(io.run() == 0);
    io.restart();
    std::optional tracked(asio::require(strand, asio::execution::outstanding_work.tracked));
    const auto copy = tracked;
    tracked.reset();
    CHECK(io.poll() == 0);
    CHECK_FALSE(io.stopped());
}

TEST_CASE("an operation that completes while the strand is free runs at once")
{
    asio::io_context io;
    const auto strand = async::make_strand(io.get_executor());
    asio::basic_waitable_timer<std::chrono::steady_clock,
        asio::wait_traits<std::chrono::steady_clock>, async::strand>
        timer(strand, std::chrono::milliseconds(0));
    bool on_strand = false;
    timer.async_wait([&](asio::error_code) { on_strand = strand.running_in_this_thread(); });
    CHECK(io.run_one() == 1);
    CHECK(on_strand);
    CHECK_FALSE(strand.running_in_this_thread());
}

namespace {

/// Calls a function once on a strand, or on another executor.
class action final : public async::prepared_call {
public:
    explicit action(std::function<void()> what) : prepared_call(&run), what_(std::move(what)) {}

private:
    static void run(strand_task& task, bool is_dropped)
    {
        if (!is_dropped) static_cast<action&>(task).what_();
    }

    std::function<void()> what_;
};

} // namespace

TEST_CASE("what a completion wakes resumes after it, off the strand, and not by another post")
{
    asio::io_context io;
    const asio::any_io_executor context = io.get_executor();
    const auto strand = async::make_strand(context);
    std::string log;
    action next([&] { log += 'n'; });
    action woken([&] {
        log += strand.running_in_this_thread() ? '!' : 'w';
        next.post(context); // nobody collects any more
    });
    note posted(log, 'p');
    action completion([&] {
        woken.post(context);
        strand.post(posted);
        log += strand.running_in_this_thread() ? 'c' : '!';
    });
    asio::post(io, [&] { strand.complete(completion); });
    CHECK(io.run_one() == 1);
    CHECK(log == "cpw");
    io.run();
    CHECK(log == "cpwn");
}

TEST_CASE("a completion on a strand where somebody runs waits for its turn")
{
    asio::io_context io;
    const auto strand = async::make_strand(io.get_executor());
    std::string log;
    note completion(log, 'c');
    asio::post(strand, [&] {
        strand.complete(completion);
        log += 'f';
    });
    io.run();
    CHECK(log == "fc");
}

TEST_CASE("a completion wakes calls on other executors by post")
{
    asio::io_context io;
    asio::io_context elsewhere;
    const auto strand = async::make_strand(io.get_executor());
    std::string log;
    action there([&] { log += 't'; });
    action completion([&] { there.post(elsewhere.get_executor()); });
    asio::post(io, [&] { strand.complete(completion); });
    io.run();
    CHECK(log.empty());
    elsewhere.run();
    CHECK(log == "t");
}

TEST_CASE("of several that a completion wakes, each throws an exception of its own")
{
    asio::io_context io;
    const asio::any_io_executor context = io.get_executor();
    const auto strand = async::make_strand(context);
    async::event first;
    async::event second;
    const auto fail = [](async::event& woken, const char* why) -> asio::awaitable<void> {
        co_await woken.wait();
        throw std::runtime_error(why);
    };
    const auto rethrow = [](std::exception_ptr why) {
        if (why) std::rethrow_exception(why);
    };
    asio::co_spawn(io, fail(first, "first"), rethrow);
    asio::co_spawn(io, fail(second, "second"), rethrow);
    io.poll();
    io.restart();
    action completion([&] {
        first.set();
        second.set();
    });
    asio::post(io, [&] { strand.complete(completion); });
    CHECK_THROWS_WITH(io.run(), "first");
    CHECK_THROWS_WITH(io.run(), "second");
}

TEST_CASE("what a completion wakes is not lost when one of them throws")
{
    asio::io_context io;
    const asio::any_io_executor context = io.get_executor();
    const auto strand = async::make_strand(context);
    std::string log;
    action thrower([] { throw std::runtime_error("woken"); });
    action other([&] { log += 'o'; });
    action completion([&] {
        thrower.post(context);
        other.post(context);
    });
    asio::post(io, [&] { strand.complete(completion); });
    CHECK_THROWS_AS(io.run(), std::runtime_error);
    CHECK(log.empty());
    io.run();
    CHECK(log == "o");
}

TEST_CASE("functions of a strand exclude one another, on several threads, and none is lost")
{
    asio::thread_pool pool(4);
    const auto strand = async::make_strand(pool.get_executor());
    constexpr int each = 20'000;
    int count = 0; // not atomic: the strand protects it
    std::atomic<bool> overlap = false;
    std::atomic<int> inside = 0;
    const auto work = [&] {
        overlap = overlap || inside.fetch_add(1) != 0;
        ++count;
        inside.fetch_sub(1);
    };
    for (int poster = 0; poster < 4; ++poster)
        asio::post(pool, [&] {
            for (int i = 0; i < each; ++i) {
                asio::post(strand, work);
                asio::dispatch(strand, work);
            }
        });
    pool.join();
    CHECK_FALSE(overlap);
    CHECK(count == 2 * 4 * each);
}

TEST_CASE("an exception of a function leaves a strand usable")
{
    asio::io_context io;
    const auto strand = async::make_strand(io.get_executor());
    std::string log;
    asio::post(strand, [] { throw std::runtime_error("thrown"); });
    asio::post(strand, [&] { log += 'a'; });
    CHECK_THROWS_AS(io.run(), std::runtime_error);
    io.run();
    CHECK(log == "a");
}

TEST_CASE("what a strand has not run is dropped with the execution context")
{
    const auto held = std::make_shared<int>(0);
    std::string log;
    note a(log, 'a');
    std::optional<async::strand> strand;
    {
        asio::io_context io;
        strand = async::make_strand(io.get_executor());
        asio::post(*strand, [held] {});
        strand->post(a);
        CHECK(held.use_count() == 2);
    }
    CHECK(held.use_count() == 1);
    CHECK(log == "-");
    note b(log, 'b');
    strand->post(b);
    CHECK(log == "--");
}

} // namespace strand_test
