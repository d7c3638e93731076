// SPDX-License-Identifier: Apache-2.0
#include "sim/server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
      go_away_rng_(scenario.seed, "when the server asks to leave"),
      call_rng_(scenario.seed, "what the server calls")
{
}

void server::heal()
{
    healed_ = true;
    unanswered_setups_ = internal_errors_ = refused_setups_ = flaps_ = go_aways_ = 0;
    no_handles_until_ = {};
}

void server::count_fault(fault_kind kind)
{
    ++ledger_.fault_counts[static_cast<std::size_t>(kind)];
}

bool server::take_one(int& pending)
{
    if (pending == 0) return false;
    --pending;
    return true;
}

server::conversation& server::of(const peer& peer)
{
    return conversations_[static_cast<std::size_t>(peer.conversation) - 1];
}

server::peer* server::newest()
{
    for (auto each = peers_.rbegin(); each != peers_.rend(); ++each)
        if (each->second.wire->is_server_open()) return &each->second;
    return nullptr;
}

const server::conversation* server::holder_of(int serial) const
{
    for (auto each = conversations_.rbegin(); each != conversations_.rend(); ++each) {
        if (each->is_abandoned) continue;
        for (const auto& held : each->record)
            if (held.serial == serial) return &*each;
    }
    return nullptr;
}

void server::accepted(const wire_ptr& from) { peers_[from->number].wire = from; }

/// Erases the peer in an event of its own, because the caller may still use it.
void server::disconnected(const wire_ptr& from)
{
    clock_->at(clock_->now(), [this, number = from->number] { peers_.erase(number); });
}

void server::close(peer& peer, int code, std::string reason)
{
    peer.wire->server_close(code, std::move(reason));
    disconnected(peer.wire);
}

void server::send(
    peer& peer, std::string member, meaning meaning, std::optional<milliseconds> time_left)
{
    send(peer, std::move(member), meaning, time_left, {});
}

void server::send(peer& peer, std::string member, meaning meaning,
    std::optional<milliseconds> time_left, call_news calls)
{
    ++messages_sent_;
    wire::server_message message;
    message.time_left = time_left;
    message.serial = messages_sent_;
    message.meaning = meaning;
    message.asked = peer.asked;
    // Words of the model may belong to the answer to a question that is in flight.
    message.content = meaning != ledger::meaning::none &&
                      meaning != ledger::meaning::ends_no_answer &&
                      meaning != ledger::meaning::user_words && meaning != ledger::meaning::fails &&
                      meaning != ledger::meaning::calls;
    message.call = meaning == ledger::meaning::calls;
    message.calls = std::move(calls.made);
    message.canceled = std::move(calls.canceled);
    message.complete = member.starts_with("\"setupComplete");
    if (!member.empty()) member += ',';
    message.text = corrupt(
        fmt::format(R"({{{}"usageMetadata":{{"totalTokenCount":{}}}}})", member, messages_sent_));
    peer.wire->server_send(std::move(message));
}

void server::consumed(const wire_ptr& from, const client_message& message)
{
    const auto found = peers_.find(from->number);
    if (found == peers_.end()) return;
    auto& peer = found->second;
    if (peer.conversation == 0) return set_up(peer, message);
    ++peer.index;
    append(peer, message);
    react(peer, message);
}

void server::set_up(peer& peer, const client_message& setup)
{
    if (setup.kind != message_kind::setup)
        return close(peer, 1007, "Request contains an invalid argument.");
    if (take_one(unanswered_setups_)) return count_fault(fault_kind::setup_unanswered);
    if (take_one(refused_setups_)) {
        count_fault(fault_kind::refused_setup);
        wire::server_message refusal{
            R"({"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT"}})"};
        refusal.refusal = true;
        peer.wire->server_send(std::move(refusal));
        return close(peer, 1007, "No.");
    }
    if (!setup.handle.empty()) {
        if (take_one(internal_errors_)) {
            count_fault(fault_kind::internal_errors);
            return close(peer, 1011, "Internal error encountered.");
        }
        const auto found = snapshots_.find(setup.handle);
        if (found == snapshots_.end()) ledger_.report("a handle that the server has not issued");
        if (found == snapshots_.end() || found->second.forgotten) {
            return rng_.percent(50) ? close(peer, 1008, "BidiGenerateContent session not found")
                                    : close(peer, 1007, "Invalid session handle");
        }
        const auto& then = found->second;
        const bool in_use = std::any_of(peers_.begin(), peers_.end(), [&](const auto& each) {
            return each.second.conversation == then.conversation &&
                   each.second.wire->is_server_open();
        });
        if (in_use && !scenario_.options.reconnect.handover.overlap)
            return close(peer, 1011, "Internal error encountered.");
        peer.conversation = then.conversation;
        if (in_use) fork_conversation(then.conversation, peer);
        auto& resumed = of(peer);
        for (const auto& id : resumed.known_calls)
            if (!contains(then.known_calls, id)) peer.forgotten_calls.push_back(id);
        resumed.record.resize(
            std::min(resumed.record.size(), then.length), {message_kind::setup, 0});
        resumed.known_calls = then.known_calls;
        resumed.open_calls = then.open_calls;
        if (scenario_.tools) // the client has been told of the cancellations
            std::erase_if(resumed.open_calls,
                [&](const std::string& id) { return resumed.cancelled_calls.contains(id); });
        ledger_.connections[static_cast<std::size_t>(peer.wire->number)].known_calls =
            resumed.known_calls;
    } else {
        conversations_.push_back({static_cast<int>(conversations_.size()) + 1});
        peer.conversation = conversations_.back().id;
    }
    ledger_.connections[static_cast<std::size_t>(peer.wire->number)].conversation =
        peer.conversation;
    peer.transparent = setup.transparent;
    clock_->at(clock_->now() + rng_.between(0ms, scenario_.max_setup_time),
        [this, number = peer.wire->number] { complete(number); });
}

/// Gives a copy of the conversation to each older connection in it, because the client has closed
/// those. If the setup of an older connection is read last, that connection is `newer`.
void server::fork_conversation(int conversation, peer& newer)
{
    for (auto& [number, other] : peers_) {
        if (&other == &newer || other.conversation != conversation) continue;
        auto& left = number < newer.wire->number ? other : newer;
        auto copy = conversation_of(conversation);
        copy.id = static_cast<int>(conversations_.size()) + 1;
        copy.is_abandoned = true;
        conversations_.push_back(std::move(copy));
        left.conversation = conversations_.back().id;
        if (&left == &newer) return;
    }
}

void server::complete(int number)
{
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    auto& peer = found->second;
    send(peer, R"("setupComplete":{})");
    peer.complete = true;
    if (take_one(flaps_)) {
        count_fault(fault_kind::flap);
        clock_->at(clock_->now() + rng_.between(0ms, 50ms), [this, number] {
            const auto dying = peers_.find(number);
            if (dying == peers_.end()) return;
            const auto wire = dying->second.wire;
            wire->cut(true, 0ms, "ends");
        });
    }
    if (take_one(go_aways_)) send_go_away(peer, go_away_fault_.duration, go_away_fault_.linger);
    if (!scenario_.tools) return;
    clock_->at(
        clock_->now() + call_rng_.between(0ms, 1s), [this, number] { call_after_resume(number); });
}

void server::send_go_away(peer& peer, milliseconds time_left, milliseconds linger)
{
    const auto message = make_go_away(time_left);
    send(peer, fmt::format(R"("goAway":{})", message.text), meaning::none, message.time_left);
    constexpr milliseconds longest = 1h;
    clock_->at(clock_->now() + std::clamp(time_left, 0ms, longest) + linger,
        [this, number = peer.wire->number] {
            const auto stays = peers_.find(number);
            if (stays != peers_.end())
                close(stays->second, 1008,
                    "Connection aborted because the client failed to close the connection after "
                    "receiving a GoAway signal");
        });
}

/// Appends a message to the record. Reports a message that the record must not have.
void server::append(peer& peer, const client_message& message)
{
    if (message.kind == message_kind::history) {
        of(peer).remembered.insert(message.remembers.begin(), message.remembers.end());
        return;
    }
    auto& record = of(peer).record;
    auto& sent = ledger_.of(message.serial);
    ++sent.consumed;
    if (sent.refused) {
        ledger_.report(fmt::format(
            "{} {} was consumed though its send threw", name_of(message.kind), message.serial));
    }
    // The activity that is already open continues on another connection.
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
        // An activityStart is repeated until the activityEnd is known to have arrived.
        const auto ends_somehow = [&](const entry& each) {
            return each.kind == message_kind::end && ledger_.is_ambiguous(each.serial);
        };
        const bool excused =
            !peer.transparent && (ledger_.is_ambiguous(message.serial) ||
                                     (message.kind == message_kind::start &&
                                         std::any_of(record.begin(), record.end(), ends_somehow)));
        if (!excused)
            ledger_.report(
                fmt::format("{} {} was consumed twice", name_of(message.kind), message.serial));
        if (!is_media(message.kind) && message.kind != message_kind::start) ++repeats_;
        return;
    }
    if (sent.by_dispatcher) {
        const auto& id = message.calls.front();
        if (is_answered(of(peer), id))
            ledger_.report(fmt::format("a second response to {} was consumed", id));
        return record.push_back({message.kind, message.serial});
    }
    const auto overtakes = [&](auto same_lane) {
        const auto last = std::find_if(record.rbegin(), record.rend(), [&](const entry& each) {
            return same_lane(each.kind) && !ledger_.of(each.serial).by_dispatcher;
        });
        if (last != record.rend() && last->serial > message.serial)
            ledger_.report(fmt::format("{} {} was consumed after {} {}", name_of(message.kind),
                message.serial, name_of(last->kind), last->serial));
    };
    if (!is_media(message.kind)) overtakes([](message_kind kind) { return !is_media(kind); });
    if (is_media(message.kind) || is_mark(message.kind))
        overtakes([](message_kind kind) { return is_media(kind) || is_mark(kind); });
    record.push_back({message.kind, message.serial});
}

void server::react(peer& peer, const client_message& message)
{
    auto& conversation = of(peer);
    const auto number = peer.wire->number;
    if (asks(message.kind)) ++peer.asked;
    if (message.kind == message_kind::tool_response) {
        for (const auto& id : message.calls) {
            // With transparent resumption, the replayed response may come before the server has
            // repeated the call. With overlap, calls on the old connection are dropped silently.
            if (!peer.transparent && !scenario_.options.reconnect.handover.overlap &&
                !contains(conversation.known_calls, id))
                ledger_.report(
                    fmt::format("a response to the call {}, which the server has forgotten", id));
            if (!message.continues) std::erase(conversation.open_calls, id);
        }
        if (peer.waiting && conversation.open_calls.empty()) {
            peer.waiting = false;
            schedule_step(scenario_.max_think_time, number, 1);
        }
    } else if (asks(message.kind)) {
        begin_turn(peer);
    }
    if (scenario_.handle_interval != 0 && ++peer.since_handle >= scenario_.handle_interval)
        send_resumption_update(peer);
}

void server::begin_turn(peer& peer)
{
    const auto number = peer.wire->number;
    auto& conversation = of(peer);
    if (peer.speaking) {
        send(peer, R"("serverContent":{"interrupted":true})", meaning::interrupts);
        using enum server_behavior::end;
        if (scenario_.behavior.interrupted_completes == at_once)
            send(peer, R"("serverContent":{"turnComplete":true})", meaning::ends_no_answer);
        peer.owes_turn_complete = scenario_.behavior.interrupted_completes == late;
        peer.begins_with_model_turn = scenario_.behavior.interrupted_completes != at_once;
        if (scenario_.tools) {
            interrupt_calls(peer);
        } else if (peer.waiting && !conversation.open_calls.empty()) {
            send(peer, fmt::format(R"("toolCallCancellation":{{"ids":["{}"]}})",
                           conversation.open_calls.back()));
            conversation.cancelled_calls.insert(conversation.open_calls.back());
            conversation.open_calls.pop_back();
        }
    }
    ++peer.turn;
    peer.speaking = true;
    peer.waiting = false;
    schedule_step(scenario_.max_think_time, number, scenario_.messages_per_turn);
}

void server::schedule_step(milliseconds max_delay, int number, int left)
{
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    clock_->at(clock_->now() + rng_.between(0ms, max_delay),
        [this, number, turn = found->second.turn, left] { step(number, turn, left); });
}

/// Sends the next message of a turn. `left`: number of messages that remain.
void server::step(int number, std::uint64_t turn, int left)
{
    const auto found = peers_.find(number);
    if (found == peers_.end() || found->second.turn != turn) return;
    auto& peer = found->second;
    if (left == scenario_.messages_per_turn / 2 + 1 && rng_.percent(scenario_.call_percent))
        return call_function(peer, number);
    const auto& behavior = scenario_.behavior;
    if (left == scenario_.messages_per_turn && behavior_rng_.percent(behavior.errors)) {
        peer.speaking = false;
        return send(
            peer, R"("error":{"code":400,"message":"No.","status":"INVALID"})", meaning::fails);
    }
    if (left == scenario_.messages_per_turn && !peer.begins_with_model_turn &&
        behavior_rng_.percent(behavior.empty_turns))
        left = 0;
    if (left > 0) {
        const bool is_sound = std::exchange(peer.begins_with_model_turn, false);
        send(peer,
            is_sound
                ? fmt::format(
                      R"("serverContent":{{"modelTurn":{{"parts":[{{"text":"{}"}}]}}}})", left)
                : fmt::format(R"("serverContent":{{"outputTranscription":{{"text":"{}"}}}})", left),
            meaning::speaks);
        if (std::exchange(peer.owes_turn_complete, false))
            send(peer, R"("serverContent":{"turnComplete":true})", meaning::ends_no_answer);
        return schedule_step(scenario_.max_message_gap, number, left - 1);
    }
    if (std::exchange(peer.owes_turn_complete, false))
        send(peer, R"("serverContent":{"turnComplete":true})", meaning::ends_no_answer);
    end_turn(peer);
}

void server::call_function(peer& peer, int number)
{
    const auto& behavior = scenario_.behavior;
    const auto ids = make_calls();
    for (const auto& id : ids) {
        of(peer).known_calls.push_back(id);
        of(peer).open_calls.push_back(id);
    }
    peer.waiting = true;
    const bool completes_turn = behavior.completes_turn_at_call && !peer.owes_turn_complete;
    if (completes_turn && behavior_rng_.percent(behavior.completes_with_call))
        return send_calls(peer, ids, true, R"(,"serverContent":{"turnComplete":true})");
    send_calls(peer, ids, true);
    if (go_away_rng_.percent(behavior.go_away_at_calls))
        send_go_away(peer, go_away_rng_.magnitude(200ms, 60s), 0ms);
    if (behavior_rng_.percent(behavior.speaks_after_call))
        send(peer, R"("serverContent":{"outputTranscription":{"text":"Well"}})", meaning::speaks);
    if (!completes_turn) return;
    if (behavior_rng_.percent(50)) return complete_call_turn(peer);
    clock_->at(clock_->now() + milliseconds(behavior_rng_.between(0, 20)),
        [this, number, turn = peer.turn] {
            const auto found = peers_.find(number);
            if (found == peers_.end()) return;
            auto& later = found->second;
            if (later.turn == turn && later.waiting) complete_call_turn(later);
        });
}

std::vector<std::string> server::make_calls()
{
    if (!scenario_.tools) {
        auto id = fmt::format("call-{}", ++calls_);
        calls_made_[id] = fmt::format(R"({{"id":"{}","name":"look","args":{{}}}})", id);
        return {std::move(id)};
    }
    const auto& tools = *scenario_.tools;
    std::vector<std::string> ids;
    for (auto left = call_rng_.between(1, tools.most_calls); left != 0; --left) {
        auto id = fmt::format("call-{}", ++calls_);
        auto& log = ledger_.calls[id];
        log.function = call_rng_.one_of({"quick", "quick", "slow", "slow", "slow", "throws",
            "hangs", "speaks", "stubborn", "look", "unheard_of"});
        log.fits = !call_rng_.percent(tools.misfits);
        const auto work = call_rng_.magnitude(1ms, tools.longest_work).count();
        const auto args = log.fits ? fmt::format(R"({{"ms":{}}})", work) : R"({"ms":"soon"})";
        calls_made_[id] =
            fmt::format(R"({{"id":"{}","name":"{}","args":{}}})", id, log.function, args);
        ids.push_back(std::move(id));
    }
    return ids;
}

/// Calls again what it has called before, or what it has forgotten; may plan another such call.
void server::send_calls(
    peer& peer, const std::vector<std::string>& ids, bool anew, std::string_view more)
{
    call_news news;
    std::vector<std::string> texts;
    for (const auto& id : ids) {
        texts.push_back(calls_made_[id]);
        if (!scenario_.tools) continue;
        news.made.push_back({id, anew});
        if (anew) ++ledger_.calls[id].made;
    }
    send(peer, fmt::format(R"("toolCall":{{"functionCalls":[{}]}}{})", fmt::join(texts, ","), more),
        meaning::calls, std::nullopt, std::move(news));
    if (!scenario_.tools || !anew) return;
    for (const auto& id : ids) {
        const auto at = clock_->now() + call_rng_.magnitude(1ms, 5s);
        const auto number = peer.wire->number;
        if (call_rng_.percent(scenario_.tools->repeats))
            clock_->at(at, [this, number, id] { call_again(number, id); });
        if (call_rng_.percent(scenario_.tools->cancels))
            clock_->at(at, [this, number, id] { cancel_call(number, id); });
    }
}

void server::send_cancellation(peer& peer, const std::vector<std::string>& ids)
{
    call_news news;
    news.canceled = ids;
    send(peer, fmt::format(R"("toolCallCancellation":{{"ids":["{}"]}})", fmt::join(ids, R"(",")")),
        meaning::none, std::nullopt, std::move(news));
    for (const auto& id : ids) {
        of(peer).cancelled_calls.insert(id);
        std::erase(of(peer).open_calls, id);
    }
}

/// Makes a call that the client has had already. It has nothing to wait for.
void server::call_again(int number, const std::string& id)
{
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    auto& peer = found->second;
    const auto& conversation = of(peer);
    if (ledger_.calls[id].function == "look") return; // would be answered twice
    if (!contains(conversation.known_calls, id) || conversation.cancelled_calls.contains(id))
        return;
    send_calls(peer, {id}, false);
}

void server::cancel_call(int number, const std::string& id)
{
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    auto& peer = found->second;
    if (!contains(of(peer).open_calls, id)) return;
    send_cancellation(peer, {id});
    if (!peer.waiting || !of(peer).open_calls.empty()) return;
    peer.waiting = false;
    schedule_step(scenario_.max_think_time, number, 1);
}

/// After a resume, makes calls again that are open, and calls that it has forgotten.
void server::call_after_resume(int number)
{
    const auto found = peers_.find(number);
    if (found == peers_.end()) return;
    auto& peer = found->second;
    auto& conversation = of(peer);
    const auto open = conversation.open_calls;
    for (const auto& id : open)
        if (call_rng_.percent(scenario_.tools->repeats)) call_again(number, id);
    std::vector<std::string> anew;
    for (const auto& id : peer.forgotten_calls) {
        const bool has_come = is_answered(conversation, id); // before the call
        const bool is_over =
            has_come || (peer.transparent && conversation.cancelled_calls.contains(id));
        if (is_over || ledger_.calls[id].function == "look") continue;
        if (call_rng_.percent(scenario_.tools->remakes)) anew.push_back(id);
    }
    if (anew.empty() || peer.speaking) return; // it has other things to say
    for (const auto& id : anew) {
        conversation.known_calls.push_back(id);
        conversation.open_calls.push_back(id);
        conversation.cancelled_calls.erase(id);
    }
    peer.speaking = peer.waiting = true;
    send_calls(peer, anew, true);
}

/// The user has interrupted the model: it gives up some of the calls.
void server::interrupt_calls(peer& peer)
{
    std::vector<std::string> canceled;
    for (const auto& id : of(peer).open_calls)
        if (call_rng_.percent(50)) canceled.push_back(id);
    if (!canceled.empty()) send_cancellation(peer, canceled);
}

/// True if the conversation has a final response of the dispatcher to the call.
bool server::is_answered(const conversation& in, const std::string& id) const
{
    return std::any_of(in.record.begin(), in.record.end(), [&](const entry& each) {
        if (each.serial == 0) return false;
        const auto& one = ledger_.of(each.serial);
        return one.is_final() && one.calls.front() == id;
    });
}

/// Ends the turn of a function call before the response has come.
void server::complete_call_turn(peer& peer)
{
    send(peer, R"("serverContent":{"generationComplete":true})");
    send(peer, R"("serverContent":{"turnComplete":true,"groundingMetadata":{}})",
        meaning::ends_no_answer);
    if (behavior_rng_.percent(scenario_.behavior.trailing_messages))
        send(peer, R"("serverContent":{"outputTranscription":{"finished":true}})");
}

void server::end_turn(peer& peer)
{
    peer.speaking = false;
    if (behavior_rng_.percent(scenario_.behavior.generation_complete))
        send(peer, R"("serverContent":{"generationComplete":true})");
    send(peer, R"("serverContent":{"turnComplete":true})", meaning::ends_answer);
    if (behavior_rng_.percent(scenario_.behavior.trailing_messages)) send_trailing_message(peer);
    send_resumption_update(peer);
    if (behavior_rng_.percent(scenario_.behavior.trailing_messages)) send_trailing_message(peer);
}

/// Sends a message that may follow the end of a turn and does not begin another turn.
void server::send_trailing_message(peer& peer)
{
    switch (behavior_rng_.between(0, 7)) {
    case 0: return send(peer, R"("serverContent":{"outputTranscription":{"finished":true}})");
    case 1: return send(peer, R"("serverContent":{"groundingMetadata":{}})");
    case 2: return send(peer, R"("serverContent":{"interactionStatus":"IDLE"})");
    case 3: return send(peer, R"("serverContent":{"generationComplete":true})");
    case 4: return send(peer, R"("serverContent":{})");
    case 5: return send(peer, "");
    case 6:
        return send(peer, R"("serverContent":{"interimInputTranscription":{"text":"Hm"}})",
            meaning::user_words);
    default:
        return send(peer, R"("serverContent":{"outputTranscription":{"text":" late"}})",
            meaning::late_words);
    }
}

void server::send_resumption_update(peer& peer)
{
    peer.since_handle = 0;
    if (clock_->now() < no_handles_until_ || rng_.percent(scenario_.not_resumable_percent)) {
        send(peer, R"("sessionResumptionUpdate":{"resumable":false})");
        return;
    }
    const auto& conversation = of(peer);
    const auto handle = fmt::format("handle-{}", ++handles_);
    snapshots_[handle] = {conversation.id, conversation.record.size(), conversation.known_calls,
        conversation.open_calls};
    wire::server_message message;
    message.serial = ++messages_sent_;
    message.handle = true;
    std::string index;
    if (peer.transparent) {
        message.index = peer.index;
        index = fmt::format(R"(,"lastConsumedClientMessageIndex":"{}")", peer.index);
    }
    const auto* const resumable =
        malformed_rng_.percent(scenario_.behavior.malformed_members) ? R"("certainly")" : "true";
    message.text = corrupt(fmt::format(
        R"({{"sessionResumptionUpdate":{{"newHandle":"{}","resumable":{}{}}},"usageMetadata":{{"totalTokenCount":{}}}}})",
        handle, resumable, index, messages_sent_));
    peer.wire->server_send(std::move(message));
}

/// Returns `message` with a member that cannot be read, or has a value of the wrong form. Never
/// alters a member that decides about turns.
std::string server::corrupt(std::string message)
{
    if (!malformed_rng_.percent(scenario_.behavior.malformed_members)) return message;
    count_fault(fault_kind::malformed_member);
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
    case 7:
        if (message.find("toolCallCancellation") == std::string::npos)
            beside(R"("toolCallCancellation":{"ids":[{}]})");
        break;
    case 8: beside(R"("voiceActivity":{"audioOffset":{"minutes":5}})"); break;
    default: beside(fmt::format(R"("deep":{:[>80}{:]>80})", "", ""));
    }
    return message;
}

/// Writes timeLeft as the service does, in another form, or unreadable.
server::go_away server::make_go_away(milliseconds time_left)
{
    constexpr milliseconds longest = 10min, unknown = 10s;
    const auto assumed = std::clamp(time_left, 0ms, longest);
    const auto seconds = static_cast<double>(time_left.count()) / 1000;
    if (time_left.count() == 0 && go_away_rng_.percent(50)) return {"{}", assumed};
    if (!malformed_rng_.percent(scenario_.behavior.malformed_members))
        return {fmt::format(R"({{"timeLeft":"{:.3f}s"}})", seconds), assumed};
    count_fault(fault_kind::malformed_member);
    switch (malformed_rng_.between(0, 3)) {
    case 0: return {fmt::format(R"({{"timeLeft":"{:.3f}"}})", seconds), assumed};
    case 1: return {fmt::format(R"({{"timeLeft":{:.3f}}})", seconds), assumed};
    case 2:
        return {fmt::format(R"({{"timeLeft":{{"seconds":{},"nanos":{}}}}})",
                    time_left.count() / 1000, time_left.count() % 1000 * 1'000'000),
            assumed};
    default: return {R"({"timeLeft":"soon"})", unknown};
    }
}

void server::inject(const fault& one)
{
    switch (one.kind) {
    case fault_kind::handles_expire:
        count_fault(one.kind);
        for (auto& each : snapshots_) each.second.forgotten = true;
        return;
    case fault_kind::not_resumable:
        count_fault(one.kind);
        no_handles_until_ = clock_->now() + one.duration;
        return;
    case fault_kind::setup_unanswered: unanswered_setups_ += one.count; return;
    case fault_kind::internal_errors: internal_errors_ += one.count; return;
    case fault_kind::refused_setup: ++refused_setups_; return;
    case fault_kind::flap: flaps_ += one.count; return;
    case fault_kind::go_away_after_setup:
        go_aways_ += one.count;
        go_away_fault_ = one;
        break;
    case fault_kind::restart:
        count_fault(one.kind);
        if (!one.in_flight_arrives)
            for (auto& each : snapshots_) each.second.forgotten = true;
        for (auto& each : peers_) close(each.second, 1012, "");
        return;
    default: break;
    }
    auto* peer = newest();
    if (!peer || !peer->complete) return;
    count_fault(one.kind);
    switch (one.kind) {
    case fault_kind::go_away:
    case fault_kind::go_away_after_setup: return send_go_away(*peer, one.duration, one.linger);
    case fault_kind::invalid_json: peer->wire->server_send({"{\"serverContent\":"}); return;
    case fault_kind::oversized:
        peer->wire->server_send({std::string(scenario_.options.limits.message + 1, ' ')});
        return;
    case fault_kind::flood:
        for (int i = 0; i < one.count; ++i)
            send(*peer, R"("serverContent":{"outputTranscription":{"text":"and so on"}})",
                meaning::ambiguous);
        return;
    default: return;
    }
}

} // namespace sim
