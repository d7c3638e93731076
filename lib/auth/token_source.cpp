// SPDX-License-Identifier: Apache-2.0
#include "auth/token_source.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gemini::live::auth {
namespace {

using namespace std::chrono_literals;

constexpr auto usual_ahead = 5min; // a metadata server issues no new token earlier
constexpr auto longest_fetch = 30s;
constexpr int most_tries = 4;

/// Exponential backoff with jitter, but never less than `Retry-After`.
std::chrono::milliseconds delay_before(int attempt, const error& failure, double random)
{
    const auto most = 1000ms * (1 << attempt);
    const auto ours =
        most / 2 + std::chrono::milliseconds(static_cast<long>(random * 0.5 * most.count()));
    const std::chrono::milliseconds told = failure.retry_after().value_or(0s);
    return std::max(told, ours);
}

bool may_pass(const error& failure)
{
    return failure.condition() == condition::retryable || failure.condition() == condition::quota;
}

} // namespace

/// A caller that needs a token now.
struct token_source::waiter {
    explicit waiter(token_source& source) : owner(source) { owner.waiters_.push_back(this); }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() { std::erase(owner.waiters_, this); }

    token_source& owner;
    async::event done;
    proof_ptr got;
    std::exception_ptr failure;
};

/// One fetch, including its retries.
struct token_source::flight {
    asio::cancellation_signal stop;
    asio::cancellation_signal stop_ring;
    bool abandoned = false; ///< Nobody waits for it any longer.
    bool too_late = false;
    bool landed = false;
};

token_source::token_source(source_world world, std::chrono::seconds least_left)
    : world_(std::move(world)), least_left_(least_left),
      ahead_(std::max<std::chrono::seconds>(usual_ahead, 2 * least_left))
{
}

asio::awaitable<token_source::proof_ptr> token_source::get(self_ptr self)
{
    if (self->left() > self->least_left_) {
        auto held = self->held_;
        if (self->left() <= self->ahead_) self->begin();
        co_return held;
    }
    waiter me(*self);
    self->begin();
    try {
        co_await me.done.wait();
    } catch (const std::system_error&) {
        std::erase(self->waiters_, &me);
        if (self->flight_ && self->waiters_.empty()) {
            self->flight_->abandoned = true;
            self->flight_->stop.emit(asio::cancellation_type::terminal);
        }
        throw;
    }
    if (me.failure) std::rethrow_exception(me.failure);
    co_return me.got;
}

void token_source::forget(const proof_ptr& refused)
{
    if (held_ == refused) held_.reset();
}

/// Consults both clocks: one stops while the machine sleeps, the other can be set back.
std::chrono::nanoseconds token_source::left() const
{
    if (!held_ || !held_->token.expires()) return 0ns;
    return std::min<std::chrono::nanoseconds>(
        ends_ - world_.clock(), *held_->token.expires() - world_.wall_clock());
}

void token_source::begin()
{
    if (flight_) return;
    flight_ = std::make_shared<flight>();
    spawn(run(shared_from_this(), flight_), flight_, flight_->stop);
}

void token_source::spawn(asio::awaitable<void> work, std::shared_ptr<flight> flight,
    asio::cancellation_signal& stop) const
{
    asio::co_spawn(world_.executor, std::move(work),
        asio::bind_cancellation_slot(stop.slot(), [flight](std::exception_ptr) {}));
}

asio::awaitable<void> token_source::run(self_ptr self, std::shared_ptr<flight> flight)
{
    self->spawn(ring(self, flight), flight, flight->stop_ring);
    proof_ptr got;
    std::exception_ptr failure;
    try {
        got = std::make_shared<const proof>(co_await self->fetch());
    } catch (...) {
        failure = std::current_exception();
    }
    flight->landed = true;
    flight->stop_ring.emit(asio::cancellation_type::terminal);
    self->flight_.reset();
    if (flight->abandoned && !got) {
        if (!self->waiters_.empty()) self->begin(); // new waiters have arrived since
        co_return;
    }
    if (flight->too_late && !got) {
        failure = std::make_exception_ptr(error(errc::timed_out,
            fmt::format("No access token has come within {} s.", longest_fetch.count())));
    }
    if (got) self->keep(got);
    self->log(failure);
    for (auto* const each : std::exchange(self->waiters_, {})) {
        each->got = got;
        each->failure = failure;
        each->done.set();
    }
}

/// Cancels a fetch that takes too long.
asio::awaitable<void> token_source::ring(self_ptr self, std::shared_ptr<flight> flight)
{
    co_await self->world_.sleep_until(self->world_.clock() + longest_fetch);
    if (flight->landed) co_return;
    flight->too_late = true;
    flight->stop.emit(asio::cancellation_type::terminal);
}

/// Retries as long as somebody waits.
asio::awaitable<proof> token_source::fetch()
{
    for (int attempt = 0;; ++attempt) {
        std::chrono::milliseconds delay{};
        try {
            co_return co_await world_.fetch();
        } catch (const error& failure) {
            if (!may_pass(failure) || attempt + 1 == most_tries || waiters_.empty()) throw;
            delay = delay_before(attempt, failure, world_.random());
            if (delay >= longest_fetch) throw;
        }
        co_await world_.sleep_until(world_.clock() + delay);
    }
}

void token_source::keep(proof_ptr got)
{
    held_ = std::move(got);
    if (const auto expires = held_->token.expires())
        ends_ = world_.clock() + (*expires - world_.wall_clock());
}

void token_source::log(const std::exception_ptr& failure) const
{
    const auto& logger = world_.logger;
    if (!failure) {
        if (!logger.wants(log_level::debug)) return;
        const std::array fields{
            log_field{"left", std::chrono::duration_cast<std::chrono::milliseconds>(left())}};
        logger.sink({log_level::debug, "access_token", "access token fetched", fields});
        return;
    }
    if (!logger.wants(log_level::warning)) return;
    try {
        std::rethrow_exception(failure);
    } catch (const error& why) {
        const std::array fields{log_field{"error", std::string_view(to_string(why.value()))},
            log_field{"cause", std::string_view(why.what())}};
        logger.sink({log_level::warning, "access_token", "no access token", fields});
    } catch (...) { // thrown by the application, which knows about it
    }
}

} // namespace gemini::live::auth
