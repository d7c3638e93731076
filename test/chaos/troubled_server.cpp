// SPDX-License-Identifier: Apache-2.0
#include "chaos/troubled_server.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace chaos {

using namespace std::chrono_literals;

const char* name_of(misery what) noexcept
{
    switch (what) {
    case misery::reset: return "reset";
    case misery::hang_up: return "hung up";
    case misery::half_open: return "half open";
    case misery::stall: return "stalled";
    case misery::closed_port: return "port closed";
    case misery::in_the_middle: return "cut in the middle";
    case misery::server_drops: return "dropped by the server";
    }
    return "";
}

troubled_server::troubled_server(server_options options)
    : on_event_(std::move(options.on_event)), random_(options.seed)
{
    live::testing::emulator_options serving;
    serving.on_message = [this](const live::testing::emulator_message& message) { note(message); };
    serving.on_event = on_event_;
    if (options.go_away) {
        serving.lifetime = 5s;
        serving.notice = 3s;
    }
    emulator_.emplace(io_.get_executor(), serving);
    relay_.emplace(io_, emulator_->port());
    if (!options.go_away) asio::co_spawn(io_, trouble(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
}

troubled_server::~troubled_server()
{
    io_.stop();
    thread_.join();
}

std::string troubled_server::url() const
{
    return "http://127.0.0.1:" + std::to_string(relay_->port());
}

troubled_server::report troubled_server::look() const
{
    const std::lock_guard lock(mutex_);
    auto now = report_;
    now.connections = emulator_->accepted();
    return now;
}

std::vector<test::server_record::entry> troubled_server::consumed() const
{
    const std::lock_guard lock(mutex_);
    return record_.newest();
}

void troubled_server::heal()
{
    asio::post(io_, [this] { healed_ = true; });
}

void troubled_server::note(const live::testing::emulator_message& message)
{
    using live::testing::message_sender;
    const auto now = clock::now();
    const auto has = [&](std::string_view what) {
        return message.text.substr(0, 60).find(what) != std::string_view::npos;
    };
    const std::lock_guard lock(mutex_);
    record_.note(message);
    if (message.from == message_sender::client && has("\"audio\"")) {
        if (last_sound_) report_.longest_gap = std::max(report_.longest_gap, now - *last_sound_);
        last_sound_ = now;
    }
    if (message.from == message_sender::client && has("\"setup\"")) setup_came_ = now;
    if (message.from == message_sender::server && setup_came_ && has("\"setupComplete\"")) {
        report_.longest_setup = std::max(report_.longest_setup, now - *setup_came_);
        setup_came_.reset();
    }
}

std::chrono::milliseconds troubled_server::between(int least, int most)
{
    return std::chrono::milliseconds(std::uniform_int_distribution(least, most)(random_));
}

asio::awaitable<void> troubled_server::sleep(std::chrono::milliseconds time)
{
    asio::steady_timer timer(io_, time);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> troubled_server::trouble()
{
    for (;;) {
        co_await sleep(between(1'000, 5'000));
        if (healed_) co_return;
        const auto what = static_cast<misery>(between(0, miseries - 1).count());
        {
            const std::lock_guard lock(mutex_);
            ++report_.suffered[static_cast<std::size_t>(what)];
        }
        if (on_event_) on_event_(name_of(what));
        co_await suffer(what);
    }
}

asio::awaitable<void> troubled_server::suffer(misery what)
{
    using test::trouble;
    switch (what) {
    case misery::reset: relay_->strike(trouble::rst); break;
    case misery::hang_up: relay_->strike(trouble::fin); break;
    case misery::half_open: // until the server also notices
        relay_->strike(trouble::swallow);
        co_await sleep(between(500, 2'000));
        relay_->strike(trouble::rst);
        break;
    case misery::stall:
        relay_->strike(trouble::stall);
        co_await sleep(between(100, 2'000));
        relay_->go_on();
        break;
    case misery::closed_port:
        relay_->refuse();
        relay_->strike(trouble::rst);
        co_await sleep(between(100, 3'000));
        relay_->listen();
        break;
    case misery::in_the_middle: {
        const auto where = between(0, 1).count() == 0 ? test::way::up : test::way::down;
        const auto after = static_cast<std::uint64_t>(between(0, 100'000).count());
        relay_->strike_next({trouble::rst, where, after});
        relay_->strike(trouble::rst);
        break;
    }
    case misery::server_drops: emulator_->drop_all(); break;
    }
}

} // namespace chaos
