// SPDX-License-Identifier: Apache-2.0
#include "emulator/world/memory_link.hpp"

#include "async/alarm.hpp"
#include "async/event.hpp"
#include "base/excerpt.hpp"
#include "base/utf8.hpp"
#include "emulator/world/lane.hpp"
#include "emulator/world/virtual_clock.hpp"
#include "engine/keepalive.hpp"
#include "engine/write_queue.hpp"
#include "transport/frame_reader.hpp"
#include "transport/numbered_pings.hpp"

#include <fmt/format.h>

#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace gemini::live::emulator {
namespace {

using base::frame_kind;
using transport::close_frame;
using transport::message;
using transport::opcode;
using transport::violation;

constexpr std::size_t most_kept = 128 * 1024; // by a client that does not read
constexpr std::size_t high_water = 64 * 1024; // by a server that does not read
constexpr std::chrono::seconds close_limit{5};
constexpr std::size_t most_shown = 100;

/// Returns a frame as a server sends it: whole, and not masked.
std::string server_frame(frame_kind kind, std::string_view payload)
{
    constexpr unsigned final_bit = 0x80;
    std::string frame{static_cast<char>(final_bit | static_cast<unsigned>(kind))};
    const auto append_length = [&](int bytes) {
        for (int i = bytes - 1; i >= 0; --i)
            frame += static_cast<char>(payload.size() >> (8 * i) & 0xff);
    };
    if (payload.size() < 126) {
        append_length(1);
    } else if (payload.size() < 0x10000) {
        frame += static_cast<char>(126);
        append_length(2);
    } else {
        frame += static_cast<char>(127);
        append_length(8);
    }
    return frame.append(payload);
}

} // namespace

struct memory_link::state {
    /// The last message of one direction.
    struct trace {
        std::string text{};
        base::time_point at{};
    };

    explicit state(link_options given);

    link_options options;
    lane<to_server> up;
    lane<to_client> down;
    trace sent, received; // by the client
    std::unique_ptr<client_half> client;
    std::unique_ptr<server_half> server;
};

/// The client's side, which behaves as `transport::client_websocket` does.
class memory_link::client_half {
public:
    explicit client_half(state& link)
        : link_(link), reader_(link.options.max_server_message), liveness_(link.options.deadlines),
          heard_(now())
    {
    }

    [[nodiscard]] bool is_open() const noexcept { return !end_; }

    [[nodiscard]] static asio::awaitable<void> send(
        std::shared_ptr<state> link, std::vector<base::frame> batch)
    {
        auto& self = *link->client;
        for (const auto& each : batch) {
            while (!self.end_ && !link->up.has_room()) co_await link->up.room.wait();
            if (self.end_) throw error(*self.end_);
            link->sent = {std::string(each.view()), self.now()};
            link->up.push(message{opcode::text, base::padded_buffer(each.view())});
        }
    }

    [[nodiscard]] static asio::awaitable<message> receive(std::shared_ptr<state> link)
    {
        auto& self = *link->client;
        while (self.inbox_.empty()) {
            if (self.end_) throw error(*self.end_);
            co_await self.arrived_.wait();
        }
        auto first = std::move(self.inbox_.front());
        self.inbox_.pop_front();
        self.inbox_cost_ -= transport::cost_of(first);
        if (self.inbox_.empty()) link->down.flow();
        co_return first;
    }

    [[nodiscard]] static asio::awaitable<void> close(
        std::shared_ptr<state> link, std::uint16_t code, std::string reason)
    {
        auto& self = *link->client;
        if (!self.end_) {
            self.inbox_.clear();
            self.inbox_cost_ = 0;
            self.closing_ = true;
            self.set_end(transport::closed_by_owner());
            link->up.push(close_frame{code, std::move(reason)});
            link->down.flow();
        }
        std::optional<async::alarm> limit;
        if (self.closing_) {
            const auto until = base::later(self.now(), link->options.deadlines.close);
            limit.emplace(link->options.executor, link->options.clock, until,
                [link] { link->client->end_closing(); });
        }
        while (self.closing_) co_await self.closed_.wait();
    }

    [[nodiscard]] std::uint64_t ask_for_pong()
    {
        if (end_) return 0;
        const auto number = pings_.add();
        pings_.sent(number, now());
        link_.up.push(ping{number});
        return number;
    }

    void abort() noexcept
    {
        inbox_.clear();
        inbox_cost_ = 0;
        if (end_ && !closing_) return;
        hang_up(transport::closed_by_owner());
    }
    void abort_unless_closing() noexcept
    {
        if (!closing_) abort();
    }

    // what arrives ----------------------------------------------------------------------------

    [[nodiscard]] bool is_reading() const noexcept
    {
        return inbox_cost_ < most_kept || end_.has_value();
    }
    void accept(to_client& item)
    {
        heard_ = now();
        std::visit([this](auto& one) { on(one); }, item);
    }

    // a held network --------------------------------------------------------------------------

    /// Pings would have been answered up to now, and are not from now on.
    void begin_silence()
    {
        const auto interval = link_.options.deadlines.ping_after;
        if (end_ || interval.count() == 0) return;
        while (heard_ + interval <= now()) heard_ += interval;
        liveness_.heard(heard_);
        await_check();
    }
    void end_silence() { check_.reset(); }

private:
    [[nodiscard]] base::time_point now() const { return link_.options.clock->now(); }

    void on(std::string& frame)
    {
        std::span<const char> bytes(frame);
        while (auto event = reader_.next(bytes)) {
            if (auto* const data = std::get_if<message>(&*event)) on_message(std::move(*data));
            if (auto* const close = std::get_if<close_frame>(&*event)) on_close(*close);
            if (auto* const broken = std::get_if<violation>(&*event)) on_violation(*broken);
        }
    }
    void on(pong& answer) { pings_.answered(std::to_string(answer.number), now()); }
    void on(cut&)
    {
        end_closing();
        set_end(transport::lost("the server ended it without a close frame"));
    }

    void on_message(message&& data)
    {
        if (end_) return;
        link_.received = {std::string(data.payload.view()), now()};
        data.pongs = pings_.newest_answered();
        data.round_trip = pings_.round_trip();
        inbox_cost_ += transport::cost_of(data);
        inbox_.push_back(std::move(data));
        arrived_.set();
    }
    void on_close(const close_frame& frame)
    {
        if (!end_) link_.up.push(close_frame{frame.code, {}});
        end_closing();
        set_end(transport::closed_by_peer(frame));
    }
    void on_violation(violation& broken)
    {
        if (end_) return;
        link_.up.push(close_frame{broken.close_code, {}});
        set_end(std::move(broken.why));
    }

    void end_closing()
    {
        closing_ = false;
        closed_.set();
    }
    void set_end(error why)
    {
        if (end_) return;
        end_.emplace(std::move(why));
        check_.reset();
        arrived_.set();
        link_.up.room.set();
    }
    void hang_up(error why)
    {
        end_closing();
        set_end(std::move(why));
        link_.up.push(cut{});
    }

    [[nodiscard]] engine::keepalive::traffic traffic() const noexcept
    {
        return {inbox_.empty(), false, 0};
    }
    void await_check()
    {
        const auto due = liveness_.next_check(traffic());
        check_.emplace(link_.options.executor, link_.options.clock, due, [this, due] {
            auto [what, why] = liveness_.check(now(), due, traffic(), 0);
            if (what == engine::keepalive::action::abort) return hang_up(std::move(*why));
            await_check();
        });
    }

    state& link_;
    transport::frame_reader reader_;
    std::deque<message> inbox_;
    std::size_t inbox_cost_ = 0;
    transport::numbered_pings pings_;
    std::optional<error> end_;
    bool closing_ = false; // waits for the server's Close
    async::event arrived_;
    async::event closed_;

    engine::keepalive liveness_;
    base::time_point heard_;
    std::optional<async::alarm> check_; // while the network is held
};

/// The server's side, which behaves as `transport::server_websocket` does.
class memory_link::server_half {
public:
    explicit server_half(state& link) : link_(link) {}

    [[nodiscard]] bool is_open() const noexcept { return !end_; }

    [[nodiscard]] static asio::awaitable<void> send(
        std::shared_ptr<state> link, std::vector<base::frame> batch, frame_kind kind)
    {
        auto& self = *link->server;
        for (const auto& each : batch) {
            while (!self.end_ && !link->down.has_room()) co_await link->down.room.wait();
            if (self.end_) throw error(*self.end_);
            link->down.push(server_frame(kind, each.view()));
        }
    }

    [[nodiscard]] static asio::awaitable<message> receive(std::shared_ptr<state> link)
    {
        auto& self = *link->server;
        while (self.inbox_.empty() && !self.end_) co_await self.arrived_.wait();
        if (self.inbox_.empty()) throw error(*self.end_);
        auto first = std::move(self.inbox_.front());
        self.inbox_.pop_front();
        self.inbox_cost_ -= transport::cost_of(first);
        if (self.inbox_cost_ < high_water / 2) link->up.flow();
        co_return first;
    }

    [[nodiscard]] static asio::awaitable<void> close(
        std::shared_ptr<state> link, std::uint16_t code, std::string reason)
    {
        auto& self = *link->server;
        if (!self.end_) {
            self.inbox_.clear();
            self.inbox_cost_ = 0;
            self.begin_close(code, reason, transport::closed_by_owner());
            link->up.flow();
        }
        if (std::exchange(self.somebody_closes_, true)) co_return;
        while (self.closing_) co_await self.gone_.wait();
    }

    void abort() noexcept
    {
        inbox_.clear();
        inbox_cost_ = 0;
        if (end_ && !closing_) return;
        end_closing();
        set_end(transport::closed_by_owner());
        link_.down.push(cut{});
    }

    [[nodiscard]] bool is_reading() const noexcept
    {
        return inbox_cost_ < high_water || end_.has_value();
    }
    void accept(to_server& item)
    {
        std::visit([this](auto& one) { on(one); }, item);
    }

private:
    void on(message& data)
    {
        if (end_) return;
        if (data.payload.size() > link_.options.max_client_message)
            return refuse_message(1009, "message too big", errc::message_too_big);
        if (!base::is_utf8(data.payload.view()))
            return refuse_message(1007, "text is not UTF-8", errc::protocol_violation);
        inbox_cost_ += transport::cost_of(data);
        inbox_.push_back(std::move(data));
        arrived_.set();
    }
    void on(ping& asked)
    {
        if (!end_) link_.down.push(pong{asked.number});
    }
    void on(close_frame& frame)
    {
        if (end_) return end_closing();
        error_details details{phase::open, frame.code, frame.reason};
        const auto sentence = fmt::format("The client closed the connection with code {}{}{}.",
            frame.code, frame.reason.empty() ? "" : ": ", frame.reason);
        set_end({errc::connection_lost, sentence, std::move(details)});
        link_.down.push(
            server_frame(frame_kind::close, engine::close_payload(frame.code, frame.reason)));
    }
    void on(cut&)
    {
        end_closing();
        set_end({errc::connection_lost, "The client's connection was lost without a close.",
            {phase::open}});
    }

    void refuse_message(std::uint16_t code, const char* reason, errc why)
    {
        begin_close(code, reason,
            {why, fmt::format("The client was hung up on: {}.", reason), {phase::open}});
    }

    void begin_close(std::uint16_t code, std::string_view reason, error why)
    {
        closing_ = true;
        set_end(std::move(why));
        const auto until = base::later(link_.options.clock->now(), close_limit);
        limit_.emplace(
            link_.options.executor, link_.options.clock, until, [this] { end_closing(); });
        link_.down.push(server_frame(frame_kind::close, engine::close_payload(code, reason)));
    }
    void end_closing()
    {
        closing_ = false;
        limit_.reset();
        gone_.set();
    }
    void set_end(error why)
    {
        if (end_) return;
        end_.emplace(std::move(why));
        arrived_.set();
        link_.down.room.set();
    }

    state& link_;
    std::deque<message> inbox_;
    std::size_t inbox_cost_ = 0;
    std::optional<error> end_;
    bool closing_ = false; // waits for the client's Close
    bool somebody_closes_ = false;
    std::optional<async::alarm> limit_;
    async::event arrived_;
    async::event gone_;
};

class memory_link::client_connection final : public transport::connection {
public:
    explicit client_connection(std::shared_ptr<state> link) : link_(std::move(link)) {}
    ~client_connection() override { link_->client->abort_unless_closing(); }

    asio::awaitable<void> send(std::vector<base::frame> batch) override
    {
        return client_half::send(link_, std::move(batch));
    }
    asio::awaitable<message> receive() override { return client_half::receive(link_); }
    std::uint64_t ping() override { return link_->client->ask_for_pong(); }
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        return client_half::close(link_, code, std::move(reason));
    }
    void abort() noexcept override { link_->client->abort(); }

private:
    std::shared_ptr<state> link_;
};

class memory_link::server_side final : public transport::server_connection {
public:
    explicit server_side(std::shared_ptr<state> link) : link_(std::move(link)) {}
    ~server_side() override { link_->server->abort(); }

    asio::awaitable<void> send(std::vector<base::frame> batch) override
    {
        return server_half::send(link_, std::move(batch), frame_kind::binary);
    }
    asio::awaitable<void> send_text(std::vector<base::frame> batch) override
    {
        return server_half::send(link_, std::move(batch), frame_kind::text);
    }
    asio::awaitable<message> receive() override { return server_half::receive(link_); }
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        return server_half::close(link_, code, std::move(reason));
    }
    void abort() noexcept override { link_->server->abort(); }
    [[nodiscard]] const transport::upgrade_request& request() const noexcept override
    {
        return link_->options.request;
    }

private:
    std::shared_ptr<state> link_;
};

memory_link::state::state(link_options given)
    : options(std::move(given)), client(std::make_unique<client_half>(*this)),
      server(std::make_unique<server_half>(*this))
{
    up.is_read = [this] { return server->is_reading(); };
    up.deliver = [this](to_server& item) { server->accept(item); };
    down.is_read = [this] { return client->is_reading(); };
    down.deliver = [this](to_client& item) { client->accept(item); };
}

memory_link::memory_link(link_options options) : state_(std::make_shared<state>(std::move(options)))
{
}

std::unique_ptr<transport::connection> memory_link::client_end() const
{
    return std::make_unique<client_connection>(state_);
}

std::unique_ptr<transport::server_connection> memory_link::server_end() const
{
    return std::make_unique<server_side>(state_);
}

void memory_link::hold(bool on)
{
    on ? state_->client->begin_silence() : state_->client->end_silence();
    state_->up.hold(on);
    state_->down.hold(on);
}

bool memory_link::is_open() const noexcept
{
    return state_->client->is_open() && state_->server->is_open();
}

std::string memory_link::last_messages() const
{
    const auto shown = [](const state::trace& last) {
        if (last.text.empty()) return std::string("nothing");
        const auto since = std::chrono::duration<double>(last.at - virtual_clock::start);
        return fmt::format("{} at {:.3f} s", base::excerpt(last.text, most_shown), since.count());
    };
    return fmt::format(
        "sent last: {}; received last: {}", shown(state_->sent), shown(state_->received));
}

} // namespace gemini::live::emulator
