// SPDX-License-Identifier: Apache-2.0
#include "async/spawn.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/recycling_allocator.hpp>
#include <asio/use_awaitable.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <thread>
#include <utility>

namespace gemini::live::async {
namespace {

/// Runs functions at once.
struct here {
    asio::execution_context* context;

    template <class Function>
    void execute(Function function) const
    {
        function();
    }
    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept
    {
        return *context;
    }
    [[nodiscard]] here require(asio::execution::blocking_t::never_t) const noexcept
    {
        return *this;
    }
    friend bool operator==(const here&, const here&) = default;
};

/// Makes sure that the next function passed to an any_io_executor, also of a strand, needs no new
/// memory: of what it frees, Asio keeps a little for each thread. `co_spawn` passes one at the
/// beginning and one at the end of a coroutine, where an exception would end the process.
void provide_memory(asio::execution_context& context)
{
    constexpr std::size_t task = 64; // of a strand
    asio::recycling_allocator<std::byte> kept;
    kept.deallocate(kept.allocate(task), task);
    const std::array<std::byte, 192> enough{};
    asio::any_io_executor(here{&context}).execute([enough] { static_cast<void>(enough); });
}

struct provide_memory_at_the_end {
    asio::execution_context& context;
    ~provide_memory_at_the_end()
    {
        for (;;) {
            try {
                provide_memory(context);
                return;
            } catch (const std::bad_alloc&) {
                std::this_thread::yield();
            }
        }
    }
};

asio::awaitable<void> run_to_the_end(asio::execution_context& context, asio::awaitable<void> work)
{
    const provide_memory_at_the_end provision{context};
    co_await std::move(work);
}

} // namespace

void spawn(const asio::any_io_executor& executor, asio::awaitable<void> work,
    std::function<void(std::exception_ptr)> done, asio::cancellation_slot stop)
{
    auto end = [done = std::move(done)](std::exception_ptr thrown) {
        if (done) done(std::move(thrown));
    };
    auto& context = asio::query(executor, asio::execution::context);
    auto whole = run_to_the_end(context, std::move(work));
    provide_memory(context);
    asio::co_spawn(
        executor, std::move(whole), asio::bind_cancellation_slot(std::move(stop), std::move(end)));
}

asio::awaitable<void> run_on(
    asio::any_io_executor executor, asio::awaitable<void> work, asio::cancellation_slot stop)
{
    if (!stop.is_connected()) {
        auto running = asio::co_spawn(executor, std::move(work), asio::use_awaitable);
        co_return co_await std::move(running);
    }
    auto running = asio::co_spawn(
        executor, std::move(work), asio::bind_cancellation_slot(stop, asio::use_awaitable));
    co_await std::move(running);
}

asio::awaitable<void> yield() { return asio::post(asio::use_awaitable); }

void post(const asio::any_io_executor& executor, std::function<void()> work)
{
    asio::post(executor, std::move(work));
}

} // namespace gemini::live::async
