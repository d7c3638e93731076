// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"

#include <asio/awaitable.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

namespace gemini::live::async {

/// Admits a limited number at a time, first come, first served. Make all calls on one executor.
class semaphore : public std::enable_shared_from_this<semaphore> {
public:
    /// While it is held, its holder is admitted.
    class permit {
    public:
        permit() = default;
        explicit permit(std::shared_ptr<semaphore> from) noexcept : from_(std::move(from)) {}
        permit(permit&& other) noexcept = default;
        permit& operator=(permit&& other) noexcept
        {
            std::swap(from_, other.from_);
            return *this;
        }
        ~permit()
        {
            if (from_) from_->release();
        }

    private:
        std::shared_ptr<semaphore> from_;
    };

    explicit semaphore(std::size_t permits) : free_(permits) {}

    /// Cancellation: total; the place in the queue is given up.
    [[nodiscard]] static asio::awaitable<permit> acquire(std::shared_ptr<semaphore> self);

private:
    struct waiter;

    void release();

    std::size_t free_;
    std::deque<waiter*> queue_;
};

} // namespace gemini::live::async
