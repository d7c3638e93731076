// SPDX-License-Identifier: Apache-2.0
#include "transport/turnstile.hpp"

#include <algorithm>

namespace gemini::live::transport {

/// A place in the queue.
struct turnstile::place {
    explicit place(turnstile& at) : queue(at.queue_) { queue.push_back(this); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() { std::erase(queue, this); }

    std::deque<place*>& queue;
    pass granted; // held here, so that it goes on to the next when its owner has given up meanwhile
    bool is_granted = false;
    wakeup turn;
};

asio::awaitable<turnstile::pass> turnstile::enter(std::shared_ptr<turnstile> self)
{
    if (self->places_ != 0) {
        --self->places_;
        co_return pass(self);
    }
    place mine(*self);
    while (!mine.is_granted) co_await mine.turn.wait();
    co_return std::move(mine.granted);
}

void turnstile::leave()
{
    if (queue_.empty()) {
        ++places_;
        return;
    }
    place& first = *queue_.front();
    queue_.pop_front();
    first.granted = pass(shared_from_this());
    first.is_granted = true;
    first.turn.set();
}

} // namespace gemini::live::transport
