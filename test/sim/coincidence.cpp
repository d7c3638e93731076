// SPDX-License-Identifier: Apache-2.0
#include "sim/coincidence.hpp"

#include "sim/rng.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sim {
namespace {

using namespace std::chrono_literals;
namespace live = gemini::live;

/// Removes all faults, and sets a policy with which the session does not give up.
void remove_faults(scenario& scenario, sim::rng& rng)
{
    auto& policy = scenario.options.reconnect;
    policy.max_attempts = 10;
    policy.first_connect_attempts = 3;
    policy.max_outage = 0ms;
    policy.first_delay = rng.one_of({100ms, 500ms});
    policy.on_context_loss = live::context_loss::restart;
    scenario.faults.clear();
    scenario.min_latency = rng.magnitude(1ms, 40ms);
    scenario.max_latency = scenario.min_latency + rng.magnitude(1ms, 80ms);
    scenario.max_setup_time = rng.magnitude(1ms, 200ms);
    scenario.connect_delay = 0ms;
    scenario.handle_interval = 1;
    scenario.not_resumable_percent = 0;
    scenario.behavior.errors = 0;
    scenario.behavior.go_away_at_calls = 0;
}

void resume_without_index(scenario& scenario)
{
    scenario.transparent = false;
    scenario.options.backend.reset();
}

fault at_message(fault_kind kind, std::int64_t client_message)
{
    return {kind, trigger::client_messages, client_message};
}

/// Draws a fault that ends the connection.
fault loss_at(sim::rng& rng, std::int64_t client_message)
{
    auto loss = at_message(rng.one_of({fault_kind::cut, fault_kind::cut_in_client_message,
                               fault_kind::half_open, fault_kind::close}),
        client_message);
    loss.in_flight_arrives = rng.percent(50);
    loss.duration = rng.magnitude(1ms, 2s);
    loss.code = 1011;
    return loss;
}

/// The server issues a handle. Then the client sends texts that the server never reads, and their
/// pings. The reader sees the handle only afterwards.
std::vector<action> ping_and_pause(scenario& scenario, sim::rng& rng)
{
    resume_without_index(scenario);
    scenario.options.limits.inbox = 200;
    scenario.options.limits.outbox = 4u << 20;
    scenario.options.reconnect.replay =
        rng.one_of({live::replay::unanswered, live::replay::all_since_handle});
    scenario.socket_buffer = 64'000;
    scenario.read_interval = 0ms;
    scenario.read_timeout = 0ms;
    scenario.answers_pings = rng.percent(25);
    scenario.messages_per_turn = static_cast<int>(rng.between(1, 3));
    scenario.max_think_time = 50ms;
    scenario.max_message_gap = 50ms;
    scenario.call_percent = 0;
    const bool is_suspended = rng.percent(50);
    const auto heard = rng.between(2, 3);
    const auto lost = is_suspended ? rng.between(1, 3) : rng.between(9, 12);
    const auto pace = is_suspended ? 500ms : 8'000ms;
    std::vector<action> actions{{action_kind::text, 0ms, 50}, {action_kind::reader_pause, 1s}};
    const std::int64_t before = 2; // the setup and the first text
    for (std::int64_t i = 0; i < heard + lost; ++i)
        actions.push_back({action_kind::text, i <= heard ? 1s : pace, 50});
    actions[1].gap = heard * 1s + lost * pace + rng.between(0ms, 5s);
    auto deaf = at_message(fault_kind::half_open, before + heard + 1);
    deaf.duration = 1s;
    scenario.faults.push_back(deaf);
    if (is_suspended) {
        auto jump = at_message(fault_kind::process_suspended, before + heard + lost);
        jump.duration = rng.one_of({45s, 3600s});
        scenario.faults.push_back(jump);
    }
    actions.push_back({action_kind::text, 100s, 50});
    return actions;
}

std::vector<action> handle_and_speech(scenario& scenario, sim::rng& rng)
{
    if (rng.percent(75)) resume_without_index(scenario);
    scenario.max_latency = scenario.min_latency + 20ms;
    scenario.options.reconnect.realtime_window = 20s;
    scenario.options.limits.outbox = 4u << 20;
    const auto chunks = static_cast<int>(rng.between(3, 12));
    const auto gap = rng.one_of({100ms, 400ms});
    std::vector<action> actions{{action_kind::text, 0ms, 50},
        {action_kind::start, rng.between(0ms, 3s)}, {action_kind::audio, 500ms, 640, chunks, gap},
        {action_kind::audio, 0ms, 640, chunks, gap}, {action_kind::end, rng.between(0ms, 500ms)},
        {action_kind::text, 2s, 50}};
    const std::int64_t started = 4; // setup, text, activityStart and the first audio
    const auto last = started + 2 * chunks - 1;
    if (rng.percent(30)) {
        auto leave = at_message(fault_kind::go_away, rng.between(started, last));
        leave.duration = rng.magnitude(200ms, 2s);
        scenario.faults.push_back(leave);
    } else {
        scenario.faults.push_back(loss_at(rng, rng.between(started + chunks, last)));
    }
    return actions;
}

std::vector<action> refusal_and_end(scenario& scenario, sim::rng& rng)
{
    scenario.uses_store = rng.percent(80);
    scenario.store_latency = rng.one_of({0ms, 1ms, 50ms});
    auto& policy = scenario.options.reconnect;
    policy.first_delay = 100ms;
    const auto cut_at = rng.between(4, 6);
    scenario.faults.push_back(at_message(fault_kind::handles_expire, cut_at));
    scenario.faults.push_back(at_message(fault_kind::cut, cut_at));
    std::vector<action> actions;
    for (std::int64_t i = 1; i < cut_at; ++i)
        actions.push_back({action_kind::text, rng.between(0ms, 1s), 50});
    switch (rng.between(0, 3)) {
    case 0: policy.max_attempts = 1; break;
    case 1: policy.on_context_loss = live::context_loss::fail; break;
    default: {
        const action end{rng.percent(70) ? action_kind::close : action_kind::destroy,
            rng.between(0ms, 100ms + 8 * scenario.max_latency)};
        if (rng.percent(30)) actions.push_back({action_kind::drain});
        actions.push_back(end);
        break;
    }
    }
    return actions;
}

/// A turn lasts from the goAway to the loss. During it, the connection dialed ahead waits or is
/// being dialed.
std::vector<action> move_and_spare(scenario& scenario, sim::rng& rng)
{
    scenario.endpoint_changes_at = static_cast<int>(rng.between(1, 2));
    scenario.options.reconnect.handover.enabled = true;
    scenario.max_think_time = 4s;
    scenario.messages_per_turn = 8;
    scenario.max_message_gap = 1s;
    const auto count = rng.between(1, 4);
    std::vector<action> actions;
    for (std::int64_t i = 0; i < count; ++i)
        actions.push_back({action_kind::text, rng.between(500ms, 2s), 50});
    auto leave = at_message(fault_kind::go_away, count + 1);
    leave.duration = rng.magnitude(20s, 60s);
    scenario.faults.push_back(leave);
    const bool is_dialing = rng.percent(40); // when the connection is lost
    actions.push_back({action_kind::context,
        is_dialing ? rng.between(2 * scenario.min_latency, 2 * scenario.max_latency)
                   : rng.between(0ms, 6 * scenario.max_latency),
        50});
    scenario.faults.push_back(
        is_dialing ? at_message(fault_kind::cut, count + 2) : loss_at(rng, count + 2));
    actions.push_back({action_kind::text, 3s, 50});
    return actions;
}

/// During an outage, audio fills the outbox and texts wait for room. More texts come when the audio
/// is too old.
std::vector<action> stale_and_full(scenario& scenario, sim::rng& rng)
{
    scenario.options.limits.outbox = 4096;
    auto& window = scenario.options.reconnect.realtime_window;
    window = rng.one_of({200ms, 2'000ms});
    std::vector<action> actions{{action_kind::text, 0ms, 50}};
    auto away = at_message(fault_kind::unreachable, 3);
    away.duration = rng.between(5s, 20s);
    scenario.faults.push_back(away);
    auto cut = at_message(fault_kind::cut, 3);
    cut.in_flight_arrives = rng.percent(50);
    scenario.faults.push_back(cut);
    actions.push_back({action_kind::text, 1s, 50});
    actions.push_back({action_kind::audio, rng.between(100ms, 1s), 640, 3, 1ms});
    const auto waiting = rng.between(2, 5);
    for (std::int64_t i = 0; i < waiting; ++i)
        actions.push_back({action_kind::concurrent_text, rng.between(0ms, window / 8),
            static_cast<std::size_t>(rng.one_of({500, 1500}))});
    const auto later = rng.between(0, 3);
    for (std::int64_t i = 0; i < later; ++i)
        actions.push_back(
            {action_kind::concurrent_text, i == 0 ? window : rng.between(0ms, 500ms), 50});
    return actions;
}

} // namespace

void add_coincidence(scenario& scenario)
{
    sim::rng rng(scenario.seed, "pairs");
    if (!rng.percent(25)) return;
    scenario.coincidence = static_cast<coincidence>(rng.between(0, coincidences - 1));
    remove_faults(scenario, rng);
    auto actions = [&] {
        switch (*scenario.coincidence) {
        case coincidence::ping_and_pause: return ping_and_pause(scenario, rng);
        case coincidence::handle_and_speech: return handle_and_speech(scenario, rng);
        case coincidence::refusal_and_end: return refusal_and_end(scenario, rng);
        case coincidence::move_and_spare: return move_and_spare(scenario, rng);
        case coincidence::stale_and_full: break;
        }
        return stale_and_full(scenario, rng);
    }();
    std::swap(scenario.actions, actions);
    scenario.actions.insert(scenario.actions.end(), actions.begin(), actions.end());
}

const char* name_of(coincidence one) noexcept
{
    switch (one) {
    case coincidence::ping_and_pause: return "a ping is unanswered, and the reader pauses";
    case coincidence::handle_and_speech: return "a handle comes during the user's speech";
    case coincidence::refusal_and_end: return "a handle is refused, and the session ends";
    case coincidence::move_and_spare:
        return "the base URL changes, and a connection was dialed ahead";
    case coincidence::stale_and_full: return "audio is too old, and the outbox is full of it";
    }
    return "?";
}

} // namespace sim
