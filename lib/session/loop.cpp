// SPDX-License-Identifier: Apache-2.0
#include "session/session_core.hpp"

#include "protocol/decode.hpp"
#include "protocol/encode.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <fmt/format.h>

#include <utility>

// The coroutines that work for a session: they act, the machine decides.
namespace gemini::live {

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
        try {
            co_await self->converse();
        } catch (const error& thrown) {
            failure.emplace(thrown);
        } catch (const std::system_error&) { // cancelled by a close
        }
        self->link_.reset();
        const auto next = failure ? self->after_loss(*failure) : std::nullopt;
        if (!next) break;
        try {
            co_await self->client_->clock->sleep_until(*next);
        } catch (const std::system_error&) {
            break;
        }
    }
    self->finish();
}

/// One connection, from dialling to its end, which is always thrown.
asio::awaitable<void> session_core::converse()
{
    auto request = client_->request(method_);
    auto made = co_await client_->connector->connect(std::move(request));
    link_ = std::move(made);
    co_await set_up(link_);
    co_await read(link_);
}

asio::awaitable<void> session_core::set_up(link_ptr link)
{
    std::string handle;
    {
        const std::lock_guard lock(mutex_);
        handle = machine_.handle();
        if (closing_) throw error(errc::closed, "The session has been closed.");
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
    try {
        std::vector<base::frame> batch;
        batch.push_back(protocol::encode_setup(setup_, handle, client_->addressing()));
        co_await link->send(std::move(batch));
        for (bool complete = false; !complete;) {
            auto received = co_await link->receive();
            const auto size = received.payload.size();
            auto message = decode(std::move(received.payload));
            if (!message) continue;
            if (const auto& refused = message->all().error) {
                throw error(errc::rejected,
                    fmt::format("The server refused the setup: {}", refused->message),
                    {phase::setup, 0, refused->message, refused->code});
            }
            complete = message->all().setup_complete.has_value();
            if (complete) {
                if (restate && machine_.epoch() != 0) co_await link->send(restate());
                const std::lock_guard lock(mutex_);
                drop_stale();
                auto change = machine_.opened(client_->clock->now());
                change.dropped = std::exchange(dropped_, 0);
                change.replayed = std::exchange(replayed_, 0);
                change.uncertain = std::exchange(uncertain_, 0);
                open_ = link;
                announce(std::move(change));
                writer_.set();
            }
            deliver(std::move(*message), size);
        }
    } catch (const error& thrown) {
        if (!too_late) throw;
        throw error(errc::timed_out,
            fmt::format("The server did not answer the setup within {} ms.", limit.count()),
            {phase::setup});
    }
}

asio::awaitable<void> session_core::read(link_ptr link)
{
    for (;;) {
        auto received = co_await link->receive();
        const auto size = received.payload.size();
        if (auto message = decode(std::move(received.payload))) deliver(std::move(*message), size);
        while (!has_room()) co_await reader_took_.wait();
    }
}

/// Nothing for a message that is passed over.
std::optional<server_message> session_core::decode(base::padded_buffer text)
{
    try {
        return protocol::decode_server_message(std::move(text));
    } catch (const error& malformed) {
        if (client_->options.malformed == malformed_policy::fail) throw;
        client_->log(log_level::warning, malformed.what());
        const std::lock_guard lock(mutex_);
        push(malformed_message{malformed}, sizeof(malformed_message));
        return std::nullopt;
    }
}

/// When the inbox is full, reading from the network is held back.
bool session_core::has_room()
{
    const std::lock_guard lock(mutex_);
    return inbox_bytes_ <= client_->options.limits.inbox || closing_;
}

void session_core::deliver(server_message message, std::size_t size)
{
    const std::lock_guard lock(mutex_);
    message.epoch(machine_.epoch());
    if (const auto& update = message.all().session_resumption_update) {
        const auto& index = update->last_consumed_client_message_index;
        if (machine_.update(*update) && index) outbox_.consumed(*index);
    }
    if (message.all().server_content) turn_open_ = answering_ = !message.turn_complete();
    push(std::move(message), size);
}

std::optional<sessions::time_point> session_core::after_loss(const error& failure)
{
    const std::lock_guard lock(mutex_);
    open_.reset();
    if (closing_) return std::nullopt;
    const auto now = client_->clock->now();
    auto change = machine_.lost(failure, now);
    replayed_ += outbox_.lost();
    // a question that has not been consumed is asked again
    change.turn_cut = outbox_.keeps_unconsumed() ? answering_ : turn_open_;
    turn_open_ = answering_ = false;
    const auto delay = change.delay;
    const auto cause = change.cause;
    announce(std::move(change));
    if (machine_.ended()) {
        end(std::make_exception_ptr(*cause));
        return std::nullopt;
    }
    return now + delay;
}

asio::awaitable<void> session_core::write(self_ptr self)
{
    constexpr std::size_t batch_bytes = 64 * 1024;
    for (;;) {
        link_ptr link;
        std::vector<base::frame> batch;
        {
            const std::lock_guard lock(self->mutex_);
            if (self->ended_) co_return;
            link = self->open_;
            if (link) batch = self->outbox_.take(batch_bytes);
        }
        if (batch.empty()) {
            link.reset();
            co_await self->writer_.wait();
            continue;
        }
        bool sent = true;
        try {
            co_await link->send(std::move(batch));
        } catch (const std::system_error&) { // the reading side sees the end, and says why
            sent = false;
        }
        const std::lock_guard lock(self->mutex_);
        if (sent && self->open_ == link) {
            if (self->outbox_.written()) self->turn_open_ = true;
            const auto gone = self->outbox_.shed();
            self->dropped_ += gone.perishable;
            self->uncertain_ += gone.durable;
        } else {
            self->replayed_ += self->outbox_.lost();
            if (self->open_ == link) self->open_.reset();
        }
        if (!self->senders_.empty()) self->senders_.front()->set();
        self->notify();
    }
}

void session_core::begin_close()
{
    if (link_)
        asio::co_spawn(
            client_->connector->executor(), say_goodbye(shared_from_this(), link_), asio::detached);
    else
        stop_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> session_core::say_goodbye(self_ptr self, link_ptr link)
{
    self->reader_took_.set();
    co_await link->close(1000, "");
    self->stop_.emit(asio::cancellation_type::terminal);
}

void session_core::finish()
{
    link_.reset();
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    announce(machine_.close());
    end(nullptr);
}

void session_core::fail(std::exception_ptr why)
{
    link_.reset();
    const std::lock_guard lock(mutex_);
    if (!ended_) end(std::move(why));
}

} // namespace gemini::live
