// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario_set.hpp"

#include "sim/rng.hpp"

#include <array>
#include <chrono>

namespace sim {
namespace {

using namespace std::chrono_literals;
namespace live = gemini::live;

/// A conversation with every kind of message.
scenario conversation()
{
    scenario result;
    result.seed = 1;
    result.options.credentials = live::api_key("a-key");
    result.min_latency = 5ms;
    result.max_latency = 20ms;
    result.socket_buffer = 64'000;
    result.messages_per_turn = 3;
    result.max_think_time = 200ms;
    result.max_message_gap = 50ms;
    result.call_percent = 40;
    result.max_setup_time = 50ms;
    result.answer_delay = 100ms;
    return result;
}

std::vector<action> one_of_each()
{
    return {{action_kind::text, 0ms, 50}, {action_kind::audio, 500ms, 640, 3, 20ms},
        {action_kind::text, 0ms, 500}, {action_kind::content, 800ms, 50},
        {action_kind::context, 0ms, 50}, {action_kind::text, 800ms}, {action_kind::start, 500ms},
        {action_kind::audio, 0ms, 640, 3, 20ms}, {action_kind::video, 0ms, 500},
        {action_kind::end, 0ms}, {action_kind::text, 800ms, 50}, {action_kind::stream_end, 200ms},
        {action_kind::drain}, {action_kind::text, 800ms, 3000}, {action_kind::text, 0ms, 50},
        {action_kind::content, 800ms, 500}};
}

struct ending {
    fault_kind kind;
    bool in_flight_arrives;
    int code;
    const char* reason;
};
/// The first four differ most: pairs of cuts use only those.
constexpr std::array endings{
    ending{fault_kind::cut, false, 0, ""},
    ending{fault_kind::cut, true, 0, ""},
    ending{fault_kind::half_open, false, 0, ""},
    ending{fault_kind::close, false, 1011, "Internal error encountered."},
    ending{fault_kind::close, false, 1000, ""},
    ending{fault_kind::close, false, 1001, ""},
    ending{fault_kind::close, false, 1008, "The operation was aborted."},
    ending{fault_kind::close, false, 1012, ""},
};

/// Approximate number of messages of the conversation, setups included.
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
    fault one{how.kind, client ? trigger::client_messages : trigger::server_messages,
        static_cast<std::int64_t>(client ? point : point - client_messages) + 1};
    one.in_flight_arrives = how.in_flight_arrives;
    one.code = how.code;
    one.reason = how.reason;
    one.duration = 50ms;
    return one;
}

/// Modes: no handle, a handle after each message, a handle after some messages, handles with an
/// index (transparent).
void resume_by(scenario& scenario, std::uint64_t mode)
{
    constexpr std::array<int, modes> forgotten{100, 0, 50, 0};
    scenario.not_resumable_percent = forgotten.at(mode);
    scenario.transparent = mode == modes - 1;
    if (!scenario.transparent) return;
    scenario.handle_interval = 3;
    scenario.options.backend = live::backend::vertex_ai;
}

scenario cut_scenario(std::uint64_t number)
{
    auto result = conversation();
    result.actions = one_of_each();
    --number;
    if (number < singles) {
        resume_by(result, number % modes);
        number /= modes;
        result.faults.push_back(
            end_at(number / endings.size(), endings.at(number % endings.size())));
        return result;
    }
    number -= singles;
    resume_by(result, modes - 1);
    std::uint64_t second = 0;
    while (number > second) number -= ++second;
    for (const auto place : {number, second})
        result.faults.push_back(end_at(place / paired_endings, endings.at(place % paired_endings)));
    return result;
}

scenario day_scenario(std::uint64_t number)
{
    constexpr int rotations = 24 * 6;
    constexpr std::int64_t ten_minutes = 600'000;
    sim::rng rng(number, "day");
    auto result = conversation();
    result.seed = number;
    resume_by(result, rng.percent(50) ? modes - 1 : 1);
    result.options.reconnect.handover.overlap = rng.percent(10);
    for (int i = 1; i <= rotations; ++i) {
        fault leave{fault_kind::go_away, trigger::time, i * ten_minutes};
        leave.duration = 50s;
        result.faults.push_back(leave);
        // Messages come between two goAways, and sometimes during a handover.
        result.actions.push_back({action_kind::text, rng.between(0ms, 2 * 290'000ms), 50});
        result.actions.push_back({action_kind::audio, rng.between(0ms, 10'000ms), 640, 5, 20ms});
    }
    return result;
}

/// Scenarios in which there is always something to interrupt:
/// 0. between a loss and the next connection,
/// 1. between goAway and handover,
/// 2. with a full outbox,
/// 3. with a full inbox,
/// 4. during a long first connect,
/// 5. while a conversation is restored,
/// 6. with goAway while a function call is open,
/// 7. with goAway right after each setup,
/// 8. with calls that run, wait and come again, and a loss.
constexpr std::uint64_t interruptible_scenarios = 9;
scenario interruptible_scenario(std::uint64_t number)
{
    auto result = conversation();
    result.actions = one_of_each();
    resume_by(result, modes - 1);
    const auto middle = client_messages / 2;
    switch (number) {
    case 0: result.faults.push_back(end_at(middle, endings[0])); break;
    case 1: {
        fault leave{fault_kind::go_away, trigger::client_messages, middle};
        leave.duration = 5s;
        result.faults.push_back(leave);
        break;
    }
    case 2: {
        fault stall{fault_kind::stall, trigger::client_messages, 4};
        stall.duration = 5s;
        result.faults.push_back(stall);
        result.socket_buffer = 100;
        result.options.limits.outbox = 600;
        const action another{
            action_kind::concurrent_text, 0ms, 400}; // waits for room in the outbox
        result.actions.insert(result.actions.begin() + 3, {another, another, another});
        break;
    }
    case 3:
        result.options.limits.inbox = 200;
        result.read_interval = 100ms;
        result.faults.push_back(end_at(middle, endings[1]));
        break;
    case 4: {
        fault away{fault_kind::unreachable, trigger::time, 0};
        away.duration = 2s;
        result.faults.push_back(away);
        result.options.reconnect.first_connect_attempts = std::nullopt;
        break;
    }
    case 5:
        result.options.reconnect.on_context_loss = live::context_loss::restore;
        result.faults.push_back({fault_kind::handles_expire, trigger::client_messages, middle});
        result.faults.push_back(end_at(middle, endings[0]));
        break;
    case 6: result.behavior.go_away_at_calls = 100; break;
    case 8: {
        tool_settings tools{.at_once = 2, .waiting = 2, .deadline = 2s, .longest_work = 1s};
        tools.most_calls = 4;
        tools.repeats = tools.cancels = 30;
        tools.remakes = 100;
        result.tools = tools;
        result.call_percent = 90;
        result.faults.push_back(end_at(middle, endings[0]));
        break;
    }
    default: {
        fault departures{fault_kind::go_away_after_setup, trigger::client_messages, middle};
        departures.count = 3;
        departures.linger = 300ms;
        result.faults.push_back(departures);
        break;
    }
    }
    return result;
}

/// Upper bound of the steps that any of these scenarios takes.
constexpr std::uint64_t steps = 500;
constexpr std::uint64_t ways = operations + 2;

scenario interruption_scenario(std::uint64_t number)
{
    --number;
    auto result = interruptible_scenario(number % interruptible_scenarios);
    number /= interruptible_scenarios;
    interruption one{interruption::way::cancels, number / ways + 1};
    const auto way = static_cast<int>(number % ways);
    if (way < operations)
        one.operation = static_cast<operation>(way);
    else
        one.how = way == operations ? interruption::way::closes : interruption::way::destroys;
    result.interruption = one;
    return result;
}

constexpr std::array sets{
    scenario_set{"seed", "seeds", 0, true, draw_scenario},
    scenario_set{"cut", "cuts", singles + pairs, false, cut_scenario},
    scenario_set{"day", "days", 0, false, day_scenario},
    scenario_set{"interruption", "interruptions", interruptible_scenarios* ways* steps, false,
        interruption_scenario},
};

} // namespace

std::span<const scenario_set> scenario_sets() noexcept { return sets; }

} // namespace sim
