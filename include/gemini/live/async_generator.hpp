// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace gemini::live {

/// A sequence whose elements are awaited one at a time:
///
///     while (auto element = co_await generator.next()) use(*element);
///
/// Move-only, one consumer. Destroying it leaves what it reads from alive. Elements come in order;
/// none is lost when a `next()` is cancelled: the following `next()` gives it. Threads: one
/// `next()` at a time, from any thread; a second one meanwhile throws errc::misuse.
template <class T>
class async_generator {
public:
    /// Where the elements come from.
    class source {
    public:
        source() = default;
        source(const source&) = delete;
        source& operator=(const source&) = delete;
        virtual ~source() = default;
        virtual asio::awaitable<std::optional<T>> next() = 0;
    };

    explicit async_generator(std::unique_ptr<source> from) noexcept : from_(std::move(from)) {}

    /// The next element, or nothing once the sequence has ended in order; then every further call
    /// gives nothing. Throws what ended the sequence when that was an error. Cancellation: by any
    /// type that the awaiting coroutine lets through (`asio::co_spawn`: only `terminal`, unless
    /// the coroutine enables others); takes no element.
    [[nodiscard]] asio::awaitable<std::optional<T>> next() { return from_->next(); }

private:
    std::unique_ptr<source> from_;
};

} // namespace gemini::live
