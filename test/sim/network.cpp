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
        return {errc::resolve_failed, "No such host.", {phase::resolve}};
    case fault_kind::tls_failure:
        return {errc::tls_failed, "The certificate is not trusted.", {phase::tls}};
    case fault_kind::http_refusal: {
        live::error_details details{phase::upgrade, 0, {}, one.code};
        if (one.retry_after.count() != 0)
            details.retry_after = std::chrono::duration_cast<std::chrono::seconds>(one.retry_after);
        const auto what = live::base::cause_of_refusal(one.code, "");
        return {what, fmt::format("HTTP {}.", one.code), details};
    }
    default: return {errc::connect_failed, "Connection refused.", {phase::connect}};
    }
}

/// Runs all handlers that are ready before it completes.
asio::awaitable<void> yield_once() { return asio::post(asio::use_awaitable); }

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
    std::shared_ptr<const network> net_; // keeps the network alive for the coroutines
    wire_ptr wire_;
};

} // namespace

// wire -----------------------------------------------------------------------------

ledger::connection& wire::log()
{
    return net_.ledger_.connections[static_cast<std::size_t>(number)];
}

bool wire::has_room(std::size_t size) const noexcept
{
    return in_flight_ == 0 || in_flight_ + size <= net_.scenario_.socket_buffer;
}

void wire::finish(error why)
{
    if (end_) return;
    end_.emplace(std::move(why));
    reader_.set();
    sender_.set();
}

/// From here on the session may report that it is connected.
void wire::report_opened()
{
    opened_ = true;
    net_.ledger_.newest_open = number;
    log().opened = net_.clock_->now();
    net_.watch.opened(number);
}

void wire::notify_server(milliseconds later)
{
    const auto when = std::max(net_.clock_->now() + later, last_uplink_);
    net_.clock_->at(when, [self = shared_from_this()] {
        self->server_open_ = false;
        if (!std::exchange(self->server_notified_, true)) self->net_.server_.disconnected(self);
    });
}

asio::awaitable<void> wire::send(wire_ptr self, std::vector<live::base::frame> batch)
{
    self->handed_over_ = self->net_.clock_->now();
    co_await yield_once();
    const auto first = self->log().serials.size();
    for (std::size_t index = 0; index != batch.size(); ++index) {
        const auto& each = batch[index];
        while (!self->end_ && !self->has_room(each.size())) {
            self->watch_write_stall();
            co_await self->sender_.wait();
        }
        if (!self->end_) self->accept(std::string(each.view()));
        if (self->end_) {
            if (!self->opened_ && !std::exchange(self->client_notified_, true) &&
                !self->log().closed_by_client) {
                self->log().ended = self->net_.clock_->now();
                self->net_.watch.failed(self->number, *self->end_);
            }
            // The user never sees messages of a connection that did not open.
            if (self->complete_ && !self->opened_)
                self->net_.ledger_.receipts[self->completion_].hidden = true;
            for (auto rest = index; rest != batch.size(); ++rest) {
                const auto message = read_client_message(batch[rest].view(), false);
                const bool is_response = message.kind == message_kind::tool_response;
                if (message.serial != 0) self->net_.ledger_.of(message.serial).write_failed = true;
                if (message.serial != 0 || is_response) self->net_.ledger_.write_failed = true;
            }
            throw error(*self->end_);
        }
    }
    if (self->awaits_history_ && self->complete_ && !self->opened_) self->report_opened();
    const auto done = self->net_.ledger_.tick();
    const auto& serials = self->log().serials;
    for (auto index = first; index != serials.size(); ++index) {
        if (serials[index] == 0) continue;
        auto& transmission = self->net_.ledger_.of(serials[index]).transmissions.back();
        transmission.done = done;
        transmission.done_at = self->net_.clock_->now();
        transmission.pings = self->pings_;
    }
}

/// Accepts a message of the session. Reports one that must not be sent.
void wire::accept(const std::string& text)
{
    auto& ledger = net_.ledger_;
    auto message = read_client_message(text, expects_history_);
    auto& serials = log().serials;
    const bool is_setup = message.kind == message_kind::setup;
    if (is_setup) {
        expects_history_ = awaits_history_ = message.has_history;
        log().handle = message.handle;
        log().setup_sent = net_.clock_->now();
        if (!ledger.expected_host.empty() && log().host != ledger.expected_host)
            ledger.report(
                fmt::format("#{}: a setup was sent to {}, but the host of the base URL is {}",
                    number, log().host, ledger.expected_host));
    }
    if (message.kind == message_kind::history) expects_history_ = false;
    if (message.kind == message_kind::tool_response && message.serial == 0) {
        check_answer(message);
        message.serial = ledger.serial_of_response(message, number);
    }
    ledger.trace("client", [&] {
        return fmt::format("#{} sends {}{}", number, name_of(message.kind),
            message.serial != 0      ? fmt::format(" {}", message.serial)
            : message.handle.empty() ? std::string{}
                                     : " with " + message.handle);
    });
    if (is_setup != serials.empty())
        ledger.report(
            fmt::format("#{}: the setup must be the first message, and the only one", number));
    if (!is_setup && !complete_)
        ledger.report(fmt::format("#{}: a message was sent before setupComplete", number));
    if (message.serial != 0)
        ledger.of(message.serial).transmissions.push_back({number, ledger.tick()});
    else if (!is_setup && message.kind != message_kind::history)
        ledger.report("a message that the user has not sent");
    check_activity(message);
    serials.push_back(message.serial);

    ++net_.client_messages_;
    const auto self = shared_from_this();
    if (const auto cutting = net_.inject_due(trigger::client_messages, self)) {
        cut(cutting->in_flight_arrives, cutting->duration,
            "is cut in the middle of a client message");
        return;
    }
    if (in_flight_ == 0) progress_ = net_.clock_->now();
    in_flight_ += text.size();
    last_uplink_ = net_.arrival(last_uplink_);
    uplink_.emplace_back(std::move(message), text.size());
    net_.clock_->at(last_uplink_, [self] { self->deliver(); });
}

/// An activity that continues on another connection begins there with its activityStart. With
/// transparent resumption it does not, because the server still has the first one.
void wire::check_activity(const client_message& message)
{
    // A smaller outbox may have dropped the activityStart.
    constexpr std::size_t never_outgrown = 1u << 20;
    if (net_.scenario_.transparent || net_.scenario_.options.limits.outbox < never_outgrown) return;
    if (!is_media(message.kind) && message.kind != message_kind::end) return;
    auto& ledger = net_.ledger_;
    for (auto before = message.serial - 1; before > 0; --before) {
        const auto& mark = ledger.of(before);
        if (mark.refused || (mark.kind != message_kind::start && mark.kind != message_kind::end))
            continue;
        const auto& serials = log().serials;
        const bool is_open = mark.kind == message_kind::start;
        if (is_open && std::find(serials.begin(), serials.end(), before) == serials.end())
            ledger.report(fmt::format("#{}: {} {} was sent without the start {} of its activity",
                number, name_of(message.kind), message.serial, before));
        return;
    }
}

/// Checks a response of the dispatcher: no call is answered twice, or after its cancellation.
void wire::check_answer(const client_message& message)
{
    auto& ledger = net_.ledger_;
    const auto& id = message.calls.at(0);
    const auto found = ledger.calls.find(id);
    if (found == ledger.calls.end() || !found->second.received)
        return ledger.report(fmt::format("a response to {}, which was never received", id));
    if (message.calls.size() != 1) ledger.report("a response of the dispatcher to several calls");
    const auto& canceled = found->second.canceled;
    if (canceled && *canceled < handed_over_)
        ledger.report(fmt::format("a response to {} after its cancellation", id));
    if (ledger.is_answered(id, number))
        ledger.report(fmt::format("#{}: a response to {} after its final response", number, id));
}

/// True if the session has begun to set up a newer connection. The conversation goes on there.
bool wire::is_left() const
{
    const auto& all = net_.ledger_.connections;
    return std::any_of(all.begin() + number + 1, all.end(),
        [](const ledger::connection& each) { return each.setup_sent.has_value(); });
}

/// Records the function calls and cancellations that the session has received.
void wire::log_calls(const server_message& received)
{
    auto& ledger = net_.ledger_;
    const auto now = net_.clock_->now();
    for (const auto& each : received.calls) {
        if (!each.anew) ledger.receipts.back().repeats_call = true;
        auto& call = ledger.calls[each.id];
        if (++call.receipts == 1 || each.anew) call.received = now;
        if (is_left()) {
            ++call.lost;
            continue;
        }
        if (each.anew && !net_.scenario_.transparent) { // else the client forgets nothing
            call.anew = ledger.tick();
            call.canceled.reset();
        }
    }
    if (is_left()) return;
    for (const auto& id : received.canceled) {
        ledger.trace("client", [&] { return fmt::format("reads the cancellation of {}", id); });
        ledger.calls[id].canceled = now;
    }
}

/// Delivers the next message to the server.
void wire::deliver()
{
    if (!uplink_open_ || half_open_) return;
    if (net_.clock_->now() < server_reads_at_) {
        net_.clock_->at(server_reads_at_, [self = shared_from_this()] { self->deliver(); });
        return;
    }
    const auto [message, size] = std::move(uplink_.front());
    uplink_.pop_front();
    in_flight_ -= size;
    ++delivered_;
    progress_ = net_.clock_->now();
    sender_.set();
    if (server_open_) net_.server_.consumed(shared_from_this(), message);
}

std::uint64_t wire::ping()
{
    if (end_) return 0;
    const auto number = ++pings_;
    if (!net_.scenario_.answers_pings) return number;
    net_.clock_->at(net_.ping_arrival(last_uplink_),
        [self = shared_from_this(), number, behind = delivered_ + uplink_.size(),
            asked = net_.clock_->now()] { self->answer_ping(number, behind, asked); });
    return number;
}

/// Answers a ping once the server has read the `behind` messages before it.
void wire::answer_ping(std::uint64_t number, std::size_t behind, time_point asked)
{
    if (!uplink_open_ || half_open_ || !server_open_) return;
    const auto now = net_.clock_->now();
    if (now < server_reads_at_ || delivered_ < behind) {
        net_.clock_->at(std::max(server_reads_at_, now + milliseconds{1}),
            [self = shared_from_this(), number, behind, asked] {
                self->answer_ping(number, behind, asked);
            });
        return;
    }
    net_.clock_->at(net_.ping_arrival(last_downlink_), [self = shared_from_this(), number, asked] {
        if (self->end_ || !self->downlink_open_ || self->half_open_) return;
        self->pongs_ = std::max(self->pongs_, number);
        self->round_trip_ = self->net_.clock_->now() - asked;
    });
}

/// Ends the connection when the server has read nothing for too long.
void wire::watch_write_stall()
{
    const auto limit = net_.scenario_.options.deadlines.write_stall;
    net_.clock_->at(progress_ + limit, [self = shared_from_this(), limit] {
        if (self->end_ || self->in_flight_ == 0) return;
        if (self->net_.clock_->now() < self->progress_ + limit) return self->watch_write_stall();
        self->finish(error(errc::timed_out, "The write has stalled.", {phase::write}));
        self->notify_server(milliseconds{0});
    });
}

asio::awaitable<live::transport::message> wire::receive(wire_ptr self)
{
    co_await yield_once();
    auto& net = self->net_;
    if (self->received_.empty()) self->client_reads_since_ = net.clock_->now();
    while (self->received_.empty() && !self->end_) co_await self->reader_.wait();
    self->client_reads_since_.reset();
    if (self->received_.empty()) {
        // An end that the session caused itself counts as a failure only during setup.
        const bool news = !self->log().closed_by_client || !self->opened_;
        if (news && !std::exchange(self->client_notified_, true)) {
            self->log().ended = net.clock_->now();
            net.watch.failed(self->number, *self->end_);
        }
        throw error(*self->end_);
    }
    auto first = std::move(self->received_.front());
    self->received_.pop_front();
    auto& ledger = net.ledger_;
    ledger.receipts.push_back({self->number, first.serial, ledger.tick(), first.handle,
        first.content, first.call, first.refusal || ledger.newest_open > self->number,
        first.meaning, first.asked, first.pongs, net.clock_->now()});
    if (!ledger.receipts.back().hidden) self->log_calls(first);
    if (first.time_left) {
        auto& deadline = self->log().deadline;
        const auto end = net.clock_->now() + *first.time_left;
        deadline = std::min(deadline.value_or(end), end);
    }
    if (first.complete) {
        self->complete_ = true;
        self->completion_ = ledger.receipts.size() - 1;
        if (!self->awaits_history_) self->report_opened();
    }
    if (first.handle && first.index >= 0) {
        // Index 0 is the setup.
        auto& serials = self->log().serials;
        for (std::size_t index = 1; index < serials.size(); ++index) {
            if (static_cast<std::int64_t>(index) > first.index) break;
            if (serials[index] != 0)
                ledger.of(serials[index]).confirmed_in = self->log().conversation;
        }
    }
    live::transport::message message;
    message.kind = live::transport::opcode::binary;
    message.payload = live::base::padded_buffer(first.text);
    message.pongs = first.pongs;
    message.round_trip = first.round_trip;
    co_return message;
}

/// The session ends the connection. What it has sent arrives first.
void wire::close_by_client()
{
    received_.clear();
    if (end_) {
        log().closed_by_client = log().closed_by_client || !client_notified_;
        return;
    }
    log().closed_by_client = true;
    log().ended = net_.clock_->now();
    net_.watch.closed(number);
    net_.ledger_.trace("client", [&] { return fmt::format("#{} is closed", number); });
    finish(closed());
    if (!half_open_) notify_server(net_.scenario_.min_latency);
}

asio::awaitable<void> wire::close(wire_ptr self, std::uint16_t)
{
    co_await yield_once();
    if (self->end_) {
        self->log().closed_by_client = true;
        self->received_.clear();
        co_return;
    }
    self->close_by_client();
    auto& net = self->net_;
    const auto latest = net.clock_->now() + net.scenario_.options.deadlines.close;
    const auto answer = net.arrival(net.arrival(self->last_uplink_));
    const auto until = self->half_open_ ? latest : std::min(answer, latest);
    co_await net.clock_->sleep_until(until);
}

void wire::abort() noexcept { close_by_client(); }

void wire::server_send(server_message message)
{
    if (!server_open_) return;
    net_.ledger_.trace(
        "server", [&] { return fmt::format("#{} sends {}", number, message.text.substr(0, 150)); });
    ++net_.server_messages_;
    const auto self = shared_from_this();
    if (const auto cutting = net_.inject_due(trigger::server_messages, self)) {
        cut(false, cutting->duration, "is cut in the middle of a server message");
        return;
    }
    last_downlink_ = net_.arrival(last_downlink_);
    net_.clock_->at(last_downlink_, [self, message = std::move(message)]() mutable {
        if (self->end_ || !self->downlink_open_ || self->half_open_) return;
        if (message.text.size() > self->net_.scenario_.options.limits.message) {
            self->finish(error(errc::message_too_big, "Too big.", {phase::open}));
            self->notify_server(milliseconds{0});
            return;
        }
        message.pongs = self->pongs_;
        message.round_trip = self->round_trip_;
        self->received_.push_back(std::move(message));
        self->reader_.set();
    });
}

void wire::server_close(int code, std::string reason)
{
    if (!server_open_) return;
    net_.ledger_.trace(
        "server", [&] { return fmt::format("#{} closes with {} \"{}\"", number, code, reason); });
    server_open_ = false;
    server_notified_ = true;
    uplink_open_ = false;
    last_downlink_ = net_.arrival(last_downlink_);
    net_.clock_->at(last_downlink_, [self = shared_from_this(), code, reason] {
        if (self->half_open_) return;
        self->finish(code == 1006 ? lost()
                                  : error(errc::connection_lost, "Closed by the server.",
                                        {phase::open, static_cast<std::uint16_t>(code), reason}));
    });
}

void wire::cut(bool in_flight_arrives, milliseconds until_noticed, const char* how)
{
    net_.ledger_.trace("network", [&] { return fmt::format("#{} {}", number, how); });
    if (!in_flight_arrives) uplink_open_ = downlink_open_ = false;
    if (in_flight_arrives && last_downlink_ > net_.clock_->now())
        net_.clock_->at(last_downlink_, [self = shared_from_this()] { self->finish(lost()); });
    else
        finish(lost());
    notify_server(until_noticed);
}

void wire::go_half_open(milliseconds until_noticed)
{
    net_.ledger_.trace("network", [&] { return fmt::format("#{} becomes half-open", number); });
    half_open_ = true;
    watch_silence(net_.clock_->now());
    notify_server(until_noticed);
}

/// Ends a half-open connection when it has been silent for too long. Only the time in which the
/// session was reading counts.
void wire::watch_silence(time_point since)
{
    const auto& limits = net_.scenario_.options.deadlines;
    const auto limit = limits.ping_after + limits.silence;
    net_.clock_->at(since + limit, [self = shared_from_this(), since, limit] {
        if (self->end_) return;
        const auto now = self->net_.clock_->now();
        const auto reads_since = std::max(since, self->client_reads_since_.value_or(now));
        if (now < reads_since + limit) return self->watch_silence(reads_since);
        self->finish(error(errc::timed_out, "The server is silent.", {phase::open}));
    });
}

void wire::stall(milliseconds duration)
{
    net_.ledger_.trace("network", [&] {
        return fmt::format("#{}: the server reads nothing for {} ms", number, duration.count());
    });
    server_reads_at_ = net_.clock_->now() + duration;
}

// network ----------------------------------------------------------------------------------

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
                clock_->now() + milliseconds(each.at), [this, each] { inject(each, newest()); });
    }
}

time_point network::arrival(time_point last)
{
    auto latency = rng_.between(scenario_.min_latency, scenario_.max_latency);
    if (clock_->now() < slow_until_) latency += extra_latency_;
    return std::max(last, clock_->now() + latency);
}

time_point network::ping_arrival(time_point last)
{
    auto latency = ping_rng_.between(scenario_.min_latency, scenario_.max_latency);
    if (clock_->now() < slow_until_) latency += extra_latency_;
    return std::max(last, clock_->now() + latency);
}

wire_ptr network::newest() const
{
    for (auto each = wires_.rbegin(); each != wires_.rend(); ++each)
        if (auto wire = each->lock(); wire && wire->is_open()) return wire;
    return nullptr;
}

std::optional<fault> network::inject_due(trigger counter, const wire_ptr& on)
{
    const auto so_far = counter == trigger::client_messages ? client_messages_ : server_messages_;
    std::vector<fault> due;
    std::erase_if(pending_, [&](const fault& each) {
        const bool is_due = each.on == counter && each.at <= so_far;
        if (is_due) due.push_back(each);
        return is_due;
    });
    std::optional<fault> cutting;
    for (const auto& each : due) {
        const bool is_cut = each.kind == fault_kind::cut_in_client_message ||
                            each.kind == fault_kind::cut_in_server_message;
        if (!is_cut)
            inject(each, on);
        else if (!cutting && !healed_ && on->is_open()) {
            ++ledger_.fault_counts[static_cast<std::size_t>(each.kind)];
            cutting = each;
        }
    }
    return cutting;
}

void network::inject(const fault& one, const wire_ptr& on)
{
    if (healed_) return;
    const auto count_fault = [&] { ++ledger_.fault_counts[static_cast<std::size_t>(one.kind)]; };
    switch (one.kind) {
    case fault_kind::http_refusal:
    case fault_kind::unreachable:
    case fault_kind::resolve_failure:
    case fault_kind::tls_failure:
    case fault_kind::connect_hang: refusals_.push_back({one, clock_->now() + one.duration}); return;
    case fault_kind::latency_spike:
        count_fault();
        slow_until_ = clock_->now() + one.duration;
        extra_latency_ = one.duration / 4;
        return;
    case fault_kind::process_suspended:
        count_fault();
        ledger_.trace(
            "process", [&] { return fmt::format("is suspended for {} ms", one.duration.count()); });
        clock_->jump(one.duration);
        return;
    case fault_kind::restart:
        refusals_.push_back({one, clock_->now() + one.duration});
        server_.inject(one);
        return;
    case fault_kind::handles_expire:
    case fault_kind::not_resumable:
    case fault_kind::setup_unanswered:
    case fault_kind::internal_errors:
    case fault_kind::refused_setup:
    case fault_kind::flap:
    case fault_kind::go_away_after_setup: server_.inject(one); return;
    default: break;
    }
    if (!on || !on->is_open()) { // wait for the next connection
        pending_.push_back(one);
        pending_.back().on = trigger::client_messages;
        pending_.back().at = client_messages_ + 1;
        return;
    }
    switch (one.kind) {
    case fault_kind::cut:
    case fault_kind::cut_in_client_message:
    case fault_kind::cut_in_server_message:
        count_fault();
        on->cut(one.in_flight_arrives, one.duration, "is cut");
        return;
    case fault_kind::half_open:
        count_fault();
        on->go_half_open(one.duration);
        return;
    case fault_kind::stall:
        count_fault();
        on->stall(one.duration);
        return;
    case fault_kind::close:
        count_fault();
        on->server_close(one.code, one.reason);
        server_.disconnected(on);
        return;
    default: server_.inject(one); return;
    }
}

const fault* network::active_refusal() const
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
    slow_until_ = {};
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
    co_await yield_once();
    ledger_.connections.back().dialed = clock_->now();
    ledger_.trace("client", [&] { return fmt::format("#{} is dialed", number); });
    watch.dialed(number);
    const auto begun = clock_->now();
    const auto there = arrival(begun);
    co_await clock_->sleep_until(there);
    std::optional<error> failure;
    if (const auto* why = active_refusal()) {
        ++ledger_.fault_counts[static_cast<std::size_t>(why->kind)];
        if (why->kind == fault_kind::connect_hang) {
            const auto limit = scenario_.options.deadlines.connect;
            co_await clock_->sleep_until(begun + limit);
            failure.emplace(
                errc::timed_out, "Connecting timed out.", live::error_details{phase::connect});
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
    ledger_.connections[static_cast<std::size_t>(number)].established = true;
    auto made = std::make_shared<wire>(*this, number);
    std::erase_if(wires_, [](const std::weak_ptr<wire>& each) { return each.expired(); });
    wires_.push_back(made);
    server_.accepted(made);
    co_return std::make_unique<session_end>(shared_from_this(), std::move(made));
}

asio::awaitable<live::transport::http_response> network::fetch(live::transport::http_request)
{
    co_await yield_once();
    throw error(errc::connect_failed, "HTTP calls are not simulated.", {phase::connect});
}

} // namespace sim
