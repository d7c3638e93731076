// SPDX-License-Identifier: Apache-2.0
#include "sim/server.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sim {
namespace {

using namespace std::chrono_literals;

bool contains(const std::vector<std::string>& all, const std::string& one)
{
    return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

server::server(const scenario& scenario, ledger& ledger, std::shared_ptr<virtual_clock> clock)
    : scenario_(scenario), ledger_(ledger), clock_(std::move(clock)), rng_(scenario.seed, "server"),
      behavior_rng_(scenario.seed, "what the server says"),
      malformed_rng_(scenario.seed, "what cannot be read"),
      go_away_rng_(scenario.seed, "when the server asks to leave")
{
}

void server::heal()
{
    healed_ = true;
    mute_ = internal_errors_ = refused_setups_ = flaps_ = sent_away_ = 0;
    no_handles_until_ = {};
}

void server::fires(fault_kind kind) { ++ledger_.fired[static_cast<std::size_t>(kind)]; }

bool server::takes(int& times)
{
    if (times == 0) return false;
    --times;
    return true;
}

server::conversation& server::of(const line& on)
{
    return conversations_[static_cast<std::size_t>(on.conversation) - 1];
}

server::line* server::newest()
{
    for (auto each = lines_.rbegin(); each != lines_.rend(); ++each)
        if (each->second.wire->is_served()) return &each->second;
    return nullptr;
}

const server::conversation* server::holder_of(int serial) const
{
    for (auto each = conversations_.rbegin(); each != conversations_.rend(); ++each) {
        if (each->is_left) continue;
        for (const auto& held : each->record)
            if (held.serial == serial) return &*each;
    }
    return nullptr;
}

void server::accepted(const wire_ptr& from) { lines_[from->number].wire = from; }

/// Not within the event, since that may still be about this line.
void server::gone(const wire_ptr& from)
{
    clock_->at(clock_->now(), [this, number = from->number] { lines_.erase(number); });
}

void server::close(line& on, int code, std::string reason)
{
    on.wire->close_by_server(code, std::move(reason));
    gone(on.wire);
}

void server::say(line& on, std::string member, meaning means, std::optional<milliseconds> time_left)
{
    ++sayings_;
    wire::server_message message;
    message.time_left = time_left;
    message.serial = sayings_;
    message.meaning = means;
    message.asked = on.asked;
    // Words that come after a question was sent may be of its answer.
    message.content = means != meaning::none && means != meaning::closes &&
                      means != meaning::user && means != meaning::fails && means != meaning::calls;
    message.call = means == meaning::calls;
    message.complete = member.starts_with("\"setupComplete");
    if (!member.empty()) member += ',';
    message.text =
        spoilt(fmt::format(R"({{{}"usageMetadata":{{"totalTokenCount":{}}}}})", member, sayings_));
    on.wire->say(std::move(message));
}

void server::consumed(const wire_ptr& from, const client_message& message)
{
    const auto found = lines_.find(from->number);
    if (found == lines_.end()) return;
    auto& on = found->second;
    if (on.conversation == 0) return set_up(on, message);
    ++on.index;
    append(on, message);
    react(on, message);
}

void server::set_up(line& on, const client_message& setup)
{
    if (setup.kind != message_kind::setup)
        return close(on, 1007, "Request contains an invalid argument.");
    if (takes(mute_)) return fires(fault_kind::setup_unanswered);
    if (takes(refused_setups_)) {
        fires(fault_kind::refused_setup);
        wire::server_message refusal{
            R"({"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT"}})"};
        refusal.refusal = true;
        on.wire->say(std::move(refusal));
        return close(on, 1007, "No.");
    }
    if (!setup.handle.empty()) {
        if (takes(internal_errors_)) {
            fires(fault_kind::internal_errors);
            return close(on, 1011, "Internal error encountered.");
        }
        const auto found = snapshots_.find(setup.handle);
        if (found == snapshots_.end()) ledger_.report("a handle that the server never gave");
        if (found == snapshots_.end() || found->second.forgotten) {
            return rng_.percent(50) ? close(on, 1008, "BidiGenerateContent session not found")
                                    : close(on, 1007, "Invalid session handle");
        }
        const auto& then = found->second;
        const bool in_use = std::any_of(lines_.begin(), lines_.end(), [&](const auto& each) {
            return each.second.conversation == then.conversation && each.second.wire->is_served();
        });
        if (in_use && !scenario_.options.reconnect.handover.overlap)
            return close(on, 1011, "Internal error encountered.");
        on.conversation = then.conversation;
        if (in_use) part(then.conversation, on);
        auto& resumed = of(on);
        resumed.record.resize(
            std::min(resumed.record.size(), then.length), {message_kind::setup, 0});
        resumed.known_calls = then.known_calls;
        resumed.open_calls = then.open_calls;
    } else {
        conversations_.push_back({static_cast<int>(conversations_.size()) + 1});
        on.conversation = conversations_.back().id;
    }
    ledger_.connections[static_cast<std::size_t>(on.wire->number)].conversation = on.conversation;
    on.transparent = setup.transparent;
    clock_->at(clock_->now() + rng_.between(0ms, scenario_.max_setup_time),
        [this, number = on.wire->number] { complete(number); });
}

/// Of those in this conversation, the ones that were dialled first go on in a copy of their own:
/// the client has left them. That is the newcomer itself if its setup was read so late.
void server::part(int conversation, line& newcomer)
{
    for (auto& [number, other] : lines_) {
        if (&other == &newcomer || other.conversation != conversation) continue;
        auto& left = number < newcomer.wire->number ? other : newcomer;
        auto copy = conversation_of(conversation);
        copy.id = static_cast<int>(conversations_.size()) + 1;
        copy.is_left = true;
        conversations_.push_back(std::move(copy));
        left.conversation = conversations_.back().id;
        if (&left == &newcomer) return;
    }
}

void server::complete(int number)
{
    const auto found = lines_.find(number);
    if (found == lines_.end()) return;
    auto& on = found->second;
    say(on, R"("setupComplete":{})");
    on.complete = true;
    if (takes(flaps_)) {
        fires(fault_kind::flap);
        clock_->at(clock_->now() + rng_.between(0ms, 50ms), [this, number] {
            const auto dying = lines_.find(number);
            if (dying == lines_.end()) return;
            const auto wire = dying->second.wire;
            wire->cut(true, 0ms, "dies");
        });
    }
    if (takes(sent_away_)) ask_to_leave(on, departure_.duration, departure_.linger);
}

void server::ask_to_leave(line& on, milliseconds left, milliseconds linger)
{
    const auto notice = notice_of(left);
    say(on, fmt::format(R"("goAway":{})", notice.text), meaning::none, notice.left);
    constexpr milliseconds longest = 1h;
    clock_->at(
        clock_->now() + std::clamp(left, 0ms, longest) + linger, [this, number = on.wire->number] {
            const auto stays = lines_.find(number);
            if (stays != lines_.end())
                close(stays->second, 1008,
                    "Connection aborted because the client failed to close the connection after "
                    "receiving a GoAway signal");
        });
}

/// What a record may not hold.
void server::append(line& on, const client_message& message)
{
    if (message.kind == message_kind::memory) {
        of(on).remembered.insert(message.remembers.begin(), message.remembers.end());
        return;
    }
    auto& record = of(on).record;
    auto& sent = ledger_.of(message.serial);
    ++sent.consumed;
    if (sent.refused) {
        ledger_.report(fmt::format(
            "{} {} arrived though its send had thrown", name_of(message.kind), message.serial));
    }
    // The user's open speech goes on, on another connection.
    if (message.kind == message_kind::start) {
        const auto last = std::find_if(record.rbegin(), record.rend(), [](const entry& each) {
            return each.kind == message_kind::start || each.kind == message_kind::end;
        });
        if (last != record.rend() && last->kind == message_kind::start &&
            last->serial == message.serial)
            return;
    }
    const bool again = std::any_of(record.begin(), record.end(),
        [&](const entry& each) { return each.serial == message.serial; });
    if (again) {
        // An activity begins anew as long as its end is not known to have arrived.
        const auto ends_somehow = [&](const entry& each) {
            return each.kind == message_kind::end && ledger_.is_ambiguous(each.serial);
        };
        const bool excused =
            !on.transparent && (ledger_.is_ambiguous(message.serial) ||
                                   (message.kind == message_kind::start &&
                                       std::any_of(record.begin(), record.end(), ends_somehow)));
        if (!excused)
            ledger_.report(
                fmt::format("{} {} was consumed twice", name_of(message.kind), message.serial));
        if (!is_media(message.kind) && message.kind != message_kind::start) ++repeats_;
        return;
    }
    const auto overtakes = [&](auto same_lane) {
        const auto last = std::find_if(record.rbegin(), record.rend(),
            [&](const entry& each) { return same_lane(each.kind); });
        if (last != record.rend() && last->serial > message.serial)
            ledger_.report(fmt::format("{} {} was consumed after {} {}", name_of(message.kind),
                message.serial, name_of(last->kind), last->serial));
    };
    if (!is_media(message.kind)) overtakes([](message_kind kind) { return !is_media(kind); });
    if (is_media(message.kind) || is_mark(message.kind))
        overtakes([](message_kind kind) { return is_media(kind) || is_mark(kind); });
    record.push_back({message.kind, message.serial});
}

void server::react(line& on, const client_message& message)
{
    auto& talk = of(on);
    const auto number = on.wire->number;
    if (asks(message.kind)) ++on.asked;
    if (message.kind == message_kind::tool_response) {
        for (const auto& id : message.calls) {
            // Told again what it had not heard, a transparent server may not yet have called again.
            // In an overlap, what the old connection calls is forgotten without a word.
            if (!on.transparent && !scenario_.options.reconnect.handover.overlap &&
                !contains(talk.known_calls, id))
                ledger_.report(
                    fmt::format("an answer to the call {}, which the server has forgotten", id));
            std::erase(talk.open_calls, id);
        }
        if (on.waiting && talk.open_calls.empty()) {
            on.waiting = false;
            later(scenario_.max_think_time, number, 1);
        }
    } else if (asks(message.kind)) {
        begin_turn(on);
    }
    if (scenario_.handle_interval != 0 && ++on.since_handle >= scenario_.handle_interval)
        update(on);
}

void server::begin_turn(line& on)
{
    const auto number = on.wire->number;
    auto& talk = of(on);
    if (on.speaking) {
        say(on, R"("serverContent":{"interrupted":true})", meaning::interrupts);
        using enum server_behavior::end;
        if (scenario_.behavior.interrupted_completes == at_once)
            say(on, R"("serverContent":{"turnComplete":true})", meaning::closes);
        on.owes_end = scenario_.behavior.interrupted_completes == late;
        on.begins_aloud = scenario_.behavior.interrupted_completes != at_once;
        if (on.waiting && !talk.open_calls.empty()) {
            say(on,
                fmt::format(R"("toolCallCancellation":{{"ids":["{}"]}})", talk.open_calls.back()));
            talk.cancelled_calls.insert(talk.open_calls.back());
            talk.open_calls.pop_back();
        }
    }
    ++on.turn;
    on.speaking = true;
    on.waiting = false;
    later(scenario_.max_think_time, number, scenario_.messages_per_turn);
}

void server::later(milliseconds most, int number, int left)
{
    const auto found = lines_.find(number);
    if (found == lines_.end()) return;
    clock_->at(clock_->now() + rng_.between(0ms, most),
        [this, number, turn = found->second.turn, left] { step(number, turn, left); });
}

/// The next message of a turn.
void server::step(int number, std::uint64_t turn, int left)
{
    const auto found = lines_.find(number);
    if (found == lines_.end() || found->second.turn != turn) return;
    auto& on = found->second;
    if (left == scenario_.messages_per_turn / 2 + 1 && rng_.percent(scenario_.call_percent))
        return call(on, number);
    const auto& server_behavior = scenario_.behavior;
    if (left == scenario_.messages_per_turn && behavior_rng_.percent(server_behavior.errors)) {
        on.speaking = false;
        return say(
            on, R"("error":{"code":400,"message":"No.","status":"INVALID"})", meaning::fails);
    }
    if (left == scenario_.messages_per_turn && !on.begins_aloud &&
        behavior_rng_.percent(server_behavior.empty_turns))
        left = 0;
    if (left > 0) {
        const bool is_sound = std::exchange(on.begins_aloud, false);
        say(on,
            is_sound
                ? fmt::format(
                      R"("serverContent":{{"modelTurn":{{"parts":[{{"text":"{}"}}]}}}})", left)
                : fmt::format(R"("serverContent":{{"outputTranscription":{{"text":"{}"}}}})", left),
            meaning::speaks);
        if (std::exchange(on.owes_end, false))
            say(on, R"("serverContent":{"turnComplete":true})", meaning::closes);
        return later(scenario_.max_message_gap, number, left - 1);
    }
    if (std::exchange(on.owes_end, false))
        say(on, R"("serverContent":{"turnComplete":true})", meaning::closes);
    end_turn(on);
}

void server::call(line& on, int number)
{
    const auto& server_behavior = scenario_.behavior;
    const auto id = fmt::format("call-{}", ++calls_);
    of(on).known_calls.push_back(id);
    of(on).open_calls.push_back(id);
    on.waiting = true;
    auto member = fmt::format(
        R"("toolCall":{{"functionCalls":[{{"id":"{}","name":"look","args":{{}}}}]}})", id);
    const bool closes = server_behavior.completes_turn_at_call && !on.owes_end;
    if (closes && behavior_rng_.percent(server_behavior.completes_with_call))
        return say(on, member + R"(,"serverContent":{"turnComplete":true})", meaning::calls);
    say(on, std::move(member), meaning::calls);
    if (go_away_rng_.percent(server_behavior.go_away_at_calls))
        ask_to_leave(on, go_away_rng_.magnitude(200ms, 60s), 0ms);
    if (behavior_rng_.percent(server_behavior.speaks_after_call))
        say(on, R"("serverContent":{"outputTranscription":{"text":"Well"}})", meaning::speaks);
    if (!closes) return;
    if (behavior_rng_.percent(50)) return close_calls(on);
    clock_->at(
        clock_->now() + milliseconds(behavior_rng_.between(0, 20)), [this, number, turn = on.turn] {
            const auto found = lines_.find(number);
            if (found == lines_.end()) return;
            auto& later = found->second;
            if (later.turn == turn && later.waiting) close_calls(later);
        });
}

/// The turn of a call, before the response.
void server::close_calls(line& on)
{
    say(on, R"("serverContent":{"generationComplete":true})");
    say(on, R"("serverContent":{"turnComplete":true,"groundingMetadata":{}})", meaning::closes);
    if (behavior_rng_.percent(scenario_.behavior.trailing_messages))
        say(on, R"("serverContent":{"outputTranscription":{"finished":true}})");
}

void server::end_turn(line& on)
{
    on.speaking = false;
    if (behavior_rng_.percent(scenario_.behavior.generation_complete))
        say(on, R"("serverContent":{"generationComplete":true})");
    say(on, R"("serverContent":{"turnComplete":true})", meaning::ends);
    if (behavior_rng_.percent(scenario_.behavior.trailing_messages)) say_more(on);
    update(on);
    if (behavior_rng_.percent(scenario_.behavior.trailing_messages)) say_more(on);
}

/// What may come after a turn's end, and is none of another.
void server::say_more(line& on)
{
    switch (behavior_rng_.between(0, 7)) {
    case 0: return say(on, R"("serverContent":{"outputTranscription":{"finished":true}})");
    case 1: return say(on, R"("serverContent":{"groundingMetadata":{}})");
    case 2: return say(on, R"("serverContent":{"interactionStatus":"IDLE"})");
    case 3: return say(on, R"("serverContent":{"generationComplete":true})");
    case 4: return say(on, R"("serverContent":{})");
    case 5: return say(on, "");
    case 6:
        return say(
            on, R"("serverContent":{"interimInputTranscription":{"text":"Hm"}})", meaning::user);
    default:
        return say(
            on, R"("serverContent":{"outputTranscription":{"text":" late"}})", meaning::late);
    }
}

void server::update(line& on)
{
    on.since_handle = 0;
    if (clock_->now() < no_handles_until_ || rng_.percent(scenario_.not_resumable_percent)) {
        say(on, R"("sessionResumptionUpdate":{"resumable":false})");
        return;
    }
    const auto& talk = of(on);
    const auto handle = fmt::format("handle-{}", ++handles_);
    snapshots_[handle] = {talk.id, talk.record.size(), talk.known_calls, talk.open_calls};
    wire::server_message message;
    message.serial = ++sayings_;
    message.handle = true;
    std::string index;
    if (on.transparent) {
        message.index = on.index;
        index = fmt::format(R"(,"lastConsumedClientMessageIndex":"{}")", on.index);
    }
    const auto* const resumable =
        malformed_rng_.percent(scenario_.behavior.malformed_members) ? R"("certainly")" : "true";
    message.text = spoilt(fmt::format(
        R"({{"sessionResumptionUpdate":{{"newHandle":"{}","resumable":{}{}}},"usageMetadata":{{"totalTokenCount":{}}}}})",
        handle, resumable, index, sayings_));
    on.wire->say(std::move(message));
}

/// With a member that cannot be read, or has a value in another form than is due. None that says
/// who said what, or when.
std::string server::spoilt(std::string message)
{
    if (!malformed_rng_.percent(scenario_.behavior.malformed_members)) return message;
    fires(fault_kind::malformed_member);
    const auto inside = [&message](std::string_view where, std::string_view member) {
        const auto at = message.find(where);
        if (at == std::string::npos) return;
        const auto begin = at + where.size();
        message.insert(begin, fmt::format("{}{}", member, message[begin] == '}' ? "" : ","));
    };
    const auto beside = [&message](std::string_view member) {
        message.insert(message.size() - 1, fmt::format(",{}", member));
    };
    const auto kind = malformed_rng_.between(0, 9);
    switch (kind) {
    case 0: inside(R"("usageMetadata":{)", R"("thoughtsTokenCount":"many")"); break;
    case 1: inside(R"("usageMetadata":{)", R"("promptTokensDetails":[7,null])"); break;
    case 2: inside(R"("serverContent":{)", R"("speechState":[7])"); break;
    case 3: inside(R"("serverContent":{)", R"("urlContextMetadata":1e999)"); break;
    case 4: inside(R"("outputTranscription":{)", R"("words":{"startOffset":"soon"})"); break;
    case 5: inside(R"("toolCall":{"functionCalls":[{)", R"("willContinue":"perhaps")"); break;
    case 6: beside("\"mood\":\"\xff \\ud83d\""); break;
    case 7: beside(R"("toolCallCancellation":{"ids":[{}]})"); break;
    case 8: beside(R"("voiceActivity":{"audioOffset":{"minutes":5}})"); break;
    default: beside(fmt::format(R"("deep":{:[>80}{:]>80})", "", ""));
    }
    return message;
}

/// As the service writes it, or in another form, or so that nobody knows.
server::notice server::notice_of(milliseconds left)
{
    constexpr milliseconds longest = 10min, unknown = 10s;
    const auto means = std::clamp(left, 0ms, longest);
    const auto seconds = static_cast<double>(left.count()) / 1000;
    if (left.count() == 0 && go_away_rng_.percent(50)) return {"{}", means};
    if (!malformed_rng_.percent(scenario_.behavior.malformed_members))
        return {fmt::format(R"({{"timeLeft":"{:.3f}s"}})", seconds), means};
    fires(fault_kind::malformed_member);
    switch (malformed_rng_.between(0, 3)) {
    case 0: return {fmt::format(R"({{"timeLeft":"{:.3f}"}})", seconds), means};
    case 1: return {fmt::format(R"({{"timeLeft":{:.3f}}})", seconds), means};
    case 2:
        return {fmt::format(R"({{"timeLeft":{{"seconds":{},"nanos":{}}}}})", left.count() / 1000,
                    left.count() % 1000 * 1'000'000),
            means};
    default: return {R"({"timeLeft":"soon"})", unknown};
    }
}

void server::suffer(const fault& one)
{
    switch (one.kind) {
    case fault_kind::handles_expire:
        fires(one.kind);
        for (auto& each : snapshots_) each.second.forgotten = true;
        return;
    case fault_kind::not_resumable:
        fires(one.kind);
        no_handles_until_ = clock_->now() + one.duration;
        return;
    case fault_kind::setup_unanswered: mute_ += one.count; return;
    case fault_kind::internal_errors: internal_errors_ += one.count; return;
    case fault_kind::refused_setup: ++refused_setups_; return;
    case fault_kind::flap: flaps_ += one.count; return;
    case fault_kind::go_away_after_setup:
        sent_away_ += one.count;
        departure_ = one;
        break;
    case fault_kind::restart:
        fires(one.kind);
        if (!one.in_flight_arrives)
            for (auto& each : snapshots_) each.second.forgotten = true;
        for (auto& each : lines_) close(each.second, 1012, "");
        return;
    default: break;
    }
    auto* on = newest();
    if (!on || !on->complete) return;
    fires(one.kind);
    switch (one.kind) {
    case fault_kind::go_away:
    case fault_kind::go_away_after_setup: return ask_to_leave(*on, one.duration, one.linger);
    case fault_kind::invalid_json: on->wire->say({"{\"serverContent\":"}); return;
    case fault_kind::oversized:
        on->wire->say({std::string(scenario_.options.limits.message + 1, ' ')});
        return;
    case fault_kind::flood:
        for (int i = 0; i < one.count; ++i)
            say(*on, R"("serverContent":{"outputTranscription":{"text":"and so on"}})",
                meaning::anything);
        return;
    default: return;
    }
}

} // namespace sim
