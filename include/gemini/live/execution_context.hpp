// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/execution_context.hpp>

#include <concepts>

namespace gemini::live {

/// An Asio execution context with executors, such as `asio::io_context` or `asio::thread_pool`.
template <class T>
concept execution_context = std::derived_from<T, asio::execution_context> && requires(T& context)
{
    context.get_executor();
};

} // namespace gemini::live
