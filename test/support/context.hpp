// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/testing/virtual_time.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

namespace test {

/// An execution context on sockets and in real time; in virtual time and without sockets if the
/// environment says IN_VIRTUAL_TIME. Tests of what only sockets have are tagged [sockets].
class context : public asio::io_context {
public:
    context()
    {
        if (std::getenv("IN_VIRTUAL_TIME")) time_.emplace(*this);
    }

    /// The time on the clock that all waits on this context follow.
    [[nodiscard]] std::chrono::steady_clock::time_point now() const
    {
        return time_ ? time_->now() : std::chrono::steady_clock::now();
    }

private:
    std::optional<gemini::live::testing::virtual_time> time_{};
};

template <class T>
T run(context& io, asio::awaitable<T> work)
{
    return gemini::live::testing::run(io, std::move(work));
}

} // namespace test
