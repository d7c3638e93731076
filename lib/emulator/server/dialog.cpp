// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/dialog.hpp"

#include "emulator/rules/message_rules.hpp"
#include "emulator/rules/validator.hpp"
#include "emulator/server/odd_member.hpp"
#include "protocol/encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;
using protocol::json_value;

constexpr auto late_end_pause = 1s; // if nothing follows an interruption
constexpr int late_end_after = 2;   // messages of the next answer

std::string text_of(const json_value& content)
{
    std::string text;
    if (const auto parts = find_member(content, "parts"))
        for (const auto& each : parts->elements()) text += text_at(each, "text");
    return text;
}

refusal unobeyed()
{
    return {1008, "Connection aborted because the client failed to close the connection after "
                  "receiving a GoAway signal once the session duration has been reached."};
}

} // namespace

dialog::dialog(accepted_setup setup, const testing::emulator_quirks& quirks, live::backend backend,
    double pace, lifespan life, std::shared_ptr<resumption_archive> archive,
    std::uint64_t connection)
    : setup_(std::move(setup)), quirks_(quirks), backend_(backend), life_(life),
      archive_(std::move(archive)), connection_(connection),
      plan_(setup_, quirks_, backend, pace, usage_)
{
    use(std::move(setup_.tools));
}

bool dialog::on_vertex() const noexcept { return backend_ == backend::vertex_ai; }

actions dialog::begin(const resumption_archive::entry* resumed, moment now)
{
    now_ = now;
    if (resumed) {
        user_ = user_turns(resumed->history, resumed->pending);
        calls_ = resumed->calls;
        setup_.history_first = false;
    }
    if (life_.length.count() != 0)
        notice_ = now_ + life_.length - std::min(life_.notice, life_.length);
    server_message_members complete;
    complete.setup_complete.emplace();
    if (on_vertex()) complete.setup_complete->session_id = fmt::format("emulated-{}", connection_);
    if (setup_.consented)
        complete.setup_complete->voice_consent_signature.emplace().signature = "emulated-consent";
    emit(std::move(complete));
    send_nothing();
    handle_is_due_ = quirks_.unasked_handles == true;
    return finish();
}

/// Returns what is to be done, after what every call ends with.
actions dialog::finish()
{
    if (std::exchange(handle_is_due_, false)) send_handle();
    return std::exchange(out_, {});
}

void dialog::use(toolbox tools)
{
    setup_.tools = std::move(tools);
    setup_.tools.streams_arguments = on_vertex();
}

void dialog::emit(server_message_members message, waiting wait)
{
    auto* const said = message.server_content && message.server_content->model_turn
                           ? &*message.server_content->model_turn
                           : nullptr;
    if (said && quirks_.merged_transcriptions == true) said->role.clear();
    auto text = protocol::encode_server_message(message, backend_);
    if (quirks_.odd_members == true)
        text = with_odd_member(std::move(text), message, odd_members_++);
    out_.messages.push_back(std::move(text));
    if (said) usage_.sends(*said);
    if (!message.tool_call) return;
    for (auto& each : message.tool_call->function_calls) calls_.open(std::move(each), wait);
}

// ---- what the client sends

actions dialog::on_message(const json_value& message, moment now)
{
    now_ = now;
    hear_message(message);
    ++consumed_;
    return finish();
}

void dialog::hear_message(const json_value& message)
{
    if (const auto content = find_member(message, "clientContent")) return hear_content(*content);
    if (const auto input = find_member(message, "realtimeInput")) return hear_realtime(*input);
    if (const auto response = find_member(message, "toolResponse"))
        return hear_tool_response(*response);
    if (const auto update = find_member(message, "contextUpdate")) return hear_update(*update);
    out_.refuse(invalid_argument("message: has none of its members"));
}

void dialog::hear_content(const json_value& content)
{
    const bool history = setup_.history_first;
    if (!history) interrupt();
    if (const auto turns = find_member(content, "turns"); turns && !hear_turns(*turns)) return;
    const bool complete = flag_at(content, "turnComplete");
    if (history) {
        if (complete) user_.complete_history();
        setup_.history_first = !complete;
        return;
    }
    if (complete) take_turn(user_.take_question());
}

/// Returns false after a refusal.
bool dialog::hear_turns(const json_value& turns)
{
    const auto list = turns.is_object() ? std::vector{turns} : turns.elements();
    if (auto fault = turns_fault(list, *setup_.model, quirks_)) {
        out_.refuse(std::move(*fault));
        return false;
    }
    for (const auto& turn : list) {
        const auto role = text_at(turn, "role");
        if (role == "model")
            user_.add_model_turn();
        else if (role.empty() || role == "user")
            user_.add(text_of(turn));
    }
    return true;
}

/// Members that are not set keep their values. The persona has no use for an instruction.
void dialog::hear_update(const json_value& update)
{
    auto read = read_context_update(update, *setup_.model);
    if (auto* const why = std::get_if<refusal>(&read)) return out_.refuse(std::move(*why));
    if (auto& tools = std::get<0>(read)) use(std::move(*tools));
}

void dialog::hear_realtime(const json_value& input)
{
    if (auto fault = realtime_input_fault(input, setup_)) return out_.refuse(std::move(*fault));
    if (find_member(input, "activityStart")) {
        interrupt_empty_turn();
        begin_speech();
    }
    if (const auto audio = find_member(input, "audio")) hear_audio(*audio);
    if (find_member(input, "video")) usage_.sees_picture();
    if (const auto chunks = find_member(input, "mediaChunks")) {
        auto list = chunks->elements();
        if (!on_vertex() && list.size() > 1) list.erase(list.begin() + 1, list.end());
        for (const auto& each : list) {
            if (has_media_type(each, "audio")) hear_audio(each);
            if (has_media_type(each, "image")) usage_.sees_picture();
        }
    }
    if (find_member(input, "activityEnd") || flag_at(input, "audioStreamEnd")) {
        speech_.end_of_audio();
        listen();
        if (speech_.hears_speech()) end_speech();
    }
    if (const auto text = find_member(input, "text")) {
        interrupt();
        const auto words = text->string().value_or("");
        const auto asked = is_placeholder(words) ? user_.take_question() : words;
        take_turn(asked.empty() ? words : asked);
    }
}

void dialog::hear_audio(const json_value& blob)
{
    speech_.take(blob);
    listen();
}

void dialog::listen()
{
    while (const auto heard = speech_.listen()) {
        switch (*heard) {
        case vad::event::nothing: break;
        case vad::event::speech_begins: begin_speech(); break;
        case vad::event::speech_goes_on:
            if (auto guess = speech_.guess()) emit(std::move(*guess));
            break;
        case vad::event::speech_ends: end_speech(); break;
        }
    }
}

void dialog::begin_speech()
{
    for (auto& each : speech_.begin()) emit(std::move(each));
    if (setup_.interruptible) interrupt();
}

void dialog::end_speech()
{
    auto heard = speech_.end();
    usage_.hears(heard.length);
    for (auto& each : heard.reports) emit(std::move(each));
    user_.remember(heard.words);
    if (setup_.model->transcribes) return say(heard.words);
    say(fmt::format("I heard {} seconds of speech. The emulator has ears, but it does not "
                    "understand words: type them, and I shall answer.",
        heard.seconds));
}

void dialog::hear_tool_response(const json_value& response)
{
    const auto list = find_member(response, "functionResponses");
    const auto responses = list ? list->elements() : std::vector<json_value>();
    if (responses.empty())
        return out_.refuse(invalid_argument("tool_response.function_responses: at least one"));
    for (const auto& each : responses)
        if (auto why = hear_function_response(each)) return out_.refuse(std::move(*why));
    handle_is_due_ = quirks_.unasked_handles == true;
}

std::optional<refusal> dialog::hear_function_response(const json_value& response)
{
    if (auto fault = function_response_fault(response, *setup_.model, backend_)) return fault;
    const auto id = text_at(response, "id");
    const auto name = text_at(response, "name");
    const auto* const open = calls_.find_open(id, name);
    if (!open) {
        // Either we canceled the call before the client heard of it, or (transparent resumption)
        // the client replays its response before this server has re-issued the call.
        const bool told_again = setup_.transparent && !setup_.handle.empty();
        if (calls_.is_past(id, name) || told_again) return std::nullopt;
        return invalid_argument(
            fmt::format("tool_response.function_responses.{}: no such call is open",
                id.empty() ? "name" : "id"));
    }
    const auto result = find_member(response, "response")->text();
    const auto words = report(open->call, json(result));
    usage_.is_told_by_tool(result);
    const auto scheduling =
        open->wait == waiting::blocked ? std::string() : name_at(response, "scheduling");
    if (!flag_at(response, "willContinue")) calls_.close(open->call.id);
    if (scheduling == "SILENT") return std::nullopt;
    if (scheduling == "INTERRUPT") cut_off();
    say(words);
    return std::nullopt;
}

// ---- what the persona says

void dialog::take_turn(const std::string& words)
{
    user_.forget_unanswered();
    const auto question = shortened(words, most_words);
    const bool command = words.starts_with('/'); // may carry a long message
    auto reply = answer(command ? words : question, user_.history(), setup_.tools);
    user_.remember(question);
    if (setup_.tells_thoughts && !command) {
        auto& thought = reply.work.emplace(reply.work.begin(), think(question))->thought;
        thought = true;
    }
    give(std::move(reply));
}

void dialog::give(reply reply)
{
    for (auto& each : reply.aside) emit(std::move(each));
    if (!reply.verbatim.empty()) out_.messages.push_back(std::move(reply.verbatim));
    if (reply.close) return out_.refuse({reply.close->first, std::move(reply.close->second)});
    if (!reply.calls.empty()) return call(std::move(reply.calls), reply.wait);
    plan_.slow_down(reply.slowness);
    const bool drop = reply.drop;
    const auto time_left = reply.go_away;
    if (!reply.words.empty() || !reply.reason.empty()) plan_.say(std::move(reply), now_);
    if (drop) plan_.drop_midway();
    if (time_left) announce_end(*time_left);
}

void dialog::call(std::vector<function_call> calls, waiting wait)
{
    bool goes_on = false; // the next message continues the same call
    std::string id;
    for (auto& each : calls) {
        if (!goes_on) {
            ++calls_made_;
            id = on_vertex()
                     ? fmt::format("{:08x}-0000-4000-8000-{:012x}", connection_, calls_made_)
                     : fmt::format("fc_{}{:09}", connection_, calls_made_);
            if (!each.id.empty()) id = each.id;
        }
        goes_on = each.will_continue;
        each.id = id;
    }
    plan_.call(std::move(calls), wait, now_);
    if (wait == waiting::talks_on)
        say("I have asked for that. It may take a moment: talk to me meanwhile.");
}

void dialog::say(std::string words) { plan_.say(in_words(std::move(words)), now_); }

void dialog::announce_end(std::chrono::milliseconds time_left)
{
    server_message_members message;
    message.go_away.emplace().time_left = time_left;
    emit(std::move(message));
    farewell_.emplace(now_ + time_left, unobeyed());
}

// ---- interruptions

/// The user has cut in: unsent answers are discarded, and pending calls are canceled.
void dialog::interrupt()
{
    cancel_calls();
    cut_off();
}

void dialog::cancel_calls()
{
    auto ids = calls_.interrupt(quirks_.cancels_blocking_calls == true);
    if (ids.empty()) return;
    server_message_members cancelled;
    cancelled.tool_call_cancellation.emplace().ids = std::move(ids);
    emit(std::move(cancelled));
    plan_.cancel_calls();
}

void dialog::cut_off()
{
    if (plan_.empty()) return;
    end_interrupted_turn();
    plan_.clear();
    has_answered_ = false;
    server_message_members message;
    message.server_content.emplace().interrupted = true;
    emit(std::move(message));
    if (quirks_.late_interrupted_end == true)
        late_end_ = late_end{late_end_after, now_ + plan_.paced(late_end_pause)};
    else
        end_turn({});
}

/// Ends the interrupted turn whose end is late.
void dialog::end_interrupted_turn()
{
    if (std::exchange(late_end_, std::nullopt)) end_turn({});
}

/// Speech was marked after the model had said everything: interrupts an empty turn.
void dialog::interrupt_empty_turn()
{
    const bool is_late = plan_.empty() && has_answered_;
    has_answered_ = false;
    if (!is_late || quirks_.empty_turn_at_late_activity != true) return;
    server_message_members message;
    message.server_content.emplace().interrupted = true;
    emit(std::move(message));
    end_turn({});
}

// ---- when it is sent

std::optional<moment> dialog::next_timer() const
{
    std::optional<moment> farewell, late_end;
    if (farewell_) farewell = farewell_->first;
    if (late_end_ && plan_.empty()) late_end = late_end_->at;
    return earliest({farewell, notice_, plan_.next_timer(), late_end});
}

actions dialog::on_timer(moment now)
{
    now_ = now;
    if (notice_ && *notice_ <= now) {
        notice_.reset();
        announce_end(std::min(life_.notice, life_.length));
    }
    while (auto next = plan_.take_due(now)) carry_out(std::move(*next));
    if (late_end_ && plan_.empty() && late_end_->at <= now) end_interrupted_turn();
    if (farewell_ && farewell_->first <= now) out_.refuse(std::move(farewell_->second));
    return finish();
}

void dialog::carry_out(answer_plan::step step)
{
    using kind = answer_plan::step::kind;
    const auto& content = step.message.server_content;
    const bool speaks = step.what == kind::message && content && content->model_turn;
    switch (step.what) {
    case kind::message:
        has_answered_ = has_answered_ || (content && content->generation_complete);
        emit(std::move(step.message), step.wait);
        break;
    case kind::handle: send_handle(); break;
    case kind::end_of_turn:
        end_interrupted_turn();
        end_turn(step.reason);
        break;
    case kind::drop:
        out_.drop = true;
        plan_.clear();
        farewell_.reset();
        break;
    }
    if (speaks && late_end_ && --late_end_->after == 0) end_interrupted_turn();
}

void dialog::end_turn(const open_enum<turn_complete_reason>& reason)
{
    server_message_members message;
    auto& content = message.server_content.emplace();
    content.turn_complete = true;
    content.turn_complete_reason = reason;
    if (quirks_.empty_grounding == true) content.grounding_metadata.emplace();
    if (setup_.model->tells_status)
        content.interaction_status =
            calls_.has_open() ? interaction_status::in_progress : interaction_status::idle;
    message.usage_metadata = usage_.bill(user_.history(), backend_);
    auto last_words = plan_.end_turn();
    emit(std::move(message));
    if (last_words) emit(std::move(*last_words));
    if (setup_.resumable || quirks_.unasked_handles == true) send_handle();
    send_nothing();
}

/// Sends an empty content, if the model has that habit.
void dialog::send_nothing()
{
    if (quirks_.empty_content != true) return;
    server_message_members message;
    message.server_content.emplace();
    emit(std::move(message));
}

void dialog::send_handle()
{
    if (out_.ends_connection()) return;
    server_message_members update;
    auto& resumption = update.session_resumption_update.emplace();
    resumption.new_handle = archive_->keep(
        {user_.history(), user_.pending(), calls_, std::string(setup_.model->name), connection_});
    resumption.resumable = true;
    if (setup_.transparent) resumption.last_consumed_client_message_index = consumed_;
    emit(std::move(update));
}

} // namespace gemini::live::emulator
