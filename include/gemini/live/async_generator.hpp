// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/asio_check.hpp>

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

#pragma GCC visibility push(default)
namespace gemini::live {

/// A sequence whose elements are awaited one at a time:
///
///     while (auto element = co_await generator.next()) use(*element);
///
/// Move-only, for one consumer. Elements come in order. Destroying it does not affect what it reads
/// from. It may outlive the session that it reads from: it then returns what had arrived, and after
/// that nullopt.
template <class T>
class async_generator {
public:
    /// Where the elements come from. Derive from it to make a generator of your own.
    class source {
    public:
        source() = default;
        source(const source&) = delete;
        source& operator=(const source&) = delete;
        virtual ~source() = default;
        /// Returns the next element, or nullopt at the end of the sequence.
        ///
        /// Completion, errors, cancellation, threads: as `async_generator::next`.
        virtual asio::awaitable<std::optional<T>> next() = 0;
    };

    explicit async_generator(std::unique_ptr<source> from) noexcept : from_(std::move(from)) {}

    /// Returns the next element.
    ///
    /// Completion: when there is an element. Returns nullopt at the orderly end of the sequence,
    /// and at every call after it.
    /// Errors: what ended the sequence, if that was an error, at every call after the last element;
    /// errc::misuse while another call waits.
    /// Cancellation: consumes no element; the following call returns it. By every type that the
    /// awaiting coroutine lets through: one started by asio::co_spawn lets only `terminal` through
    /// unless it enables the others.
    /// Threads: any; one call at a time.
    [[nodiscard]] asio::awaitable<std::optional<T>> next() { return from_->next(); }

private:
    std::unique_ptr<source> from_;
};

} // namespace gemini::live
#pragma GCC visibility pop
