// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/wakeup.hpp"

#include <asio/awaitable.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

namespace gemini::live::transport {

/// Lets so many in at a time, first come first served. All calls on one executor.
class turnstile : public std::enable_shared_from_this<turnstile> {
public:
    /// Who holds this is in.
    class pass {
    public:
        pass() = default;
        explicit pass(std::shared_ptr<turnstile> from) noexcept : from_(std::move(from)) {}
        pass(pass&& other) noexcept = default;
        pass& operator=(pass&& other) noexcept
        {
            std::swap(from_, other.from_);
            return *this;
        }
        ~pass()
        {
            if (from_) from_->leave();
        }

    private:
        std::shared_ptr<turnstile> from_;
    };

    explicit turnstile(std::size_t places) noexcept : places_(places) {}

    /// Cancellation: total; the place in the queue is given up.
    [[nodiscard]] static asio::awaitable<pass> enter(std::shared_ptr<turnstile> self);

private:
    struct place;

    void leave();

    std::size_t places_;
    std::deque<place*> queue_;
};

} // namespace gemini::live::transport
