// SPDX-License-Identifier: Apache-2.0
#include "sim/network.hpp"

#include "base/complaint.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace sim {
namespace {

using live::errc;
using live::error;
using live::phase;

error closed() { return {errc::closed, "The connection has been closed.", {phase::close}}; }

error lost() { return {errc::connection_lost, "The connection was lost.", {phase::open}}; }

error refusal_of(const fault& one)
{
    switch (one.kind) {
    case fault_kind::resolve_failure:
        return {errc::resolve_failed, "No such name.", {phase::resolve}};
    case fault_kind::tls_failure: return {errc::tls_failed, "Not trusted.", {phase::tls}};
    case fault_kind::http_refusal: {
        live::error_details details{phase::upgrade, 0, {}, one.code};
        if (one.retry_after.count() != 0)
            details.retry_after = std::chrono::duration_cast<std::chrono::seconds>(one.retry_after);
        const auto what = live::base::cause_of_refusal(one.code, "");
        return {what, fmt::format("HTTP {}.", one.code), details};
    }
    default: return {errc::connect_failed, "Nothing listens there.", {phase::connect}};
    }
}

/// Lets everything run that was ready before.
asio::awaitable<void> take_turn() { return asio::post(asio::use_awaitable); }

class session_end final : public live::transport::connection {
public:
    session_end(std::shared_ptr<const network> net, wire_ptr wire)
        : net_(std::move(net)), wire_(std::move(wire))
    {
    }
    ~session_end() override { wire_->abort(); }

    asio::awaitable<void> send(std::vector<live::base::frame> batch) override
    {
        return wire::send(wire_, std::move(batch));
    }
    asio::awaitable<live::transport::message> receive() override { return wire::receive(wire_); }
    asio::awaitable<void> close(std::uint16_t code, std::string) override
    {
        return wire::close(wire_, code);
    }
    void abort() noexcept override { wire_->abort(); }
    std::uint64_t ping() override { return wire_->ping(); }

private:
    std::shared_ptr<const network> net_; // which a session's coroutines may outlive
    wire_ptr wire_;
};

} // namespace

// One connection -----------------------------------------------------------------------------

ledger::connection& wire::log()
{
    return net_.ledger_.connections[static_cast<std::size_t>(number)];
}

bool wire::has_room(std::size_t size) const noexcept
{
    return under_way_ == 0 || under_way_ + size <= net_.scenario_.socket_buffer;
}

void wire::finish(error why)
{
    if (end_) return;
    end_.emplace(std::move(why));
    reader_.set();
    sender_.set();
}

/// From here on the session may take it for connected.
void wire::report_opened()
{
    opened_ = true;
    net_.ledger_.newest_open = number;
    log().opened = net_.clock_->now();
    net_.watch.opened(number);
}

void wire::server_is_told(milliseconds later)
{
    const auto when = std::max(net_.clock_->now() + later, last_up_);
    net_.clock_->at(when, [self = shared_from_this()] {
        self->served_ = false;
        if (!std::exchange(self->told_, true)) self->net_.server_.gone(self);
    });
}

asio::awaitable<void> wire::send(wire_ptr self, std::vector<live::base::frame> batch)
{
    co_await take_turn();
    const auto first = self->log().taken.size();
    for (std::size_t taken = 0; taken != batch.size(); ++taken) {
        const auto& each = batch[taken];
        while (!self->end_ && !self->has_room(each.size())) {
            self->notice_silence();
            co_await self->sender_.wait();
        }
        if (!self->end_) self->take(std::string(each.view()));
        if (self->end_) {
            if (!self->opened_ && !std::exchange(self->told_client_, true) && !self->log().left) {
                self->log().ended = self->net_.clock_->now();
                self->net_.watch.failed(self->number, *self->end_);
            }
            // The user has seen nothing of such a connection.
            if (self->complete_ && !self->opened_)
                self->net_.ledger_.hearings[self->completion_].passed_over = true;
            for (auto rest = taken; rest != batch.size(); ++rest) {
                const auto serial = read_client_message(batch[rest].view(), false).serial;
                if (serial != 0) self->net_.ledger_.of(serial).torn = true;
            }
            throw error(*self->end_);
        }
    }
    if (self->awaits_memory_ && self->complete_ && !self->opened_) self->report_opened();
    const auto done = self->net_.ledger_.tick();
    const auto& taken = self->log().taken;
    for (auto index = first; index != taken.size(); ++index) {
        if (taken[index] == 0) continue;
        auto& handing = self->net_.ledger_.of(taken[index]).handings.back();
        handing.done = done;
        handing.done_at = self->net_.clock_->now();
        handing.pings = self->pings_;
    }
}

/// The session gives a message to the network.
void wire::take(const std::string& text)
{
    auto& book = net_.ledger_;
    auto message = read_client_message(text, has_memory_);
    auto& taken = log().taken;
    const bool is_setup = message.kind == message_kind::setup;
    if (is_setup) {
        has_memory_ = awaits_memory_ = message.has_memory;
        log().handle = message.handle;
        log().set_up = net_.clock_->now();
        if (!book.host.empty() && log().host != book.host)
            book.report(fmt::format("#{}: a setup was sent to {}, though the base URL leads to {}",
                number, log().host, book.host));
    }
    if (message.kind == message_kind::memory) has_memory_ = false;
    book.trace("client", [&] {
        return fmt::format("#{} sends {}{}", number, name_of(message.kind),
            message.serial != 0      ? fmt::format(" {}", message.serial)
            : message.handle.empty() ? std::string{}
                                     : " with " + message.handle);
    });
    if (is_setup != taken.empty())
        book.report(
            fmt::format("#{}: the setup must be the first message, and the only one", number));
    if (!is_setup && !complete_)
        book.report(fmt::format("#{}: a message was sent before setupComplete", number));
    if (message.serial != 0)
        book.of(message.serial).handings.push_back({number, book.tick()});
    else if (!is_setup && message.kind != message_kind::memory)
        book.report("a message that nobody has sent");
    check_speech(message);
    taken.push_back(message.serial);

    ++net_.client_messages_;
    const auto self = shared_from_this();
    if (const auto torn = net_.count(trigger::client_messages, self)) {
        cut(torn->in_flight_arrives, torn->duration,
            "is cut in the middle of a message of the client");
        return;
    }
    if (under_way_ == 0) progress_ = net_.clock_->now();
    under_way_ += text.size();
    last_up_ = net_.arrival(last_up_);
    up_.emplace_back(std::move(message), text.size());
    net_.clock_->at(last_up_, [self] { self->deliver(); });
}

/// Speech that continues on another connection begins there with an activityStart, unless the
/// server reports what it has consumed: such a server still has the first one.
void wire::check_speech(const client_message& message)
{
    constexpr std::size_t never_outgrown =
        1u << 20; // of what is kept beyond its limit, it is forgotten
    if (net_.scenario_.transparent || net_.scenario_.options.limits.outbox < never_outgrown) return;
    if (!is_media(message.kind) && message.kind != message_kind::end) return;
    auto& book = net_.ledger_;
    for (auto before = message.serial - 1; before > 0; --before) {
        const auto& mark = book.of(before);
        if (mark.refused || (mark.kind != message_kind::start && mark.kind != message_kind::end))
            continue;
        const auto& taken = log().taken;
        const bool is_open = mark.kind == message_kind::start;
        if (is_open && std::find(taken.begin(), taken.end(), before) == taken.end())
            book.report(fmt::format("#{}: {} {} was sent without the start {} of its activity",
                number, name_of(message.kind), message.serial, before));
        return;
    }
}

/// The next message reaches the server.
void wire::deliver()
{
    if (!up_open_ || deaf_) return;
    if (net_.clock_->now() < reads_again_) {
        net_.clock_->at(reads_again_, [self = shared_from_this()] { self->deliver(); });
        return;
    }
    const auto [message, size] = std::move(up_.front());
    up_.pop_front();
    under_way_ -= size;
    ++delivered_;
    progress_ = net_.clock_->now();
    sender_.set();
    if (served_) net_.server_.consumed(shared_from_this(), message);
}

std::uint64_t wire::ping()
{
    if (end_) return 0;
    const auto number = ++pings_;
    if (!net_.scenario_.answers_pings) return number;
    net_.clock_->at(net_.ping_arrival(last_up_),
        [self = shared_from_this(), number, behind = delivered_ + up_.size(),
            asked = net_.clock_->now()] { self->answer_ping(number, behind, asked); });
    return number;
}

/// Not before the server has read all that came before it.
void wire::answer_ping(std::uint64_t number, std::size_t behind, time_point asked)
{
    if (!up_open_ || deaf_ || !served_) return;
    const auto now = net_.clock_->now();
    if (now < reads_again_ || delivered_ < behind) {
        net_.clock_->at(std::max(reads_again_, now + milliseconds{1}),
            [self = shared_from_this(), number, behind, asked] {
                self->answer_ping(number, behind, asked);
            });
        return;
    }
    net_.clock_->at(net_.ping_arrival(last_down_), [self = shared_from_this(), number, asked] {
        if (self->end_ || !self->down_open_ || self->deaf_) return;
        self->pongs_ = std::max(self->pongs_, number);
        self->round_trip_ = self->net_.clock_->now() - asked;
    });
}

/// The network has taken nothing for too long while something waits.
void wire::notice_silence()
{
    const auto limit = net_.scenario_.options.deadlines.write_stall;
    net_.clock_->at(progress_ + limit, [self = shared_from_this(), limit] {
        if (self->end_ || self->under_way_ == 0) return;
        if (self->net_.clock_->now() < self->progress_ + limit) return self->notice_silence();
        self->finish(error(errc::timed_out, "The network took nothing.", {phase::write}));
        self->server_is_told(milliseconds{0});
    });
}

asio::awaitable<live::transport::message> wire::receive(wire_ptr self)
{
    co_await take_turn();
    auto& net = self->net_;
    if (self->received_.empty()) self->listens_since_ = net.clock_->now();
    while (self->received_.empty() && !self->end_) co_await self->reader_.wait();
    self->listens_since_.reset();
    if (self->received_.empty()) {
        // Of what it has left itself, the session needs to be told only during the setup.
        const bool news = !self->log().left || !self->opened_;
        if (news && !std::exchange(self->told_client_, true)) {
            self->log().ended = net.clock_->now();
            net.watch.failed(self->number, *self->end_);
        }
        throw error(*self->end_);
    }
    auto first = std::move(self->received_.front());
    self->received_.pop_front();
    auto& book = net.ledger_;
    book.hearings.push_back({self->number, first.serial, book.tick(), first.handle, first.content,
        first.call, first.refusal || book.newest_open > self->number, first.meaning, first.asked,
        first.pongs, net.clock_->now()});
    if (first.time_left) {
        auto& leave_by = self->log().leave_by;
        const auto end = net.clock_->now() + *first.time_left;
        leave_by = std::min(leave_by.value_or(end), end);
    }
    if (first.complete) {
        self->complete_ = true;
        self->completion_ = book.hearings.size() - 1;
        if (!self->awaits_memory_) self->report_opened();
    }
    if (first.handle && first.index >= 0) {
        // Index 0 is the setup.
        auto& taken = self->log().taken;
        for (std::size_t index = 1; index < taken.size(); ++index) {
            if (static_cast<std::int64_t>(index) > first.index) break;
            if (taken[index] != 0) book.of(taken[index]).confirmed_in = self->log().conversation;
        }
    }
    live::transport::message message;
    message.kind = live::transport::opcode::binary;
    message.payload = live::base::padded_buffer(first.text);
    message.pongs = first.pongs;
    message.round_trip = first.round_trip;
    co_return message;
}

/// The session ends the connection: what it has sent arrives before that.
void wire::leave()
{
    received_.clear();
    if (end_) {
        log().left = log().left || !told_client_;
        return;
    }
    log().left = true;
    log().ended = net_.clock_->now();
    net_.watch.left(number);
    net_.ledger_.trace("client", [&] { return fmt::format("#{} is closed", number); });
    finish(closed());
    if (!deaf_) server_is_told(net_.scenario_.min_latency);
}

asio::awaitable<void> wire::close(wire_ptr self, std::uint16_t)
{
    co_await take_turn();
    if (self->end_) {
        self->log().left = true;
        self->received_.clear();
        co_return;
    }
    self->leave();
    auto& net = self->net_;
    const auto latest = net.clock_->now() + net.scenario_.options.deadlines.close;
    const auto answer = net.arrival(net.arrival(self->last_up_));
    const auto until = self->deaf_ ? latest : std::min(answer, latest);
    co_await net.clock_->sleep_until(until);
}

void wire::abort() noexcept { leave(); }

void wire::say(server_message message)
{
    if (!served_) return;
    net_.ledger_.trace(
        "server", [&] { return fmt::format("#{} says {}", number, message.text.substr(0, 150)); });
    ++net_.server_messages_;
    const auto self = shared_from_this();
    if (const auto torn = net_.count(trigger::server_messages, self)) {
        cut(false, torn->duration, "is cut in the middle of a message of the server");
        return;
    }
    last_down_ = net_.arrival(last_down_);
    net_.clock_->at(last_down_, [self, message = std::move(message)]() mutable {
        if (self->end_ || !self->down_open_ || self->deaf_) return;
        if (message.text.size() > self->net_.scenario_.options.limits.message) {
            self->finish(error(errc::message_too_big, "Too big.", {phase::open}));
            self->server_is_told(milliseconds{0});
            return;
        }
        message.pongs = self->pongs_;
        message.round_trip = self->round_trip_;
        self->received_.push_back(std::move(message));
        self->reader_.set();
    });
}

void wire::close_by_server(int code, std::string reason)
{
    if (!served_) return;
    net_.ledger_.trace(
        "server", [&] { return fmt::format("#{} closes with {} \"{}\"", number, code, reason); });
    served_ = false;
    told_ = true;
    up_open_ = false;
    last_down_ = net_.arrival(last_down_);
    net_.clock_->at(last_down_, [self = shared_from_this(), code, reason] {
        if (self->deaf_) return;
        self->finish(code == 1006 ? lost()
                                  : error(errc::connection_lost, "Closed by the server.",
                                        {phase::open, static_cast<std::uint16_t>(code), reason}));
    });
}

void wire::cut(bool in_flight_arrives, milliseconds until_noticed, const char* how)
{
    net_.ledger_.trace("network", [&] { return fmt::format("#{} {}", number, how); });
    if (!in_flight_arrives) up_open_ = down_open_ = false;
    if (in_flight_arrives && last_down_ > net_.clock_->now())
        net_.clock_->at(last_down_, [self = shared_from_this()] { self->finish(lost()); });
    else
        finish(lost());
    server_is_told(until_noticed);
}

void wire::go_deaf(milliseconds until_noticed)
{
    net_.ledger_.trace("network", [&] { return fmt::format("#{} goes deaf", number); });
    deaf_ = true;
    notice_deafness(net_.clock_->now());
    server_is_told(until_noticed);
}

/// Who does not listen does not know that there is nothing to be heard.
void wire::notice_deafness(time_point since)
{
    const auto& limits = net_.scenario_.options.deadlines;
    const auto limit = limits.ping_after + limits.silence;
    net_.clock_->at(since + limit, [self = shared_from_this(), since, limit] {
        if (self->end_) return;
        const auto now = self->net_.clock_->now();
        const auto listens = std::max(since, self->listens_since_.value_or(now));
        if (now < listens + limit) return self->notice_deafness(listens);
        self->finish(error(errc::timed_out, "The server is silent.", {phase::open}));
    });
}

void wire::stall(milliseconds duration)
{
    net_.ledger_.trace("network", [&] {
        return fmt::format("#{}: the server reads nothing for {} ms", number, duration.count());
    });
    reads_again_ = net_.clock_->now() + duration;
}

// All of them ----------------------------------------------------------------------------------

network::network(asio::any_io_executor executor, const scenario& scenario, ledger& ledger,
    std::shared_ptr<virtual_clock> clock, service& server)
    : executor_(std::move(executor)), scenario_(scenario), ledger_(ledger),
      clock_(std::move(clock)), server_(server), rng_(scenario.seed, "net"),
      ping_rng_(scenario.seed, "pings")
{
    ledger_.connections.push_back({clock_->now()});
    for (const auto& each : scenario_.faults) {
        if (each.on != trigger::time)
            pending_.push_back(each);
        else
            clock_->at(
                clock_->now() + milliseconds(each.at), [this, each] { strike(each, newest()); });
    }
}

time_point network::arrival(time_point last)
{
    auto takes = rng_.between(scenario_.min_latency, scenario_.max_latency);
    if (clock_->now() < clogged_until_) takes += clog_;
    return std::max(last, clock_->now() + takes);
}

time_point network::ping_arrival(time_point last)
{
    auto takes = ping_rng_.between(scenario_.min_latency, scenario_.max_latency);
    if (clock_->now() < clogged_until_) takes += clog_;
    return std::max(last, clock_->now() + takes);
}

wire_ptr network::newest() const
{
    for (auto each = wires_.rbegin(); each != wires_.rend(); ++each)
        if (auto wire = each->lock(); wire && wire->is_open()) return wire;
    return nullptr;
}

std::optional<fault> network::count(trigger counter, const wire_ptr& on)
{
    const auto so_far = counter == trigger::client_messages ? client_messages_ : server_messages_;
    std::vector<fault> struck;
    std::erase_if(pending_, [&](const fault& each) {
        const bool is_due = each.on == counter && each.at <= so_far;
        if (is_due) struck.push_back(each);
        return is_due;
    });
    std::optional<fault> tears;
    for (const auto& each : struck) {
        const bool tear = each.kind == fault_kind::cut_in_client_message ||
                          each.kind == fault_kind::cut_in_server_message;
        if (!tear)
            strike(each, on);
        else if (!tears && !healed_ && on->is_open()) {
            ++ledger_.fired[static_cast<std::size_t>(each.kind)];
            tears = each;
        }
    }
    return tears;
}

void network::strike(const fault& one, const wire_ptr& on)
{
    if (healed_) return;
    const auto fires = [&] { ++ledger_.fired[static_cast<std::size_t>(one.kind)]; };
    switch (one.kind) {
    case fault_kind::http_refusal:
    case fault_kind::unreachable:
    case fault_kind::resolve_failure:
    case fault_kind::tls_failure:
    case fault_kind::connect_hang: refusals_.push_back({one, clock_->now() + one.duration}); return;
    case fault_kind::latency_spike:
        fires();
        clogged_until_ = clock_->now() + one.duration;
        clog_ = one.duration / 4;
        return;
    case fault_kind::process_suspended:
        fires();
        ledger_.trace(
            "process", [&] { return fmt::format("is suspended for {} ms", one.duration.count()); });
        clock_->jump(one.duration);
        return;
    case fault_kind::restart:
        refusals_.push_back({one, clock_->now() + one.duration});
        server_.suffer(one);
        return;
    case fault_kind::handles_expire:
    case fault_kind::not_resumable:
    case fault_kind::setup_unanswered:
    case fault_kind::internal_errors:
    case fault_kind::refused_setup:
    case fault_kind::flap:
    case fault_kind::go_away_after_setup: server_.suffer(one); return;
    default: break;
    }
    if (!on || !on->is_open()) { // the next connection, then
        pending_.push_back(one);
        pending_.back().on = trigger::client_messages;
        pending_.back().at = client_messages_ + 1;
        return;
    }
    switch (one.kind) {
    case fault_kind::cut:
    case fault_kind::cut_in_client_message:
    case fault_kind::cut_in_server_message:
        fires();
        on->cut(one.in_flight_arrives, one.duration, "is cut");
        return;
    case fault_kind::half_open:
        fires();
        on->go_deaf(one.duration);
        return;
    case fault_kind::stall:
        fires();
        on->stall(one.duration);
        return;
    case fault_kind::close:
        fires();
        on->close_by_server(one.code, one.reason);
        server_.gone(on);
        return;
    default: server_.suffer(one); return;
    }
}

const fault* network::refuses() const
{
    for (const auto& each : refusals_)
        if (clock_->now() < each.until) return &each.why;
    return nullptr;
}

void network::heal()
{
    healed_ = true;
    pending_.clear();
    refusals_.clear();
    clogged_until_ = {};
}

asio::awaitable<std::unique_ptr<live::transport::connection>> network::connect(
    live::transport::connect_request request)
{
    const auto number = static_cast<int>(ledger_.connections.size());
    ledger_.connections.push_back({clock_->now(), request.host});
    return dial(number);
}

asio::awaitable<std::unique_ptr<live::transport::connection>> network::dial(int number)
{
    co_await take_turn();
    ledger_.connections.back().dialled = clock_->now();
    ledger_.trace("client", [&] { return fmt::format("#{} is dialled", number); });
    watch.dialled(number);
    const auto begun = clock_->now();
    const auto there = arrival(begun);
    co_await clock_->sleep_until(there);
    std::optional<error> failure;
    if (const auto* why = refuses()) {
        ++ledger_.fired[static_cast<std::size_t>(why->kind)];
        if (why->kind == fault_kind::connect_hang) {
            const auto limit = scenario_.options.deadlines.connect;
            co_await clock_->sleep_until(begun + limit);
            failure.emplace(
                errc::timed_out, "It takes too long.", live::error_details{phase::connect});
        } else {
            failure.emplace(refusal_of(*why));
        }
    }
    if (!failure) {
        const auto back = arrival(clock_->now());
        co_await clock_->sleep_until(back);
    }
    if (failure) {
        ledger_.trace(
            "client", [&] { return fmt::format("#{} fails: {}", number, failure->what()); });
        ledger_.connections[static_cast<std::size_t>(number)].ended = clock_->now();
        watch.failed(number, *failure);
        throw error(*failure);
    }
    ledger_.connections[static_cast<std::size_t>(number)].made = true;
    auto made = std::make_shared<wire>(*this, number);
    std::erase_if(wires_, [](const std::weak_ptr<wire>& each) { return each.expired(); });
    wires_.push_back(made);
    server_.accepted(made);
    co_return std::make_unique<session_end>(shared_from_this(), std::move(made));
}

asio::awaitable<live::transport::http_response> network::fetch(live::transport::http_request)
{
    co_await take_turn();
    throw error(errc::connect_failed, "Nobody answers calls here.", {phase::connect});
}

} // namespace sim
