// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/post_memory.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/execution.hpp>
#include <asio/execution_context.hpp>
#include <asio/recycling_allocator.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <thread>
#include <typeinfo>
#include <utility>

namespace gemini::live::async {

/// Returns an executor in its own type, or null if it is of another.
template <class Executor>
[[nodiscard]] const Executor* target_of(const asio::any_io_executor& executor) noexcept
{
    // Asio 1.22's target() does not check the type
    return executor.target_type() == typeid(Executor) ? executor.target<Executor>() : nullptr;
}

class strand;

/// Something that a strand runs once, in memory of its owner. It must live until then.
class strand_task {
public:
    strand_task(const strand_task&) = delete;
    strand_task& operator=(const strand_task&) = delete;

protected:
    /// What the strand is to call: `is_dropped` when the execution context has ended, in which case
    /// the task is only to release what it holds. May destroy the task.
    using function = void (*)(strand_task&, bool is_dropped);

    explicit strand_task(function run) noexcept : run_(run) {}
    ~strand_task() = default;

    void post(const strand& on) noexcept;

private:
    friend class prepared_call;
    friend class strand;
    strand_task* next_ = nullptr;
    function run_;
};

/// A task that can be posted to any executor.
class prepared_call : public strand_task {
public:
    /// Posts the call; once at a time. Allocates nothing on a `strand`, an `asio::io_context` and
    /// an `asio::thread_pool`.
    void post(const asio::any_io_executor& executor) noexcept;

protected:
    using strand_task::strand_task;
    ~prepared_call() = default;

private:
    friend class strand;
    void post_to(const asio::any_io_executor& executor) noexcept;

    post_memory memory_;
};

/// A call of a member function, whose owner lives at least until then.
template <class Owner, class Task = prepared_call>
class member_call final : public Task {
public:
    explicit member_call(void (Owner::*what)()) noexcept : Task(&run), what_(what) {}

    /// Once at a time.
    template <class Executor>
    void post(const Executor& executor, std::shared_ptr<Owner> owner) noexcept
    {
        owner_ = std::move(owner);
        Task::post(executor);
    }
    /// Like `strand::complete`. Once at a time, also with `post`.
    template <class Strand>
    void complete(const Strand& on, std::shared_ptr<Owner> owner)
    {
        owner_ = std::move(owner);
        on.complete(*this);
    }

private:
    static void run(strand_task& task, bool is_dropped)
    {
        auto& self = static_cast<member_call&>(task);
        const auto owner = std::move(self.owner_);
        if (!is_dropped) (owner.get()->*self.what_)();
    }

    void (Owner::*what_)();
    std::shared_ptr<Owner> owner_{};
};

/// A call for which only a strand will do, and half as large.
template <class Owner>
using strand_call = member_call<Owner, strand_task>;

/// An executor that runs one function at a time, like `asio::strand`. What differs: an operation
/// that completes while nobody runs on the strand runs at once, not by another post; a
/// `strand_task` is posted without allocating, so that a wake-up cannot fail; no lock is shared
/// with other strands. Threads: any.
class strand {
public:
    strand(const strand& other) noexcept;
    strand(strand&& other) noexcept;
    strand& operator=(strand other) noexcept
    {
        std::swap(queue_, other.queue_);
        std::swap(traits_, other.traits_);
        return *this;
    }
    ~strand();

    [[nodiscard]] bool running_in_this_thread() const noexcept;
    /// The executor that it was made for.
    [[nodiscard]] const asio::any_io_executor& inner() const noexcept;

    /// Runs the task on the strand, not within this call.
    void post(strand_task& task) const noexcept;

    /// Runs the task on the strand: within this call if nobody else is running there. The first
    /// coroutine on `inner()` that the task has woken then resumes within this call too, after the
    /// strand has been left: no other trip through the execution context. Call it last in an
    /// operation's completion handler that runs on `inner()`. Throws what this coroutine throws.
    void complete(strand_task& task) const;

    /// Runs the function on the strand: within this call if that is allowed and nobody else is
    /// running on the strand. Throws std::bad_alloc if it may not run within this call.
    template <class Function>
    void execute(Function function) const
    {
        if (traits_.may_block) {
            if (running_in_this_thread()) return function();
            if (const turn mine(*this); mine) {
                function();
                return mine.run_posted();
            }
        }
        for (;;) {
            try {
                auto task = std::make_unique<function_task<Function>>(std::move(function));
                return post(*task.release());
            } catch (const std::bad_alloc&) {
                if (!traits_.may_block) throw;
            }
            // An operation has completed, and Asio could not handle an exception.
            if (const turn mine(*this); mine) return function();
            std::this_thread::yield();
        }
    }

    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept;
    [[nodiscard]] asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept
    {
        if (traits_.may_block) return asio::execution::blocking.possibly;
        return asio::execution::blocking.never;
    }
    [[nodiscard]] asio::execution::outstanding_work_t query(
        asio::execution::outstanding_work_t) const noexcept
    {
        if (traits_.is_tracked) return asio::execution::outstanding_work.tracked;
        return asio::execution::outstanding_work.untracked;
    }
    [[nodiscard]] strand require(asio::execution::blocking_t::never_t) const noexcept
    {
        return {queue_, {false, traits_.is_tracked}};
    }
    [[nodiscard]] strand require(asio::execution::blocking_t::possibly_t) const noexcept
    {
        return {queue_, {true, traits_.is_tracked}};
    }
    [[nodiscard]] strand require(asio::execution::outstanding_work_t::tracked_t) const noexcept
    {
        return {queue_, {traits_.may_block, true}};
    }
    [[nodiscard]] strand require(asio::execution::outstanding_work_t::untracked_t) const noexcept
    {
        return {queue_, {traits_.may_block, false}};
    }
    friend bool operator==(const strand& left, const strand& right) noexcept
    {
        return left.queue_ == right.queue_;
    }

private:
    friend class prepared_call;
    friend strand make_strand(const asio::any_io_executor& inner);
    class queue;
    struct traits {
        bool may_block = true;   ///< Functions may run within `execute`.
        bool is_tracked = false; ///< Keeps the execution context running.
    };

    class woken_calls;

    /// The right to run on the strand, from a thread of its execution context, if nobody else has
    /// it.
    class turn {
    public:
        explicit turn(const strand& on) noexcept;
        /// Calls posted to the inner executor meanwhile are added to `woken` instead.
        turn(const strand& on, woken_calls& woken) noexcept;
        explicit turn(queue& of) noexcept;
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn();
        explicit operator bool() const noexcept { return queue_ != nullptr; }
        /// Runs what has been posted, or the first part of it.
        void run_posted() const;
        /// What collects calls to this executor on this thread, or null.
        [[nodiscard]] static woken_calls* collects(const asio::any_io_executor& executor) noexcept;

    private:
        friend class strand;
        void enter(queue& of) noexcept;

        static thread_local turn* innermost;

        queue* queue_ = nullptr;
        turn* outer_ = nullptr; // the turn, of another strand, in which this one was taken
        woken_calls* woken_ = nullptr;
    };

    template <class Function>
    class function_task final : public strand_task {
    public:
        explicit function_task(Function function)
            : strand_task(&run), function_(std::move(function))
        {
        }

        // Like the memory of Asio's own functions, it is kept for the thread's next ones.
        static void* operator new(std::size_t size)
        {
            return asio::recycling_allocator<std::byte>().allocate(size);
        }
        static void operator delete(void* memory, std::size_t size)
        {
            asio::recycling_allocator<std::byte>().deallocate(
                static_cast<std::byte*>(memory), size);
        }

    private:
        static void run(strand_task& task, bool is_dropped)
        {
            std::unique_ptr<function_task> self(static_cast<function_task*>(&task));
            auto function = std::move(self->function_);
            self.reset();
            if (!is_dropped) function();
        }

        Function function_;
    };

    strand(queue* of, traits traits) noexcept;

    queue* queue_; // shared by all copies, by a count of its own: strands fit into any_io_executor
    traits traits_;
};

/// Returns a new strand on an executor. (A constructor for this would make Asio ask whether a
/// strand is an executor in order to find out whether it is one.)
[[nodiscard]] strand make_strand(const asio::any_io_executor& inner);

} // namespace gemini::live::async
