// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/error.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

#include <cassert>
#include <mutex>
#include <typeinfo>
#include <utility>

namespace gemini::live::async {

/// A waiting coroutine, whatever its handler's type.
class event::waiter {
public:
    waiter(std::weak_ptr<state> owner, registry& all);
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    virtual ~waiter();
    virtual void complete(asio::error_code result, how way) = 0;

private:
    friend class registry;
    std::weak_ptr<state> owner_;
    registry& all_;
    waiter* previous_ = nullptr;
    waiter* next_ = nullptr;
};

/// The waiters of an execution context, so that waiting coroutines die with it and not after it.
class event::registry : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id; // NOLINT(readability-identifier-naming)

    explicit registry(asio::execution_context& context) : service(context) {}

    void shutdown() override;

    void add(waiter& one)
    {
        const std::lock_guard lock(mutex_);
        one.next_ = first_;
        if (first_) first_->previous_ = &one;
        first_ = &one;
    }

    void remove(waiter& one)
    {
        const std::lock_guard lock(mutex_);
        (one.previous_ ? one.previous_->next_ : first_) = one.next_;
        if (one.next_) one.next_->previous_ = one.previous_;
    }

private:
    waiter* first()
    {
        const std::lock_guard lock(mutex_);
        return first_;
    }

    std::mutex mutex_;
    waiter* first_ = nullptr;
};

event::waiter::waiter(std::weak_ptr<state> owner, registry& all)
    : owner_(std::move(owner)), all_(all)
{
    all_.add(*this);
}

event::waiter::~waiter() { all_.remove(*this); }

/// Counts as no work of its own: `asio::co_spawn` reports work as long as the coroutine lives.
template <class Handler>
class event::waiter_of : public waiter {
public:
    waiter_of(std::weak_ptr<state> owner, registry& all, Handler handler)
        : waiter(std::move(owner), all), handler_(std::move(handler))
    {
    }

    void complete(asio::error_code result, how way) override
    {
        const auto executor = asio::get_associated_executor(handler_);
        auto finish = [handler = std::move(handler_), result]() mutable {
            auto slot = asio::get_associated_cancellation_slot(handler);
            if (slot.is_connected()) slot.clear();
            handler(result);
        };
        // Asio 1.22's target() does not check the type
        const auto* strand = executor.target_type() == typeid(asio::strand<asio::any_io_executor>)
                                 ? executor.template target<asio::strand<asio::any_io_executor>>()
                                 : nullptr;
        if (way == how::at_once && strand && strand->running_in_this_thread())
            finish();
        else
            asio::post(executor, std::move(finish));
    }

private:
    Handler handler_;
};

struct event::state {
    std::mutex mutex;
    bool is_set = false;
    std::unique_ptr<waiter> waiting;

    void finish(asio::error_code result, how way = how::by_post)
    {
        std::unique_ptr<waiter> woken;
        {
            const std::lock_guard lock(mutex);
            woken = std::move(waiting);
            if (!woken && !result) is_set = true;
        }
        if (woken) woken->complete(result, way);
    }

    void abandon()
    {
        std::unique_ptr<waiter> lost;
        const std::lock_guard lock(mutex);
        lost = std::move(waiting);
    }

    template <class Handler>
    static void start(const std::shared_ptr<state>& self, Handler handler)
    {
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto& context =
            asio::query(asio::get_associated_executor(handler), asio::execution::context);
        auto mine = std::make_unique<waiter_of<Handler>>(
            self, asio::use_service<registry>(context), std::move(handler));
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr(self)](asio::cancellation_type type) {
                const auto state = weak.lock();
                if (state && type != asio::cancellation_type::none)
                    state->finish(asio::error::operation_aborted);
            });
        }
        {
            const std::lock_guard lock(self->mutex);
            assert(!self->waiting && "two coroutines wait for one event");
            if (!std::exchange(self->is_set, false)) self->waiting = std::move(mine);
        }
        if (mine) mine->complete({}, how::by_post);
    }
};

void event::registry::shutdown()
{
    while (auto* each = first()) each->owner_.lock()->abandon();
}

event::event() : state_(std::make_shared<state>()) {}

event::~event() { state_->finish(asio::error::operation_aborted); }

void event::set() { state_->finish({}); }

void event::set_and_run() { state_->finish({}, how::at_once); }

asio::awaitable<void> event::wait()
{
    return asio::async_initiate<const asio::use_awaitable_t<>, void(asio::error_code)>(
        [state = state_](auto handler) { state::start(state, std::move(handler)); },
        asio::use_awaitable);
}

} // namespace gemini::live::async
