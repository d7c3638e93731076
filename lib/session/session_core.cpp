// SPDX-License-Identifier: Apache-2.0
#include "session/session_core.hpp"

#include "async/alarm.hpp"
#include "async/spawn.hpp"
#include "protocol/calling_rules.hpp"
#include "protocol/encode.hpp"
#include "protocol/validate.hpp"
#include "session/option_rules.hpp"
#include "session/session_driver.hpp"

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gemini::live {

namespace {

engine::keeps keeps_of(const live::setup& setup, replay replay)
{
    using engine::keeps;
    if (setup.session_resumption && setup.session_resumption->transparent == true)
        return keeps::until_consumed;
    switch (replay) {
    case replay::unanswered: return keeps::until_answered;
    case replay::all_since_handle: return keeps::until_handle;
    case replay::none: break;
    }
    return keeps::until_written;
}

/// How long a sender that waits for room waits for somebody to call connect().
constexpr std::chrono::seconds longest_wait_for_connect{1};

/// What arrives at the moment of a cancellation stays for the next caller; an operator|| would lose
/// it.
asio::awaitable<void> stay_unless_cancelled()
{
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw std::system_error(asio::error::make_error_code(asio::error::operation_aborted));
}

/// Whether the model awaits the response of the function with a name.
std::function<bool(const std::string&)> waits_for(calling calling, const std::vector<tool>& tools,
    const std::vector<function_declaration>& functions = {})
{
    const bool usual = protocol::awaits_response(calling, {});
    std::vector<std::string> others;
    const auto collect = [&](const std::vector<function_declaration>& all) {
        for (const auto& each : all)
            if (protocol::awaits_response(calling, each.behavior) != usual)
                others.push_back(each.name);
    };
    collect(functions);
    for (const auto& tool : tools) collect(tool.function_declarations);
    return [usual, others = std::move(others)](const std::string& name) {
        const bool is_other = std::find(others.begin(), others.end(), name) != others.end();
        return is_other != usual;
    };
}

/// Where a setup names no trigger, compression begins at 80 % of the model's window. The smallest
/// window of a Live model has 32,768 tokens.
constexpr std::int64_t least_trigger = 32'768 * 8 / 10;

bool records_turns_of(const client_options& options, protocol::method method)
{
    const auto& all = options.telemetry;
    return method == protocol::method::generate_content &&
           (all.turn_records || all.metrics || all.on_spans);
}

engine::session_fsm::rules rules_of(const client_core& client, const live::setup& setup,
    const model_quirks& quirks, protocol::method method)
{
    const auto& options = client.options;
    engine::session_fsm::rules rules;
    rules.reconnect = options.reconnect;
    rules.watchdogs = options.watchdogs;
    rules.outbox_limit = options.limits.outbox;
    rules.history_limit = options.limits.history;
    // For music, all of the state is sent anew on every connection.
    rules.keeps = method == protocol::method::generate_music
                      ? engine::keeps::until_written
                      : keeps_of(setup, options.reconnect.replay);
    if (setup.session_resumption) rules.handle = setup.session_resumption->handle;
    rules.random = client.random;
    rules.records_turns = records_turns_of(options, method);
    rules.waits_for = waits_for(quirks.calling, setup.tools, setup.functions);
    if (quirks.audio_breaks_calls) rules.longest_hold = quirks.longest_hold;
    if (const auto& compression = setup.context_window_compression)
        rules.compresses_from = 3 * compression->trigger_tokens.value_or(least_trigger) / 4;
    return rules;
}

} // namespace

session_core::session_core(std::shared_ptr<client_core> client, live::setup setup,
    protocol::method method, std::string name)
    : client_(std::move(client)), setup_(client_->share(std::move(setup))),
      quirks_(client_->options.quirks ? client_->options.quirks(setup_->model) : model_quirks{}),
      method_(method), name_(std::move(name)),
      records_turns_(records_turns_of(client_->options, method_)),
      state_(rules_of(*client_, *setup_, quirks_, method_), client_->options, *setup_,
          *client_->clock, signals_, status_)
{
    static_cast<void>(protocol::encode_setup(
        *setup_, {}, client_->addressing())); // refuses what can never be accepted
}

/// A sender's place in the queue for room in the outbox. Leaving it, for whatever reason, wakes the
/// next sender.
class session_core::ticket {
public:
    ticket(session_core& core, session_state& state) : core_(core)
    {
        state.senders.push_back(&turn);
    }
    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;
    ~ticket()
    {
        const auto state = core_.lock();
        std::erase(state->senders, &turn);
        if (!state->senders.empty()) state->senders.front()->set();
    }

    [[nodiscard]] bool is_first(const session_state& state) const
    {
        return state.senders.front() == &turn;
    }

    async::event turn;

private:
    session_core& core_;
};

/// Is notified of every change while it lives.
class session_core::watcher {
public:
    watcher(session_core& core) : core_(core) { core_.lock()->watchers.push_back(&changed); }
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    ~watcher() { std::erase(core_.lock()->watchers, &changed); }

    async::event changed;

private:
    session_core& core_;
};

/// Is notified of every end of a turn while it lives.
class session_core::turn_watcher {
public:
    turn_watcher(session_core& core) : core_(core)
    {
        core_.lock()->turn_watchers.push_back(&changed);
    }
    turn_watcher(const turn_watcher&) = delete;
    turn_watcher& operator=(const turn_watcher&) = delete;
    ~turn_watcher() { std::erase(core_.lock()->turn_watchers, &changed); }

    async::event changed;

private:
    session_core& core_;
};

/// The place of the stream's one reader.
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

asio::awaitable<void> session_core::until(
    self_ptr self, std::function<bool(const session_state&)> done)
{
    watcher watching(*self);
    for (;;) {
        if (done(*self->lock())) co_return;
        co_await watching.changed.wait();
    }
}

/// Begins to connect, unless that has happened already.
void session_core::begin(session_state& state)
{
    if (state.fsm.status() != session_status::disconnected) return;
    const auto driver = std::make_shared<session_driver>(shared_from_this());
    auto change = state.fsm.start();
    state.driver = driver;
    state.telemetry.begin(shared_from_this(), client_->random);
    driver->post_start();
    state.announce(std::move(change));
}

asio::awaitable<void> session_core::connect(self_ptr self)
{
    {
        const auto state = self->lock();
        state->check_open();
        self->begin(*state);
    }
    std::function<bool(const session_state&)> done = [](const session_state& state) {
        return state.ended || state.fsm.epoch() != 0;
    };
    co_await until(self, std::move(done));
    const auto state = self->lock();
    if (state->fsm.epoch() == 0) state->check_open();
}

asio::awaitable<void> session_core::fail(std::exception_ptr failure)
{
    std::rethrow_exception(failure);
    co_return;
}

asio::awaitable<void> session_core::accept(
    self_ptr self, engine::outgoing message, std::vector<engine::outgoing> rest)
{
    const auto now = self->client_->clock->now();
    auto size = message.message.size();
    for (const auto& each : rest) size += each.message.size();
    std::optional<ticket> waiting;
    std::optional<async::alarm> connects;
    for (;;) {
        {
            const auto state = self->lock();
            state->check_open();
            if (const auto refused = state->fsm.refusal(message)) throw error(*refused);
            if (state->fsm.drop_stale(self->client_->clock->now())) state->notify();
            const bool is_next = waiting ? waiting->is_first(*state) : state->senders.empty();
            if (is_next && state->fsm.has_room(size)) {
                if (message.accepted) std::exchange(message.accepted, nullptr)();
                state->fsm.accept(std::move(message), now);
                for (auto& each : rest) state->fsm.accept(std::move(each), now);
                if (state->open) self->signals_.writer.set();
                co_return;
            }
            if (!waiting) {
                waiting.emplace(*self, *state);
                self->signals_.writer.set(); // what it waits for may depend on time
            }
            if (state->fsm.status() == session_status::disconnected && !connects) {
                connects.emplace(self->client_->connector->executor(), self->client_->clock,
                    now + longest_wait_for_connect, [self] {
                        const auto state = self->lock();
                        if (!state->closing) self->begin(*state);
                    });
            }
        }
        co_await waiting->turn.wait();
        co_await stay_unless_cancelled();
    }
}

asio::awaitable<void> session_core::send_tool_response(
    self_ptr self, std::vector<function_response> responses)
{
    return send(self, [&] {
        if (self->validates()) protocol::validate(responses, self->quirks());
        engine::outgoing message(protocol::encode_tool_response(responses, self->backend()),
            engine::delivery_class::durable);
        bool is_silent = !responses.empty();
        for (const auto& each : responses) {
            message.answers.push_back(each.id);
            if (each.will_continue == true) message.continues.push_back(each.id);
            is_silent =
                is_silent && each.scheduling == scheduling::silent && !self->waits_for(each.name);
            if (self->keeps_history()) {
                message.words += fmt::format("[{} returned {}]", each.name, each.response.text());
            }
        }
        if (is_silent)
            message.kind = engine::delivery_class::context; // the model does not react to them
        return message;
    });
}

asio::awaitable<void> session_core::send_context_update(self_ptr self, context_update update)
{
    if (self->validates()) protocol::validate(update, self->quirks());
    engine::outgoing message(
        protocol::encode_context_update(update, self->backend()), engine::delivery_class::context);
    co_await accept(self, std::move(message));
    if (update.tools) {
        auto waits = live::waits_for(self->quirks().calling, *update.tools);
        self->lock()->fsm.set_waits_for(std::move(waits));
    }
}

void session_core::observe(const std::shared_ptr<session_observer>& observer)
{
    const auto state = lock();
    if (!state->observer.expired())
        throw error(errc::misuse, "The session has a tool_dispatcher already.");
    state->observer = observer;
    state->fsm.set_answers_once([watching = state->observer](const function_call& call) {
        const auto answering = watching.lock();
        return answering && answering->answers(call);
    });
    if (state->ended) observer->saw_end();
}

template <class Element>
asio::awaitable<std::optional<Element>> session_core::next(self_ptr self)
{
    const reader_slot reading(*self);
    for (;;) {
        {
            const auto state = self->lock();
            const bool was_full = state->inbox.is_full();
            auto oldest = state->inbox.take<Element>();
            if (was_full && !state->inbox.is_full()) self->signals_.took.set();
            if (oldest) co_return oldest;
            if (state->failure) std::rethrow_exception(state->failure);
            if (state->ended) co_return std::nullopt;
            self->begin(*state); // else nothing would ever arrive
        }
        co_await self->signals_.reader.wait();
        co_await stay_unless_cancelled();
    }
}

template asio::awaitable<std::optional<session_event>> session_core::next(self_ptr);
template asio::awaitable<std::optional<server_message>> session_core::next(self_ptr);

/// A clientContent that completes nothing interrupts the model and adds nothing. Where it is
/// accepted as history only, an activity without sound interrupts instead. Where the service itself
/// detects activity, the interruption is a text that such models disregard.
std::vector<engine::outgoing> session_core::stop_messages() const
{
    using engine::delivery_class;
    std::vector<engine::outgoing> all;
    const auto add = [&](base::frame frame) {
        all.emplace_back(std::move(frame), delivery_class::context);
        all.back().is_momentary = true;
    };
    if (!quirks_.content_is_history) {
        add(protocol::encode_client_content({}, false, backend()));
        return all;
    }
    const auto& input = setup_->realtime_input_config;
    const bool is_manual = input && input->automatic_activity_detection &&
                           input->automatic_activity_detection->disabled == true;
    const bool marks_interrupt =
        is_manual && input->activity_handling != activity_handling::no_interruption;
    if (marks_interrupt) {
        add(protocol::encode_realtime_input(realtime_input::activity_start(), backend()));
        add(protocol::encode_realtime_input(realtime_input::activity_end(), backend()));
    } else {
        add(protocol::encode_realtime_input(realtime_input::text("."), backend()));
    }
    return all;
}

engine::outgoing session_core::nudge() const
{
    const auto& text = client_->options.watchdogs.nudge_text;
    const std::vector<content> turns{content(text)};
    auto frame = quirks_.text_by_turns
                     ? protocol::encode_client_content(turns, true, backend())
                     : protocol::encode_realtime_input(realtime_input::text(text), backend());
    engine::outgoing message(std::move(frame), engine::delivery_class::durable);
    message.is_momentary = true;
    return message;
}

asio::awaitable<void> session_core::stop_speaking(self_ptr self)
{
    if (self->quirks_.content_is_history) {
        const auto state = self->lock();
        state->check_open();
        if (!state->fsm.may_be_stopped()) co_return;
    }
    auto all = self->stop_messages();
    auto first = std::move(all.front());
    all.erase(all.begin());
    co_await accept(self, std::move(first), std::move(all));
}

/// Tells the collector which turn to return.
void session_core::begin_turn(const turn_options& options)
{
    const auto state = lock();
    engine::turn_collector::rules rules;
    rules.limit = options.limit.value_or(client_->options.limits.turn);
    rules.ends_at_calls = options.ends_at_function_calls;
    if (!state->observer.expired()) {
        rules.is_answered = [observer = state->observer](const function_call& call) {
            const auto watching = observer.lock();
            return watching && watching->answers(call);
        };
    }
    state->collector().use(std::move(rules));
}

asio::awaitable<turn_result> session_core::next_turn(self_ptr self, turn_options options)
{
    check(options);
    const reader_slot reading(*self);
    self->begin_turn(options);
    std::optional<base::time_point> deadline;
    if (options.deadline.count() != 0)
        deadline = base::later(self->client_->clock->now(), options.deadline);
    std::optional<async::alarm> alarm;
    std::optional<base::time_point> rings;
    for (;;) {
        {
            const auto state = self->lock();
            const bool was_full = state->inbox.is_full();
            auto done = state->collect();
            if (was_full && !state->inbox.is_full()) self->signals_.took.set();
            if (done) co_return std::move(*done);
            const auto now = self->client_->clock->now();
            auto until = state->collector().unsure_until(now);
            if (until && now >= *until) co_return state->collector().give_up();
            if (deadline && now >= *deadline) co_return state->collector().time_out();
            if (deadline) until = std::min(until.value_or(*deadline), *deadline);
            if (std::exchange(rings, until) != until) {
                alarm.reset();
                if (until) {
                    alarm.emplace(self->client_->connector->executor(), self->client_->clock,
                        *until, [self] { self->signals_.reader.set(); });
                }
            }
            self->begin(*state); // else nothing would ever arrive
        }
        co_await self->signals_.reader.wait();
        co_await stay_unless_cancelled();
    }
}

asio::awaitable<void> session_core::drain(self_ptr self)
{
    std::uint64_t mark = 0;
    {
        const auto state = self->lock();
        mark = state->fsm.last_accepted();
        if (!state->ended && state->fsm.oldest_waiting() <= mark) self->begin(*state);
        self->signals_.writer.set();
    }
    std::function<bool(const session_state&)> done = [mark](const session_state& state) {
        return state.fsm.oldest_waiting() > mark || state.ended;
    };
    co_await until(self, std::move(done));
    const auto state = self->lock();
    if (state->fsm.oldest_waiting() <= mark) state->check_open();
}

void session_core::begin_close(session_state& state)
{
    if (std::exchange(state.closing, true)) return;
    if (state.fsm.status() == session_status::disconnected) return state.close();
    if (const auto driver = state.driver.lock()) driver->post_close();
}

asio::awaitable<void> session_core::close(self_ptr self)
{
    {
        const auto state = self->lock();
        if (state->ended) co_return;
        begin_close(*state);
    }
    std::function<bool(const session_state&)> done = [](const session_state& state) {
        return state.ended;
    };
    co_await until(self, std::move(done));
}

void session_core::fail_with(std::exception_ptr why)
{
    std::shared_ptr<session_driver> driver;
    {
        const auto state = lock();
        state->closing = true;
        state->fail(std::move(why));
        driver = state->driver.lock();
    }
    if (driver) driver->post_abort();
}

/// Counts as waiting for the end of the present turn while it lives.
class session_core::turn_end_waiter : public watcher {
public:
    turn_end_waiter(session_core& core) : watcher(core), core_(core)
    {
        ++core_.lock()->closes_after_turn;
    }
    ~turn_end_waiter() { --core_.lock()->closes_after_turn; }

private:
    session_core& core_;
};

void session_core::close_if_turn_is_over(session_state& state)
{
    if (state.closes_after_turn == 0 || state.closing || state.ended) return;
    if (!state.fsm.is_between_turns(client_->clock->now())) return;
    state.closed_after_turn = true;
    begin_close(state);
}

asio::awaitable<bool> session_core::close_after_turn(
    self_ptr self, std::chrono::milliseconds deadline)
{
    check_duration("The deadline of close_after_turn", deadline);
    const auto& clock = self->client_->clock;
    std::optional<base::time_point> limit;
    if (deadline.count() != 0) limit = base::later(clock->now(), deadline);
    std::optional<turn_end_waiter> waiting(std::in_place, *self);
    std::optional<async::alarm> alarm;
    for (;;) {
        {
            const auto state = self->lock();
            self->close_if_turn_is_over(*state);
            if (limit && clock->now() >= *limit) begin_close(*state);
            if (state->closing || state->ended) break;
            self->begin(*state); // else what waits would never be sent
            auto next = state->fsm.unsure_until();
            if (limit) next = std::min(next.value_or(*limit), *limit);
            alarm.reset();
            if (next) {
                alarm.emplace(self->client_->connector->executor(), clock, *next,
                    [self] { self->lock()->notify(); });
            }
        }
        co_await waiting->changed.wait();
    }
    alarm.reset();
    waiting.reset();
    co_await close(self);
    co_return self->lock()->closed_after_turn;
}

asio::awaitable<engine::limit> session_core::reach(
    self_ptr self, session_limits limits, base::time_point started, std::uint64_t turns_before)
{
    turn_watcher watching(*self);
    for (;;) {
        engine::limit_check found;
        {
            const auto state = self->lock();
            if (state->ended) co_return engine::limit::none;
            const auto now = self->client_->clock->now();
            found = engine::check_limits(limits,
                {started, turns_before + state->fsm.counters().turns, state->fsm.idle_since(now)},
                now);
        }
        if (found.reached != engine::limit::none) co_return found.reached;
        std::optional<async::alarm> alarm;
        if (found.again) {
            alarm.emplace(self->client_->connector->executor(), self->client_->clock, *found.again,
                [&watching] { watching.changed.set(); });
        }
        co_await watching.changed.wait();
    }
}

void session_core::abandon() noexcept
{
    std::shared_ptr<session_driver> driver;
    {
        const auto state = lock();
        state->closing = true;
        if (state->ended) return;
        if (state->fsm.status() == session_status::disconnected) return state->close();
        driver = state->driver.lock();
    }
    if (!driver || !client_->context_is_alive()) return; // its coroutines died with the context
    driver->post_abort();
}

void session_core::playback_started()
{
    const auto state = lock();
    if (auto* recorder = state->fsm.recorder()) recorder->playback_started(client_->clock->now());
    state->report_turns();
}

void session_core::playback_stopped()
{
    const auto state = lock();
    if (auto* recorder = state->fsm.recorder()) recorder->playback_stopped(client_->clock->now());
    state->report_turns();
}

} // namespace gemini::live
