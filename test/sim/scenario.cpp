// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario.hpp"

#include "sim/coincidence.hpp"
#include "sim/rng.hpp"

#include <fmt/format.h>

#include <array>

namespace sim {
namespace {

using namespace std::chrono_literals;
namespace live = gemini::live;

/// Closes seen from the real service and from proxies.
struct closing {
    int code;
    const char* reason;
};
constexpr std::array closings{
    closing{1000, ""},
    closing{1001, ""},
    closing{1006, ""},
    closing{1007, "Invalid session handle"},
    closing{1007, "The audio content type (CONTENT_TYPE_AUDIO) is not supported for this model "
                  "configuration."},
    closing{1008, "Requested entity was not found."},
    closing{1008, "RESOURCE_EXHAUSTED"},
    closing{1008, "Quota exceeded for requests."},
    closing{1008, "The operation was aborted."},
    closing{1008, "Operation is not implemented, or supported, or enabled."},
    closing{1008, "BidiGenerateContent session not found"},
    closing{1011, "Internal error encountered."},
    closing{1011, "Deadline expired before operation could complete."},
    closing{1011, "Resource has been exhausted (e.g. check quota)."},
    closing{1012, ""},
    closing{1013, ""},
};

/// Longest timeLeft that the wire format can express.
constexpr std::chrono::seconds largest_time_left{9'223'372'035};

/// True for faults that need a lost connection to have an effect.
bool hits_new_connections(fault_kind kind)
{
    switch (kind) {
    case fault_kind::http_refusal:
    case fault_kind::unreachable:
    case fault_kind::resolve_failure:
    case fault_kind::tls_failure:
    case fault_kind::connect_hang:
    case fault_kind::setup_unanswered:
    case fault_kind::internal_errors:
    case fault_kind::refused_setup:
    case fault_kind::flap:
    case fault_kind::handles_expire: return true;
    default: return false;
    }
}

fault draw_fault(sim::rng& rng)
{
    fault one;
    one.kind =
        static_cast<fault_kind>(rng.between(0, static_cast<int>(fault_kind::process_suspended)));
    // Lost connections are the most frequent faults.
    if (rng.percent(45))
        one.kind = rng.one_of({fault_kind::cut, fault_kind::cut, fault_kind::cut_in_client_message,
            fault_kind::cut_in_server_message, fault_kind::half_open, fault_kind::close,
            fault_kind::go_away});
    one.on = rng.one_of({trigger::time, trigger::client_messages, trigger::client_messages,
        trigger::server_messages});
    if (one.kind == fault_kind::cut_in_client_message) one.on = trigger::client_messages;
    if (one.kind == fault_kind::cut_in_server_message) one.on = trigger::server_messages;
    one.at = one.on == trigger::time ? rng.between(0, 90'000) : rng.between(1, 60);
    one.in_flight_arrives = rng.percent(50);
    one.duration = rng.magnitude(1ms, 40s);
    one.count = static_cast<int>(rng.between(1, 3));
    switch (one.kind) {
    case fault_kind::close: {
        const auto& which = closings[static_cast<std::size_t>(
            rng.between(0, static_cast<std::int64_t>(closings.size()) - 1))];
        one.code = which.code;
        one.reason = which.reason;
        break;
    }
    case fault_kind::http_refusal:
        one.code =
            rng.one_of({429, 429, 500, 503, 503, 502, 504, 408, 425, 200, 302, 401, 403, 404});
        if (one.code > 400 && one.code < 405 && rng.percent(70)) one.code = 503;
        if (rng.percent(60)) one.retry_after = rng.between(1, 90) * 1000ms;
        break;
    case fault_kind::tls_failure:
        if (rng.percent(50)) one.kind = fault_kind::unreachable;
        break;
    case fault_kind::oversized:
        if (rng.percent(70)) one.kind = fault_kind::invalid_json;
        break;
    case fault_kind::refused_setup:
        if (rng.percent(70)) one.kind = fault_kind::flap;
        break;
    case fault_kind::go_away: one.duration = rng.magnitude(200ms, 60s); break;
    case fault_kind::flood: one.count = static_cast<int>(rng.between(5, 60)); break;
    case fault_kind::process_suspended: one.duration = rng.one_of({10s, 45s, 3600s}); break;
    default: break;
    }
    return one;
}

/// Draws a fault that sends goAway on the current connection and on some that follow.
fault draw_go_aways(sim::rng& rng)
{
    fault one{fault_kind::go_away_after_setup, trigger::time, rng.between(0, 30'000)};
    one.count = static_cast<int>(rng.between(1, 12));
    one.duration = rng.one_of<milliseconds>(
        {-largest_time_left, -5s, 0s, 0s, 300ms, 5s, 20s, 50s, largest_time_left});
    one.linger = rng.one_of({0ms, 0ms, 100ms, 5'000ms, 40'000ms});
    return one;
}

std::vector<action> draw_actions(sim::rng& rng)
{
    std::vector<action> actions;
    const auto count = rng.between(1, 24);
    const auto pace = rng.magnitude(1ms, 6s);
    bool speaking = false;
    for (int i = 0; i < count; ++i) {
        action next{rng.one_of({action_kind::text, action_kind::text, action_kind::text,
            action_kind::content, action_kind::context, action_kind::audio, action_kind::audio,
            action_kind::audio, action_kind::video, action_kind::start, action_kind::stream_end,
            action_kind::drain, action_kind::canceled_text})};
        if (next.kind == action_kind::start) {
            if (speaking) next.kind = action_kind::end;
            speaking = !speaking;
        }
        next.delay = rng.percent(40) ? 0ms : rng.between(0ms, pace);
        next.size = static_cast<std::size_t>(rng.one_of({0, 50, 500, 3000}));
        if (next.kind == action_kind::audio) {
            next.count = static_cast<int>(rng.between(1, 20));
            next.gap = rng.one_of({0ms, 20ms, 100ms, 400ms});
            next.size = static_cast<std::size_t>(rng.one_of({32, 640, 3200}));
        }
        if (next.kind == action_kind::canceled_text) next.gap = rng.between(0ms, 3s);
        actions.push_back(next);
    }
    if (rng.percent(12)) {
        actions.push_back(
            {rng.percent(70) ? action_kind::close : action_kind::destroy, rng.between(0ms, pace)});
        std::swap(actions.back(), actions[static_cast<std::size_t>(rng.between(
                                      0, static_cast<std::int64_t>(actions.size()) - 1))]);
    }
    return actions;
}

server_behavior draw_behavior(std::uint64_t seed)
{
    sim::rng rng(seed, "manners");
    server_behavior result;
    result.completes_turn_at_call = rng.percent(50);
    result.completes_with_call = rng.one_of({0, 0, 50});
    result.speaks_after_call = rng.one_of({0, 50});
    result.generation_complete = rng.one_of({0, 100});
    result.trailing_messages = rng.one_of({0, 0, 30, 100});
    result.empty_turns = rng.one_of({0, 0, 20});
    result.errors = rng.one_of({0, 0, 0, 10});
    using enum server_behavior::end;
    result.interrupted_completes = rng.one_of({at_once, at_once, late});
    if (result.interrupted_completes != at_once)
        result.generation_complete = 100; // otherwise the two turnCompletes are indistinguishable
    result.malformed_members = rng.one_of({0, 0, 0, 20, 100});
    result.go_away_at_calls = rng.one_of({0, 0, 0, 30});
    return result;
}

tool_settings draw_tools(sim::rng& rng)
{
    tool_settings result;
    result.at_once = rng.one_of<std::size_t>({1, 2, 16});
    result.waiting = rng.one_of<std::size_t>({0, 1, 64});
    result.deadline = rng.one_of({300ms, 2'000ms, 10'000ms});
    result.on_strands = rng.percent(30);
    result.longest_work = rng.magnitude(10ms, 5s);
    result.most_calls = static_cast<int>(rng.one_of({1, 2, 6}));
    result.misfits = rng.one_of({0, 10});
    result.repeats = rng.one_of({0, 0, 30, 100});
    result.cancels = rng.one_of({0, 0, 30});
    result.remakes = rng.one_of({0, 50, 100});
    using enum tool_settings::end;
    result.ends = rng.one_of({keeps, keeps, shuts_down, destroys});
    return result;
}

} // namespace

/// Each aspect has an rng of its own. A draw that is added to one changes nothing in the others.
/// The name of an rng is part of its seed: a new name changes every scenario.
scenario draw_scenario(std::uint64_t seed)
{
    sim::rng environment_rng(seed, "world");
    sim::rng fault_rng(seed, "faults");
    sim::rng user_rng(seed, "app");

    scenario result;
    result.seed = seed;
    result.behavior = draw_behavior(seed);
    result.transparent = environment_rng.percent(50);

    auto& options = result.options;
    options.credentials = live::api_key("a-key");
    if (result.transparent) options.backend = live::backend::vertex_ai;
    sim::rng watchdog_rng(seed, "watchdogs");
    options.watchdogs.in_turn = watchdog_rng.one_of({0ms, 2'000ms, 10'000ms});
    auto& policy = options.reconnect;
    policy.replay = environment_rng.one_of({live::replay::unanswered, live::replay::unanswered,
        live::replay::all_since_handle, live::replay::none});
    policy.on_context_loss = environment_rng.one_of({live::context_loss::restart,
        live::context_loss::restart, live::context_loss::restore, live::context_loss::fail});
    policy.first_delay = environment_rng.one_of({500ms, 500ms, 100ms, 3000ms});
    policy.factor = environment_rng.one_of({2.0, 2.0, 1.0, 3.0});
    policy.max_delay = environment_rng.one_of({30'000ms, 30'000ms, 5'000ms});
    policy.max_attempts = environment_rng.one_of<std::optional<int>>({10, 10, std::nullopt, 2});
    policy.first_connect_attempts =
        environment_rng.one_of<std::optional<int>>({3, 3, 1, std::nullopt});
    policy.max_outage = environment_rng.one_of({0ms, 0ms, 0ms, 60'000ms});
    policy.realtime_window = environment_rng.one_of({2'000ms, 2'000ms, 0ms, 200ms, 20'000ms});
    policy.healthy_after = environment_rng.one_of({30'000ms, 30'000ms, 5'000ms});
    policy.handover.enabled = environment_rng.percent(85);
    policy.handover.overlap = environment_rng.percent(15);
    options.limits.outbox = environment_rng.one_of<std::size_t>({4u << 20, 4u << 20, 4096, 20'000});
    options.limits.inbox = environment_rng.one_of<std::size_t>({8u << 20, 8u << 20, 2000});
    options.limits.message = 100'000;

    result.min_latency = environment_rng.magnitude(1ms, 200ms);
    result.max_latency = result.min_latency + environment_rng.magnitude(1ms, 500ms);
    result.socket_buffer = environment_rng.one_of<std::size_t>({300, 5'000, 64'000});
    result.messages_per_turn = static_cast<int>(environment_rng.between(0, 8));
    result.max_think_time = environment_rng.magnitude(1ms, 3s);
    result.max_message_gap = environment_rng.magnitude(1ms, 500ms);
    result.call_percent = environment_rng.one_of({0, 10, 40});
    result.handle_interval = environment_rng.one_of({0, 1, 3, 10});
    result.not_resumable_percent = environment_rng.one_of({0, 0, 20, 100});
    if (result.not_resumable_percent == 100 && environment_rng.percent(70))
        result.not_resumable_percent = 50;
    result.max_setup_time = environment_rng.magnitude(1ms, 3s);
    result.connect_delay = environment_rng.percent(70) ? 0ms : environment_rng.magnitude(1ms, 5s);
    result.read_interval = environment_rng.percent(70) ? 0ms : environment_rng.magnitude(1ms, 2s);
    result.read_timeout = environment_rng.percent(80) ? 0ms : environment_rng.magnitude(20ms, 10s);
    result.answer_delay = environment_rng.magnitude(1ms, 4s);

    const auto count = fault_rng.percent(10) ? 0 : fault_rng.between(1, 7);
    for (int i = 0; i < count; ++i) {
        result.faults.push_back(draw_fault(fault_rng));
        if (!hits_new_connections(result.faults.back().kind) || fault_rng.percent(20)) continue;
        result.faults.back().duration = fault_rng.magnitude(200ms, 60s);
        auto loss = result.faults.back();
        loss.kind = fault_kind::cut;
        result.faults.push_back(loss);
    }
    sim::rng go_away_rng(seed, "departures");
    if (go_away_rng.percent(20)) result.faults.push_back(draw_go_aways(go_away_rng));
    result.actions = draw_actions(user_rng);
    add_coincidence(result);
    sim::rng tool_rng(seed, "tools");
    if (!result.coincidence && tool_rng.percent(50)) {
        result.tools = draw_tools(tool_rng);
        result.call_percent = tool_rng.one_of({30, 60, 90});
    }
    return result;
}

const char* name_of(fault_kind kind) noexcept
{
    switch (kind) {
    case fault_kind::cut: return "cut";
    case fault_kind::cut_in_client_message: return "cut in a client message";
    case fault_kind::cut_in_server_message: return "cut in a server message";
    case fault_kind::half_open: return "half-open";
    case fault_kind::close: return "closed by the server";
    case fault_kind::http_refusal: return "HTTP refusal";
    case fault_kind::unreachable: return "unreachable";
    case fault_kind::resolve_failure: return "name not resolved";
    case fault_kind::tls_failure: return "TLS failure";
    case fault_kind::connect_hang: return "connect hangs";
    case fault_kind::setup_unanswered: return "setup not answered";
    case fault_kind::stall: return "server reads nothing";
    case fault_kind::latency_spike: return "slow network";
    case fault_kind::go_away: return "goAway";
    case fault_kind::handles_expire: return "handles expire";
    case fault_kind::not_resumable: return "not resumable";
    case fault_kind::invalid_json: return "malformed message";
    case fault_kind::oversized: return "message too big";
    case fault_kind::restart: return "server restarts";
    case fault_kind::internal_errors: return "1011 to a handle";
    case fault_kind::refused_setup: return "setup refused";
    case fault_kind::flap: return "ends after setup";
    case fault_kind::flood: return "flood";
    case fault_kind::process_suspended: return "process suspended";
    case fault_kind::malformed_member: return "malformed member";
    case fault_kind::go_away_after_setup: return "goAway after setup";
    }
    return "?";
}

std::string describe(const fault& one)
{
    std::string when;
    switch (one.on) {
    case trigger::time:
        when = fmt::format("at {:.3f} s", static_cast<double>(one.at) / 1000);
        break;
    case trigger::client_messages: when = fmt::format("at client message {}", one.at); break;
    case trigger::server_messages: when = fmt::format("at server message {}", one.at); break;
    }
    const auto ms = one.duration.count();
    const auto* under_way = one.in_flight_arrives ? "arrives" : "is lost";
    switch (one.kind) {
    case fault_kind::cut:
        return fmt::format("{}: the connection is cut; data in flight {}; the server notices "
                           "{} ms later",
            when, under_way, ms);
    case fault_kind::cut_in_client_message:
        return fmt::format("{}: the connection is cut in the middle of it; data in flight {}; "
                           "the server notices {} ms later",
            when, under_way, ms);
    case fault_kind::cut_in_server_message:
        return fmt::format(
            "{}: the connection is cut in the middle of it; the server notices {} ms later", when,
            ms);
    case fault_kind::half_open:
        return fmt::format("{}: the connection becomes half-open; the "
                           "server notices {} ms later",
            when, ms);
    case fault_kind::close:
        return fmt::format("{}: the server closes with {} \"{}\"", when, one.code, one.reason);
    case fault_kind::http_refusal:
        return fmt::format("{}: for {} ms, upgrades are refused with HTTP {}{}", when, ms, one.code,
            one.retry_after.count() == 0
                ? ""
                : fmt::format(", Retry-After: {}", one.retry_after.count() / 1000));
    case fault_kind::unreachable:
        return fmt::format("{}: for {} ms, the server cannot be reached", when, ms);
    case fault_kind::resolve_failure:
        return fmt::format("{}: for {} ms, its name cannot be resolved", when, ms);
    case fault_kind::tls_failure:
        return fmt::format("{}: for {} ms, its certificate is not trusted", when, ms);
    case fault_kind::connect_hang:
        return fmt::format("{}: for {} ms, attempts to connect hang", when, ms);
    case fault_kind::setup_unanswered:
        return fmt::format("{}: the next {} setups are not answered", when, one.count);
    case fault_kind::stall: return fmt::format("{}: the server reads nothing for {} ms", when, ms);
    case fault_kind::latency_spike:
        return fmt::format("{}: for {} ms, messages take {} ms longer", when, ms, ms / 4);
    case fault_kind::go_away:
        return fmt::format("{}: the server sends goAway, timeLeft {} ms", when, ms);
    case fault_kind::handles_expire:
        return fmt::format("{}: the server forgets all handles so far", when);
    case fault_kind::not_resumable:
        return fmt::format("{}: for {} ms, the server issues no handles", when, ms);
    case fault_kind::invalid_json: return fmt::format("{}: the server sends invalid JSON", when);
    case fault_kind::oversized:
        return fmt::format("{}: the server sends a message over the limit", when);
    case fault_kind::restart:
        return fmt::format("{}: the server restarts within {} ms{}", when, ms,
            one.in_flight_arrives ? "" : " and forgets all handles");
    case fault_kind::internal_errors:
        return fmt::format(
            "{}: the next {} setups with a handle are closed with 1011", when, one.count);
    case fault_kind::refused_setup:
        return fmt::format("{}: the next setup is answered with an error", when);
    case fault_kind::flap:
        return fmt::format("{}: the next {} connections end after setup", when, one.count);
    case fault_kind::flood:
        return fmt::format("{}: the server sends {} messages at once", when, one.count);
    case fault_kind::process_suspended:
        return fmt::format("{}: the client's process is suspended for {} ms", when, ms);
    case fault_kind::malformed_member: return fmt::format("{}: a member cannot be read", when);
    case fault_kind::go_away_after_setup:
        return fmt::format("{}: this connection and {} more are sent goAway, timeLeft {} ms, and "
                           "closed {} ms after that",
            when, one.count, ms, one.linger.count());
    }
    return when;
}

std::string describe(const action& one)
{
    const auto wait = one.delay.count() == 0 ? "" : fmt::format("{} ms later ", one.delay.count());
    switch (one.kind) {
    case action_kind::text: return fmt::format("{}send(), {} bytes", wait, one.size);
    case action_kind::content:
        return fmt::format("{}send_client_content(), {} bytes", wait, one.size);
    case action_kind::context:
        return fmt::format("{}send_client_content(…, false), {} bytes", wait, one.size);
    case action_kind::audio:
        return fmt::format("{}{} chunks of audio, {} bytes, {} ms apart", wait, one.count, one.size,
            one.gap.count());
    case action_kind::video: return fmt::format("{}send_video()", wait);
    case action_kind::start: return fmt::format("{}activity_start", wait);
    case action_kind::end: return fmt::format("{}activity_end", wait);
    case action_kind::stream_end: return fmt::format("{}audio_stream_end", wait);
    case action_kind::drain: return fmt::format("{}drain()", wait);
    case action_kind::concurrent_text:
        return fmt::format("{}send(), {} bytes, not awaited", wait, one.size);
    case action_kind::canceled_text:
        return fmt::format(
            "{}send(), {} bytes, canceled after {} ms", wait, one.size, one.gap.count());
    case action_kind::reader_pause:
        return fmt::format("{}the reader pauses for {} ms", wait, one.gap.count());
    case action_kind::close: return fmt::format("{}close()", wait);
    case action_kind::destroy: return fmt::format("{}the session is destroyed", wait);
    }
    return "?";
}

std::string describe(const interruption& one)
{
    constexpr std::array names{"connect()", "a send", "drain()", "a read", "close()"};
    switch (one.how) {
    case interruption::way::cancels:
        return fmt::format("after {} steps {} is canceled", one.after_steps,
            names.at(static_cast<std::size_t>(one.operation)));
    case interruption::way::closes: return fmt::format("after {} steps close()", one.after_steps);
    case interruption::way::destroys: break;
    }
    return fmt::format("after {} steps the session is destroyed", one.after_steps);
}

std::string describe(const scenario& scenario)
{
    const auto& policy = scenario.options.reconnect;
    constexpr std::array replays{"unanswered", "all_since_handle", "none"};
    constexpr std::array losses{"restart", "restore", "fail"};
    auto text = fmt::format("{}, replay {}, on_context_loss {}, window {} ms, outbox {}, inbox {}, "
                            "latency {} to {} ms, socket {} bytes{}\n",
        scenario.transparent ? "transparent resumption" : "resumption without an index",
        replays.at(static_cast<std::size_t>(policy.replay)),
        losses.at(static_cast<std::size_t>(policy.on_context_loss)), policy.realtime_window.count(),
        scenario.options.limits.outbox, scenario.options.limits.inbox, scenario.min_latency.count(),
        scenario.max_latency.count(), scenario.socket_buffer,
        policy.handover.enabled ? policy.handover.overlap ? ", handover with overlap" : ""
                                : ", no handover");
    if (scenario.coincidence) text += fmt::format("at once: {}\n", name_of(*scenario.coincidence));
    if (const auto& tools = scenario.tools) {
        text += fmt::format("a dispatcher: {} calls at once, {} waiting, deadline {} ms\n",
            tools->at_once, tools->waiting, tools->deadline.count());
    }
    if (!scenario.answers_pings) text += "the server answers no pings\n";
    if (scenario.uses_store)
        text += fmt::format(
            "a resumption store with a latency of {} ms\n", scenario.store_latency.count());
    if (scenario.endpoint_changes_at != 0)
        text += fmt::format(
            "the hook changes the base URL from attempt {} on\n", scenario.endpoint_changes_at);
    text += "the user:\n";
    for (const auto& each : scenario.actions) text += "  " + describe(each) + "\n";
    if (scenario.interruption) text += "  " + describe(*scenario.interruption) + "\n";
    text += scenario.faults.empty() ? "no faults\n" : "the faults:\n";
    for (const auto& each : scenario.faults) text += "  " + describe(each) + "\n";
    return text;
}

} // namespace sim
