// SPDX-License-Identifier: Apache-2.0
#include "sim/plan.hpp"

#include "sim/chance.hpp"
#include "sim/pairs.hpp"

#include <fmt/format.h>

#include <array>

namespace sim {
namespace {

using namespace std::chrono_literals;
namespace live = gemini::live;

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

/// As much as a duration on the wire can say.
constexpr std::chrono::seconds largest_time_left{9'223'372'035};

/// Nobody sees these unless a connection is lost.
bool hits_new_connections(trouble what)
{
    switch (what) {
    case trouble::refuse:
    case trouble::unreachable:
    case trouble::lookup:
    case trouble::untrusted:
    case trouble::hang:
    case trouble::mute:
    case trouble::internal_errors:
    case trouble::refused_setup:
    case trouble::flap:
    case trouble::expire: return true;
    default: return false;
    }
}

fault draw_fault(chance& faults)
{
    fault one;
    one.what = static_cast<trouble>(faults.between(0, static_cast<int>(trouble::jump)));
    // Most of what goes wrong is that connections end.
    if (faults.percent(45))
        one.what = faults.one_of({trouble::cut, trouble::cut, trouble::torn_sent,
            trouble::torn_received, trouble::half_open, trouble::close, trouble::go_away});
    one.on = faults.one_of({trigger::time, trigger::client_messages, trigger::client_messages,
        trigger::server_messages});
    if (one.what == trouble::torn_sent) one.on = trigger::client_messages;
    if (one.what == trouble::torn_received) one.on = trigger::server_messages;
    one.at = one.on == trigger::time ? faults.between(0, 90'000) : faults.between(1, 60);
    one.arrives = faults.percent(50);
    one.lasts = faults.magnitude(1ms, 40s);
    one.times = static_cast<int>(faults.between(1, 3));
    switch (one.what) {
    case trouble::close: {
        const auto& which = closings[static_cast<std::size_t>(
            faults.between(0, static_cast<std::int64_t>(closings.size()) - 1))];
        one.code = which.code;
        one.reason = which.reason;
        break;
    }
    case trouble::refuse:
        one.code =
            faults.one_of({429, 429, 500, 503, 503, 502, 504, 408, 425, 200, 302, 401, 403, 404});
        if (one.code > 400 && one.code < 405 && faults.percent(70)) one.code = 503;
        if (faults.percent(60)) one.retry_after = faults.between(1, 90) * 1000ms;
        break;
    case trouble::untrusted:
        if (faults.percent(50)) one.what = trouble::unreachable;
        break;
    case trouble::oversized:
        if (faults.percent(70)) one.what = trouble::nonsense;
        break;
    case trouble::refused_setup:
        if (faults.percent(70)) one.what = trouble::flap;
        break;
    case trouble::go_away: one.lasts = faults.magnitude(200ms, 60s); break;
    case trouble::flood: one.times = static_cast<int>(faults.between(5, 60)); break;
    case trouble::jump: one.lasts = faults.one_of({10s, 45s, 3600s}); break;
    default: break;
    }
    return one;
}

/// The present connection and some more are asked to leave, whatever time that gives them.
fault draw_departures(chance& faults)
{
    fault one{trouble::sent_away, trigger::time, faults.between(0, 30'000)};
    one.times = static_cast<int>(faults.between(1, 12));
    one.lasts = faults.one_of<milliseconds>(
        {-largest_time_left, -5s, 0s, 0s, 300ms, 5s, 20s, 50s, largest_time_left});
    one.lingers = faults.one_of({0ms, 0ms, 100ms, 5'000ms, 40'000ms});
    return one;
}

std::vector<act> draw_acts(chance& app)
{
    std::vector<act> acts;
    const auto count = app.between(1, 24);
    const auto pace = app.magnitude(1ms, 6s);
    bool speaking = false;
    for (int i = 0; i < count; ++i) {
        act next{app.one_of({deed::text, deed::text, deed::text, deed::content, deed::context,
            deed::audio, deed::audio, deed::audio, deed::video, deed::start, deed::stream_end,
            deed::drain, deed::cancelled})};
        if (next.what == deed::start) {
            if (speaking) next.what = deed::end;
            speaking = !speaking;
        }
        next.after = app.percent(40) ? 0ms : app.between(0ms, pace);
        next.size = static_cast<std::size_t>(app.one_of({0, 50, 500, 3000}));
        if (next.what == deed::audio) {
            next.times = static_cast<int>(app.between(1, 20));
            next.gap = app.one_of({0ms, 20ms, 100ms, 400ms});
            next.size = static_cast<std::size_t>(app.one_of({32, 640, 3200}));
        }
        if (next.what == deed::cancelled) next.gap = app.between(0ms, 3s);
        acts.push_back(next);
    }
    if (app.percent(12)) {
        acts.push_back({app.percent(70) ? deed::close : deed::destroy, app.between(0ms, pace)});
        std::swap(acts.back(), acts[static_cast<std::size_t>(
                                   app.between(0, static_cast<std::int64_t>(acts.size()) - 1))]);
    }
    return acts;
}

} // namespace

namespace {

manners draw_manners(std::uint64_t seed)
{
    chance style(seed, "manners");
    manners all;
    all.closes_calls = style.percent(50);
    all.at_once = style.one_of({0, 0, 50});
    all.talks_on = style.one_of({0, 50});
    all.generates = style.one_of({0, 100});
    all.says_more = style.one_of({0, 0, 30, 100});
    all.says_nothing = style.one_of({0, 0, 20});
    all.fails = style.one_of({0, 0, 0, 10});
    using enum manners::end;
    all.ends_interrupted = style.one_of({at_once, at_once, late});
    if (all.ends_interrupted != at_once)
        all.generates = 100; // else nobody could tell the ends apart
    all.spoils = style.one_of({0, 0, 0, 20, 100});
    all.leaves_at_calls = style.one_of({0, 0, 0, 30});
    return all;
}

} // namespace

plan draw(std::uint64_t seed)
{
    chance world(seed, "world");
    chance faults(seed, "faults");
    chance app(seed, "app");

    plan all;
    all.seed = seed;
    all.manners = draw_manners(seed);
    all.transparent = world.percent(50);

    auto& options = all.options;
    options.credentials = live::api_key("a-key");
    if (all.transparent) options.backend = live::backend::vertex_ai;
    chance guard(seed, "watchdogs");
    options.watchdogs.in_turn = guard.one_of({0ms, 2'000ms, 10'000ms});
    auto& policy = options.reconnect;
    policy.replay = world.one_of({live::replay::unanswered, live::replay::unanswered,
        live::replay::all_since_handle, live::replay::none});
    policy.on_context_loss = world.one_of({live::context_loss::restart, live::context_loss::restart,
        live::context_loss::restore, live::context_loss::fail});
    policy.first_delay = world.one_of({500ms, 500ms, 100ms, 3000ms});
    policy.factor = world.one_of({2.0, 2.0, 1.0, 3.0});
    policy.max_delay = world.one_of({30'000ms, 30'000ms, 5'000ms});
    policy.max_attempts = world.one_of<std::optional<int>>({10, 10, std::nullopt, 2});
    policy.first_connect_attempts = world.one_of<std::optional<int>>({3, 3, 1, std::nullopt});
    policy.max_outage = world.one_of({0ms, 0ms, 0ms, 60'000ms});
    policy.realtime_window = world.one_of({2'000ms, 2'000ms, 0ms, 200ms, 20'000ms});
    policy.healthy_after = world.one_of({30'000ms, 30'000ms, 5'000ms});
    policy.handover.enabled = world.percent(85);
    policy.handover.overlap = world.percent(15);
    options.limits.outbox = world.one_of<std::size_t>({4u << 20, 4u << 20, 4096, 20'000});
    options.limits.inbox = world.one_of<std::size_t>({8u << 20, 8u << 20, 2000});
    options.limits.message = 100'000;

    all.nearest = world.magnitude(1ms, 200ms);
    all.farthest = all.nearest + world.magnitude(1ms, 500ms);
    all.socket = world.one_of<std::size_t>({300, 5'000, 64'000});
    all.talkative = static_cast<int>(world.between(0, 8));
    all.thinks = world.magnitude(1ms, 3s);
    all.speaks = world.magnitude(1ms, 500ms);
    all.calls = world.one_of({0, 10, 40});
    all.handle_after = world.one_of({0, 1, 3, 10});
    all.forgets_resumable = world.one_of({0, 0, 20, 100});
    if (all.forgets_resumable == 100 && world.percent(70)) all.forgets_resumable = 50;
    all.setup_takes = world.magnitude(1ms, 3s);
    all.connects_after = world.percent(70) ? 0ms : world.magnitude(1ms, 5s);
    all.reads_every = world.percent(70) ? 0ms : world.magnitude(1ms, 2s);
    all.gives_up_reading = world.percent(80) ? 0ms : world.magnitude(20ms, 10s);
    all.answers_after = world.magnitude(1ms, 4s);

    const auto count = faults.percent(10) ? 0 : faults.between(1, 7);
    for (int i = 0; i < count; ++i) {
        all.faults.push_back(draw_fault(faults));
        if (!hits_new_connections(all.faults.back().what) || faults.percent(20)) continue;
        all.faults.back().lasts = faults.magnitude(200ms, 60s);
        auto loss = all.faults.back();
        loss.what = trouble::cut;
        all.faults.push_back(loss);
    }
    chance departures(seed, "departures");
    if (departures.percent(20)) all.faults.push_back(draw_departures(departures));
    all.acts = draw_acts(app);
    lay_pair(all);
    return all;
}

const char* name_of(trouble what) noexcept
{
    switch (what) {
    case trouble::cut: return "cut";
    case trouble::torn_sent: return "cut in a client's message";
    case trouble::torn_received: return "cut in a server's message";
    case trouble::half_open: return "half-open";
    case trouble::close: return "closed by the server";
    case trouble::refuse: return "HTTP refusal";
    case trouble::unreachable: return "unreachable";
    case trouble::lookup: return "name not resolved";
    case trouble::untrusted: return "TLS failure";
    case trouble::hang: return "connect hangs";
    case trouble::mute: return "setup not answered";
    case trouble::stall: return "server reads nothing";
    case trouble::clog: return "slow network";
    case trouble::go_away: return "goAway";
    case trouble::expire: return "handles expire";
    case trouble::not_resumable: return "not resumable";
    case trouble::nonsense: return "malformed message";
    case trouble::oversized: return "message too big";
    case trouble::restart: return "server restarts";
    case trouble::internal_errors: return "1011 to a handle";
    case trouble::refused_setup: return "setup refused";
    case trouble::flap: return "dies after setup";
    case trouble::flood: return "flood";
    case trouble::jump: return "process suspended";
    case trouble::spoilt: return "malformed member";
    case trouble::sent_away: return "goAway after setup";
    }
    return "?";
}

std::string words(const fault& one)
{
    std::string when;
    switch (one.on) {
    case trigger::time:
        when = fmt::format("at {:.3f} s", static_cast<double>(one.at) / 1000);
        break;
    case trigger::client_messages: when = fmt::format("at the client's message {}", one.at); break;
    case trigger::server_messages: when = fmt::format("at the server's message {}", one.at); break;
    }
    const auto ms = one.lasts.count();
    const auto* under_way = one.arrives ? "arrives" : "is lost";
    switch (one.what) {
    case trouble::cut:
        return fmt::format("{}: the connection is cut; what is under way {}; the server notices "
                           "{} ms later",
            when, under_way, ms);
    case trouble::torn_sent:
        return fmt::format("{}: the connection is cut in the middle of it; what is under way {}; "
                           "the server notices {} ms later",
            when, under_way, ms);
    case trouble::torn_received:
        return fmt::format(
            "{}: the connection is cut in the middle of it; the server notices {} ms later", when,
            ms);
    case trouble::half_open:
        return fmt::format("{}: nothing passes any more on the connection, and nobody is told; the "
                           "server notices {} ms later",
            when, ms);
    case trouble::close:
        return fmt::format("{}: the server closes with {} \"{}\"", when, one.code, one.reason);
    case trouble::refuse:
        return fmt::format("{}: for {} ms, upgrades are refused with HTTP {}{}", when, ms, one.code,
            one.retry_after.count() == 0
                ? ""
                : fmt::format(", Retry-After: {}", one.retry_after.count() / 1000));
    case trouble::unreachable:
        return fmt::format("{}: for {} ms, the server cannot be reached", when, ms);
    case trouble::lookup:
        return fmt::format("{}: for {} ms, its name cannot be resolved", when, ms);
    case trouble::untrusted:
        return fmt::format("{}: for {} ms, its certificate is not trusted", when, ms);
    case trouble::hang: return fmt::format("{}: for {} ms, attempts to connect hang", when, ms);
    case trouble::mute:
        return fmt::format("{}: the next {} setups are not answered", when, one.times);
    case trouble::stall: return fmt::format("{}: the server reads nothing for {} ms", when, ms);
    case trouble::clog:
        return fmt::format("{}: for {} ms, messages take {} ms longer", when, ms, ms / 4);
    case trouble::go_away:
        return fmt::format("{}: the server sends goAway, timeLeft {} ms", when, ms);
    case trouble::expire: return fmt::format("{}: all handles so far are forgotten", when);
    case trouble::not_resumable: return fmt::format("{}: no handles are given for {} ms", when, ms);
    case trouble::nonsense: return fmt::format("{}: the server sends what is not JSON", when);
    case trouble::oversized:
        return fmt::format("{}: the server sends a message over the limit", when);
    case trouble::restart:
        return fmt::format("{}: the server restarts within {} ms{}", when, ms,
            one.arrives ? "" : " and has forgotten everything");
    case trouble::internal_errors:
        return fmt::format("{}: the next {} setups with a handle get 1011", when, one.times);
    case trouble::refused_setup: return fmt::format("{}: the next setup gets an error", when);
    case trouble::flap:
        return fmt::format("{}: the next {} connections die after setup", when, one.times);
    case trouble::flood:
        return fmt::format("{}: the server says {} things at once", when, one.times);
    case trouble::jump:
        return fmt::format("{}: the client's process is suspended for {} ms", when, ms);
    case trouble::spoilt: return fmt::format("{}: a member cannot be read", when);
    case trouble::sent_away:
        return fmt::format("{}: this connection and {} more are sent goAway, timeLeft {} ms, and "
                           "closed {} ms after that",
            when, one.times, ms, one.lingers.count());
    }
    return when;
}

std::string words(const act& one)
{
    const auto wait = one.after.count() == 0 ? "" : fmt::format("{} ms later ", one.after.count());
    switch (one.what) {
    case deed::text: return fmt::format("{}send(), {} bytes", wait, one.size);
    case deed::content: return fmt::format("{}send_client_content(), {} bytes", wait, one.size);
    case deed::context:
        return fmt::format("{}send_client_content(…, false), {} bytes", wait, one.size);
    case deed::audio:
        return fmt::format("{}{} chunks of audio, {} bytes, {} ms apart", wait, one.times, one.size,
            one.gap.count());
    case deed::video: return fmt::format("{}send_video()", wait);
    case deed::start: return fmt::format("{}activity_start", wait);
    case deed::end: return fmt::format("{}activity_end", wait);
    case deed::stream_end: return fmt::format("{}audio_stream_end", wait);
    case deed::drain: return fmt::format("{}drain()", wait);
    case deed::beside: return fmt::format("{}send(), {} bytes, not waited for", wait, one.size);
    case deed::cancelled:
        return fmt::format(
            "{}send(), {} bytes, cancelled after {} ms", wait, one.size, one.gap.count());
    case deed::rest: return fmt::format("{}the reader rests for {} ms", wait, one.gap.count());
    case deed::close: return fmt::format("{}close()", wait);
    case deed::destroy: return fmt::format("{}the session is destroyed", wait);
    }
    return "?";
}

std::string words(const interruption& one)
{
    constexpr std::array names{"connect()", "a send", "drain()", "the reader", "close()"};
    switch (one.how) {
    case interruption::way::cancels:
        return fmt::format("after {} steps {} is cancelled", one.after,
            names.at(static_cast<std::size_t>(one.what)));
    case interruption::way::closes: return fmt::format("after {} steps close()", one.after);
    case interruption::way::destroys: break;
    }
    return fmt::format("after {} steps the session is destroyed", one.after);
}

std::string words(const plan& all)
{
    const auto& policy = all.options.reconnect;
    constexpr std::array replays{"unanswered", "all_since_handle", "none"};
    constexpr std::array losses{"restart", "restore", "fail"};
    auto text = fmt::format("{}, replay {}, on_context_loss {}, window {} ms, outbox {}, inbox {}, "
                            "latency {} to {} ms, socket {} bytes{}\n",
        all.transparent ? "transparent resumption" : "resumption without an index",
        replays.at(static_cast<std::size_t>(policy.replay)),
        losses.at(static_cast<std::size_t>(policy.on_context_loss)), policy.realtime_window.count(),
        all.options.limits.outbox, all.options.limits.inbox, all.nearest.count(),
        all.farthest.count(), all.socket,
        policy.handover.enabled ? policy.handover.overlap ? ", handover with overlap" : ""
                                : ", no handover");
    if (all.meeting) text += fmt::format("at once: {}\n", name_of(*all.meeting));
    if (!all.answers_pings) text += "the server answers no pings\n";
    if (all.keeps_handles)
        text +=
            fmt::format("handles are kept in a store that takes {} ms\n", all.store_takes.count());
    if (all.moves_at != 0)
        text += fmt::format("the hook changes the base URL at attempt {}\n", all.moves_at);
    text += "the user:\n";
    for (const auto& each : all.acts) text += "  " + words(each) + "\n";
    if (all.interrupted) text += "  " + words(*all.interrupted) + "\n";
    text += all.faults.empty() ? "no faults\n" : "the faults:\n";
    for (const auto& each : all.faults) text += "  " + words(each) + "\n";
    return text;
}

} // namespace sim
