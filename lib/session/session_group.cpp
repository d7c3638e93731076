// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/session_group.hpp>

#include "async/alarm.hpp"
#include "async/event.hpp"
#include "async/semaphore.hpp"
#include "async/spawn.hpp"
#include "session/client_core.hpp"
#include "session/option_rules.hpp"
#include "session/supervised_session.hpp"

#include <gemini/live/error.hpp>

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

using child_ptr = std::shared_ptr<supervised_session>;

std::shared_ptr<group_context> make_context(
    asio::any_io_executor executor, const client& client, session_group_options options)
{
    check(options);
    auto connecting = std::make_shared<async::semaphore>(
        options.connecting.value_or(std::numeric_limits<std::size_t>::max()));
    return std::make_shared<group_context>(
        std::move(executor), client, std::move(options), std::move(connecting));
}

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

const char* to_string(group_event::ending value) noexcept
{
    switch (value) {
    case group_event::ending::returned: return "returned";
    case group_event::ending::failed: return "failed";
    case group_event::ending::stopped: return "stopped";
    case group_event::ending::idle_limit: return "idle_limit";
    case group_event::ending::time_limit: return "time_limit";
    case group_event::ending::turn_limit: return "turn_limit";
    }
    return "unknown";
}

/// Each child has a coroutine on the client's executor that supervises it from start to end. What
/// calls from other threads see is guarded by the lock.
class session_group::impl : public std::enable_shared_from_this<impl> {
public:
    using self_ptr = std::shared_ptr<impl>;

    impl(asio::any_io_executor executor, const client& client, session_group_options options)
        : context_(make_context(std::move(executor), client, std::move(options)))
    {
    }

    void start(std::string name, live::setup setup, session_handler handler,
        const std::optional<restart_policy>& restart, const std::optional<session_limits>& limits)
    {
        const auto& policy = restart ? *restart : context_->options.restart;
        const auto& ends_at = limits ? *limits : context_->options.limits;
        check(policy);
        check(ends_at);
        auto added = std::make_shared<supervised_session>(
            context_, std::move(name), std::move(setup), std::move(handler), policy, ends_at);
        {
            const std::lock_guard lock(mutex_);
            check_room(added->name());
            children_.emplace(added->name(), added);
        }
        async::spawn(context_->home(), supervise(shared_from_this(), std::move(added)));
    }

    std::shared_ptr<live::session> find(std::string_view name) const
    {
        const std::lock_guard lock(mutex_);
        const auto found = children_.find(name);
        return found == children_.end() ? nullptr : found->second->find_open();
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

    session_counters counters() const
    {
        const std::lock_guard lock(mutex_);
        auto sum = of_the_ended_;
        for (const auto& [name, each] : children_) sum += each->counters();
        return sum;
    }

    static asio::awaitable<void> wait(self_ptr self)
    {
        waiter waiting(*self);
        while (self->size() != 0) co_await waiting.changed.wait();
    }

    static asio::awaitable<bool> stop(
        self_ptr self, std::string name, milliseconds deadline, stop_mode mode)
    {
        std::vector<child_ptr> one;
        {
            const std::lock_guard lock(self->mutex_);
            const auto found = self->children_.find(name);
            if (found != self->children_.end()) one.push_back(found->second);
        }
        if (one.empty()) co_return false;
        co_await end_and_wait(self, std::move(one), deadline, mode);
        co_return true;
    }

    static asio::awaitable<std::size_t> shutdown(
        self_ptr self, milliseconds deadline, stop_mode mode)
    {
        auto all = self->close();
        co_return co_await end_and_wait(self, std::move(all), deadline, mode);
    }

    /// Call when the owner has gone.
    void abandon()
    {
        context_->is_watched = false;
        auto all = close();
        if (all.empty() || !context_->core().context_is_alive()) return;
        async::post(context_->home(), [all = std::move(all)] {
            for (const auto& each : all) each->drop();
        });
    }

private:
    /// Waits for children to end.
    struct waiter {
        explicit waiter(impl& group_) : group(group_)
        {
            const std::lock_guard lock(group.mutex_);
            group.waiters_.push_back(this);
        }
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;
        ~waiter()
        {
            const std::lock_guard lock(group.mutex_);
            std::erase(group.waiters_, this);
        }

        impl& group;
        async::event changed;
    };

    /// The result of `end`.
    struct ending {
        async::event done;
        std::atomic<bool> is_done = false;
        std::size_t dropped = 0;
    };

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
        const auto most = context_->options.max_sessions;
        if (most && children_.size() >= *most) {
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
        const auto failure = co_await supervised_session::run(child);
        {
            const std::lock_guard lock(self->mutex_);
            self->of_the_ended_ += without_memory(child->counters());
            self->children_.erase(child->name());
        }
        self->context_->report({group_event::kind::ended, child->name(), child->restarts(), failure,
            std::nullopt, child->ending(failure)});
        const std::lock_guard lock(self->mutex_);
        for (auto* each : self->waiters_) each->changed.set();
    }

    /// Completes on the executor it was called on. The work is done on the client's executor, even
    /// when the wait is canceled.
    static asio::awaitable<std::size_t> end_and_wait(
        self_ptr self, std::vector<child_ptr> which, milliseconds deadline, stop_mode mode)
    {
        const auto result = std::make_shared<ending>();
        async::spawn(self->context_->home(), end(self, std::move(which), deadline, mode, result));
        while (!result->is_done) co_await result->done.wait();
        co_return result->dropped;
    }

    static asio::awaitable<void> end(self_ptr self, std::vector<child_ptr> which,
        milliseconds deadline, stop_mode mode, std::shared_ptr<ending> result)
    {
        waiter waiting(*self);
        bool late = false;
        const auto& clock = self->context_->core().clock;
        const async::alarm limit(self->context_->home(), clock, clock->now() + deadline, [&] {
            late = true;
            waiting.changed.set();
        });
        for (const auto& each : which) each->stop(mode);
        const auto is_over = [](const child_ptr& each) { return each->has_ended(); };
        while (!late && !std::all_of(which.begin(), which.end(), is_over))
            co_await waiting.changed.wait();
        for (const auto& each : which) {
            if (each->has_ended()) continue;
            each->drop();
            ++result->dropped;
        }
        result->is_done = true;
        result->done.set();
    }

    const std::shared_ptr<group_context> context_; // shared with the children

    mutable std::mutex mutex_; // guards what follows
    std::vector<waiter*> waiters_;
    session_counters of_the_ended_;
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
    std::optional<restart_policy> restart, std::optional<session_limits> limits)
{
    impl_->start(std::move(name), std::move(setup), std::move(handler), restart, limits);
}

std::shared_ptr<session> session_group::find(std::string_view name) const
{
    return impl_->find(name);
}

std::vector<std::string> session_group::names() const { return impl_->names(); }

std::size_t session_group::size() const { return impl_->size(); }

session_counters session_group::counters() const { return impl_->counters(); }

asio::awaitable<void> session_group::wait() { return impl::wait(impl_); }

asio::awaitable<bool> session_group::stop(
    std::string name, std::chrono::milliseconds deadline, stop_mode mode)
{
    return impl::stop(impl_, std::move(name), deadline, mode);
}

asio::awaitable<std::size_t> session_group::shutdown(
    std::chrono::milliseconds deadline, stop_mode mode)
{
    return impl::shutdown(impl_, deadline, mode);
}

} // namespace gemini::live
