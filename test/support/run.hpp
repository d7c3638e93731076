// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace test {

/// Runs `io` until `work` has ended and returns its result. Fails after `limit` instead of hanging;
/// other work on `io` is left as it is.
template <class T>
T run(asio::io_context& io, asio::awaitable<T> work,
    std::chrono::seconds limit = std::chrono::seconds(60))
{
    std::exception_ptr failure;
    bool done = false;
    [[maybe_unused]] std::conditional_t<std::is_void_v<T>, int, std::optional<T>> result{};
    if constexpr (std::is_void_v<T>) {
        asio::co_spawn(io, std::move(work), [&](std::exception_ptr thrown) {
            failure = thrown;
            done = true;
        });
    } else {
        asio::co_spawn(io, std::move(work), [&](std::exception_ptr thrown, T value) {
            failure = thrown;
            if (!thrown) result = std::move(value);
            done = true;
        });
    }
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done) {
        io.restart();
        if (io.run_one_until(end) == 0 && !done) {
            throw std::runtime_error(std::chrono::steady_clock::now() >= end
                                         ? "the test took too long"
                                         : "the test is stuck: nothing left to run");
        }
    }
    if (failure) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

} // namespace test
