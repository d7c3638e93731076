// SPDX-License-Identifier: Apache-2.0
#include "session/session_core.hpp"

#include "protocol/encode.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

// What the user's calls do. The coroutines that work for them are in loop.cpp.
namespace gemini::live {

session_core::session_core(
    std::shared_ptr<client_core> client, live::setup setup, protocol::method method)
    : client_(std::move(client)), setup_(std::move(setup)), method_(method),
      machine_(client_->options.reconnect,
          setup_.session_resumption ? setup_.session_resumption->handle : std::string(),
          client_->random),
      outbox_(client_->options.limits.outbox,
          setup_.session_resumption && setup_.session_resumption->transparent == true
              ? sessions::keeps::until_consumed
              : sessions::keeps::until_written)
{
    static_cast<void>(protocol::encode_setup(
        setup_, {}, client_->addressing())); // refuses what can never be accepted
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

asio::awaitable<void> session_core::connect(self_ptr self)
{
    {
        const std::lock_guard lock(self->mutex_);
        self->check_open();
        if (self->machine_.status() == status::disconnected) {
            self->announce(self->machine_.start());
            asio::post(self->client_->connector->executor(), [self] { self->start(); });
        }
    }
    std::function<bool()> done = [&core = *self] {
        return core.ended_ || core.machine_.epoch() != 0;
    };
    co_await until(self, std::move(done));
    const std::lock_guard lock(self->mutex_);
    if (self->machine_.epoch() == 0) self->check_open();
}

asio::awaitable<void> session_core::accept(self_ptr self, base::frame message, sessions::worth kind)
{
    const auto now = self->client_->clock->now();
    std::optional<ticket> waiting;
    for (;;) {
        {
            const std::lock_guard lock(self->mutex_);
            self->check_open();
            self->drop_stale();
            if (waiting ? waiting->is_first() && self->outbox_.has_room(message.size())
                        : self->senders_.empty() && self->outbox_.has_room(message.size())) {
                self->outbox_.push(std::move(message), kind, now);
                if (self->open_) self->writer_.set();
                co_return;
            }
            if (!waiting) waiting.emplace(*self);
        }
        co_await waiting->turn.wait();
    }
}

void session_core::drop_stale()
{
    if (machine_.status() != status::reconnecting) return;
    const auto window = client_->options.reconnect.realtime_window;
    dropped_ += outbox_.expire(client_->clock->now() - window);
}

template <class Element>
asio::awaitable<std::optional<Element>> session_core::next(self_ptr self)
{
    const reader_slot reading(*self);
    for (;;) {
        {
            const std::lock_guard lock(self->mutex_);
            if (auto oldest = self->take<Element>()) co_return oldest;
            if (self->end_) std::rethrow_exception(self->end_);
            if (self->ended_) co_return std::nullopt;
        }
        co_await self->reader_.wait();
    }
}

template asio::awaitable<std::optional<session_event>> session_core::next(self_ptr);
template asio::awaitable<std::optional<server_message>> session_core::next(self_ptr);

/// The oldest event of the inbox, or the oldest message: then the events before it are dropped.
template <class Element>
std::optional<Element> session_core::take()
{
    while (!inbox_.empty()) {
        auto oldest = inbox_.take();
        const auto limit = client_->options.limits.inbox;
        const bool was_full = inbox_bytes_ > limit;
        inbox_bytes_ -= oldest.size;
        if (was_full && inbox_bytes_ <= limit) reader_took_.set();
        if constexpr (std::is_same_v<Element, session_event>)
            return std::move(oldest.event);
        else if (auto* element = std::get_if<Element>(&oldest.event))
            return std::move(*element);
    }
    return std::nullopt;
}

asio::awaitable<void> session_core::drain(self_ptr self)
{
    std::uint64_t mark = 0;
    {
        const std::lock_guard lock(self->mutex_);
        mark = self->outbox_.last();
    }
    std::function<bool()> done = [&core = *self, mark] {
        return core.outbox_.oldest() > mark || core.ended_;
    };
    co_await until(self, std::move(done));
    const std::lock_guard lock(self->mutex_);
    if (self->outbox_.oldest() <= mark) self->check_open();
}

asio::awaitable<void> session_core::close(self_ptr self)
{
    {
        const std::lock_guard lock(self->mutex_);
        if (self->ended_) co_return;
        if (!std::exchange(self->closing_, true)) {
            if (self->machine_.status() == status::disconnected) {
                self->announce(self->machine_.close());
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
        if (machine_.status() == status::disconnected) {
            announce(machine_.close());
            end(nullptr);
            return;
        }
    }
    if (!client_->context_is_alive()) return; // its coroutines have died with it
    asio::post(client_->connector->executor(), [self = shared_from_this()] {
        if (self->link_) self->link_->abort();
        self->stop_.emit(asio::cancellation_type::terminal);
    });
}

void session_core::announce(status_change change)
{
    status_ = change.to;
    if (client_->options.logger.wants(log_level::info)) {
        std::string line =
            fmt::format("session {} -> {}", to_string(change.from), to_string(change.to));
        if (change.attempt != 0)
            line += fmt::format(", attempt {} in {} ms", change.attempt, change.delay.count());
        if (change.resumed) line += ", resumed";
        if (change.dropped != 0)
            line += fmt::format(", {} realtime messages dropped", change.dropped);
        if (change.cause) line += fmt::format(": {}", change.cause->what());
        client_->log(change.cause ? log_level::warning : log_level::info, line);
    }
    push(std::move(change), sizeof(status_change));
    notify();
}

void session_core::push(session_event event, std::size_t size)
{
    inbox_bytes_ += size;
    inbox_.push({std::move(event), size});
    reader_.set();
}

void session_core::end(std::exception_ptr why)
{
    ended_ = true;
    end_ = std::move(why);
    open_.reset();
    reader_.set();
    reader_took_.set();
    writer_.set();
    for (auto* each : senders_) each->set();
    notify();
}

} // namespace gemini::live
