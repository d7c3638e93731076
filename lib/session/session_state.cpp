// SPDX-License-Identifier: Apache-2.0
#include "session/session_state.hpp"

#include "session/session_log.hpp"

#include <gemini/live/client.hpp>

#include <utility>

namespace gemini::live {

session_state::session_state(engine::session_fsm::rules rules, const client_options& options,
    session_signals& signals, std::atomic<live::session_status>& status)
    : fsm(std::move(rules)), inbox(options.limits.inbox), collector(options.limits.turn),
      options_(options), signals_(signals), status_(status)
{
}

void session_state::announce(status_change change)
{
    status_ = change.to;
    log(options_.logger, change);
    push(std::move(change));
    notify();
}

void session_state::push(session_event event, engine::turn_mark mark)
{
    inbox.push(std::move(event), mark);
    signals_.reader.set();
}

void session_state::notify()
{
    if (!senders.empty()) senders.front()->set();
    for (auto* each : watchers) each->set();
}

void session_state::end(std::exception_ptr why)
{
    ended = true;
    failure = std::move(why);
    open.reset();
    failed.reset();
    signals_.reader.set();
    signals_.took.set();
    signals_.writer.set();
    for (auto* each : senders) each->set();
    notify();
}

void session_state::check_open() const
{
    if (failure) std::rethrow_exception(failure);
    if (ended || closing) throw error(errc::closed, "The session has been closed.");
}

std::optional<turn_result> session_state::collect()
{
    while (const auto* front = inbox.front()) {
        if (collector.is_over_before(*front)) return collector.finish_early();
        const auto calls = fsm.is_waited_for()    ? engine::calls::waited_for
                           : fsm.has_open_calls() ? engine::calls::open
                                                  : engine::calls::none;
        if (!collector.add(*inbox.take_entry(), calls)) continue;
        for (front = inbox.front(); front && collector.is_late(*front); front = inbox.front())
            collector.add_late(*inbox.take_entry());
        return collector.finish();
    }
    if (failure) {
        collector = engine::turn_collector(options_.limits.turn);
        std::rethrow_exception(failure);
    }
    if (ended) return collector.close();
    return std::nullopt;
}

} // namespace gemini::live
