// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/testing/virtual_time.hpp>

#include "async/surroundings.hpp"
#include "emulator/world/memory_network.hpp"
#include "emulator/world/virtual_clock.hpp"

#include <gemini/live/error.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/execution_context.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <random>
#include <string>
#include <utility>

namespace gemini::live::testing {

using live::emulator::memory_network;
using live::emulator::virtual_clock;

namespace {

using std::chrono::milliseconds;

/// What an execution context has in the place of clocks and sockets.
struct world {
    explicit world(virtual_clock::wall_time date) : clock(std::make_shared<virtual_clock>(date)) {}

    const std::shared_ptr<virtual_clock> clock;
    const std::shared_ptr<memory_network> network = std::make_shared<memory_network>(clock);
};
using world_ptr = std::shared_ptr<const world>;

/// Handlers that may run while time stands still: no test needs that many.
constexpr std::size_t most_at_once = 2'000'000;
/// Handlers that may run after the work has been canceled.
constexpr std::size_t most_at_the_end = 100'000;

/// Remembers the world of an execution context.
class place_of_world : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id; // NOLINT(readability-identifier-naming)

    explicit place_of_world(asio::execution_context& owner) : service(owner) {}

    world_ptr kept;

private:
    void shutdown() override {}
};

world_ptr world_of(asio::io_context& io)
{
    if (!asio::has_service<place_of_world>(io)) return nullptr;
    return asio::use_service<place_of_world>(io).kept;
}

/// The engine's numbers are the same everywhere, unlike the library's distributions.
std::function<double()> seeded(std::uint64_t seed)
{
    return [engine = std::mt19937_64(seed)]() mutable {
        constexpr double unit = 0x1p-53;
        return static_cast<double>(engine() >> 11) * unit;
    };
}

double seconds_of(virtual_clock::time_point when)
{
    return std::chrono::duration<double>(when - virtual_clock::start).count();
}

/// Describes what still waits.
std::string still_waiting(const world& in)
{
    std::string all;
    if (const auto next = in.clock->next())
        all += fmt::format(" The next of the waits ends at {:.3f} s.", seconds_of(*next));
    const auto open = in.network->open_connections();
    if (!open.empty()) all += fmt::format(" Open: {}.", open);
    return all;
}

error late(const std::string& sentence) { return {errc::timed_out, sentence}; }

/// What `run` awaits.
struct running {
    asio::cancellation_signal stop{};
    bool is_over = false;
};

/// Runs what is ready until the work is over, and takes the number of handlers from `left`.
void run_ready(asio::io_context& io, const running& what, std::size_t& left)
{
    for (; left != 0 && !what.is_over; --left) {
        io.restart();
        if (io.poll_one() == 0) return;
    }
}

/// Returns why the work will not end in time; nothing if it has ended.
std::optional<error> run_virtual(
    asio::io_context& io, const running& what, const world& in, milliseconds limit)
{
    auto& clock = *in.clock;
    const auto end = base::later(clock.now(), limit);
    auto stood_since = clock.now();
    std::size_t left = most_at_once;
    for (;;) {
        if (std::exchange(stood_since, clock.now()) != clock.now()) left = most_at_once;
        run_ready(io, what, left);
        if (what.is_over) return std::nullopt;
        if (left == 0) {
            return late(fmt::format(
                "The work of run() does not let time pass: more than {} handlers ran at {:.3f} s.",
                most_at_once, seconds_of(clock.now())));
        }
        if (clock.advance(end)) continue;
        if (clock.next()) {
            return late(
                fmt::format("The work of run() has not ended within {} ms of virtual time.{}",
                    limit.count(), still_waiting(in)));
        }
        return late(fmt::format(
            "The work of run() waits for something that never comes: at {:.3f} s of virtual time "
            "nothing is left to run. (Other threads, sockets and timers of Asio do not count.){}",
            seconds_of(clock.now()), still_waiting(in)));
    }
}

std::optional<error> run_real(asio::io_context& io, const running& what, milliseconds limit)
{
    using clock = std::chrono::steady_clock;
    const auto end = base::later(clock::now(), limit);
    while (!what.is_over) {
        io.restart();
        if (io.run_one_until(end) != 0 || what.is_over) continue;
        if (clock::now() < end)
            return late("The work of run() has not ended, and nothing is left to run.");
        return late(fmt::format("The work of run() has not ended within {} ms.", limit.count()));
    }
    return std::nullopt;
}

} // namespace

class virtual_time::impl : public world {
public:
    using world::world;
};

virtual_time::virtual_time(asio::io_context& io, virtual_time_options options)
    : impl_(std::make_shared<impl>(options.wall_clock.value_or(std::chrono::system_clock::now())))
{
    async::replace_surroundings(io, {impl_->clock, seeded(options.seed)});
    transport::replace_network(io, impl_->network);
    asio::use_service<place_of_world>(io).kept = impl_;
}

std::chrono::steady_clock::time_point virtual_time::now() const noexcept
{
    return impl_->clock->now();
}

milliseconds virtual_time::elapsed() const noexcept
{
    return std::chrono::duration_cast<milliseconds>(now() - virtual_clock::start);
}

std::chrono::system_clock::time_point virtual_time::wall_clock() const
{
    return impl_->clock->wall_clock();
}

void virtual_time::freeze() { impl_->network->hold(true); }

void virtual_time::thaw() { impl_->network->hold(false); }

void detail::run(asio::io_context& io, asio::awaitable<void> work, milliseconds limit)
{
    const auto what = std::make_shared<running>();
    asio::co_spawn(io, std::move(work),
        asio::bind_cancellation_slot(
            what->stop.slot(), [what](const std::exception_ptr&) { what->is_over = true; }));
    const auto in = world_of(io);
    const auto failure = in ? run_virtual(io, *what, *in, limit) : run_real(io, *what, limit);
    if (!failure) return;
    what->stop.emit(asio::cancellation_type::terminal);
    auto left = most_at_the_end;
    run_ready(io, *what, left);
    throw error(*failure);
}

} // namespace gemini::live::testing
