// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/async/strand_test.cpp
#pragma once

#include "async/strand.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include <cstddef>
#include <new>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace gemini::live::async {

namespace detail {

template <class T>
struct post_allocator {
    using value_type = T;

    explicit post_allocator(post_memory& memory) noexcept : memory(&memory) {}
    template <class Other>
    post_allocator(const post_allocator<Other>& other) noexcept : memory(other.memory)
    {
    }

    [[nodiscard]] T* allocate(std::size_t count) const
    {
        static_assert(sizeof(T) <= sizeof memory->bytes);
        if (count * sizeof(T) > sizeof memory->bytes) throw std::bad_alloc();
        return reinterpret_cast<T*>(memory->bytes.data());
    }
    void deallocate(T*, std::size_t) const noexcept {}

    template <class Other>
    bool operator==(const post_allocator<Other>& other) const noexcept
    {
        return memory == other.memory;
    }

    post_memory* memory;
};

/// Has Asio keep a function in the given memory.
template <class Function>
struct post_in {
    using allocator_type = post_allocator<void>;
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory); }
    void operator()() { function(); }

    Function function;
    post_memory* memory;
};

template <class Context>
using tracked_executor = std::decay_t<decltype(asio::require(
    std::declval<typename Context::executor_type>(), asio::execution::outstanding_work.tracked))>;

/// Calls `use` with the executor of an `asio::io_context` or `asio::thread_pool` in its own type.
/// Returns false for others.
template <class Use>
bool with_native(const asio::any_io_executor& executor, Use use)
{
    const auto try_type = [&]<class Executor>(std::type_identity<Executor>) {
        const auto* const native = target_of<Executor>(executor);
        if (native) use(*native);
        return native != nullptr;
    };
    return try_type(std::type_identity<asio::io_context::executor_type>{}) ||
           try_type(std::type_identity<tracked_executor<asio::io_context>>{}) ||
           try_type(std::type_identity<asio::thread_pool::executor_type>{}) ||
           try_type(std::type_identity<tracked_executor<asio::thread_pool>>{});
}

} // namespace detail

/// Whether this thread runs the `asio::io_context` or `asio::thread_pool` of the executor. Returns
/// false for others.
[[nodiscard]] inline bool runs_in_this_thread(const asio::any_io_executor& executor) noexcept
{
    bool runs = false;
    detail::with_native(
        executor, [&runs](const auto& native) { runs = native.running_in_this_thread(); });
    return runs;
}

/// Posts a function to an `asio::io_context` or an `asio::thread_pool` without allocating. On
/// other executors it allocates; without memory, it waits until there is some, since a wake-up that
/// is lost could never be made up for.
template <class Function>
void post_in_place(
    const asio::any_io_executor& executor, post_memory& memory, Function function) noexcept
{
    detail::post_in<Function> work{std::move(function), &memory};
    const bool is_native = detail::with_native(
        executor, [&](const auto& native) { asio::post(native, std::move(work)); });
    while (!is_native) {
        try {
            return asio::post(executor, std::move(work.function));
        } catch (const std::bad_alloc&) { // before the function was moved
            std::this_thread::yield();
        }
    }
}

} // namespace gemini::live::async
