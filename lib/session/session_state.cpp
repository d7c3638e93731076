// SPDX-License-Identifier: Apache-2.0
#include "session/session_state.hpp"

#include "session/session_log.hpp"

#include <gemini/live/client.hpp>

#include <new>
#include <utility>

namespace gemini::live {

session_state::session_state(engine::session_fsm::rules rules, const client_options& options,
    const live::setup& setup, const async::clock& clock, session_signals& signals,
    std::atomic<live::session_status>& status)
    : fsm(std::move(rules)), inbox(options.limits.inbox), telemetry(options, setup, clock),
      options_(options), clock_(clock), signals_(signals), status_(status)
{
}

void session_state::announce(status_change change)
{
    status_ = change.to;
    log(options_.logger, change);
    telemetry.add(change);
    push(std::move(change));
    notify();
}

void session_state::push(session_event event, engine::turn_mark mark)
{
    if (const auto watching = observer.lock()) watching->saw(event, mark.is_of_left);
    inbox.push(std::move(event), mark);
    signals_.reader.set();
}

void session_state::notify()
{
    if (!senders.empty()) senders.front()->set();
    for (auto* each : watchers) each->set();
}

void session_state::report_turns()
{
    auto* recorder = fsm.recorder();
    if (!recorder || !recorder->has_records()) return;
    for (auto& each : recorder->take()) {
        telemetry.add(each);
        if (!options_.telemetry.turn_records) continue;
        log(options_.logger, each);
        push(std::move(each));
    }
}

void session_state::finish_turns()
{
    if (auto* recorder = fsm.recorder()) recorder->closed(clock_.now());
    report_turns();
    telemetry.finish(clock_.now());
}

session_counters session_state::counters() const
{
    auto all = fsm.counters();
    all.stale = stale;
    all.inbox = inbox.bytes();
    return all;
}

void session_state::notify_of_turn()
{
    for (auto* each : turn_watchers) each->set();
}

void session_state::end(std::exception_ptr why)
{
    ended = true;
    telemetry.ended(counters());
    failure = std::move(why);
    open.reset();
    failed.reset();
    if (const auto watching = observer.lock()) watching->saw_end();
    signals_.reader.set();
    signals_.took.set();
    signals_.writer.set();
    for (auto* each : senders) each->set();
    notify();
    notify_of_turn();
}

void session_state::fail(std::exception_ptr why)
{
    if (ended) return;
    try {
        finish_turns();
        announce(fsm.give_up(error(errc::misuse,
            "The session was ended by an exception that is none of the library's, such as "
            "std::bad_alloc.")));
    } catch (const std::bad_alloc&) { // `why` says enough
    }
    end(std::move(why));
}

void session_state::close() noexcept
{
    std::exception_ptr unannounced;
    try {
        finish_turns();
        announce(fsm.close());
    } catch (...) {
        unannounced = std::current_exception();
    }
    end(std::move(unannounced));
}

void session_state::die() noexcept
{
    status_ = session_status::closed;
    end(nullptr);
}

void session_state::check_open() const
{
    if (failure) std::rethrow_exception(failure);
    if (ended || closing) throw error(errc::closed, "The session has been closed.");
}

engine::turn_collector& session_state::collector()
{
    if (!collector_) collector_ = std::make_unique<engine::turn_collector>();
    return *collector_;
}

std::optional<turn_result> session_state::collect()
{
    auto& turns = collector();
    while (const auto* front = inbox.front()) {
        if (turns.is_over_before(*front)) return turns.finish_early();
        const auto calls = fsm.is_waited_for()    ? engine::calls::waited_for
                           : fsm.has_open_calls() ? engine::calls::open
                                                  : engine::calls::none;
        if (!turns.add(*inbox.take_entry(), calls)) continue;
        for (front = inbox.front(); front && turns.is_late(*front); front = inbox.front())
            turns.add_late(*inbox.take_entry());
        return turns.finish();
    }
    if (failure) {
        collector_.reset();
        std::rethrow_exception(failure);
    }
    if (ended) return turns.close();
    return std::nullopt;
}

} // namespace gemini::live
