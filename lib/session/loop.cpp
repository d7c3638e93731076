// SPDX-License-Identifier: Apache-2.0
#include "session/session_core.hpp"

#include "base/complaint.hpp"
#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/service_error.hpp"
#include "session/redact.hpp"
#include "session/session_log.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <gemini/live/reconnect_plan.hpp>
#include <gemini/live/resumption_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// The coroutines that work for a session: they act, the machine decides.
namespace gemini::live {
namespace {

/// So many messages are read before everybody else on the executor has a turn.
constexpr std::size_t messages_per_turn = 64;

/// In memory, beyond the inbox's limit: about what networks hold.
constexpr std::size_t most_of_failed = 256 * 1024;

asio::awaitable<void> let_others_run() { return asio::post(asio::use_awaitable); }

/// The server has reported an error in the place of setupComplete.
error refusal_of_setup(const server_error& refused)
{
    const auto message = protocol::on_one_line(refused.message);
    const auto words = protocol::on_one_line(refused.status) + ' ' + message;
    return error(base::cause_of_refusal(std::max(refused.code, 400), words),
        fmt::format("The server refused the setup: {}", message),
        {phase::setup, 0, message, refused.code});
}

/// The close code of a connection whose conversation is not over.
constexpr std::uint16_t goes_on_elsewhere = 4000;

// Those of connections that end at what the server has sent.
constexpr std::uint16_t unreadable = 1007;
constexpr std::uint16_t too_big = 1009;

} // namespace

void session_core::start()
{
    const auto self = shared_from_this();
    const auto executor = client_->connector->executor();
    // Only what no part of the library throws on purpose gets there, such as std::bad_alloc.
    const auto fail_session = [self](std::exception_ptr thrown) {
        if (thrown) self->fail(thrown);
    };
    asio::co_spawn(executor, write(self), fail_session);
    asio::co_spawn(executor, run(self), asio::bind_cancellation_slot(stop_.slot(), fail_session));
}

asio::awaitable<void> session_core::run(self_ptr self)
{
    for (;;) {
        std::optional<error> failure;
        std::optional<sessions::time_point> next;
        try {
            co_await self->converse();
        } catch (const error& thrown) {
            failure.emplace(self->without_secrets(thrown));
        } catch (const std::system_error&) { // cancelled by a close
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
    self->stop_dialling_.emit(asio::cancellation_type::terminal);
    self->link_.reset();
    self->spare_.reset();
    self->has_run_ = true;
    self->finish();
}

/// Some servers quote what they refuse.
error session_core::without_secrets(const error& failure)
{
    auto secrets = client_->secrets();
    secrets.push_back(resumption_handle());
    return sessions::strike_out(failure, secrets);
}

/// From a connection to its end, which is always thrown; changes to a new connection in between
/// when the server asks for it.
asio::awaitable<void> session_core::converse()
{
    if (!recalled_) co_await recall();
    auto link = std::exchange(spare_, nullptr);
    bool is_made_ahead = link != nullptr;
    if (!link) link = co_await dial();
    link_ = link;
    link_ptr left;
    for (;; is_made_ahead = true) {
        {
            const std::lock_guard lock(mutex_);
            conversation_.begins_on(is_made_ahead);
        }
        try {
            co_await set_up(link);
        } catch (...) {
            if (left) left->abort();
            throw;
        }
        if (left) part(left, goes_on_elsewhere);
        left = co_await attend(link);
        link = link_;
        if (conversation_.overlaps()) continue;
        part(std::exchange(left, nullptr), goes_on_elsewhere);
    }
}

/// Looks for the handle of an earlier conversation of this name.
asio::awaitable<void> session_core::recall()
{
    const auto& store = client_->options.resumption_store;
    std::optional<resumption_record> record;
    const bool is_looked_for = store && !name_.empty() && conversation_.handle().empty();
    if (is_looked_for) {
        try {
            record = co_await store->load(name_);
        } catch (const error&) {
            throw;
        } catch (const std::exception& failure) {
            if (is_closing()) throw;
            throw error(errc::storage_failed,
                fmt::format("The resumption store could not be read: {}", failure.what()));
        }
    }
    recalled_ = true;
    if (is_looked_for) stored_handle_ = record ? record->handle : std::string();
    if (!record || record->model != setup_.model) co_return;
    const std::lock_guard lock(mutex_);
    conversation_.go_on_with(record->handle);
    saved_handle_ = std::move(record->handle);
}

/// Saves the newest handle, if the program keeps them.
void session_core::keep_handle()
{
    if (!client_->options.resumption_store || name_.empty() || std::exchange(saving_, true)) return;
    asio::co_spawn(client_->connector->executor(), save_handle(shared_from_this()), asio::detached);
}

/// What the store should have; empty: nothing. Absent while that is as it was: a handle that was
/// given up without having been refused may still serve another session.
std::optional<std::string> session_core::handle_to_save()
{
    const std::lock_guard lock(mutex_);
    const auto& handle = conversation_.handle();
    if (handle.empty() && !conversation_.handle_is_refused()) return std::nullopt;
    if (is_displaced_ || handle == saved_handle_) return std::nullopt;
    return handle;
}

asio::awaitable<void> session_core::save_handle(self_ptr self)
{
    const auto& logger = self->client_->options.logger;
    while (const auto handle = self->handle_to_save()) {
        self->saved_handle_ = *handle;
        try {
            co_await self->store_handle(*handle);
            if (self->is_displaced_) sessions::log_displaced(logger);
        } catch (const error& failure) {
            sessions::log_unsaved(logger, failure);
        } catch (const std::exception& failure) {
            sessions::log_unsaved(logger,
                error(errc::storage_failed,
                    fmt::format("The resumption store could not be written: {}", failure.what())));
        }
    }
    self->saving_ = false;
}

/// In the place of what this session has put there, or found there, and of nothing else.
asio::awaitable<void> session_core::store_handle(std::string handle)
{
    const auto store = client_->options.resumption_store;
    bool is_ours = true;
    if (handle.empty()) {
        is_ours = co_await store->erase_if(name_, stored_handle_.value_or(""));
    } else {
        resumption_record record(handle, std::chrono::system_clock::now(), setup_.model);
        if (stored_handle_)
            is_ours = co_await store->replace(name_, *stored_handle_, std::move(record));
        else
            co_await store->save(name_, std::move(record));
    }
    if (is_ours) stored_handle_ = std::move(handle);
    is_displaced_ = !is_ours;
}

asio::awaitable<session_core::link_ptr> session_core::dial()
{
    {
        const std::lock_guard lock(mutex_);
        conversation_.dialled();
    }
    auto made = co_await client_->connect(method_, base_url_);
    co_return link_ptr(std::move(made));
}

asio::awaitable<void> session_core::set_up(link_ptr link)
{
    std::string handle;
    std::vector<content> memories;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) throw error(errc::closed, "The session has been closed.");
        handle = conversation_.handle();
        memories = conversation_.memories();
    }
    const auto limit = client_->options.deadlines.setup;
    bool too_late = false;
    std::optional<sessions::alarm> deadline;
    if (limit.count() != 0) {
        deadline.emplace(client_->connector->executor(), client_->clock,
            client_->clock->now() + limit, [&too_late, link] {
                too_late = true;
                link->abort();
            });
    }
    // Newer models take turns as the history of a new conversation, and only so.
    const bool as_history = !memories.empty() && !quirks_.text_by_turns;
    try {
        auto setup = next_setup_;
        if (as_history) setup.history_config.emplace().initial_history_in_client_content = true;
        std::vector<base::frame> batch;
        batch.push_back(protocol::encode_setup(setup, handle, client_->addressing()));
        co_await link->send(std::move(batch));
        {
            const std::lock_guard lock(mutex_);
            conversation_.setting_up(client_->clock->now());
        }
        auto early = co_await await_setup_complete(link);
        std::vector<base::frame> first;
        if (!memories.empty())
            first.push_back(protocol::encode_client_content(memories, as_history, flavour()));
        if (restate && conversation_.epoch() != 0) first = restate();
        const auto already_sent = first.size();
        if (!first.empty()) co_await link->send(std::move(first));
        {
            const std::lock_guard lock(mutex_);
            auto change = conversation_.opened(client_->clock->now(), already_sent);
            open_ = link;
            announce(std::move(change));
            writer_.set();
            reader_took_.set(); // who reads the connection before this one need not wait
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

/// Everything up to setupComplete. It is nobody's before that, so that a bound of its own holds it.
asio::awaitable<std::vector<session_core::incoming>> session_core::await_setup_complete(
    link_ptr link)
{
    const auto limit = client_->options.limits.message;
    std::vector<incoming> early;
    std::size_t cost = 0;
    for (bool complete = false; !complete;) {
        auto received = co_await link->receive();
        auto next = decode(std::move(received));
        cost += sizeof(incoming);
        if (const auto* const message = std::get_if<server_message>(&next.what)) {
            const auto& all = message->all();
            if (all.error) throw refusal_of_setup(*all.error);
            complete = all.setup_complete.has_value();
            cost += message->footprint();
        }
        if (!complete && cost > limit) {
            throw error(errc::message_too_big,
                fmt::format("The server has sent more than {} bytes before setupComplete.", limit),
                {phase::setup});
        }
        if (const auto* const unread = std::get_if<malformed_message>(&next.what))
            cost += std::string_view(unread->why.what()).size() + unread->why.reason().size();
        early.push_back(std::move(next));
        if (early.size() % messages_per_turn == 0) co_await let_others_run();
    }
    co_return early;
}

/// While a connection is open. Throws its end; gives it back when it is to be left, for `link_`.
asio::awaitable<session_core::link_ptr> session_core::attend(link_ptr link)
{
    const auto self = shared_from_this();
    const auto executor = client_->connector->executor();
    const auto end = std::make_shared<std::exception_ptr>();
    asio::co_spawn(executor, pump(self, link, end), asio::detached);
    for (;;) {
        if (*end) std::rethrow_exception(*end);
        sessions::conversation::step step;
        {
            const std::lock_guard lock(mutex_);
            using enum sessions::conversation::successor;
            const auto following = spare_ ? ready : dialling_ahead_ ? dialled : none;
            if (!closing_) step = conversation_.next(client_->clock->now(), following);
            if (step.silence) {
                sessions::log(client_->options.logger, *step.silence);
                push(*step.silence);
            }
            if (step.write) writer_.set();
            if (step.hand_over) {
                open_.reset();
                failed_.reset();
                conversation_.hand_over(client_->clock->now());
                notify(); // sound that was being written is gone
            }
        }
        if (step.hand_over) {
            link_ = std::exchange(spare_, nullptr);
            co_return link;
        }
        if (step.is_over) {
            link->abort();
            throw error(errc::connection_lost,
                "The time that the server had left for the connection is over.", {phase::open});
        }
        if (step.dial_ahead) {
            dialling_ahead_ = true;
            asio::co_spawn(executor, dial_ahead(self, link),
                asio::bind_cancellation_slot(stop_dialling_.slot(), asio::detached));
        }
        std::optional<sessions::alarm> timer;
        if (step.ask_again) {
            timer.emplace(
                executor, client_->clock, *step.ask_again, [self] { self->attention_.set(); });
        }
        co_await attention_.wait();
    }
}

/// Reads a connection to its end, or until another one has been opened.
asio::awaitable<void> session_core::pump(self_ptr self, link_ptr link, ending_ptr end)
{
    try {
        const auto epoch = self->conversation_.epoch();
        for (std::size_t messages = 1;; ++messages) {
            auto received = co_await link->receive();
            if (self->conversation_.epoch() != epoch) co_return;
            self->deliver(self->decode_or_part(link, std::move(received)));
            bool waits = false;
            while (self->conversation_.epoch() == epoch && !self->has_room(link)) {
                if (!std::exchange(waits, true)) self->hold_up(true);
                co_await self->reader_took_.wait();
            }
            if (waits && self->conversation_.epoch() == epoch) self->hold_up(false);
            if (messages % messages_per_turn == 0) co_await let_others_run();
        }
    } catch (...) {
        *end = std::current_exception();
        self->attention_.set();
    }
}

/// Makes the connection that is to follow the present one.
asio::awaitable<void> session_core::dial_ahead(self_ptr self, link_ptr present)
{
    link_ptr made;
    std::optional<error> failure;
    try {
        const auto now = self->client_->clock->now();
        const auto turn = self->client_->budget.spend(now);
        if (turn.count() != 0) co_await self->client_->clock->sleep_until(now + turn);
        if (self->link_ == present) made = co_await self->dial();
    } catch (const error& refused) {
        failure.emplace(refused);
    } catch (const std::system_error&) { // cancelled
    }
    self->dialling_ahead_ = false;
    if (self->link_ == present) { // else it was too late
        if (failure) {
            const std::lock_guard lock(self->mutex_);
            self->conversation_.dial_ahead_failed(*failure, self->client_->clock->now());
        }
        self->spare_ = std::move(made);
    }
    self->attention_.set();
}

/// Throws what is not to be passed over.
session_core::incoming session_core::decode(transport::message received) const
{
    const bool strictly = client_->options.malformed == malformed_policy::fail;
    const auto size = received.payload.size();
    const sessions::conversation::signs with{received.pongs, received.round_trip};
    try {
        auto message = protocol::decode_server_message(std::move(received.payload),
            protocol::limits_of_message(client_->options.limits.message));
        const auto& omitted = message.all().omitted;
        if (strictly && !omitted.empty()) throw protocol::malformed_by(omitted.front());
        return {std::move(message), size, with};
    } catch (const error& refused) {
        if (strictly || refused.value() == errc::message_too_big) throw;
        return {malformed_message{refused}, size, with};
    }
}

/// The server is told why a connection ends at what it has sent.
session_core::incoming session_core::decode_or_part(
    const link_ptr& link, transport::message received)
{
    try {
        return decode(std::move(received));
    } catch (const error& refused) {
        part(link, refused.value() == errc::message_too_big ? too_big : unreadable);
        throw;
    }
}

/// A message has been delivered without these members, in a turn that has not ended with it. The
/// session is locked.
void session_core::tell_of(std::vector<omitted_member> omitted, bool in_turn)
{
    const auto doubtful =
        !in_turn ? omitted.end()
                 : std::find_if(omitted.begin(), omitted.end(), [](const omitted_member& each) {
                       return protocol::may_end_turn(each.path);
                   });
    const bool turn_in_doubt = doubtful != omitted.end();
    auto why = protocol::malformed_by(turn_in_doubt ? *doubtful : omitted.front());
    conversation_.heard_in_part(omitted.size(), turn_in_doubt, client_->clock->now());
    malformed_message in_part{std::move(why), true, turn_in_doubt, std::move(omitted)};
    sessions::log(client_->options.logger, in_part);
    push(std::move(in_part));
}

bool session_core::is_closing()
{
    const std::lock_guard lock(mutex_);
    return closing_;
}

void session_core::hold_up(bool on)
{
    const std::lock_guard lock(mutex_);
    conversation_.held_up(on);
}

/// When the inbox is full, reading from the network is held back. What is left of a connection that
/// has failed is little, and the end behind it must be seen; one that has more is ended here.
bool session_core::has_room(const link_ptr& link)
{
    {
        const std::lock_guard lock(mutex_);
        if (!inbox_.is_full() || closing_) return true;
        if (failed_ != link) return false;
        if (inbox_.bytes() <= client_->options.limits.inbox + most_of_failed) return true;
    }
    link->abort();
    throw error(errc::connection_lost,
        "The connection could not be written to, and brought more than was read.", {phase::open});
}

/// The answer says that all that has been written has been received.
void session_core::ask_for_pong(const link_ptr& link)
{
    {
        const std::lock_guard lock(mutex_);
        if (!conversation_.wants_ping()) return;
    }
    const auto number = link->ping();
    const std::lock_guard lock(mutex_);
    conversation_.pinged(number, client_->clock->now());
}

void session_core::deliver(incoming received)
{
    if (auto* const message = std::get_if<server_message>(&received.what))
        return deliver(std::move(*message), received.size, received.with);
    auto& skipped = std::get<malformed_message>(received.what);
    sessions::log(client_->options.logger, skipped);
    const std::lock_guard lock(mutex_);
    conversation_.heard_nonsense(client_->clock->now());
    push(std::move(skipped));
}

void session_core::deliver(
    server_message message, std::size_t size, sessions::conversation::signs with)
{
    const auto& all = message.all();
    const bool changes_handle = all.setup_complete || all.session_resumption_update;
    {
        const std::lock_guard lock(mutex_);
        message.epoch(conversation_.epoch());
        const auto mark = conversation_.heard(message, size, client_->clock->now(), with);
        if (conversation_.wants_attention()) attention_.set();
        if (all.tool_call_cancellation) notify(); // a response that waited may have been dropped
        if (message.interrupted() && client_->options.skip_stale_audio)
            stale_ += inbox_.drop_audio();
        auto omitted = message.all().omitted;
        const bool ends_turn = message.turn_complete();
        push(std::move(message), mark);
        if (!omitted.empty()) tell_of(std::move(omitted), !ends_turn);
        if (const auto doubt = conversation_.doubt()) {
            sessions::log(client_->options.logger, *doubt);
            push(*doubt);
        }
    }
    if (changes_handle) keep_handle();
}

/// After a connection's end: when to make the next, or nothing when there is to be none.
asio::awaitable<std::optional<sessions::time_point>> session_core::recover(error failure)
{
    status_change change;
    {
        const std::lock_guard lock(mutex_);
        open_.reset();
        failed_.reset();
        if (closing_) co_return std::nullopt;
        change = conversation_.lost(failure, client_->clock->now(), spare_ != nullptr);
    }
    if (change.cause) change.cause = client_->with_origin(std::move(*change.cause));
    // One that was refused is refused the next time, too.
    if (conversation_.handle_is_refused() && !saved_handle_.empty()) keep_handle();
    if (change.to == status::reconnecting) {
        change.delay += client_->budget.spend(client_->clock->now());
        if (client_->options.reconnect.on_reconnecting) co_await consult(change);
    }
    const auto next = sessions::later(client_->clock->now(), change.delay);
    const std::lock_guard lock(mutex_);
    const auto cause = change.cause;
    announce(std::move(change));
    writer_.set();
    if (!conversation_.ended()) co_return next;
    end(std::make_exception_ptr(*cause));
    co_return std::nullopt;
}

/// Asks the user's hook what it thinks of the coming attempt.
asio::awaitable<void> session_core::consult(status_change& change)
{
    reconnect_plan plan{*change.cause, change.attempt, change.delay, next_setup_, base_url_, false,
        conversation_.last_situation()};
    std::optional<error> refused;
    std::string handle;
    try {
        co_await client_->options.reconnect.on_reconnecting(plan);
        static_cast<void>(protocol::encode_setup(plan.setup, {}, client_->addressing()));
        if (plan.setup.session_resumption)
            handle = std::exchange(plan.setup.session_resumption->handle, {});
        if (plan.stop) refused = plan.cause;
    } catch (const error& thrown) {
        refused = thrown;
    } catch (const std::exception& thrown) {
        if (is_closing()) throw;
        refused = error(errc::misuse,
            fmt::format("reconnect_policy::on_reconnecting has failed: {}", thrown.what()));
    }
    if (refused) {
        const std::lock_guard lock(mutex_);
        change = conversation_.give_up(*refused);
        co_return;
    }
    change.delay = plan.delay;
    if (plan.base_url != base_url_) spare_.reset(); // it leads elsewhere
    next_setup_ = std::move(plan.setup);
    base_url_ = std::move(plan.base_url);
    if (handle.empty()) co_return;
    const std::lock_guard lock(mutex_);
    conversation_.go_on_with(std::move(handle));
}

asio::awaitable<void> session_core::write(self_ptr self)
{
    constexpr std::size_t batch_bytes = 64 * 1024;
    for (;;) {
        link_ptr link;
        std::vector<base::frame> batch;
        std::optional<sessions::time_point> goes_stale;
        {
            const std::lock_guard lock(self->mutex_);
            if (self->ended_) co_return;
            const auto now = self->client_->clock->now();
            if (self->conversation_.drop_stale(now)) self->notify();
            link = self->open_;
            if (link) batch = self->conversation_.take(batch_bytes, now);
            goes_stale = self->conversation_.next_stale(now);
        }
        if (batch.empty()) {
            link.reset();
            std::optional<sessions::alarm> drops;
            if (goes_stale) {
                drops.emplace(self->client_->connector->executor(), self->client_->clock,
                    *goes_stale, [self] { self->writer_.set(); });
            }
            co_await self->writer_.wait();
            continue;
        }
        bool sent = true;
        try {
            co_await link->send(std::move(batch));
        } catch (const std::system_error&) { // the reading side sees the end, and says why
            sent = false;
        }
        {
            const std::lock_guard lock(self->mutex_);
            sent = sent && self->open_ == link;
            if (sent) {
                self->conversation_.written(self->client_->clock->now());
                if (self->conversation_.wants_attention()) self->attention_.set();
            } else if (self->open_ == link) { // what is still to be read may say what has arrived
                self->open_.reset();
                self->failed_ = link;
                self->reader_took_.set();
            }
            self->notify();
        }
        if (sent) self->ask_for_pong(link);
    }
}

void session_core::begin_close()
{
    if (!link_) return stop_.emit(asio::cancellation_type::terminal);
    constexpr std::uint16_t over = 1000;
    reader_took_.set();
    last_link_ = link_;
    part(link_, over);
}

/// Tells the server that a connection ends.
void session_core::part(link_ptr link, std::uint16_t code)
{
    ++partings_;
    const auto self = shared_from_this();
    asio::co_spawn(client_->connector->executor(), say_goodbye(std::move(link), code),
        [self](std::exception_ptr) {
            --self->partings_;
            if (self->last_link_ && !self->has_run_)
                self->stop_.emit(asio::cancellation_type::terminal);
            self->finish();
        });
}

asio::awaitable<void> session_core::say_goodbye(link_ptr link, std::uint16_t code)
{
    co_await link->close(code, "");
}

/// Once nothing runs any more, and the server has heard of the end of each connection: who goes on
/// elsewhere must not meet an open one.
void session_core::finish()
{
    if (!has_run_ || partings_ != 0) return;
    last_link_.reset();
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    announce(conversation_.close());
    end(nullptr);
}

void session_core::fail(std::exception_ptr why)
{
    link_.reset();
    spare_.reset();
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    announce(conversation_.give_up(error(errc::misuse,
        "The session was ended by an exception that is none of the library's, such as "
        "std::bad_alloc.")));
    end(std::move(why));
}

} // namespace gemini::live
