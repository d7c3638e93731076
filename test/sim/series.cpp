// SPDX-License-Identifier: Apache-2.0
#include "sim/series.hpp"

#include "sim/chance.hpp"

#include <array>
#include <chrono>

namespace sim {
namespace {

using namespace std::chrono_literals;
namespace live = gemini::live;

/// A conversation that makes use of everything.
plan conversation()
{
    plan all;
    all.seed = 1;
    all.options.credentials = live::api_key("a-key");
    all.nearest = 5ms;
    all.farthest = 20ms;
    all.socket = 64'000;
    all.talkative = 3;
    all.thinks = 200ms;
    all.speaks = 50ms;
    all.calls = 40;
    all.setup_takes = 50ms;
    all.answers_after = 100ms;
    return all;
}

std::vector<act> all_sorts()
{
    return {{deed::text, 0ms, 50}, {deed::audio, 500ms, 640, 3, 20ms}, {deed::text, 0ms, 500},
        {deed::content, 800ms, 50}, {deed::context, 0ms, 50}, {deed::text, 800ms},
        {deed::start, 500ms}, {deed::audio, 0ms, 640, 3, 20ms}, {deed::video, 0ms, 500},
        {deed::end, 0ms}, {deed::text, 800ms, 50}, {deed::stream_end, 200ms}, {deed::drain},
        {deed::text, 800ms, 3000}, {deed::text, 0ms, 50}, {deed::content, 800ms, 500}};
}

struct ending {
    trouble what;
    bool arrives;
    int code;
    const char* reason;
};
/// Those that differ most come first.
constexpr std::array endings{
    ending{trouble::cut, false, 0, ""},
    ending{trouble::cut, true, 0, ""},
    ending{trouble::half_open, false, 0, ""},
    ending{trouble::close, false, 1011, "Internal error encountered."},
    ending{trouble::close, false, 1000, ""},
    ending{trouble::close, false, 1001, ""},
    ending{trouble::close, false, 1008, "The operation was aborted."},
    ending{trouble::close, false, 1012, ""},
};

/// The conversation has about so many, setups and all.
constexpr std::uint64_t client_messages = 24;
constexpr std::uint64_t server_messages = 60;
constexpr std::uint64_t points = client_messages + server_messages;
constexpr std::uint64_t modes = 4;
constexpr std::uint64_t singles = modes * endings.size() * points;
constexpr std::uint64_t paired_endings = 4;
constexpr std::uint64_t places = paired_endings * points;
constexpr std::uint64_t pairs = places * (places + 1) / 2;

fault end_at(std::uint64_t point, const ending& how)
{
    const bool client = point < client_messages;
    fault one{how.what, client ? trigger::client_messages : trigger::server_messages,
        static_cast<std::int64_t>(client ? point : point - client_messages) + 1};
    one.arrives = how.arrives;
    one.code = how.code;
    one.reason = how.reason;
    one.lasts = 50ms;
    return one;
}

/// Without handles, with one after each message, with one now and then, with an index, too.
void resume_by(plan& all, std::uint64_t mode)
{
    constexpr std::array<int, modes> forgotten{100, 0, 50, 0};
    all.forgets_resumable = forgotten.at(mode);
    all.transparent = mode == modes - 1;
    if (!all.transparent) return;
    all.handle_after = 3;
    all.options.backend = live::backend::vertex_ai;
}

plan cut(std::uint64_t number)
{
    auto all = conversation();
    all.acts = all_sorts();
    --number;
    if (number < singles) {
        resume_by(all, number % modes);
        number /= modes;
        all.faults.push_back(end_at(number / endings.size(), endings.at(number % endings.size())));
        return all;
    }
    number -= singles;
    resume_by(all, modes - 1);
    std::uint64_t second = 0;
    while (number > second) number -= ++second;
    for (const auto place : {number, second})
        all.faults.push_back(end_at(place / paired_endings, endings.at(place % paired_endings)));
    return all;
}

plan day(std::uint64_t number)
{
    constexpr int rotations = 24 * 6;
    constexpr std::int64_t ten_minutes = 600'000;
    chance life(number, "day");
    auto all = conversation();
    all.seed = number;
    resume_by(all, life.percent(50) ? modes - 1 : 1);
    all.options.reconnect.handover.overlap = life.percent(10);
    for (int i = 1; i <= rotations; ++i) {
        fault leave{trouble::go_away, trigger::time, i * ten_minutes};
        leave.lasts = 50s;
        all.faults.push_back(leave);
        // What is said comes anywhere between two, and now and then in the middle of one.
        all.acts.push_back({deed::text, life.between(0ms, 2 * 290'000ms), 50});
        all.acts.push_back({deed::audio, life.between(0ms, 10'000ms), 640, 5, 20ms});
    }
    return all;
}

/// Lives in which there is always something to interrupt: between a loss and the next connection,
/// between goAway and the change, with a full outbox, with a full inbox, on a long way to the first
/// connection, while a conversation is restored, with goAways while a function call is open, with
/// one right after each setup.
constexpr std::uint64_t lives = 8;
plan eventful(std::uint64_t life)
{
    auto all = conversation();
    all.acts = all_sorts();
    resume_by(all, modes - 1);
    const auto middle = client_messages / 2;
    switch (life) {
    case 0: all.faults.push_back(end_at(middle, endings[0])); break;
    case 1: {
        fault leave{trouble::go_away, trigger::client_messages, middle};
        leave.lasts = 5s;
        all.faults.push_back(leave);
        break;
    }
    case 2: {
        fault stall{trouble::stall, trigger::client_messages, 4};
        stall.lasts = 5s;
        all.faults.push_back(stall);
        all.socket = 100;
        all.options.limits.outbox = 600;
        const act another{deed::beside, 0ms, 400}; // who waits for room
        all.acts.insert(all.acts.begin() + 3, {another, another, another});
        break;
    }
    case 3:
        all.options.limits.inbox = 200;
        all.reads_every = 100ms;
        all.faults.push_back(end_at(middle, endings[1]));
        break;
    case 4: {
        fault away{trouble::unreachable, trigger::time, 0};
        away.lasts = 2s;
        all.faults.push_back(away);
        all.options.reconnect.first_connect_attempts = std::nullopt;
        break;
    }
    case 5:
        all.options.reconnect.on_context_loss = live::context_loss::restore;
        all.faults.push_back({trouble::expire, trigger::client_messages, middle});
        all.faults.push_back(end_at(middle, endings[0]));
        break;
    case 6: all.manners.leaves_at_calls = 100; break;
    default: {
        fault departures{trouble::sent_away, trigger::client_messages, middle};
        departures.times = 3;
        departures.lingers = 300ms;
        all.faults.push_back(departures);
        break;
    }
    }
    return all;
}

/// More steps than any of these lives has.
constexpr std::uint64_t steps = 500;
constexpr std::uint64_t ways = calls + 2;

plan interrupted(std::uint64_t number)
{
    --number;
    auto all = eventful(number % lives);
    number /= lives;
    interruption one{interruption::way::cancels, number / ways + 1};
    const auto way = static_cast<int>(number % ways);
    if (way < calls)
        one.what = static_cast<call>(way);
    else
        one.how = way == calls ? interruption::way::closes : interruption::way::destroys;
    all.interrupted = one;
    return all;
}

constexpr std::array known{
    series{"seed", "seeds", 0, true, draw},
    series{"cut", "cuts", singles + pairs, false, cut},
    series{"day", "days", 0, false, day},
    series{"interruption", "interruptions", lives* ways* steps, false, interrupted},
};

} // namespace

std::span<const series> all_series() noexcept { return known; }

} // namespace sim
