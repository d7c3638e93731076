// SPDX-License-Identifier: Apache-2.0
#include "session/session_driver.hpp"

#include "async/alarm.hpp"
#include "async/spawn.hpp"
#include "base/access.hpp"
#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/redact.hpp"
#include "session/handle_keeper.hpp"
#include "session/session_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace gemini::live {
namespace {

/// Whether the connection ends because of this silence.
bool leaves(const stalled& silence)
{
    return silence.action == watchdog_action::reconnect ||
           silence.action == watchdog_action::give_up;
}

error reason_of(const stalled& silence)
{
    if (silence.empty_turns != 0) {
        return error(errc::timed_out,
            fmt::format("The model has said nothing in {} turns in a row.", silence.empty_turns),
            {phase::open});
    }
    return error(errc::timed_out,
        fmt::format("The server has said nothing for {} ms.", silence.silence.count()),
        {phase::open});
}

/// Memory that a failed connection may take beyond the inbox's limit: about what networks hold.
constexpr std::size_t most_of_failed = 256 * 1024;

/// The close code of a connection whose conversation continues on another one.
constexpr std::uint16_t goes_on_elsewhere = 4000;

// Close codes of connections that end because of what the server has sent.
constexpr std::uint16_t unreadable = 1007;
constexpr std::uint16_t too_big = 1009;

} // namespace

session_driver::session_driver(std::shared_ptr<session_core> core)
    : core_(std::move(core)), client_(core_->client()), signals_(core_->signals()),
      keeper_(std::make_shared<handle_keeper>(core_)), settings_(core_->shared_setup())
{
}

session_driver::~session_driver()
{
    const auto state = core_->lock();
    if (!state->ended) state->die();
}

void session_driver::post(order what) noexcept
{
    const bool is_first = orders_.fetch_or(what) == 0;
    if (is_first) obey_.post(client_->connector->executor(), shared_from_this());
}

void session_driver::obey()
{
    const auto orders = orders_.exchange(0);
    if (orders & to_start) start();
    if (orders & to_close) begin_close();
    if (orders & to_abort) abort();
}

void session_driver::start()
try {
    const auto self = shared_from_this();
    const auto executor = client_->connector->executor();
    // Only what the library never throws on purpose gets there, such as std::bad_alloc.
    const auto fail_session = [self](std::exception_ptr thrown) {
        if (thrown) self->fail(thrown);
    };
    async::spawn(executor, write_loop(self), fail_session);
    async::spawn(executor, run(self), fail_session, stop_.slot());
} catch (...) {
    fail(std::current_exception());
}

asio::awaitable<void> session_driver::run(self_ptr self)
{
    for (;;) {
        std::unique_ptr<const error> failure; // takes little room in the frame
        std::optional<base::time_point> next;
        try {
            co_await self->run_connection();
        } catch (const error& thrown) {
            failure = std::make_unique<const error>(self->without_secrets(thrown));
        } catch (const std::system_error&) { // canceled by a close
        }
        self->link_.reset();
        if (!failure) break;
        try {
            next = co_await self->recover(*failure);
            if (!next) break;
            co_await self->client_->clock->sleep_until(*next);
        } catch (const std::system_error&) {
            break;
        }
    }
    self->stop_dialing_.emit(asio::cancellation_type::terminal);
    self->link_.reset();
    self->spare_.reset();
    self->has_run_ = true;
    self->finish();
}

/// Strikes secrets out, since some servers quote what they refuse.
error session_driver::without_secrets(const error& failure)
{
    auto secrets = client_->secrets();
    secrets.push_back(core_->resumption_handle());
    return protocol::strike_out(failure, secrets);
}

/// Runs from a connection to its end, which is always thrown. Changes to a new connection in
/// between when the server asks for it.
asio::awaitable<void> session_driver::run_connection()
{
    co_await keeper_->load();
    auto link = std::exchange(spare_, nullptr);
    bool is_made_ahead = link != nullptr;
    if (!link) link = co_await dial();
    link_ = link;
    link_ptr left;
    for (;; is_made_ahead = true) {
        core_->lock()->fsm.begins_on(is_made_ahead);
        try {
            co_await set_up(link);
        } catch (...) {
            if (left) left->abort();
            throw;
        }
        if (left) close_link(left, goes_on_elsewhere);
        auto next = co_await serve(link);
        left = std::exchange(link, std::move(next));
        if (core_->lock()->fsm.overlaps()) continue;
        close_link(std::exchange(left, nullptr), goes_on_elsewhere);
    }
}

asio::awaitable<session_driver::link_ptr> session_driver::dial()
{
    core_->lock()->fsm.dialed();
    auto made = co_await client_->connect(core_->method(), settings_.base_url());
    co_return link_ptr(std::move(made));
}

asio::awaitable<void> session_driver::set_up(link_ptr link)
{
    std::string handle;
    std::vector<content> memories;
    {
        const auto state = core_->lock();
        if (state->closing) throw error(errc::closed, "The session has been closed.");
        handle = state->fsm.handle();
        memories = state->fsm.memories();
    }
    const auto limit = client_->options.deadlines.setup;
    bool too_late = false;
    std::optional<async::alarm> deadline;
    if (limit.count() != 0) {
        deadline.emplace(client_->connector->executor(), client_->clock,
            client_->clock->now() + limit, [&too_late, link] {
                too_late = true;
                link->abort();
            });
    }
    // Newer models accept turns only as the history of a new conversation.
    const bool as_history = !memories.empty() && !core_->quirks().text_by_turns;
    try {
        std::vector<base::frame> batch;
        batch.push_back(settings_.encode_setup(handle, as_history, client_->addressing()));
        co_await link->send(std::move(batch));
        core_->lock()->fsm.setting_up(client_->clock->now());
        auto early = co_await await_setup_complete(link, client_->options);
        std::vector<base::frame> first;
        if (!memories.empty())
            first.push_back(
                protocol::encode_client_content(memories, as_history, core_->backend()));
        if (core_->restate && epoch() != 0) first = core_->restate();
        const auto already_sent = first.size();
        if (!first.empty()) co_await link->send(std::move(first));
        {
            const auto state = core_->lock();
            auto change = state->fsm.opened(client_->clock->now(), already_sent);
            state->report_turns();
            state->open = link;
            state->announce(std::move(change));
            signals_.writer.set();
            signals_.took.set(); // the reader of the previous connection need not wait
        }
        for (auto& each : early) deliver(std::move(each));
        ask_for_pong(link);
    } catch (const error& thrown) {
        if (!too_late) throw;
        throw error(errc::timed_out,
            fmt::format("The server did not answer the setup within {} ms.", limit.count()),
            {phase::setup});
    }
}

/// Runs while a connection is open. Throws its end, or returns the connection that follows it.
asio::awaitable<session_driver::link_ptr> session_driver::serve(link_ptr link)
{
    const auto self = shared_from_this();
    const auto executor = client_->connector->executor();
    const auto end = std::make_shared<std::exception_ptr>();
    async::spawn(executor, read_loop(self, link, end));
    std::optional<async::alarm> alarm;
    base::time_point rings{}; // when the alarm does; in the past: it has
    for (;;) {
        if (*end) std::rethrow_exception(*end);
        const auto now = client_->clock->now();
        engine::session_fsm::step step;
        {
            const auto state = core_->lock();
            using enum engine::session_fsm::successor;
            const auto following = spare_ ? ready : dialing_ahead_ ? dialed : none;
            if (!state->closing) step = state->fsm.next(now, following);
            if (step.silence) {
                log(client_->options.logger, *step.silence);
                state->push(*step.silence);
                if (step.silence->action == watchdog_action::nudge) {
                    state->fsm.accept(core_->nudge(), now);
                    signals_.writer.set();
                }
            }
            if (step.write) signals_.writer.set();
            state->report_turns();
            if (step.hand_over) {
                state->open.reset();
                state->failed.reset();
                state->fsm.hand_over(now);
                state->report_turns();
                state->notify(); // sound that was being written has been dropped
            }
        }
        if (step.hand_over) {
            link_ = std::exchange(spare_, nullptr);
            co_return link_;
        }
        if (step.silence && leaves(*step.silence)) {
            link->abort();
            throw reason_of(*step.silence);
        }
        if (step.is_over) {
            link->abort();
            throw error(errc::connection_lost,
                "The time that the server had left for the connection is over.", {phase::open});
        }
        if (step.dial_ahead) {
            dialing_ahead_ = true;
            async::spawn(executor, dial_ahead(self, link), {}, stop_dialing_.slot());
        }
        // For a later time it need not be set anew: it rings early, and the engine is asked again.
        if (step.ask_again && (rings <= now || *step.ask_again < rings)) {
            rings = *step.ask_again;
            alarm.emplace(executor, client_->clock, rings, [self] { self->attention_.set(); });
        }
        co_await attention_.wait();
    }
}

/// Reads a connection to its end, or until another one has opened.
asio::awaitable<void> session_driver::read_loop(self_ptr self, link_ptr link, ending_ptr end)
{
    try {
        const auto epoch = self->epoch();
        for (std::size_t messages = 1;; ++messages) {
            auto received = co_await link->receive();
            if (self->epoch() != epoch) co_return;
            self->deliver(self->decode_or_close(link, std::move(received)));
            bool waits = false;
            while (self->epoch() == epoch && !self->has_room(link)) {
                if (!std::exchange(waits, true)) self->core_->lock()->fsm.held_up(true);
                co_await self->signals_.took.wait();
            }
            if (waits && self->epoch() == epoch) self->core_->lock()->fsm.held_up(false);
            if (messages % messages_per_turn == 0) co_await async::yield();
        }
    } catch (...) {
        *end = std::current_exception();
        self->attention_.set();
    }
}

/// Dials the connection that is to follow the present one.
asio::awaitable<void> session_driver::dial_ahead(self_ptr self, link_ptr present)
{
    link_ptr made;
    std::optional<error> failure;
    try {
        const auto now = self->client_->clock->now();
        const auto turn = self->client_->dial_limiter.reserve(now);
        if (turn.count() != 0) co_await self->client_->clock->sleep_until(now + turn);
        if (self->link_ == present) made = co_await self->dial();
    } catch (const error& refused) {
        failure.emplace(refused);
    } catch (const std::system_error&) { // canceled
    }
    self->dialing_ahead_ = false;
    if (self->link_ == present) { // else it came too late
        if (failure)
            self->core_->lock()->fsm.dial_ahead_failed(*failure, self->client_->clock->now());
        self->spare_ = std::move(made);
    }
    self->attention_.set();
}

/// Decodes a message. If it ends the connection, the server gets the reason as a close code.
received_message session_driver::decode_or_close(const link_ptr& link, transport::message received)
{
    try {
        return decode(std::move(received), client_->options);
    } catch (const error& refused) {
        close_link(link, refused.value() == errc::message_too_big ? too_big : unreadable);
        throw;
    }
}

/// Reports members without which a message has been delivered. `in_turn`: that message has not
/// ended the turn. Call with the session locked.
void session_driver::report_omitted(
    session_state& state, std::vector<omitted_member> omitted, bool in_turn)
{
    const auto doubtful =
        !in_turn ? omitted.end()
                 : std::find_if(omitted.begin(), omitted.end(), [](const omitted_member& each) {
                       return protocol::may_end_turn(each.path);
                   });
    const bool turn_in_doubt = doubtful != omitted.end();
    auto why = protocol::malformed_by(turn_in_doubt ? *doubtful : omitted.front());
    state.fsm.heard_in_part(omitted.size(), turn_in_doubt, client_->clock->now());
    malformed_message in_part{std::move(why), true, turn_in_doubt, std::move(omitted)};
    log(client_->options.logger, in_part);
    state.push(std::move(in_part));
}

/// Returns whether there is room to read on. While the inbox is full, reading from the network is
/// held back. A failed connection is still read, since little is left of it and its end must be
/// seen; if it brings more than a little, it is ended here.
bool session_driver::has_room(const link_ptr& link)
{
    {
        const auto state = core_->lock();
        if (!state->inbox.is_full() || state->closing) return true;
        if (state->failed != link) return false;
        if (state->inbox.bytes() <= client_->options.limits.inbox + most_of_failed) return true;
    }
    link->abort();
    throw error(errc::connection_lost,
        "The connection could not be written to, and brought more than was read.", {phase::open});
}

/// The pong proves that all that has been written has been received.
void session_driver::ask_for_pong(const link_ptr& link)
{
    if (!core_->lock()->fsm.wants_ping()) return;
    const auto number = link->ping();
    core_->lock()->fsm.pinged(number, client_->clock->now());
}

void session_driver::deliver(received_message received)
{
    if (auto* const message = std::get_if<server_message>(&received.what))
        return deliver(std::move(*message), received.size, received.with);
    auto& skipped = std::get<malformed_message>(received.what);
    log(client_->options.logger, skipped);
    const auto state = core_->lock();
    state->fsm.heard_nonsense(client_->clock->now());
    state->push(std::move(skipped));
}

void session_driver::deliver(
    server_message message, std::size_t size, engine::session_fsm::signs with)
{
    const auto& all = message.members();
    const bool changes_handle = all.setup_complete || all.session_resumption_update;
    {
        const auto state = core_->lock();
        access::set_epoch(message, state->fsm.epoch());
        const auto mark = state->fsm.heard(message, size, client_->clock->now(), with);
        if (state->fsm.wants_attention()) attention_.set();
        if (all.tool_call_cancellation)
            state->notify(); // a response that was waiting may have been dropped
        if (message.interrupted() && client_->options.skip_stale_audio)
            state->stale += state->inbox.drop_audio();
        auto omitted = message.members().omitted;
        const bool ends_turn = message.turn_complete();
        state->push(std::move(message), mark);
        if (!omitted.empty()) report_omitted(*state, std::move(omitted), !ends_turn);
        if (const auto doubt = state->fsm.doubt()) {
            log(client_->options.logger, *doubt);
            state->push(*doubt);
        }
        state->report_turns();
        if (mark.ends == engine::turn_mark::end::turn) state->notify_of_turn();
        core_->close_if_turn_is_over(*state);
    }
    if (changes_handle) keeper_->save();
}

/// Call after a connection's end. Returns when to make the next one; nullopt when there is to be
/// none.
asio::awaitable<std::optional<base::time_point>> session_driver::recover(const error& failure)
{
    status_change change;
    {
        const auto state = core_->lock();
        state->open.reset();
        state->failed.reset();
        if (state->closing) co_return std::nullopt;
        change = state->fsm.lost(failure, client_->clock->now(), spare_ != nullptr);
        state->report_turns();
    }
    if (change.cause) change.cause = client_->with_origin(std::move(*change.cause));
    // A refused handle would be refused again: drop it from the store.
    if (keeper_->has_saved() && core_->lock()->fsm.handle_is_refused()) keeper_->save();
    if (change.to == session_status::reconnecting) {
        change.delay += client_->dial_limiter.reserve(client_->clock->now());
        if (client_->options.on_reconnecting) co_await call_hook(change);
    }
    const auto next = base::later(client_->clock->now(), change.delay);
    const auto state = core_->lock();
    const auto cause = change.cause;
    if (state->fsm.ended()) state->finish_turns();
    state->announce(std::move(change));
    signals_.writer.set();
    if (!state->fsm.ended()) co_return next;
    state->end(std::make_exception_ptr(*cause));
    co_return std::nullopt;
}

/// Lets the user's hook decide on the coming attempt.
asio::awaitable<void> session_driver::call_hook(status_change& change)
{
    const auto when = core_->lock()->fsm.last_failure_context();
    std::optional<error> refused;
    connection_settings::decision decided;
    try {
        decided = co_await settings_.decide(change, when, *client_);
    } catch (const error& thrown) {
        refused = thrown;
    } catch (const std::exception& thrown) {
        if (is_closing()) throw;
        refused = error(errc::misuse,
            fmt::format("client_options::on_reconnecting has failed: {}", thrown.what()));
    }
    if (refused) {
        change = core_->lock()->fsm.give_up(*refused);
        co_return;
    }
    change.delay = decided.delay;
    if (decided.leads_elsewhere) spare_.reset();
    if (!decided.handle.empty()) core_->lock()->fsm.go_on_with(std::move(decided.handle));
}

asio::awaitable<void> session_driver::write_loop(self_ptr self)
{
    constexpr std::size_t batch_bytes = 64 * 1024;
    for (;;) {
        link_ptr link;
        std::vector<base::frame> batch;
        std::optional<base::time_point> goes_stale;
        {
            const auto state = self->core_->lock();
            if (state->ended) co_return;
            const auto now = self->client_->clock->now();
            if (state->fsm.drop_stale(now)) state->notify();
            link = state->open;
            if (link) {
                batch = state->fsm.take(batch_bytes, now);
                state->report_turns();
            }
            goes_stale = state->fsm.next_stale(now);
        }
        if (batch.empty()) {
            link.reset();
            std::optional<async::alarm> drops;
            if (goes_stale) {
                drops.emplace(self->client_->connector->executor(), self->client_->clock,
                    *goes_stale, [self] { self->signals_.writer.set(); });
            }
            co_await self->signals_.writer.wait();
            continue;
        }
        bool sent = true;
        try {
            co_await link->send(std::move(batch));
        } catch (const std::system_error&) { // the reading side sees the end and reports why
            sent = false;
        }
        {
            const auto state = self->core_->lock();
            sent = sent && state->open == link;
            if (sent) {
                state->fsm.written(self->client_->clock->now());
                if (state->fsm.wants_attention()) self->attention_.set();
            } else if (state->open == link) { // what is still to be read may prove what has arrived
                state->open.reset();
                state->failed = link;
                self->signals_.took.set();
            }
            state->notify();
        }
        if (sent) self->ask_for_pong(link);
    }
}

void session_driver::abort()
{
    if (link_) link_->abort();
    if (last_link_) last_link_->abort();
    stop_.emit(asio::cancellation_type::terminal);
}

void session_driver::begin_close()
try {
    if (!link_) return stop_.emit(asio::cancellation_type::terminal);
    constexpr std::uint16_t over = 1000;
    signals_.took.set();
    last_link_ = link_;
    close_link(link_, over);
} catch (...) {
    abort();
}

/// Closes a connection in the background, so that the server learns of its end.
void session_driver::close_link(link_ptr link, std::uint16_t code)
{
    const auto self = shared_from_this();
    const auto on_closed = [self](std::exception_ptr) {
        --self->closing_links_;
        if (self->last_link_ && !self->has_run_)
            self->stop_.emit(asio::cancellation_type::terminal);
        self->finish();
    };
    ++closing_links_;
    try {
        async::spawn(client_->connector->executor(), say_goodbye(link, code), on_closed);
    } catch (...) {
        --closing_links_;
        link->abort();
        throw;
    }
}

asio::awaitable<void> session_driver::say_goodbye(link_ptr link, std::uint16_t code)
{
    co_await link->close(code, "");
}

/// Ends the session once nothing runs any more and the server has learned of the end of each
/// connection. A session that resumes elsewhere must not meet an open connection.
void session_driver::finish()
{
    if (!has_run_ || closing_links_ != 0) return;
    last_link_.reset();
    const auto state = core_->lock();
    if (state->ended) return;
    state->close();
}

void session_driver::fail(std::exception_ptr why)
{
    link_.reset();
    spare_.reset();
    core_->lock()->fail(std::move(why));
}

} // namespace gemini::live
