// SPDX-License-Identifier: Apache-2.0
#include "sim/user.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace sim {
namespace {

using namespace std::chrono_literals;
using live::session_status;

live::setup setup_of(const scenario& scenario)
{
    live::setup setup{.model = "gemini-3.8-live"};
    if (scenario.transparent) setup.session_resumption->transparent = true;
    return setup;
}

/// A mark has no text: its serial is in the MIME type of mediaChunks, a deprecated member.
live::realtime_input mark(message_kind kind, int serial)
{
    live::realtime_input_members all;
    if (kind == message_kind::start) all.activity_start.emplace();
    if (kind == message_kind::end) all.activity_end.emplace();
    if (kind == message_kind::stream_end) all.audio_stream_end = true;
    all.media_chunks.emplace_back(fmt::format("n={}", serial), live::bytes{});
    return live::realtime_input(std::move(all));
}

} // namespace

user::user(environment env, const live::client& client) : at_(env)
{
    auto setup = setup_of(at_.scenario);
    if (at_.scenario.tools) {
        tools_.emplace(*at_.scenario.tools, at_.clock, at_.io, at_.call_oracle, at_.planted,
            [this](const live::tool_event& event) { show(event); });
        setup.functions = tools_->declarations();
    }
    session_ = std::make_unique<live::session>(
        client, std::move(setup), at_.scenario.uses_store ? "talk" : "");
    if (tools_) tools_->attach(*session_);
}

void user::start(asio::awaitable<void> work)
{
    ++running_;
    asio::co_spawn(at_.io, std::move(work), [this](std::exception_ptr failure) {
        --running_;
        if (failure) std::rethrow_exception(failure);
    });
}

bool user::ended() const
{
    return !session_ || session_->status() == session_status::closed ||
           session_->status() == session_status::failed;
}

live::session_counters user::counters() const
{
    auto all = session_->counters();
    if (at_.planted.counters) at_.planted.counters(all);
    return all;
}

void user::show(const live::session_event& event)
{
    const mutation::show pass_on = [this](
                                       const live::session_event& each) { at_.oracle.saw(each); };
    if (at_.planted.event)
        at_.planted.event(event, pass_on);
    else
        pass_on(event);
}

void user::show(const live::tool_event& event)
{
    if (ended()) at_.call_oracle.session_ended();
    const mutation::tell pass_on = [this](
                                       const live::tool_event& each) { at_.call_oracle.saw(each); };
    if (at_.planted.tool_event)
        at_.planted.tool_event(event, pass_on);
    else
        pass_on(event);
}

asio::awaitable<void> user::pause(milliseconds time)
{
    if (time.count() != 0) co_await at_.clock.sleep_until(at_.clock.now() + time);
}

template <class Done>
asio::awaitable<bool> user::until(Done done, milliseconds at_most)
{
    const auto latest = at_.clock.now() + at_most;
    auto step = 10ms;
    while (!done()) {
        if (at_.clock.now() >= latest) co_return false;
        co_await pause(step);
        step = std::min(step * 2, 1000ms);
    }
    co_return true;
}

bool is_cancellation(const std::system_error& failure)
{
    return failure.code() == asio::error::operation_aborted;
}

template <class Result>
asio::awaitable<Result> user::interruptible(operation operation, asio::awaitable<Result> work)
{
    if (!at_.scenario.interruption) co_return co_await std::move(work);
    const auto stop = std::make_shared<asio::cancellation_signal>();
    pending_.push_back({operation, stop});
    const std::shared_ptr<void> home(nullptr, [this, &stop](void*) {
        std::erase_if(pending_, [&stop](const pending& each) { return each.stop == stop; });
    });
    co_return co_await asio::co_spawn(
        at_.io, std::move(work), asio::bind_cancellation_slot(stop->slot(), asio::use_awaitable));
}

void user::interrupt(const interruption& how)
{
    at_.ledger.trace("user", [&how] { return describe(how); });
    switch (how.how) {
    case interruption::way::cancels: {
        const auto oldest = std::find_if(pending_.begin(), pending_.end(),
            [&how](const pending& each) { return each.operation == how.operation; });
        if (oldest == pending_.end()) return;
        const auto stop = oldest->stop; // emit() may remove it from the list
        stop->emit(asio::cancellation_type::terminal);
        return;
    }
    case interruption::way::closes:
        if (session_) start(close());
        return;
    case interruption::way::destroys: return destroy();
    }
}

void user::check_quiet() const
{
    check_waiting();
    if (tools_) at_.call_oracle.check_quiet();
}

void user::check_waiting() const
{
    if (!session_ || ended() || closing_ || waiting_.empty()) return;
    constexpr std::size_t overhead = 600; // upper bound of what the library adds to a message
    const auto& [serial, size] = *waiting_.begin();
    const auto now = session_->counters();
    if (now.outbox == 0 || now.outbox + 2 * size + overhead <= at_.scenario.options.limits.outbox)
        at_.ledger.report(fmt::format(
            "{} {} waits though the outbox has room", name_of(at_.ledger.of(serial).kind), serial));
    if (session_->status() != session_status::reconnecting) return;
    const auto window = at_.scenario.options.reconnect.realtime_window + 10ms;
    const auto is_stale = [&](const ledger::send& one) {
        return is_media(one.kind) && one.accepted && one.transmissions.empty() &&
               *one.accepted + window < at_.clock.now();
    };
    const auto& all = at_.ledger.sends;
    if (now.dropped < static_cast<std::uint64_t>(std::count_if(all.begin(), all.end(), is_stale)))
        at_.ledger.report(fmt::format("{} {} waits behind audio that is too old",
            name_of(at_.ledger.of(serial).kind), serial));
}

void user::destroy()
{
    session_.reset();
    at_.oracle.destroyed();
    at_.call_oracle.session_ended();
}

asio::awaitable<void> user::connect()
{
    co_await pause(at_.scenario.connect_delay);
    if (!session_) co_return;
    try {
        co_await interruptible(operation::connect, session_->connect());
    } catch (const live::error& failure) {
        if (session_ && !ended() && !closing_)
            at_.ledger.report(
                fmt::format("connect() threw, but the session has not ended: {}", failure.what()));
    } catch (const std::system_error&) { // canceled: the session keeps connecting
    }
}

/// A close() that is canceled still ends the session.
asio::awaitable<void> user::close()
{
    closing_ = true;
    if (!ended()) at_.oracle.closes(session_->status());
    at_.call_oracle.session_ended();
    try {
        co_return co_await interruptible(operation::close, session_->close());
    } catch (const std::system_error&) { // canceled
    }
    const auto has_ended = [this] { return ended(); };
    if (!co_await until(has_ended, 60s))
        at_.ledger.report("close() was canceled, and the session has not ended");
}

asio::awaitable<void> user::send_as(int serial, std::size_t size, asio::awaitable<void> sending)
{
    bool accepted = true, cancelled = false;
    waiting_[serial] = size;
    try {
        co_await interruptible(operation::send, std::move(sending));
    } catch (const std::system_error& failure) {
        accepted = false;
        cancelled = is_cancellation(failure);
    }
    waiting_.erase(serial);
    auto& one = at_.ledger.of(serial);
    one.refused = !accepted;
    if (accepted) one.accepted = at_.clock.now();
    at_.ledger.trace("user", [&] {
        return fmt::format(
            "{} {} was {}", name_of(one.kind), serial, accepted ? "accepted" : "refused");
    });
    if (accepted && session_) at_.oracle.saw(counters());
    if (!accepted && !cancelled && session_ && !ended() && !closing_)
        at_.ledger.report(fmt::format(
            "{} {} was refused by a session that has not ended", name_of(one.kind), serial));
}

asio::awaitable<void> user::send(message_kind kind, std::size_t size)
{
    if (!session_) co_return;
    const auto serial = at_.ledger.begin_send(kind);
    switch (kind) {
    case message_kind::text:
        co_await send_as(serial, size, session_->send(numbered(serial, size)));
        co_return;
    case message_kind::content:
    case message_kind::context: {
        live::content turn(numbered(serial, size));
        co_await send_as(serial, size,
            session_->send_client_content(std::move(turn), kind == message_kind::content));
        co_return;
    }
    case message_kind::audio: {
        const auto data = numbered_bytes(serial, size);
        co_await send_as(serial, size, session_->send_audio(data));
        co_return;
    }
    case message_kind::video: {
        const auto data = numbered_bytes(serial, size);
        co_await send_as(serial, size, session_->send_video(data));
        co_return;
    }
    default: {
        auto input = mark(kind, serial);
        co_await send_as(serial, size, session_->send_realtime_input(std::move(input)));
        co_return;
    }
    }
}

asio::awaitable<void> user::cancelable(int serial, std::size_t size)
{
    co_await send_as(serial, size, session_->send(numbered(serial, size)));
}

asio::awaitable<void> user::send_and_cancel(action text)
{
    const auto serial = at_.ledger.begin_send(message_kind::text);
    const auto stop = std::make_shared<asio::cancellation_signal>();
    ++running_;
    asio::co_spawn(at_.io, cancelable(serial, text.size),
        asio::bind_cancellation_slot(
            stop->slot(), [this, stop](std::exception_ptr) { --running_; }));
    co_await pause(text.gap);
    stop->emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> user::perform(action next)
{
    switch (next.kind) {
    case action_kind::text: co_return co_await send(message_kind::text, next.size);
    case action_kind::content: co_return co_await send(message_kind::content, next.size);
    case action_kind::context: co_return co_await send(message_kind::context, next.size);
    case action_kind::audio:
        for (int i = 0; i < next.count && !ended(); ++i) {
            co_await send(message_kind::audio, next.size);
            co_await pause(next.gap);
        }
        co_return;
    case action_kind::video: co_return co_await send(message_kind::video, next.size);
    case action_kind::start: co_return co_await send(message_kind::start, 0);
    case action_kind::end: co_return co_await send(message_kind::end, 0);
    case action_kind::stream_end: co_return co_await send(message_kind::stream_end, 0);
    case action_kind::drain: try { co_await interruptible(operation::drain, session_->drain());
        } catch (const std::system_error&) { // canceled, or the session is over
        }
        co_return;
    case action_kind::concurrent_text: start(send(message_kind::text, next.size)); co_return;
    case action_kind::canceled_text: co_return co_await send_and_cancel(next);
    case action_kind::reader_pause: reader_resumes_at_ = at_.clock.now() + next.gap; co_return;
    case action_kind::close: co_return co_await close();
    case action_kind::destroy:
        at_.ledger.trace("user", [] { return "destroys the session"; });
        co_return destroy();
    }
}

asio::awaitable<void> user::perform_actions()
{
    for (const auto& each : at_.scenario.actions) {
        co_await pause(each.delay);
        if (ended()) break;
        co_await perform(each);
    }
    acting_ = false;
}

asio::awaitable<void> user::answer(std::vector<std::string> calls)
{
    co_await pause(at_.scenario.answer_delay);
    if (ended()) co_return;
    const auto serial = at_.ledger.begin_send(message_kind::tool_response, calls);
    std::vector<live::function_response> responses;
    for (const auto& id : calls) {
        live::function_response response;
        response.id = id;
        response.name = "look";
        response.response = live::json::object().add("n", fmt::format("n={}", serial));
        responses.push_back(std::move(response));
    }
    constexpr std::size_t of_a_call = 200;
    co_await send_as(
        serial, of_a_call * calls.size(), session_->send_tool_response(std::move(responses)));
}

/// Reads one event. With a read timeout, cancels the read and tries again.
asio::awaitable<std::optional<live::session_event>> user::next(
    live::async_generator<live::session_event>& events)
{
    const auto patience = at_.scenario.read_timeout;
    constexpr int often_enough = 1000;
    while (patience.count() != 0 && canceled_reads_++ < often_enough) {
        const auto stop = std::make_shared<asio::cancellation_signal>();
        const auto alarm = at_.clock.at(
            at_.clock.now() + patience, [stop] { stop->emit(asio::cancellation_type::terminal); });
        try {
            auto event = co_await asio::co_spawn(at_.io, events.next(),
                asio::bind_cancellation_slot(stop->slot(), asio::use_awaitable));
            at_.clock.cancel(alarm);
            co_return event;
        } catch (const live::error&) {
            at_.clock.cancel(alarm);
            throw;
        } catch (const std::system_error&) { // canceled
        }
    }
    for (;;) {
        try {
            co_return co_await interruptible(operation::read, events.next());
        } catch (const std::system_error& failure) {
            if (!is_cancellation(failure)) throw;
        }
    }
}

asio::awaitable<void> user::read_events()
{
    auto events = session_->events();
    try {
        for (;;) {
            while (!reads_at_once_ && at_.clock.now() < reader_resumes_at_)
                co_await at_.clock.sleep_until(reader_resumes_at_);
            auto event = co_await next(events);
            if (!event) break;
            show(*event);
            if (const auto* change = std::get_if<live::status_change>(&*event)) {
                at_.ledger.trace("user", [&] {
                    return fmt::format("sees {} -> {}{}{}{}", live::to_string(change->from),
                        live::to_string(change->to), change->resumed ? ", resumed" : "",
                        change->context_lost ? ", context lost" : "",
                        change->cause ? fmt::format(": {}", change->cause->what()) : "");
                });
            }
            if (const auto* message = std::get_if<live::server_message>(&*event)) {
                std::vector<std::string> calls;
                for (const auto& call : message->function_calls()) {
                    if (tools_) ++at_.ledger.calls[call.id].read;
                    if (call.name == "look") calls.push_back(call.id);
                }
                if (!calls.empty() && session_) start(answer(std::move(calls)));
            }
            if (session_) at_.oracle.saw(counters());
            if (!reads_at_once_) co_await pause(at_.scenario.read_interval);
        }
        at_.oracle.saw_end();
    } catch (const live::error& failure) {
        at_.oracle.saw_failure(failure);
    }
    reader_done_ = true;
}

asio::awaitable<void> user::probe(int serial)
{
    if (session_) co_await send_as(serial, 0, session_->send(numbered(serial, 0)));
}

/// After the last fault: checks that the session recovers or has ended.
asio::awaitable<void> user::await_recovery()
{
    constexpr auto bound = 900s;
    const auto latest = at_.clock.now() + bound;
    while (!ended()) {
        const auto serial = at_.ledger.begin_send(message_kind::text);
        start(probe(serial));
        const auto arrived = [this, serial] {
            return ended() || at_.ledger.of(serial).consumed != 0;
        };
        if (co_await until(arrived, 60s)) {
            if (ended()) break;
            const auto sent = [this] { return ended() || counters().outbox == 0; };
            if (!co_await until(sent, bound)) at_.ledger.report("the outbox is not emptied");
            if (ended()) break;
            co_await pause(20s); // for the remaining messages of the server
            if (ended()) break;
            if (at_.server.holder_of(serial) == nullptr)
                continue; // the server has lost the conversation again
            at_.oracle.check_final_state(serial, counters());
            if (tools_ && session_->status() == session_status::connected)
                at_.call_oracle.check_final_state(*at_.server.holder_of(serial));
            co_return;
        }
        if (at_.clock.now() > latest) {
            at_.ledger.report(
                fmt::format("still {} {} s after the last fault, and no message arrives",
                    live::to_string(session_->status()), std::chrono::seconds(bound).count()));
            co_return;
        }
    }
}

asio::awaitable<void> user::run()
{
    start(read_events());
    start(connect());
    start(perform_actions());
    co_await until([this] { return !acting_ || ended(); }, 600s);
    std::int64_t last = 0;
    for (const auto& each : at_.scenario.faults)
        if (each.on == trigger::time) last = std::max(last, each.at);
    const auto until_then = virtual_clock::start + milliseconds(last + 1);
    if (!ended() && at_.clock.now() < until_then) co_await at_.clock.sleep_until(until_then);
    at_.ledger.trace("run", [] { return "no faults from here on"; });
    at_.network.heal();
    at_.server.heal();
    reads_at_once_ = true;
    co_await until([this] { return !acting_ || ended(); }, 600s);
    co_await await_recovery();
    if (session_) {
        if (tools_ && !ended()) co_await tools_->put_away();
        co_await close();
        const auto reader_is_home = [this] { return reader_done_; };
        if (!co_await until(reader_is_home, 60s)) at_.ledger.report("the stream does not end");
        if (at_.network.has_open_connection())
            at_.ledger.report("a connection is left after close()");
        session_.reset();
    }
    at_.oracle.destroyed();
    at_.call_oracle.session_ended();
    if (tools_) tools_->destroy();
    const auto all_are_home = [this] { return running_ == 0 && at_.call_oracle.running() == 0; };
    if (!co_await until(all_are_home, 120s))
        at_.ledger.report("a call on the session does not end");
    if (tools_) at_.call_oracle.check_end();
}

} // namespace sim
