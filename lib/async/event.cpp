// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"

#include "async/context_list.hpp"
#include "async/strand.hpp"

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/error.hpp>
#include <asio/execution_context.hpp>
#include <asio/use_awaitable.hpp>

#include <atomic>
#include <cassert>
#include <exception>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace gemini::live::async {

/// What an event and its waiting coroutine share, since either may go first.
class event::state : public std::enable_shared_from_this<state> {
public:
    state() = default;
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state()
    {
        if (link_.home) link_.home->remove(*this);
    }

    void finish(how way) noexcept;
    void abort() noexcept;

    [[nodiscard]] bool is_set() const noexcept { return waiting_ == set_mark(); }
    [[nodiscard]] static asio::awaitable<void> pass(std::shared_ptr<state> self);
    [[nodiscard]] static asio::awaitable<void> wait(std::shared_ptr<state> self);

private:
    friend class context_list<state>;
    friend class waiter;

    /// What stands in for a waiter when the event is set.
    static waiter* set_mark() noexcept;
    void settle_in(asio::execution_context& context);
    [[nodiscard]] bool consume() noexcept;
    [[nodiscard]] waiter* take_waiter() noexcept;
    void on_context_end() noexcept;

    std::atomic<waiter*> waiting_ = nullptr;

    // Only `wait` and the end of the context change this.
    asio::execution_context* context_ = nullptr;
    context_link<state> link_;
};

/// A waiting coroutine, with what is needed to wake it.
class event::waiter final : public prepared_call {
public:
    explicit waiter(state& owner) noexcept : prepared_call(&run), owner_(owner) {}
    ~waiter() { assert(!resume_ && "Asio has not kept the initiation of an awaited operation"); }

    using signature = void(std::exception_ptr);
    using handler = asio::async_result<asio::use_awaitable_t<>, signature>::handler_type;

    /// Must not throw, since Asio calls it while it suspends the coroutine.
    void start(handler resume) noexcept
    {
        auto slot = asio::get_associated_cancellation_slot(resume);
        resume_.emplace(std::move(resume));
        try {
            owner_.settle_in(asio::query(executor(), asio::execution::context));
            if (slot.is_connected()) slot.assign(canceler{this});
        } catch (const std::bad_alloc&) {
            failure_ = std::current_exception();
            return complete(how::by_post);
        }
        waiter* before = nullptr;
        if (owner_.waiting_.compare_exchange_strong(before, this)) return;
        assert(before == state::set_mark() && "two coroutines wait for one event");
        owner_.waiting_ = nullptr;
        complete(how::by_post);
    }

    /// Call when nobody else can complete it any more. It may be gone afterwards.
    void complete(how way) noexcept
    {
        const auto home = executor(); // which the coroutine could take with it
        const auto* const on_strand = target_of<strand>(home);
        if (way == how::at_once && on_strand && on_strand->running_in_this_thread())
            return run(*this, false);
        post(home);
    }

    void abort() noexcept
    {
        try {
            throw std::system_error(asio::error::make_error_code(asio::error::operation_aborted));
        } catch (...) { // perhaps there is no memory for it
            failure_ = std::current_exception();
        }
        complete(how::by_post);
    }

    /// Destroys the coroutine, and thereby this.
    void abandon() noexcept { run(*this, true); }

private:
    struct canceler {
        waiter* self;
        void operator()(asio::cancellation_type type) const
        {
            auto* expected = self;
            if (type != asio::cancellation_type::none &&
                self->owner_.waiting_.compare_exchange_strong(expected, nullptr))
                self->abort();
        }
    };

    [[nodiscard]] asio::any_io_executor executor() const noexcept
    {
        return asio::get_associated_executor(*resume_);
    }

    static void run(strand_task& task, bool is_dropped)
    {
        auto& self = static_cast<waiter&>(task);
        auto resume = std::move(*self.resume_);
        self.resume_.reset();
        if (!is_dropped) resume(std::move(self.failure_));
    }

    state& owner_;
    std::optional<handler> resume_{};
    std::exception_ptr failure_{};
};

/// What Asio calls to begin a wait. It keeps this in the frame of the wait, whose end it is.
class event::start_of_wait {
public:
    explicit start_of_wait(std::shared_ptr<state> owner) noexcept : owner_(std::move(owner)) {}
    start_of_wait(start_of_wait&& other) noexcept : owner_(std::move(other.owner_)) {}

    void operator()(waiter::handler resume) noexcept
    {
        waiter_.emplace(*owner_).start(std::move(resume));
    }

private:
    std::shared_ptr<state> owner_;
    std::optional<waiter> waiter_{}; // once it has begun
};

/// The waiting coroutine dies with its execution context and not after it.
void event::state::on_context_end() noexcept
{
    const auto keep = shared_from_this();
    context_ = nullptr;
    if (auto* const lost = take_waiter()) lost->abandon();
}

event::waiter* event::state::set_mark() noexcept
{
    static char mark = 0;
    return reinterpret_cast<waiter*>(&mark);
}

/// Makes sure that the waiting coroutine dies with its execution context.
void event::state::settle_in(asio::execution_context& context)
{
    if (context_ == &context) return;
    auto& now = asio::use_service<context_list<state>>(context);
    if (link_.home) link_.home->remove(*this);
    now.add(*this);
    context_ = &context;
}

/// Returns whether the event was set.
bool event::state::consume() noexcept
{
    auto* expected = set_mark();
    return waiting_.compare_exchange_strong(expected, nullptr);
}

event::waiter* event::state::take_waiter() noexcept
{
    auto* present = waiting_.load();
    while (present && present != set_mark())
        if (waiting_.compare_exchange_weak(present, nullptr)) return present;
    return nullptr;
}

void event::state::finish(how way) noexcept
{
    auto* present = waiting_.load();
    for (;;) {
        if (present == set_mark()) return;
        auto* const next = present ? nullptr : set_mark();
        if (waiting_.compare_exchange_weak(present, next)) break;
    }
    if (present) present->complete(way);
}

void event::state::abort() noexcept
{
    if (auto* const waiting = take_waiter()) waiting->abort();
}

asio::awaitable<void> event::state::pass(std::shared_ptr<state> self)
{
    if (!self->consume()) co_await wait(self); // another wait has passed before
}

/// No coroutine of ours: one frame less for each that waits.
asio::awaitable<void> event::state::wait(std::shared_ptr<state> self)
{
    return asio::async_initiate<const asio::use_awaitable_t<>, waiter::signature>(
        start_of_wait(std::move(self)), asio::use_awaitable);
}

event::event() : state_(std::make_shared<state>()) {}

event::~event() { state_->abort(); }

void event::set() noexcept { state_->finish(how::by_post); }

void event::set_and_run() { state_->finish(how::at_once); }

asio::awaitable<void> event::wait()
{
    return state_->is_set() ? state::pass(state_) : state::wait(state_);
}

} // namespace gemini::live::async
