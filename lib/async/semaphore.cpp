// SPDX-License-Identifier: Apache-2.0
#include "async/semaphore.hpp"

#include <algorithm>

namespace gemini::live::async {

/// A place in the queue.
struct semaphore::waiter {
    explicit waiter(semaphore& at) : queue(at.queue_) { queue.push_back(this); }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() { std::erase(queue, this); }

    std::deque<waiter*>& queue;
    permit granted; // held here, so that it passes to the next if its owner has given up meanwhile
    bool is_granted = false;
    event turn;
};

asio::awaitable<semaphore::permit> semaphore::acquire(std::shared_ptr<semaphore> self)
{
    if (self->free_ != 0) {
        --self->free_;
        co_return permit(self);
    }
    waiter mine(*self);
    while (!mine.is_granted) co_await mine.turn.wait();
    co_return std::move(mine.granted);
}

void semaphore::release()
{
    if (queue_.empty()) {
        ++free_;
        return;
    }
    waiter& first = *queue_.front();
    queue_.pop_front();
    first.granted = permit(shared_from_this());
    first.is_granted = true;
    first.turn.set();
}

} // namespace gemini::live::async
