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

    static asio::awaitable<void> wait(std::shared_ptr<state> self);

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

/// A waiting coroutine. It lives in the coroutine's own frame, and so does what is needed to wake
/// it.
class event::waiter final : public prepared_call {
public:
    explicit waiter(state& owner) noexcept : prepared_call(&run), owner_(owner) {}

    using handler = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

    /// Must not throw, since Asio calls it while it suspends the coroutine.
    void start(handler resume) noexcept
    {
        auto slot = asio::get_associated_cancellation_slot(resume);
        resume_.emplace(std::move(resume));
        try {
            owner_.settle_in(asio::query(executor(), asio::execution::context));
            if (slot.is_connected()) slot.assign(canceler{this});
        } catch (const std::bad_alloc&) {
            is_out_of_memory_ = true;
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
        is_aborted_ = true;
        complete(how::by_post);
    }

    /// Destroys the coroutine, and thereby this.
    void abandon() noexcept { run(*this, true); }

    void check() const
    {
        if (is_out_of_memory_) throw std::bad_alloc();
        if (is_aborted_)
            throw std::system_error(asio::error::make_error_code(asio::error::operation_aborted));
    }

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
        if (!is_dropped) resume();
    }

    state& owner_; // the coroutine holds it
    std::optional<handler> resume_{};
    bool is_aborted_ = false;
    bool is_out_of_memory_ = false;
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

asio::awaitable<void> event::state::wait(std::shared_ptr<state> self)
{
    if (self->consume()) co_return;
    waiter mine(*self);
    const auto start = [at = &mine](waiter::handler resume) { at->start(std::move(resume)); };
    auto woken =
        asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_await std::move(woken);
    mine.check();
}

event::event() : state_(std::make_shared<state>()) {}

event::~event() { state_->abort(); }

void event::set() noexcept { state_->finish(how::by_post); }

void event::set_and_run() { state_->finish(how::at_once); }

asio::awaitable<void> event::wait() { return state::wait(state_); }

} // namespace gemini::live::async
