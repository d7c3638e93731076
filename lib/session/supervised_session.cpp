// SPDX-License-Identifier: Apache-2.0
#include "session/supervised_session.hpp"

#include "async/spawn.hpp"
#include "async/strand.hpp"
#include "base/access.hpp"
#include "session/session_core.hpp"

#include <gemini/live/error.hpp>

#include <asio/cancellation_signal.hpp>

#include <functional>
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

} // namespace

session_counters without_memory(session_counters counters) noexcept
{
    counters.outbox = counters.unconfirmed = counters.inbox = 0;
    return counters;
}

const client_core& group_context::core() const noexcept { return *access::core(client); }

asio::any_io_executor group_context::home() const { return core().connector->executor(); }

void group_context::report(const group_event& event) const
{
    if (options.on_event && is_watched) options.on_event(event);
}

/// A session from its creation to its end; a restart creates another.
struct supervised_session::tenure {
    tenure(const client& client, setup setup, std::string name)
        : session(client, std::move(setup), std::move(name))
    {
    }

    live::session session;
    asio::cancellation_signal beginning; ///< For what precedes the handler.
    asio::cancellation_signal handling;  ///< For the handler; on its strand only.
    bool is_open = false;                ///< The handler is running.
};

supervised_session::supervised_session(std::shared_ptr<const group_context> group, std::string name,
    live::setup setup, session_handler handler, const restart_policy& policy,
    const session_limits& limits)
    : group_(std::move(group)), name_(std::move(name)), setup_(std::move(setup)),
      handler_(std::move(handler)), resumes_(policy.resume), limits_(limits),
      backoff_(policy, group_->core().random), present_(make_tenure(setup_))
{
}

supervised_session::tenure_ptr supervised_session::make_tenure(live::setup setup) const
{
    return std::make_shared<tenure>(group_->client, std::move(setup), resumes_ ? name_ : "");
}

std::shared_ptr<session> supervised_session::find_open() const
{
    const std::lock_guard lock(mutex_);
    if (!present_->is_open) return nullptr;
    return {present_, &present_->session};
}

session_counters supervised_session::counters() const
{
    const std::lock_guard lock(mutex_);
    auto sum = of_the_past_;
    sum += present_->session.counters();
    return sum;
}

group_event::ending supervised_session::ending(const std::exception_ptr& failure) const noexcept
{
    using enum group_event::ending;
    switch (reached_) {
    case engine::limit::idle: return idle_limit;
    case engine::limit::total: return time_limit;
    case engine::limit::turns: return turn_limit;
    case engine::limit::none: break;
    }
    if (is_stopping_) return stopped;
    return failure ? failed : returned;
}

asio::awaitable<std::exception_ptr> supervised_session::run(self_ptr self)
{
    const asio::any_io_executor strand = async::make_strand(self->group_->executor);
    self->strand_ = &strand;
    std::exception_ptr failure;
    std::optional<milliseconds> delay{0};
    while (delay && !self->is_stopping_) {
        failure = nullptr;
        const auto present = self->present_;
        try {
            co_await live_once(self, present, *delay);
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
        if (self->is_stopping_ || (failure && is_error_of(failure, was_closed))) failure = nullptr;
        delay = self->restart_delay(failure, had_failed);
        if (delay) self->renew();
    }
    self->strand_ = nullptr;
    self->has_ended_ = true;
    co_return failure;
}

asio::awaitable<void> supervised_session::live_once(
    self_ptr self, tenure_ptr present, milliseconds delay)
{
    co_await async::run_on(
        self->group_->home(), begin(self, present, delay), present->beginning.slot());
    if (self->is_stopping_) co_return; // stopped while the completion was on its way here
    self->open();
    const auto& limits = self->limits_;
    if (limits.idle.count() != 0 || limits.total.count() != 0 || limits.turns)
        async::spawn(self->group_->home(), enforce_limits(self, present));
    co_await async::run_on(*self->strand_, handle(self, present), present->handling.slot());
}

asio::awaitable<void> supervised_session::begin(
    self_ptr self, tenure_ptr present, milliseconds delay)
{
    const auto& clock = *self->group_->core().clock;
    if (delay.count() != 0) co_await self->group_->core().clock->sleep_until(clock.now() + delay);
    const auto pass = co_await async::semaphore::acquire(self->group_->connecting);
    co_await present->session.connect();
}

/// Runs on the handler's strand.
asio::awaitable<void> supervised_session::handle(self_ptr self, tenure_ptr present)
{
    auto handling = self->handler_(present->session);
    co_await std::move(handling);
}

void supervised_session::open()
{
    {
        const std::lock_guard lock(mutex_);
        present_->is_open = true;
    }
    if (!started_) started_ = group_->core().clock->now();
    const bool is_first = restarts() == 0;
    group_->report(
        {is_first ? group_event::kind::started : group_event::kind::restarted, name_, restarts()});
}

/// Returns the wait before a restart; nullopt when there is to be none.
std::optional<milliseconds> supervised_session::restart_delay(
    const std::exception_ptr& failure, bool session_failed)
{
    if (is_stopping_) return std::nullopt;
    auto how = failure ? engine::outcome::failed : engine::outcome::returned;
    if (failure && session_failed && is_error_of(failure, is_hopeless))
        how = engine::outcome::hopeless;
    const auto before = restarts();
    const auto delay = backoff_.after(how, group_->core().clock->now());
    if (failure) group_->report({group_event::kind::failed, name_, before, failure, delay});
    return delay;
}

void supervised_session::renew()
{
    auto setup = setup_;
    // Even an empty handle is set: the server may have refused the one of the setup.
    if (auto& resumption = setup.session_resumption)
        resumption->handle = resumes_ ? present_->session.resumption_handle() : std::string();
    auto next = make_tenure(std::move(setup));
    const std::lock_guard lock(mutex_);
    of_the_past_ += without_memory(present_->session.counters());
    present_ = std::move(next);
}

/// Runs while a session's handler does.
asio::awaitable<void> supervised_session::enforce_limits(self_ptr self, tenure_ptr present)
{
    const auto reached = co_await session_core::reach(
        access::core(present->session), self->limits_, *self->started_, self->of_the_past_.turns);
    if (reached == engine::limit::none || self->is_stopping_) co_return;
    self->reached_ = reached;
    self->stop(stop_mode::after_turn);
    const auto& clock = self->group_->core().clock;
    co_await clock->sleep_until(base::later(clock->now(), self->limits_.grace));
    if (!self->has_ended_) self->drop();
}

void supervised_session::stop(stop_mode mode)
{
    const bool is_first = !std::exchange(is_stopping_, true);
    const bool waits_no_longer = stops_after_turn_ && mode == stop_mode::at_once;
    if (!is_first && !waits_no_longer) return;
    stops_after_turn_ = mode == stop_mode::after_turn;
    if (!present_->is_open) return present_->beginning.emit(asio::cancellation_type::terminal);
    async::spawn(
        group_->home(), stops_after_turn_ ? close_after_turn(present_) : say_goodbye(present_));
}

asio::awaitable<void> supervised_session::close_after_turn(tenure_ptr present)
{
    co_await present->session.close_after_turn(milliseconds::zero());
}

asio::awaitable<void> supervised_session::say_goodbye(tenure_ptr present)
{
    try {
        co_await present->session.drain();
    } catch (const error&) { // it has failed or was dropped
    }
    co_await present->session.close();
}

void supervised_session::drop()
{
    is_stopping_ = true;
    access::core(present_->session)->abandon();
    present_->beginning.emit(asio::cancellation_type::terminal);
    if (!strand_) return;
    async::post(*strand_,
        [present = present_] { present->handling.emit(asio::cancellation_type::terminal); });
}

} // namespace gemini::live
