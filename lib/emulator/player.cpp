// SPDX-License-Identifier: Apache-2.0
#include "emulator/player.hpp"

#include "base/fifo.hpp"
#include "transport/wakeup.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

namespace gemini::live::emulation {
namespace {

constexpr std::size_t most_unread = 16u << 20; // bytes that the client may be ahead of the script
constexpr std::chrono::duration<double> longest_nap{5}; // so that it notices when the client goes

std::optional<protocol::json_value> parse(std::string_view text)
{
    try {
        return protocol::json_value::parse(text);
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

/// One coroutine reads, so that the end of the connection is noticed at once; another plays.
class player {
public:
    player(const asio::any_io_executor& executor, std::shared_ptr<emulator_peer> peer)
        : peer_(std::move(peer)), pause_(executor), nap_(executor)
    {
    }

    [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

    asio::awaitable<void> read()
    {
        while (auto message = co_await peer_->receive()) {
            const auto size = message->size();
            unread_bytes_ += size;
            if (unread_bytes_ > most_unread) peer_->drop();
            unread_.push(*std::move(message));
            arrived_.set();
            if (bytes_per_second_ > 0) co_await slow_down(size);
        }
        gone_ = true;
        pause_.cancel();
        arrived_.set();
    }

    asio::awaitable<void> play(const std::vector<step>& steps)
    {
        try {
            co_await all(steps);
            const std::uint16_t code = complaint_.empty() ? 1000 : 1008;
            if (!gone_) co_await peer_->close(code, complaint_);
        } catch (const std::system_error&) { // the client has gone
            peer_->drop();
        }
        while (!gone_) co_await take();
    }

private:
    // Each of these gives whether there is a client to go on with ----------------------------

    asio::awaitable<bool> all(const std::vector<step>& steps)
    {
        for (const auto& each : steps) {
            auto work =
                std::visit([&](const auto& what) { return perform(each.line, what); }, each.what);
            const bool goes_on = co_await std::move(work);
            if (!goes_on) co_return false;
        }
        co_return true;
    }

    asio::awaitable<bool> perform(int line, const expect_step& what)
    {
        while (const auto message = co_await take()) {
            const auto value = parse(*message);
            if (value && matches(*value, what)) co_return true;
            if (what.others_may_come_first) continue;
            complaint_ = fmt::format("Line {} of the script expects another message.", line);
            co_return false;
        }
        co_return false;
    }

    asio::awaitable<bool> perform(int, const send_step& what)
    {
        if (gone_) co_return false;
        if (what.in_text_frame)
            co_await peer_->send_text(what.message);
        else
            co_await peer_->send(what.message);
        co_return true;
    }

    asio::awaitable<bool> perform(int, const wait_step& what)
    {
        if (gone_) co_return false;
        pause_.expires_after(what.time);
        asio::error_code cut_short;
        co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, cut_short));
        co_return !gone_;
    }

    asio::awaitable<bool> perform(int, const close_step& what)
    {
        if (!gone_) co_await peer_->close(what.code, what.reason);
        co_return false;
    }

    asio::awaitable<bool> perform(int, const drop_step& what)
    {
        std::int64_t messages = 0;
        std::int64_t bytes = 0;
        const auto is_due = [&] {
            if (what.after_messages && messages >= *what.after_messages) return true;
            if (what.after_bytes && bytes >= *what.after_bytes) return true;
            return !what.after_messages && !what.after_bytes;
        };
        while (!gone_ && !is_due()) {
            const auto message = co_await take();
            if (!message) break;
            ++messages;
            bytes += static_cast<std::int64_t>(message->size());
        }
        peer_->drop();
        co_return false;
    }

    asio::awaitable<bool> perform(int, const stall_step&)
    {
        while (!gone_) co_await take();
        co_return false;
    }

    asio::awaitable<bool> perform(int, const drain_step& what)
    {
        bytes_per_second_ = what.bytes_per_second;
        while (!gone_) co_await take();
        co_return false;
    }

    asio::awaitable<bool> perform(int, const repeat_step& what)
    {
        for (std::int64_t i = 0; !what.times || i < *what.times; ++i) {
            const bool goes_on = co_await all(what.steps);
            if (!goes_on) co_return false;
        }
        co_return true;
    }

    /// The next message; nothing when the client has gone.
    asio::awaitable<std::optional<std::string>> take()
    {
        while (unread_.empty() && !gone_) co_await arrived_.wait();
        if (unread_.empty()) co_return std::nullopt;
        auto message = unread_.take();
        unread_bytes_ -= message.size();
        co_return message;
    }

    asio::awaitable<void> slow_down(std::size_t size)
    {
        const std::chrono::duration<double> time(static_cast<double>(size) / bytes_per_second_);
        nap_.expires_after(
            std::chrono::duration_cast<asio::steady_timer::duration>(std::min(time, longest_nap)));
        co_await nap_.async_wait(asio::use_awaitable);
    }

    std::shared_ptr<emulator_peer> peer_;
    asio::steady_timer pause_;
    asio::steady_timer nap_;
    transport::wakeup arrived_;
    base::fifo<std::string> unread_;
    std::size_t unread_bytes_ = 0;
    double bytes_per_second_ = 0; // 0: as fast as it comes
    bool gone_ = false;
    std::string complaint_;
};

asio::awaitable<void> read(std::shared_ptr<player> player) { co_await player->read(); }

} // namespace

asio::awaitable<std::string> play(asio::any_io_executor executor,
    std::shared_ptr<emulator_peer> peer, const std::vector<step>& steps)
{
    auto one = std::make_shared<player>(executor, std::move(peer));
    asio::co_spawn(executor, read(one), asio::detached);
    co_await one->play(steps);
    co_return one->complaint();
}

} // namespace gemini::live::emulation
