// SPDX-License-Identifier: Apache-2.0
#include "emulator/script/script_runner.hpp"

#include "async/alarm.hpp"
#include "async/event.hpp"
#include "async/surroundings.hpp"
#include "base/fifo.hpp"
#include "emulator/rules/refusal.hpp"
#include "emulator/rules/text_util.hpp"
#include "emulator/rules/validator.hpp"
#include "emulator/script/message_summary.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace gemini::live::emulator {
namespace {

constexpr std::size_t most_unread = 16u << 20; // bytes that the client may be ahead of the script
constexpr std::chrono::duration<double> longest_nap{5}; // so that a disconnected client is noticed
constexpr std::size_t most_shown = 300;                 // bytes of a message, in the log
constexpr std::size_t most_shown_in_close = 24;

std::optional<protocol::json_value> parse(std::string_view text)
{
    try {
        return protocol::json_value::parse(text);
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

/// Renders a client message for use in a sentence, without any handle it contains.
std::string shown(std::string message, std::size_t width)
{
    const auto value = parse(message);
    const auto handle = value ? find_path(*value, "setup.sessionResumption.handle") : std::nullopt;
    if (handle)
        if (const auto at = message.find(handle->text()); at != std::string::npos)
            message.replace(at, handle->text().size(), "\"[handle]\"");
    return message_summary(message, width);
}

/// Describes what was expected.
std::string wanted(const expect_step& what, std::size_t width)
{
    auto text = what.kind.empty() ? shown(what.pattern.text(), width)
                                  : shortened('"' + what.kind + '"', width);
    if (what.within)
        text += fmt::format(" within {:g} s", std::chrono::duration<double>(*what.within).count());
    return text;
}

/// Returns the next message that the client must send, or null if it may disconnect before that.
const step* first_expectation(std::span<const step> steps)
{
    for (const auto& each : steps) {
        if (std::holds_alternative<expect_step>(each.what)) return &each;
        if (const auto* const repeat = std::get_if<repeat_step>(&each.what)) {
            const auto* const inner = repeat->times ? first_expectation(repeat->steps) : nullptr;
            if (inner || !repeat->times) return inner;
            continue;
        }
        const bool goes_on = std::holds_alternative<send_step>(each.what) ||
                             std::holds_alternative<wait_step>(each.what);
        if (!goes_on) return nullptr;
    }
    return nullptr;
}

/// One coroutine reads, so that a disconnect is noticed at once. Another plays the script.
class player : public std::enable_shared_from_this<player> {
public:
    player(const asio::any_io_executor& executor, std::shared_ptr<testing::emulator_peer> peer,
        std::string_view origin)
        : peer_(std::move(peer)), origin_(origin), executor_(executor),
          clock_(async::surroundings_of(executor).clock)
    {
    }

    [[nodiscard]] performance outcome() const { return {failure_, !reason_.empty()}; }

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
        woken_.set();
        arrived_.set();
    }

    asio::awaitable<void> play(const std::vector<step>& steps)
    {
        try {
            co_await all(steps);
            const std::uint16_t code = reason_.empty() ? 1000 : 1008;
            if (!gone_) co_await peer_->close(code, reason_);
        } catch (const std::system_error&) { // the client has disconnected
            peer_->drop();
        }
        while (!gone_) co_await take();
    }

private:
    // Each of these returns whether the script can continue with this client --------------

    asio::awaitable<bool> all(const std::vector<step>& steps)
    {
        for (std::size_t i = 0; i < steps.size(); ++i) {
            auto work = std::visit(
                [&](const auto& what) { return perform(steps[i].line, what); }, steps[i].what);
            const bool goes_on = co_await std::move(work);
            if (goes_on) continue;
            if (!over_) miss(std::span(steps).subspan(i + 1));
            co_return false;
        }
        co_return true;
    }

    asio::awaitable<bool> perform(int line, const expect_step& what)
    {
        std::size_t others = 0;
        std::string last;
        const limit ends(*this, what.within);
        while (auto message = co_await take()) {
            const auto value = parse(*message);
            last = *std::move(message);
            if (value && matches(*value, what)) {
                may_leave_ = false;
                co_return true;
            }
            ++others;
            if (!what.others_may_come_first) break;
        }
        complain(line, what, others, last);
        co_return false;
    }

    asio::awaitable<bool> perform(int, const send_step& what)
    {
        if (gone_) co_return false;
        try {
            if (what.in_text_frame)
                co_await peer_->send_text(what.message);
            else
                co_await peer_->send(what.message);
        } catch (const std::system_error&) { // the client has disconnected
            peer_->drop();
            co_return false;
        }
        co_return true;
    }

    asio::awaitable<bool> perform(int, const wait_step& what)
    {
        if (gone_) co_return false;
        bool is_over = false;
        const async::alarm end(executor_, clock_, base::later(clock_->now(), what.time), [&] {
            is_over = true;
            woken_.set();
        });
        while (!is_over && !gone_) co_await woken_.wait();
        co_return !gone_;
    }

    asio::awaitable<bool> perform(int, const close_step& what)
    {
        over_ = true;
        if (!gone_) co_await peer_->close(what.code, what.reason);
        co_return false;
    }

    asio::awaitable<bool> perform(int, const drop_step& what)
    {
        over_ = true;
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
        over_ = true;
        while (!gone_) co_await take();
        co_return false;
    }

    asio::awaitable<bool> perform(int, const drain_step& what)
    {
        over_ = true;
        bytes_per_second_ = what.bytes_per_second;
        while (!gone_) co_await take();
        co_return false;
    }

    asio::awaitable<bool> perform(int, const repeat_step& what)
    {
        for (std::int64_t i = 0; !what.times || i < *what.times; ++i) {
            may_leave_ = !what.times;
            const bool goes_on = co_await all(what.steps);
            if (!goes_on) co_return false;
        }
        co_return true;
    }

    /// Reports what was expected and what came instead: in full for the log, abridged for the close
    /// frame.
    void complain(int line, const expect_step& what, std::size_t others, const std::string& last)
    {
        over_ = true;
        const bool left = gone_ && (others == 0 || what.others_may_come_first);
        if (left && may_leave_) return;
        const auto sentence = [&](std::size_t width) {
            std::string came = left ? "the connection ended before" : "nothing came";
            if (others == 1) came = fmt::format("{} came instead", shown(last, width));
            if (others > 1)
                came =
                    fmt::format("{} others came instead, the last {}", others, shown(last, width));
            if (left && others != 0) came += ", then the connection ended";
            return fmt::format("Line {} of the {} {} {}; {}.", line, origin_,
                what.others_may_come_first ? "awaits" : "expects", wanted(what, width), came);
        };
        failure_ = sentence(most_shown);
        if (!left) reason_ = shortened(sentence(most_shown_in_close), most_close_reason);
    }

    /// The client has disconnected before these steps.
    void miss(std::span<const step> steps)
    {
        over_ = true;
        if (may_leave_) return;
        const auto* const missed = first_expectation(steps);
        if (missed)
            failure_ = fmt::format("Line {} of the {} expects {}; the connection ended before.",
                missed->line, origin_, wanted(std::get<expect_step>(missed->what), most_shown));
    }

    /// While it exists, waits end after `time`.
    class limit {
    public:
        limit(player& owner, std::optional<std::chrono::milliseconds> time) : owner_(owner)
        {
            owner_.too_late_ = false;
            if (!time) return;
            const auto when = base::later(owner_.clock_->now(), *time);
            alarm_.emplace(owner_.executor_, owner_.clock_, when, [&owner] {
                owner.too_late_ = true;
                owner.arrived_.set();
            });
        }
        limit(const limit&) = delete;
        limit& operator=(const limit&) = delete;
        ~limit() { owner_.too_late_ = false; }

    private:
        player& owner_;
        std::optional<async::alarm> alarm_;
    };

    /// Returns the next message, or nothing if the client has disconnected or time is up.
    asio::awaitable<std::optional<std::string>> take()
    {
        while (unread_.empty() && !gone_ && !too_late_) co_await arrived_.wait();
        if (unread_.empty()) co_return std::nullopt;
        auto message = unread_.take();
        unread_bytes_ -= message.size();
        co_return message;
    }

    asio::awaitable<void> slow_down(std::size_t size)
    {
        const std::chrono::duration<double> time(static_cast<double>(size) / bytes_per_second_);
        const auto nap =
            std::chrono::duration_cast<base::time_point::duration>(std::min(time, longest_nap));
        co_await clock_->sleep_until(clock_->now() + nap);
    }

    std::shared_ptr<testing::emulator_peer> peer_;
    std::string origin_;
    asio::any_io_executor executor_;
    std::shared_ptr<async::clock> clock_;
    async::event woken_; // from a pause
    bool too_late_ = false;
    async::event arrived_;
    base::fifo<std::string> unread_;
    std::size_t unread_bytes_ = 0;
    double bytes_per_second_ = 0; // 0: unlimited
    bool gone_ = false;
    bool over_ = false;      // nothing more is expected
    bool may_leave_ = false; // before the first step of an endless repeat
    std::string failure_;
    std::string reason_; // of the close
};

asio::awaitable<void> read(std::shared_ptr<player> player) { co_await player->read(); }

} // namespace

asio::awaitable<performance> play(asio::any_io_executor executor,
    std::shared_ptr<testing::emulator_peer> peer, const std::vector<step>& steps,
    std::string_view origin)
{
    auto one = std::make_shared<player>(executor, std::move(peer), origin);
    asio::co_spawn(executor, read(one), asio::detached);
    co_await one->play(steps);
    co_return one->outcome();
}

} // namespace gemini::live::emulator
