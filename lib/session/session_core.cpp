// SPDX-License-Identifier: Apache-2.0
#include "session/session_core.hpp"

#include "protocol/encode.hpp"
#include "protocol/lint.hpp"
#include "session/session_log.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// What the user's calls do. The coroutines that work for them are in loop.cpp.
namespace gemini::live {

namespace {

sessions::keeps keeps_of(const live::setup& setup, replay replay)
{
    using sessions::keeps;
    if (setup.session_resumption && setup.session_resumption->transparent == true)
        return keeps::until_consumed;
    switch (replay) {
    case replay::unanswered: return keeps::until_answered;
    case replay::all_since_handle: return keeps::until_handle;
    case replay::none: break;
    }
    return keeps::until_written;
}

/// A sender that waits for room waits so long for somebody to call connect().
constexpr std::chrono::seconds longest_wait_for_connect{1};

/// What has come in the moment of a cancellation is for the next who asks: an operator|| would lose
/// it.
asio::awaitable<void> stay_unless_cancelled()
{
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw std::system_error(asio::error::make_error_code(asio::error::operation_aborted));
}

/// Names of the functions whose declaration has this behaviour.
std::vector<std::string> functions_with(const live::setup& setup, behavior wanted)
{
    std::vector<std::string> names;
    const auto collect = [&](const std::vector<function_declaration>& all) {
        for (const auto& each : all)
            if (each.behavior == wanted) names.push_back(each.name);
    };
    collect(setup.functions);
    for (const auto& tool : setup.tools) collect(tool.function_declarations);
    return names;
}

std::function<bool(const std::string&)> waits_for(const live::setup& setup, calling calling)
{
    const bool is_asked_for = calling == calling::non_blocking_unless_asked;
    auto others = functions_with(setup, is_asked_for ? behavior::blocking : behavior::non_blocking);
    return [calling, is_asked_for, others = std::move(others)](const std::string& name) {
        if (calling == calling::blocking_only) return true;
        if (calling == calling::non_blocking_only) return false;
        const bool is_other = std::find(others.begin(), others.end(), name) != others.end();
        return is_other == is_asked_for;
    };
}

/// Where a setup names none, compression begins at 80 % of the model's window; the smallest of a
/// Live model has 32,768 tokens.
constexpr std::int64_t least_trigger = 32'768 * 8 / 10;

sessions::conversation::rules rules_of(const client_core& client, const live::setup& setup,
    const model_quirks& quirks, protocol::method method)
{
    const auto& options = client.options;
    sessions::conversation::rules rules;
    rules.reconnect = options.reconnect;
    rules.watchdogs = options.watchdogs;
    rules.outbox_limit = options.limits.outbox;
    rules.history_limit = options.limits.history;
    // Music is told all of its state anew on every connection.
    rules.keeps = method == protocol::method::generate_music
                      ? sessions::keeps::until_written
                      : keeps_of(setup, options.reconnect.replay);
    if (setup.session_resumption) rules.handle = setup.session_resumption->handle;
    rules.random = client.random;
    rules.waits_for = waits_for(setup, quirks.calling);
    if (quirks.audio_breaks_calls) rules.longest_hold = quirks.longest_hold;
    if (const auto& compression = setup.context_window_compression)
        rules.compresses_from = 3 * compression->trigger_tokens.value_or(least_trigger) / 4;
    return rules;
}

} // namespace

session_core::session_core(std::shared_ptr<client_core> client, live::setup setup,
    protocol::method method, std::string name)
    : client_(std::move(client)), setup_(std::move(setup)),
      quirks_(client_->options.quirks ? client_->options.quirks(setup_.model) : model_quirks{}),
      method_(method), waits_for_(live::waits_for(setup_, quirks_.calling)), name_(std::move(name)),
      conversation_(rules_of(*client_, setup_, quirks_, method)),
      inbox_(client_->options.limits.inbox), collector_(client_->options.limits.turn),
      next_setup_(setup_)
{
    static_cast<void>(protocol::encode_setup(
        setup_, {}, client_->addressing())); // refuses what can never be accepted
    // The conversation holds the handle, and drops it once the server has refused it.
    if (next_setup_.session_resumption) next_setup_.session_resumption->handle.clear();
}

/// A sender's place in the queue for room in the outbox. Leaving it, for whatever reason, lets the
/// next one look.
class session_core::ticket {
public:
    ticket(session_core& core) : core_(core)
    {
        core_.senders_.push_back(&turn);
    } // with the lock held
    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;
    ~ticket()
    {
        const std::lock_guard lock(core_.mutex_);
        std::erase(core_.senders_, &turn);
        if (!core_.senders_.empty()) core_.senders_.front()->set();
    }

    [[nodiscard]] bool is_first() const { return core_.senders_.front() == &turn; }

    transport::wakeup turn;

private:
    session_core& core_;
};

/// Is told of every change while it lives.
class session_core::watcher {
public:
    watcher(session_core& core) : core_(core)
    {
        const std::lock_guard lock(core_.mutex_);
        core_.watchers_.push_back(&changed);
    }
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    ~watcher()
    {
        const std::lock_guard lock(core_.mutex_);
        std::erase(core_.watchers_, &changed);
    }

    transport::wakeup changed;

private:
    session_core& core_;
};

/// The one reader's place at the stream.
class session_core::reader_slot {
public:
    reader_slot(session_core& core) : core_(core)
    {
        if (core.reading_.exchange(true)) {
            throw error(errc::misuse, "Two readers at once: messages(), events() and turn() share "
                                      "one stream; await one of them at a time.");
        }
    }
    reader_slot(const reader_slot&) = delete;
    reader_slot& operator=(const reader_slot&) = delete;
    ~reader_slot() { core_.reading_ = false; }

private:
    session_core& core_;
};

void session_core::check_open() const
{
    if (end_) std::rethrow_exception(end_);
    if (ended_ || closing_) throw error(errc::closed, "The session has been closed.");
}

void session_core::notify()
{
    if (!senders_.empty()) senders_.front()->set();
    for (auto* each : watchers_) each->set();
}

asio::awaitable<void> session_core::until(self_ptr self, std::function<bool()> done)
{
    watcher watching(*self);
    for (;;) {
        {
            const std::lock_guard lock(self->mutex_);
            if (done()) co_return;
        }
        co_await watching.changed.wait();
    }
}

/// Begins to connect, unless that has been done.
void session_core::begin()
{
    if (conversation_.status() != status::disconnected) return;
    announce(conversation_.start());
    asio::post(client_->connector->executor(), [self = shared_from_this()] { self->start(); });
}

asio::awaitable<void> session_core::connect(self_ptr self)
{
    {
        const std::lock_guard lock(self->mutex_);
        self->check_open();
        self->begin();
    }
    std::function<bool()> done = [&core = *self] {
        return core.ended_ || core.conversation_.epoch() != 0;
    };
    co_await until(self, std::move(done));
    const std::lock_guard lock(self->mutex_);
    if (self->conversation_.epoch() == 0) self->check_open();
}

asio::awaitable<void> session_core::accept(self_ptr self, sessions::outgoing message)
{
    const auto now = self->client_->clock->now();
    const auto size = message.message.size();
    std::optional<ticket> waiting;
    std::optional<sessions::alarm> connects;
    for (;;) {
        {
            const std::lock_guard lock(self->mutex_);
            self->check_open();
            if (const auto refused = self->conversation_.refusal(message)) throw error(*refused);
            if (self->conversation_.drop_stale(self->client_->clock->now())) self->notify();
            const bool is_next = waiting ? waiting->is_first() : self->senders_.empty();
            if (is_next && self->conversation_.has_room(size)) {
                if (message.accepted) std::exchange(message.accepted, nullptr)();
                self->conversation_.accept(std::move(message), now);
                if (self->open_) self->writer_.set();
                co_return;
            }
            if (!waiting) {
                waiting.emplace(*self);
                self->writer_.set(); // what it waits for may be a matter of time
            }
            if (self->conversation_.status() == status::disconnected && !connects) {
                connects.emplace(self->client_->connector->executor(), self->client_->clock,
                    now + longest_wait_for_connect, [self] {
                        const std::lock_guard lock(self->mutex_);
                        if (!self->closing_) self->begin();
                    });
            }
        }
        co_await waiting->turn.wait();
        co_await stay_unless_cancelled();
    }
}

template <class Element>
asio::awaitable<std::optional<Element>> session_core::next(self_ptr self)
{
    const reader_slot reading(*self);
    for (;;) {
        {
            const std::lock_guard lock(self->mutex_);
            const bool was_full = self->inbox_.is_full();
            auto oldest = self->inbox_.take<Element>();
            if (was_full && !self->inbox_.is_full()) self->reader_took_.set();
            if (oldest) co_return oldest;
            if (self->end_) std::rethrow_exception(self->end_);
            if (self->ended_) co_return std::nullopt;
            self->begin(); // else nothing would ever come
        }
        co_await self->reader_.wait();
        co_await stay_unless_cancelled();
    }
}

template asio::awaitable<std::optional<session_event>> session_core::next(self_ptr);
template asio::awaitable<std::optional<server_message>> session_core::next(self_ptr);

/// clientContent that completes nothing interrupts, and adds nothing. Where it is accepted as
/// history only, an activity without sound does so; where the service itself detects activity, a
/// text that such models make nothing of.
std::vector<sessions::outgoing> session_core::stop_messages() const
{
    using sessions::worth;
    std::vector<sessions::outgoing> all;
    const auto add = [&](base::frame frame) {
        all.emplace_back(std::move(frame), worth::context);
        all.back().is_momentary = true;
    };
    if (!quirks_.content_is_history) {
        add(protocol::encode_client_content({}, false, flavour()));
        return all;
    }
    const auto& input = setup_.realtime_input_config;
    const bool is_manual = input && input->automatic_activity_detection &&
                           input->automatic_activity_detection->disabled == true;
    const bool marks_interrupt =
        is_manual && input->activity_handling != activity_handling::no_interruption;
    if (marks_interrupt) {
        add(protocol::encode_realtime_input(realtime_input::activity_start(), flavour()));
        add(protocol::encode_realtime_input(realtime_input::activity_end(), flavour()));
    } else {
        add(protocol::encode_realtime_input(realtime_input::text("."), flavour()));
    }
    return all;
}

asio::awaitable<void> session_core::stop_speaking(self_ptr self)
{
    if (self->quirks_.content_is_history) {
        const std::lock_guard lock(self->mutex_);
        self->check_open();
        if (!self->conversation_.may_be_stopped()) co_return;
    }
    for (auto& each : self->stop_messages()) co_await accept(self, std::move(each));
}

asio::awaitable<turn> session_core::next_turn(self_ptr self)
{
    const reader_slot reading(*self);
    std::optional<sessions::alarm> alarm;
    std::optional<sessions::time_point> rings;
    for (;;) {
        {
            const std::lock_guard lock(self->mutex_);
            const bool was_full = self->inbox_.is_full();
            auto done = self->collect();
            if (was_full && !self->inbox_.is_full()) self->reader_took_.set();
            if (done) co_return std::move(*done);
            const auto now = self->client_->clock->now();
            const auto until = self->collector_.unsure_until(now);
            if (until && now >= *until) co_return self->collector_.give_up();
            if (std::exchange(rings, until) != until) {
                alarm.reset();
                if (until) {
                    alarm.emplace(self->client_->connector->executor(), self->client_->clock,
                        *until, [self] { self->reader_.set(); });
                }
            }
            self->begin(); // else nothing would ever come
        }
        co_await self->reader_.wait();
        co_await stay_unless_cancelled();
    }
}

/// The turn, when what waits to be read has its end. Throws what ended a session that has failed.
std::optional<turn> session_core::collect()
{
    while (const auto* front = inbox_.front()) {
        if (collector_.is_over_before(*front)) return collector_.finish_early();
        const auto calls = conversation_.is_waited_for()    ? sessions::calls::waited_for
                           : conversation_.has_open_calls() ? sessions::calls::open
                                                            : sessions::calls::none;
        if (!collector_.add(*inbox_.take_entry(), calls)) continue;
        for (front = inbox_.front(); front && collector_.is_late(*front); front = inbox_.front())
            collector_.add_late(*inbox_.take_entry());
        return collector_.finish();
    }
    if (end_) {
        collector_ = sessions::turn_collector(client_->options.limits.turn);
        std::rethrow_exception(end_);
    }
    if (ended_) return collector_.close();
    return std::nullopt;
}

asio::awaitable<void> session_core::drain(self_ptr self)
{
    std::uint64_t mark = 0;
    {
        const std::lock_guard lock(self->mutex_);
        mark = self->conversation_.last_accepted();
        if (!self->ended_ && self->conversation_.oldest_waiting() <= mark) self->begin();
        self->writer_.set();
    }
    std::function<bool()> done = [&core = *self, mark] {
        return core.conversation_.oldest_waiting() > mark || core.ended_;
    };
    co_await until(self, std::move(done));
    const std::lock_guard lock(self->mutex_);
    if (self->conversation_.oldest_waiting() <= mark) self->check_open();
}

asio::awaitable<void> session_core::close(self_ptr self)
{
    {
        const std::lock_guard lock(self->mutex_);
        if (self->ended_) co_return;
        if (!std::exchange(self->closing_, true)) {
            if (self->conversation_.status() == status::disconnected) {
                self->announce(self->conversation_.close());
                self->end(nullptr);
            } else {
                asio::post(self->client_->connector->executor(), [self] { self->begin_close(); });
            }
        }
    }
    std::function<bool()> done = [&core = *self] { return core.ended_; };
    co_await until(self, std::move(done));
}

void session_core::abandon() noexcept
{
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        if (ended_) return;
        if (conversation_.status() == status::disconnected) {
            announce(conversation_.close());
            end(nullptr);
            return;
        }
    }
    if (!client_->context_is_alive()) return; // its coroutines have died with it
    asio::post(client_->connector->executor(), [self = shared_from_this()] {
        if (self->link_) self->link_->abort();
        if (self->last_link_) self->last_link_->abort();
        self->stop_.emit(asio::cancellation_type::terminal);
    });
}

std::string session_core::resumption_handle()
{
    const std::lock_guard lock(mutex_);
    return conversation_.handle();
}

std::optional<usage_metadata> session_core::usage()
{
    const std::lock_guard lock(mutex_);
    return conversation_.usage();
}

live::counters session_core::counters()
{
    const std::lock_guard lock(mutex_);
    auto all = conversation_.counters();
    all.stale = stale_;
    all.inbox = inbox_.bytes();
    return all;
}

void session_core::announce(status_change change)
{
    status_ = change.to;
    sessions::log(client_->options.logger, change);
    push(std::move(change));
    notify();
}

void session_core::push(session_event event, sessions::turn_mark mark)
{
    inbox_.push(std::move(event), mark);
    reader_.set();
}

void session_core::end(std::exception_ptr why)
{
    ended_ = true;
    end_ = std::move(why);
    open_.reset();
    failed_.reset();
    reader_.set();
    reader_took_.set();
    writer_.set();
    for (auto* each : senders_) each->set();
    notify();
}

} // namespace gemini::live
