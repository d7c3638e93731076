// SPDX-License-Identifier: Apache-2.0
#include "async/strand.hpp"

#include "async/context_list.hpp"
#include "async/post_in_place.hpp"

#include <atomic>
#include <mutex>
#include <optional>

namespace gemini::live::async {

/// What the copies of a strand share.
///
/// Whoever posts adds to a list and, if nobody runs on the strand, schedules a visit. Whoever has
/// run looks at the list once more after it has left. So one of the two sees the other.
class strand::queue {
public:
    explicit queue(const asio::any_io_executor& inner) : inner_(inner)
    {
        asio::use_service<context_list<queue>>(context()).add(*this);
    }
    queue(const queue&) = delete;
    queue& operator=(const queue&) = delete;

    void retain(bool is_tracked) noexcept
    {
        references_.fetch_add(1, std::memory_order_relaxed);
        if (is_tracked && tracked_.fetch_add(1) == 0) update_work();
    }

    void release(bool is_tracked) noexcept
    {
        if (is_tracked && tracked_.fetch_sub(1) == 1) update_work();
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    [[nodiscard]] asio::execution_context& context() const noexcept
    {
        return asio::query(inner_, asio::execution::context);
    }
    [[nodiscard]] const asio::any_io_executor& inner() const noexcept { return inner_; }

    void post(strand_task& task) noexcept
    {
        task.next_ = posted_.load(std::memory_order_relaxed);
        while (!posted_.compare_exchange_weak(task.next_, &task)) {
        }
        if (is_shut_) return drop_posted();
        if (!is_running_) schedule();
    }

    [[nodiscard]] bool try_enter() noexcept { return !is_running_.exchange(true); }

    void leave() noexcept
    {
        const bool has_more = ready_ != nullptr;
        is_running_ = false;
        if (has_more || posted_) schedule();
    }

    /// Call only while running on the strand.
    [[nodiscard]] strand_task* take() noexcept
    {
        if (!ready_) {
            auto* newest = posted_.exchange(nullptr);
            while (newest) ready_ = std::exchange(newest, std::exchange(newest->next_, ready_));
        }
        return ready_ ? std::exchange(ready_, ready_->next_) : nullptr;
    }

private:
    friend class context_list<queue>;

    ~queue()
    {
        if (link_.home) link_.home->remove(*this);
    }

    void on_context_end() noexcept
    {
        const strand keep(this, {});
        is_shut_ = true;
        drop_posted();
        work_.reset();
    }

    void schedule() noexcept
    {
        if (is_shut_ || is_scheduled_.exchange(true)) return;
        post_in_place(inner_, memory_, [visited = strand(this, {})] {
            visited.queue_->is_scheduled_ = false;
            if (const turn mine(*visited.queue_); mine) mine.run_posted();
        });
    }

    void drop_posted() noexcept
    {
        while (auto* const next = take()) next->run_(*next, true);
    }

    /// Holds work of the execution context while a copy is tracked.
    void update_work() noexcept
    {
        std::optional<asio::any_io_executor> done; // is destroyed without the lock
        const std::lock_guard lock(work_mutex_);
        if (is_shut_) return;
        if (tracked_ == 0)
            done = std::exchange(work_, std::nullopt);
        else if (!work_)
            work_ = asio::prefer(inner_, asio::execution::outstanding_work.tracked);
    }

    const asio::any_io_executor inner_;
    std::atomic<std::size_t> references_ = 0;
    std::atomic<bool> is_running_ = false;
    std::atomic<bool> is_scheduled_ = false;
    std::atomic<strand_task*> posted_ = nullptr; // the newest first
    strand_task* ready_ = nullptr;               // the oldest first; of whoever runs
    post_memory memory_;                         // of the scheduled visit

    std::atomic<std::size_t> tracked_ = 0;
    std::mutex work_mutex_;
    std::optional<asio::any_io_executor> work_;

    context_link<queue> link_;
    std::atomic<bool> is_shut_ = false; // the execution context has ended
};

/// Calls that wait until a turn has ended. Then the first may run; the others are posted, since
/// Asio makes one exception of those that several of them throw.
class strand::woken_calls {
public:
    explicit woken_calls(const asio::any_io_executor& of) : executor_(of) {}
    woken_calls(const woken_calls&) = delete;
    woken_calls& operator=(const woken_calls&) = delete;
    ~woken_calls()
    {
        while (auto* const next = take()) next->post_to(executor_);
    }

    [[nodiscard]] bool is_of(const asio::any_io_executor& executor) const noexcept
    {
        return executor == executor_;
    }
    void add(prepared_call& one) noexcept
    {
        one.next_ = nullptr;
        *end_ = &one;
        end_ = &one.next_;
    }
    void run_first()
    {
        if (auto* const first = take()) first->run_(*first, false);
    }

private:
    [[nodiscard]] prepared_call* take() noexcept
    {
        if (!first_) return nullptr;
        auto* const oldest = std::exchange(first_, first_->next_);
        if (!first_) end_ = &first_;
        return static_cast<prepared_call*>(oldest);
    }

    const asio::any_io_executor& executor_;
    strand_task* first_ = nullptr;
    strand_task** end_ = &first_;
};

thread_local constinit strand::turn* strand::turn::innermost = nullptr;

strand::strand(queue* of, traits traits) noexcept : queue_(of), traits_(traits)
{
    queue_->retain(traits_.is_tracked);
}

strand::strand(const strand& other) noexcept : strand(other.queue_, other.traits_) {}

strand::strand(strand&& other) noexcept
    : queue_(std::exchange(other.queue_, nullptr)), traits_(other.traits_)
{
}

strand::~strand()
{
    if (queue_) queue_->release(traits_.is_tracked);
}

bool strand::running_in_this_thread() const noexcept
{
    for (const auto* each = turn::innermost; each; each = each->outer_)
        if (each->queue_ == queue_) return true;
    return false;
}

const asio::any_io_executor& strand::inner() const noexcept { return queue_->inner(); }

void prepared_call::post(const asio::any_io_executor& executor) noexcept
{
    if (const auto* const on_strand = target_of<strand>(executor)) return on_strand->post(*this);
    if (auto* const woken = strand::turn::collects(executor)) return woken->add(*this);
    post_to(executor);
}

void prepared_call::post_to(const asio::any_io_executor& executor) noexcept
{
    struct visit {
        explicit visit(prepared_call& one) noexcept : call(&one) {}
        visit(visit&& other) noexcept : call(std::exchange(other.call, nullptr)) {}
        ~visit()
        {
            if (call) call->run_(*call, true);
        }
        void operator()()
        {
            auto* const one = std::exchange(call, nullptr);
            one->run_(*one, false);
        }

        prepared_call* call;
    };
    post_in_place(executor, memory_, visit(*this));
}

void strand_task::post(const strand& on) noexcept { on.post(*this); }

void strand::post(strand_task& task) const noexcept { queue_->post(task); }

void strand::complete(strand_task& task) const
{
    woken_calls woken(inner());
    {
        const turn mine(*this, woken);
        if (!mine) return post(task);
        task.run_(task, false);
        mine.run_posted();
    }
    woken.run_first();
}

asio::execution_context& strand::query(asio::execution::context_t) const noexcept
{
    return queue_->context();
}

strand::turn::turn(const strand& on) noexcept
{
    if (runs_in_this_thread(on.inner())) enter(*on.queue_);
}

strand::turn::turn(const strand& on, woken_calls& woken) noexcept : turn(on) { woken_ = &woken; }

strand::turn::turn(queue& of) noexcept { enter(of); }

strand::woken_calls* strand::turn::collects(const asio::any_io_executor& executor) noexcept
{
    auto* const woken = innermost ? innermost->woken_ : nullptr;
    return woken && woken->is_of(executor) ? woken : nullptr;
}

void strand::turn::enter(queue& of) noexcept
{
    if (!of.try_enter()) return;
    of.retain(false); // what runs may take the last strand with it
    queue_ = &of;
    outer_ = std::exchange(innermost, this);
}

strand::turn::~turn()
{
    if (!queue_) return;
    innermost = outer_;
    queue_->leave();
    queue_->release(false);
}

void strand::turn::run_posted() const
{
    constexpr int most = 32; // then others may use the thread
    for (int i = 0; i < most; ++i) {
        auto* const next = queue_->take();
        if (!next) return;
        next->run_(*next, false);
    }
}

strand make_strand(const asio::any_io_executor& inner) { return {new strand::queue(inner), {}}; }

} // namespace gemini::live::async
