// SPDX-License-Identifier: Apache-2.0
#include "sim/pairs.hpp"

#include "sim/chance.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sim {
namespace {

using namespace std::chrono_literals;
namespace live = gemini::live;

/// A network and a server that are well, up to what is laid upon them, and a session that does not
/// give up.
void calm(plan& all, chance& drawn)
{
    auto& policy = all.options.reconnect;
    policy.max_attempts = 10;
    policy.first_connect_attempts = 3;
    policy.max_outage = 0ms;
    policy.first_delay = drawn.one_of({100ms, 500ms});
    policy.on_context_loss = live::context_loss::restart;
    all.faults.clear();
    all.nearest = drawn.magnitude(1ms, 40ms);
    all.farthest = all.nearest + drawn.magnitude(1ms, 80ms);
    all.setup_takes = drawn.magnitude(1ms, 200ms);
    all.connects_after = 0ms;
    all.handle_after = 1;
    all.forgets_resumable = 0;
    all.manners.fails = 0;
    all.manners.leaves_at_calls = 0;
}

void resume_without_index(plan& all)
{
    all.transparent = false;
    all.options.backend.reset();
}

fault at_message(trouble what, std::int64_t client_message)
{
    return {what, trigger::client_messages, client_message};
}

/// An end of the connection.
fault loss_at(chance& drawn, std::int64_t client_message)
{
    auto loss = at_message(
        drawn.one_of({trouble::cut, trouble::torn_sent, trouble::half_open, trouble::close}),
        client_message);
    loss.arrives = drawn.percent(50);
    loss.lasts = drawn.magnitude(1ms, 2s);
    loss.code = 1011;
    return loss;
}

/// Behind the handle of what the server had read come texts that it has not, and the pings for
/// them; the reader hears of the handle only after all of that.
std::vector<act> ping_and_pause(plan& all, chance& drawn)
{
    resume_without_index(all);
    all.options.limits.inbox = 200;
    all.options.limits.outbox = 4u << 20;
    all.options.reconnect.replay =
        drawn.one_of({live::replay::unanswered, live::replay::all_since_handle});
    all.socket = 64'000;
    all.reads_every = 0ms;
    all.gives_up_reading = 0ms;
    all.answers_pings = drawn.percent(25);
    all.talkative = static_cast<int>(drawn.between(1, 3));
    all.thinks = 50ms;
    all.speaks = 50ms;
    all.calls = 0;
    const bool is_suspended = drawn.percent(50);
    const auto heard = drawn.between(2, 3);
    const auto lost = is_suspended ? drawn.between(1, 3) : drawn.between(9, 12);
    const auto pace = is_suspended ? 500ms : 8'000ms;
    std::vector<act> acts{{deed::text, 0ms, 50}, {deed::rest, 1s}};
    const std::int64_t before = 2; // with the setup
    for (std::int64_t i = 0; i < heard + lost; ++i)
        acts.push_back({deed::text, i <= heard ? 1s : pace, 50});
    acts[1].gap = heard * 1s + lost * pace + drawn.between(0ms, 5s);
    auto deaf = at_message(trouble::half_open, before + heard + 1);
    deaf.lasts = 1s;
    all.faults.push_back(deaf);
    if (is_suspended) {
        auto jump = at_message(trouble::jump, before + heard + lost);
        jump.lasts = drawn.one_of({45s, 3600s});
        all.faults.push_back(jump);
    }
    acts.push_back({deed::text, 100s, 50});
    return acts;
}

std::vector<act> handle_and_speech(plan& all, chance& drawn)
{
    if (drawn.percent(75)) resume_without_index(all);
    all.farthest = all.nearest + 20ms;
    all.options.reconnect.realtime_window = 20s;
    all.options.limits.outbox = 4u << 20;
    const auto chunks = static_cast<int>(drawn.between(3, 12));
    const auto gap = drawn.one_of({100ms, 400ms});
    std::vector<act> acts{{deed::text, 0ms, 50}, {deed::start, drawn.between(0ms, 3s)},
        {deed::audio, 500ms, 640, chunks, gap}, {deed::audio, 0ms, 640, chunks, gap},
        {deed::end, drawn.between(0ms, 500ms)}, {deed::text, 2s, 50}};
    const std::int64_t started = 4; // setup, text, start, and the first sound
    const auto last = started + 2 * chunks - 1;
    if (drawn.percent(30)) {
        auto leave = at_message(trouble::go_away, drawn.between(started, last));
        leave.lasts = drawn.magnitude(200ms, 2s);
        all.faults.push_back(leave);
    } else {
        all.faults.push_back(loss_at(drawn, drawn.between(started + chunks, last)));
    }
    return acts;
}

std::vector<act> refusal_and_end(plan& all, chance& drawn)
{
    all.keeps_handles = drawn.percent(80);
    all.store_takes = drawn.one_of({0ms, 1ms, 50ms});
    auto& policy = all.options.reconnect;
    policy.first_delay = 100ms;
    const auto cut_at = drawn.between(4, 6);
    all.faults.push_back(at_message(trouble::expire, cut_at));
    all.faults.push_back(at_message(trouble::cut, cut_at));
    std::vector<act> acts;
    for (std::int64_t i = 1; i < cut_at; ++i)
        acts.push_back({deed::text, drawn.between(0ms, 1s), 50});
    switch (drawn.between(0, 3)) {
    case 0: policy.max_attempts = 1; break;
    case 1: policy.on_context_loss = live::context_loss::fail; break;
    default: {
        const act end{drawn.percent(70) ? deed::close : deed::destroy,
            drawn.between(0ms, 100ms + 8 * all.farthest)};
        if (drawn.percent(30)) acts.push_back({deed::drain});
        acts.push_back(end);
        break;
    }
    }
    return acts;
}

/// A turn lasts from the goAway to the loss, so that the spare one waits, or is being dialled.
std::vector<act> move_and_spare(plan& all, chance& drawn)
{
    all.moves_at = static_cast<int>(drawn.between(1, 2));
    all.options.reconnect.handover.enabled = true;
    all.thinks = 4s;
    all.talkative = 8;
    all.speaks = 1s;
    const auto count = drawn.between(1, 4);
    std::vector<act> acts;
    for (std::int64_t i = 0; i < count; ++i)
        acts.push_back({deed::text, drawn.between(500ms, 2s), 50});
    auto leave = at_message(trouble::go_away, count + 1);
    leave.lasts = drawn.magnitude(20s, 60s);
    all.faults.push_back(leave);
    const bool is_under_way = drawn.percent(40); // the dial, at the loss
    acts.push_back({deed::context,
        is_under_way ? drawn.between(2 * all.nearest, 2 * all.farthest)
                     : drawn.between(0ms, 6 * all.farthest),
        50});
    all.faults.push_back(
        is_under_way ? at_message(trouble::cut, count + 2) : loss_at(drawn, count + 2));
    acts.push_back({deed::text, 3s, 50});
    return acts;
}

/// While there is no connection sound fills the outbox, and texts wait for room; more of them come
/// when the sound is too old.
std::vector<act> stale_and_full(plan& all, chance& drawn)
{
    all.options.limits.outbox = 4096;
    auto& window = all.options.reconnect.realtime_window;
    window = drawn.one_of({200ms, 2'000ms});
    std::vector<act> acts{{deed::text, 0ms, 50}};
    auto away = at_message(trouble::unreachable, 3);
    away.lasts = drawn.between(5s, 20s);
    all.faults.push_back(away);
    auto cut = at_message(trouble::cut, 3);
    cut.arrives = drawn.percent(50);
    all.faults.push_back(cut);
    acts.push_back({deed::text, 1s, 50});
    acts.push_back({deed::audio, drawn.between(100ms, 1s), 640, 3, 1ms});
    const auto waiting = drawn.between(2, 5);
    for (std::int64_t i = 0; i < waiting; ++i)
        acts.push_back({deed::beside, drawn.between(0ms, window / 8),
            static_cast<std::size_t>(drawn.one_of({500, 1500}))});
    const auto later = drawn.between(0, 3);
    for (std::int64_t i = 0; i < later; ++i)
        acts.push_back({deed::beside, i == 0 ? window : drawn.between(0ms, 500ms), 50});
    return acts;
}

} // namespace

void lay_pair(plan& all)
{
    chance drawn(all.seed, "pairs");
    if (!drawn.percent(25)) return;
    all.meeting = static_cast<pair>(drawn.between(0, pair_kinds - 1));
    calm(all, drawn);
    auto acts = [&] {
        switch (*all.meeting) {
        case pair::ping_and_pause: return ping_and_pause(all, drawn);
        case pair::handle_and_speech: return handle_and_speech(all, drawn);
        case pair::refusal_and_end: return refusal_and_end(all, drawn);
        case pair::move_and_spare: return move_and_spare(all, drawn);
        case pair::stale_and_full: break;
        }
        return stale_and_full(all, drawn);
    }();
    std::swap(all.acts, acts);
    all.acts.insert(all.acts.end(), acts.begin(), acts.end());
}

const char* name_of(pair what) noexcept
{
    switch (what) {
    case pair::ping_and_pause: return "a ping is out, and the reader rests";
    case pair::handle_and_speech: return "a handle comes within the user's speech";
    case pair::refusal_and_end: return "a handle is refused, and the session ends";
    case pair::move_and_spare: return "the base URL changes, and a connection was dialled ahead";
    case pair::stale_and_full: return "sound is too old, and the outbox is full of it";
    }
    return "?";
}

} // namespace sim
