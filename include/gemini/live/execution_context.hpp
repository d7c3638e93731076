// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/asio_check.hpp>

#include <asio/execution_context.hpp>

#include <concepts>

#pragma GCC visibility push(default)
namespace gemini::live {

/// An Asio execution context that has an executor, such as `asio::io_context` or
/// `asio::thread_pool`.
template <class T>
concept execution_context = std::derived_from<T, asio::execution_context> && requires(T& context)
{
    context.get_executor();
};

} // namespace gemini::live
#pragma GCC visibility pop
