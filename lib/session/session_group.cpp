// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/session_group.hpp>

#include "async/alarm.hpp"
#include "async/event.hpp"
#include "async/semaphore.hpp"
#include "async/spawn.hpp"
#include "base/access.hpp"
#include "engine/restart_backoff.hpp"
#include "session/client_core.hpp"
#include "session/option_rules.hpp"
#include "session/session_core.hpp"

#include <gemini/live/error.hpp>

#include <asio/cancellation_signal.hpp>
#include <asio/strand.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

namespace gemini::live {
namespace {

using std::chrono::milliseconds;

bool is_error_of(std::exception_ptr failure, const std::function<bool(const error&)>& kind)
{
    try {
        std::rethrow_exception(std::move(failure));
    } catch (const error& thrown) {
        return kind(thrown);
    } catch (...) {
        return false;
    }
}

bool was_closed(const error& failure) { return failure.condition() == condition::closed; }

/// Whether the same setup and credentials would fail again.
bool is_hopeless(const error& failure)
{
    switch (failure.condition()) {
    case condition::credentials:
    case condition::invalid_request:
    case condition::configuration:
    case condition::misuse: return true;
    default: return false;
    }
}

/// A session from its creation to its end; a restart creates another.
struct tenure {
    tenure(const client& client, setup setup, std::string name)
        : session(client, std::move(setup), std::move(name))
    {
    }

    live::session session;
    asio::cancellation_signal beginning; ///< For what precedes the handler.
    asio::cancellation_signal handling;  ///< For the handler; on its strand only.
    bool is_open = false;                ///< The handler is running.
};

struct child {
    std::string name;
    live::setup setup;
    session_handler handler;
    bool resume;
    engine::restart_backoff supervisor;
    std::shared_ptr<tenure> present; ///< Guarded by the group's lock, like its `is_open`.
    /// Where the handler runs. It lives in the coroutine, which dies with its execution context.
    const asio::any_io_executor* strand = nullptr;
    bool stopping = false;
    bool gone = false;
};

using child_ptr = std::shared_ptr<child>;

} // namespace

const char* to_string(group_event::kind value) noexcept
{
    switch (value) {
    case group_event::kind::started: return "started";
    case group_event::kind::restarted: return "restarted";
    case group_event::kind::failed: return "failed";
    case group_event::kind::ended: return "ended";
    }
    return "unknown";
}

/// Each child has a coroutine on the client's executor, `supervise`, that runs it from start to
/// end. Only handlers run elsewhere. What calls from other threads see is guarded by the lock.
class session_group::impl : public std::enable_shared_from_this<impl> {
public:
    using self_ptr = std::shared_ptr<impl>;

    impl(asio::any_io_executor executor, const client& client, session_group_options options)
        : executor_(std::move(executor)), client_(client), options_(std::move(options)),
          connecting_(std::make_shared<async::semaphore>(
              options_.connecting.value_or(std::numeric_limits<std::size_t>::max())))
    {
        check(options_);
    }

    void start(std::string name, live::setup setup, session_handler handler,
        const std::optional<restart_policy>& given)
    {
        const auto& policy = given ? *given : options_.restart;
        check(policy);
        auto first = std::make_shared<tenure>(client_, setup, policy.resume ? name : "");
        auto added = std::make_shared<child>(child{std::move(name), std::move(setup),
            std::move(handler), policy.resume, {policy, core().random}, std::move(first)});
        {
            const std::lock_guard lock(mutex_);
            check_room(added->name);
            children_.emplace(added->name, added);
        }
        async::spawn(home(), supervise(shared_from_this(), std::move(added)));
    }

    std::shared_ptr<live::session> find(std::string_view name) const
    {
        const std::lock_guard lock(mutex_);
        const auto found = children_.find(name);
        if (found == children_.end() || !found->second->present->is_open) return nullptr;
        const auto& present = found->second->present;
        return {present, &present->session};
    }

    std::vector<std::string> names() const
    {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> names;
        for (const auto& [name, each] : children_) names.push_back(name);
        return names;
    }

    std::size_t size() const
    {
        const std::lock_guard lock(mutex_);
        return children_.size();
    }

    static asio::awaitable<bool> stop(self_ptr self, std::string name, milliseconds deadline)
    {
        std::vector<child_ptr> one;
        {
            const std::lock_guard lock(self->mutex_);
            const auto found = self->children_.find(name);
            if (found != self->children_.end()) one.push_back(found->second);
        }
        if (one.empty()) co_return false;
        co_await end_and_wait(self, std::move(one), deadline);
        co_return true;
    }

    static asio::awaitable<std::size_t> shutdown(self_ptr self, milliseconds deadline)
    {
        auto all = self->close();
        co_return co_await end_and_wait(self, std::move(all), deadline);
    }

    /// Call when the owner has gone.
    void abandon()
    {
        is_watched_ = false;
        auto all = close();
        if (all.empty() || !core().context_is_alive()) return;
        async::post(home(), [self = shared_from_this(), all = std::move(all)] {
            for (const auto& each : all) self->drop(*each);
        });
    }

private:
    /// Waits for children to end.
    struct waiter {
        explicit waiter(impl& group_) : group(group_) { group.waiters_.push_back(this); }
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;
        ~waiter() { std::erase(group.waiters_, this); }

        impl& group;
        async::event changed;
    };

    /// The result of `end`.
    struct ending {
        async::event done;
        std::atomic<bool> is_done = false;
        std::size_t dropped = 0;
    };

    [[nodiscard]] const client_core& core() const noexcept { return *access::core(client_); }
    [[nodiscard]] asio::any_io_executor home() const { return core().connector->executor(); }

    /// Call with the lock held.
    void check_room(const std::string& name) const
    {
        if (closed_) throw error(errc::closed, "The group of sessions has been shut down.");
        if (children_.contains(name)) {
            throw error(errc::misuse,
                fmt::format("The group has a session \"{}\" already: stop it first, or take "
                            "another name.",
                    name));
        }
        if (options_.max_sessions && children_.size() >= *options_.max_sessions) {
            throw error(
                errc::quota_exceeded, fmt::format("The group has {} sessions, as many as "
                                                  "session_group_options::max_sessions allows.",
                                          children_.size()));
        }
    }

    /// Admits no more children; returns the present ones.
    std::vector<child_ptr> close()
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        std::vector<child_ptr> all;
        for (const auto& [name, each] : children_) all.push_back(each);
        return all;
    }

    // On the client's executor --------------------------------------------------------------

    static asio::awaitable<void> supervise(self_ptr self, child_ptr child)
    {
        const asio::any_io_executor strand = asio::make_strand(self->executor_);
        child->strand = &strand;
        std::exception_ptr failure;
        std::optional<milliseconds> delay{0};
        while (delay && !child->stopping) {
            failure = nullptr;
            const auto present = child->present;
            try {
                co_await live_once(self, child, present, *delay);
            } catch (...) {
                failure = std::current_exception();
            }
            const bool had_failed =
                present->session.status() == session_status::failed || !present->is_open;
            {
                const std::lock_guard lock(self->mutex_);
                present->is_open = false;
            }
            co_await present->session.close();
            if (child->stopping || (failure && is_error_of(failure, was_closed))) failure = nullptr;
            delay = self->judge(*child, failure, had_failed);
            if (delay) self->renew(*child);
        }
        child->strand = nullptr;
        self->remove(child, failure);
    }

    static asio::awaitable<void> live_once(
        self_ptr self, child_ptr child, std::shared_ptr<tenure> present, milliseconds delay)
    {
        co_await async::run_on(
            self->home(), begin(self, present, delay), present->beginning.slot());
        if (child->stopping) co_return; // stopped while the completion was on its way here
        self->open(*child);
        co_await async::run_on(*child->strand, handle(child, present), present->handling.slot());
    }

    static asio::awaitable<void> begin(
        self_ptr self, std::shared_ptr<tenure> present, milliseconds delay)
    {
        const auto& clock = *self->core().clock;
        if (delay.count() != 0) co_await self->core().clock->sleep_until(clock.now() + delay);
        const auto pass = co_await async::semaphore::acquire(self->connecting_);
        co_await present->session.connect();
    }

    /// Runs on the child's strand.
    static asio::awaitable<void> handle(child_ptr child, std::shared_ptr<tenure> present)
    {
        auto handling = child->handler(present->session);
        co_await std::move(handling);
    }

    void open(child& one)
    {
        {
            const std::lock_guard lock(mutex_);
            one.present->is_open = true;
        }
        const bool is_first = one.supervisor.restarts() == 0;
        tell({is_first ? group_event::kind::started : group_event::kind::restarted, one.name,
            one.supervisor.restarts()});
    }

    /// Returns the wait before a restart; nullopt when there is to be none.
    std::optional<milliseconds> judge(
        child& one, const std::exception_ptr& failure, bool session_failed)
    {
        if (one.stopping) return std::nullopt;
        auto how = failure ? engine::outcome::failed : engine::outcome::returned;
        if (failure && session_failed && is_error_of(failure, is_hopeless))
            how = engine::outcome::hopeless;
        const auto restarts = one.supervisor.restarts();
        const auto delay = one.supervisor.after(how, core().clock->now());
        if (failure) tell({group_event::kind::failed, one.name, restarts, failure, delay});
        return delay;
    }

    void renew(child& one)
    {
        auto setup = one.setup;
        // Even an empty handle is set: the server may have refused the one of the setup.
        if (auto& resumption = setup.session_resumption)
            resumption->handle =
                one.resume ? one.present->session.resumption_handle() : std::string();
        auto next = std::make_shared<tenure>(client_, std::move(setup), one.resume ? one.name : "");
        const std::lock_guard lock(mutex_);
        one.present = std::move(next);
    }

    void remove(const child_ptr& one, const std::exception_ptr& failure)
    {
        one->gone = true;
        {
            const std::lock_guard lock(mutex_);
            children_.erase(one->name);
        }
        tell({group_event::kind::ended, one->name, one->supervisor.restarts(), failure});
        for (auto* each : waiters_) each->changed.set();
    }

    void tell(const group_event& event) const
    {
        if (options_.on_event && is_watched_) options_.on_event(event);
    }

    /// Completes on the executor it was called on. The work is done on the client's executor, even
    /// when the wait is canceled.
    static asio::awaitable<std::size_t> end_and_wait(
        self_ptr self, std::vector<child_ptr> which, milliseconds deadline)
    {
        const auto result = std::make_shared<ending>();
        async::spawn(self->home(), end(self, std::move(which), deadline, result));
        while (!result->is_done) co_await result->done.wait();
        co_return result->dropped;
    }

    static asio::awaitable<void> end(self_ptr self, std::vector<child_ptr> which,
        milliseconds deadline, std::shared_ptr<ending> result)
    {
        waiter waiting(*self);
        bool late = false;
        const async::alarm limit(
            self->home(), self->core().clock, self->core().clock->now() + deadline, [&] {
                late = true;
                waiting.changed.set();
            });
        for (const auto& each : which) self->wind_down(*each);
        const auto is_gone = [](const child_ptr& each) { return each->gone; };
        while (!late && !std::all_of(which.begin(), which.end(), is_gone))
            co_await waiting.changed.wait();
        for (const auto& each : which) {
            if (each->gone) continue;
            self->drop(*each);
            ++result->dropped;
        }
        result->is_done = true;
        result->done.set();
    }

    void wind_down(child& one)
    {
        if (std::exchange(one.stopping, true)) return;
        if (one.present->is_open)
            async::spawn(home(), say_goodbye(one.present));
        else
            one.present->beginning.emit(asio::cancellation_type::terminal);
    }

    static asio::awaitable<void> say_goodbye(std::shared_ptr<tenure> present)
    {
        try {
            co_await present->session.drain();
        } catch (const error&) { // it has failed or was dropped
        }
        co_await present->session.close();
    }

    void drop(child& one)
    {
        one.stopping = true;
        access::core(one.present->session)->abandon();
        one.present->beginning.emit(asio::cancellation_type::terminal);
        if (!one.strand) return;
        async::post(*one.strand,
            [present = one.present] { present->handling.emit(asio::cancellation_type::terminal); });
    }

    const asio::any_io_executor executor_;
    const client client_;
    const session_group_options options_;
    const std::shared_ptr<async::semaphore> connecting_;
    std::atomic<bool> is_watched_ = true;
    std::vector<waiter*> waiters_;

    mutable std::mutex mutex_; // guards what follows
    std::map<std::string, child_ptr, std::less<>> children_;
    bool closed_ = false;
};

session_group::session_group(
    asio::any_io_executor executor, const client& client, session_group_options options)
    : impl_(std::make_shared<impl>(std::move(executor), client, std::move(options)))
{
}

session_group::session_group(session_group&&) noexcept = default;

session_group& session_group::operator=(session_group&& other) noexcept
{
    if (impl_ && impl_ != other.impl_) impl_->abandon();
    impl_ = std::move(other.impl_);
    return *this;
}

session_group::~session_group()
{
    if (impl_) impl_->abandon();
}

void session_group::start(std::string name, live::setup setup, session_handler handler,
    std::optional<restart_policy> restart)
{
    impl_->start(std::move(name), std::move(setup), std::move(handler), restart);
}

std::shared_ptr<session> session_group::find(std::string_view name) const
{
    return impl_->find(name);
}

std::vector<std::string> session_group::names() const { return impl_->names(); }

std::size_t session_group::size() const { return impl_->size(); }

asio::awaitable<bool> session_group::stop(std::string name, std::chrono::milliseconds deadline)
{
    return impl::stop(impl_, std::move(name), deadline);
}

asio::awaitable<std::size_t> session_group::shutdown(std::chrono::milliseconds deadline)
{
    return impl::shutdown(impl_, deadline);
}

} // namespace gemini::live
