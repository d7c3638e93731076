// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/live_service.hpp"

#include "base/base64.hpp"
#include "base/media_type.hpp"
#include "emulator/persona/avatar.hpp"
#include "emulator/persona/speech.hpp"
#include "emulator/rules/validator.hpp"
#include "protocol/encode.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;
using protocol::json_value;

constexpr auto overlap = 250ms; // a setup may precede the close of its handle's connection
constexpr auto try_pause = 5ms;
constexpr auto first_word = 350ms; // how long the model thinks
constexpr auto chunk_pause = 40ms; // between pieces of 100 ms of speech: faster than real time
constexpr auto word_pause = 60ms;
constexpr auto call_pause = 100ms;  // between a call and the end of its turn
constexpr auto guess_pause = 500ms; // of speech, between guesses at it
constexpr auto late_end_pause = 1s; // if nothing follows an interruption
constexpr int late_end_after = 2;   // messages of the next answer
constexpr std::size_t sample_bytes = 2;
constexpr std::size_t ms_bytes = speech_rate / 1000 * sample_bytes;
constexpr std::size_t chunk_bytes = 100 * ms_bytes;
constexpr std::size_t least_chunk = 40 * ms_bytes; // of uneven pieces
constexpr std::size_t uneven_chunks[]{40 * ms_bytes, 240 * ms_bytes, 560 * ms_bytes, 120 * ms_bytes,
    80 * ms_bytes, 400 * ms_bytes, 160 * ms_bytes, 320 * ms_bytes};
constexpr std::size_t most_history = 50;
constexpr std::size_t most_calls = 100;    // each, of open and of remembered calls
constexpr std::size_t most_planned = 1000; // steps

std::string text_of(const json_value& content)
{
    std::string text;
    if (const auto parts = find_member(content, "parts"))
        for (const auto& each : parts->elements()) text += text_at(each, "text");
    return text;
}

/// Splits `words` into phrases of `each` words, with their spaces.
std::vector<std::string_view> phrases(std::string_view words, int each)
{
    std::vector<std::string_view> all;
    while (!words.empty()) {
        std::size_t end = 0;
        for (int i = 0; i < each && end != words.size(); ++i)
            end = std::min(words.find(' ', end), words.size() - 1) + 1;
        all.push_back(words.substr(0, end));
        words.remove_prefix(end);
    }
    return all;
}

std::string spoken_seconds(stretch speech)
{
    const auto tenths = (speech.end - speech.begin).count() / 100;
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

server_message_members said(std::vector<part> what)
{
    server_message_members message;
    message.server_content.emplace().model_turn = content("model", std::move(what));
    return message;
}

server_message_members said(part what)
{
    std::vector<part> parts;
    parts.push_back(std::move(what));
    return said(std::move(parts));
}

/// Returns the size of piece `number`, counted from 0, out of the `left` remaining bytes: first a
/// single sample, then 40 to 560 ms.
std::size_t uneven_piece(std::size_t number, std::size_t left)
{
    if (number == 0) return std::min(left, sample_bytes);
    const auto wanted = uneven_chunks[(number - 1) % std::size(uneven_chunks)];
    if (left >= wanted + least_chunk) return wanted;
    constexpr auto longest = *std::max_element(std::begin(uneven_chunks), std::end(uneven_chunks));
    return left <= longest ? left : left / 2 / sample_bytes * sample_bytes;
}

/// Returns `text`, the JSON of `message`, with an unreadable member added. `number` selects the
/// member.
std::string with_odd_member(
    std::string text, const server_message_members& message, std::size_t number)
{
    const auto add = [&text](std::size_t after, std::string_view member) {
        const auto begin = text.find('{', after) + 1;
        const bool is_alone = text[text.find_first_not_of(" \t\r\n", begin)] == '}';
        text.insert(begin, fmt::format("{}{}", member, is_alone ? "" : ","));
        return text;
    };
    const auto content =
        message.server_content ? text.find(R"("serverContent")") : std::string::npos;
    const bool has_content = content != std::string::npos;
    switch (number % 5) {
    case 0:
        if (has_content) return add(content, R"("speechState": [7])");
        [[fallthrough]];
    case 1:
        if (has_content && !message.server_content->url_context_metadata)
            return add(content, R"("urlContextMetadata": "none")");
        [[fallthrough]];
    case 2:
        if (!message.usage_metadata)
            return add(0, R"("usageMetadata": {"promptTokensDetails": [7, null]})");
        [[fallthrough]];
    case 3:
        if (!message.tool_call_cancellation)
            return add(0, R"("toolCallCancellation": {"ids": [{}]})");
        [[fallthrough]];
    default:
        return message.voice_activity ? text
                                      : add(0, R"("voiceActivity": {"audioOffset": "soon"})");
    }
}

bool says_something(std::string_view words)
{
    return words.find_first_not_of(" \t\r\n.") != std::string_view::npos;
}

/// Whether `words` are "." or similar, which frameworks send to request an answer to earlier input.
bool is_placeholder(std::string_view words)
{
    return !says_something(words) && words.find('.') != std::string_view::npos;
}

/// `type` looks like "audio/".
bool is_of_type(const json_value& blob, std::string_view type)
{
    return base::is_of_type(text_at(blob, "mimeType"), type.substr(0, type.find('/')));
}

refusal unobeyed()
{
    return {1008, "Connection aborted because the client failed to close the connection after "
                  "receiving a GoAway signal once the session duration has been reached."};
}

} // namespace

live_service::live_service(emulator::route route, std::string api_key, double pace,
    std::shared_ptr<emulator::resumption_archive> archive, lifespan life, model_names names,
    testing::emulator_quirks quirks)
    : route_(std::move(route)), api_key_(std::move(api_key)), pace_(std::max(0.0, pace)),
      archive_(std::move(archive)), life_(life), names_(std::move(names)), quirks_(quirks),
      number_(archive_->number_connection()), farewell_(std::in_place, setup_deadline, too_late())
{
}

live_service::~live_service() { archive_->close(number_); }

bool live_service::on_vertex() const noexcept { return route_.backend == backend::vertex_ai; }

moment live_service::paced(std::chrono::milliseconds pause) const
{
    return std::chrono::duration_cast<moment>(pause * pace_ * slowness_);
}

moment live_service::end_of_plan() const
{
    return plan_.empty() ? now_ : std::max(now_, plan_.back().at);
}

void live_service::refuse(refusal why)
{
    if (over_) return;
    over_ = true;
    next_try_.reset();
    out_.close.emplace(why.code, shortened(why.reason, most_close_reason));
    const bool is_cut = why.reason.size() > most_close_reason;
    out_.rule = is_cut ? "In full: " + shortened(why.reason, most_words) : std::move(why.rule);
    plan_.clear();
    farewell_.reset();
    notice_.reset();
}

void live_service::emit(server_message_members message, waiting wait)
{
    if (does(&testing::emulator_quirks::merged_transcriptions) && message.server_content &&
        message.server_content->model_turn)
        message.server_content->model_turn->role.clear();
    auto text = protocol::encode_server_message(message, route_.backend);
    if (does(&testing::emulator_quirks::odd_members))
        text = with_odd_member(std::move(text), message, messages_++);
    out_.messages.push_back(std::move(text));
    if (message.server_content && message.server_content->model_turn) {
        for (const auto& each : message.server_content->model_turn->parts) {
            if (each.text && each.thought) usage_.thinks(*each.text);
            if (each.text && !each.thought) usage_.writes(*each.text);
            if (each.code_execution_result)
                usage_.is_told_by_tool(each.code_execution_result->output);
        }
    }
    if (!message.tool_call) return;
    for (auto& each : message.tool_call->function_calls) {
        const bool goes_on = std::any_of(calls_.open.begin(), calls_.open.end(),
            [&](const open_call& open) { return open.call.id == each.id; });
        if (!goes_on) calls_.open.push_back({std::move(each), wait});
    }
    auto& open = calls_.open;
    for (; open.size() > most_calls; open.erase(open.begin())) retire(open.front());
}

/// Files a call as past. Its response may still arrive.
void live_service::retire(const open_call& over)
{
    calls_.past.emplace_back(over.call.id, over.call.name);
    if (calls_.past.size() > most_calls) calls_.past.pop_front();
}

// ---- what the client sends

actions live_service::on_message(std::string_view text, moment now)
{
    now_ = now;
    out_ = {};
    if (over_) return {};
    try {
        const auto message = json_value::parse(text);
        if (auto stranger = credentials_fault(route_, api_key_))
            refuse(std::move(*stranger));
        else if (auto fault = find_fault(message, route_.backend))
            refuse({1007, std::move(*fault)});
        else
            hear_message(message);
    } catch (const error&) {
        refuse(not_json());
    }
    ++consumed_;
    if (std::exchange(handle_is_due_, false)) tell_handle();
    return std::move(out_);
}

void live_service::hear_message(const json_value& message)
{
    const auto setup = find_member(message, "setup");
    if (setup.has_value() == setup_.has_value())
        return refuse(invalid_argument("setup: the first message, and no other"));
    if (setup) return set_up(*setup);
    if (const auto content = find_member(message, "clientContent")) return hear_content(*content);
    if (const auto input = find_member(message, "realtimeInput")) return hear_realtime(*input);
    if (const auto response = find_member(message, "toolResponse"))
        return hear_tool_response(*response);
    if (const auto update = find_member(message, "contextUpdate")) return hear_update(*update);
    refuse(invalid_argument("message: has none of its members"));
}

void live_service::set_up(const json_value& setup)
{
    auto read = read_setup(setup, route_, names_);
    if (auto* const why = std::get_if<refusal>(&read)) return refuse(std::move(*why));
    setup_ = std::get<accepted_setup>(std::move(read));
    if (!setup_->silenced_by.empty()) return fall_silent();
    quirks_ = overlaid(quirks_, quirks_of(*setup_->model, route_.backend));
    if (does(&testing::emulator_quirks::unasked_transcriptions))
        setup_->input.on = setup_->output.on = true;
    farewell_.emplace(now_ + overlap, refusal{1011, "Internal error occurred."});
    enter();
}

/// Imitates a model that never answers a setup, nor anything after it.
void live_service::fall_silent()
{
    over_ = true;
    farewell_.reset();
    out_.rule = setup_->silenced_by;
}

/// Accepts the setup as soon as its handle may be used.
void live_service::enter()
{
    next_try_.reset();
    if (!setup_->handle.empty()) {
        const auto* const kept = archive_->find(setup_->handle);
        if (!kept || kept->model != setup_->model->name)
            return refuse({1007, "Invalid session handle"});
        if (archive_->is_open(kept->connection)) {
            next_try_ = now_ + try_pause;
            return;
        }
        history_ = kept->history;
        pending_ = kept->pending;
        calls_ = kept->calls;
        setup_->history_first = false;
    }
    farewell_.reset();
    if (life_.length.count() != 0)
        notice_ = now_ + life_.length - std::min(life_.notice, life_.length);
    use(std::move(setup_->tools));
    archive_->open(number_);
    server_message_members complete;
    complete.setup_complete.emplace();
    if (on_vertex()) complete.setup_complete->session_id = fmt::format("emulated-{}", number_);
    if (setup_->consented)
        complete.setup_complete->voice_consent_signature.emplace().signature = "emulated-consent";
    emit(std::move(complete));
    tell_nothing();
    handle_is_due_ = does(&testing::emulator_quirks::unasked_handles);
}

void live_service::use(toolbox tools)
{
    setup_->tools = std::move(tools);
    setup_->tools.streams_arguments = on_vertex();
}

void live_service::hear_content(const json_value& content)
{
    const bool history = setup_->history_first;
    if (!history) interrupt();
    if (const auto turns = find_member(content, "turns"); turns && !hear_turns(*turns)) return;
    const bool complete = flag_at(content, "turnComplete");
    if (history) {
        if (complete) remember(std::exchange(pending_, {}));
        if (complete) unanswered_.clear();
        setup_->history_first = !complete;
        return;
    }
    if (complete) take_turn(question());
}

/// Returns false after a refusal.
bool live_service::hear_turns(const json_value& turns)
{
    const auto list = turns.is_object() ? std::vector{turns} : turns.elements();
    int index = 0;
    for (const auto& turn : list) {
        const auto role = text_at(turn, "role");
        const bool is_other = !role.empty() && role != "user" && role != "model";
        if (is_other && does(&testing::emulator_quirks::refuses_other_roles)) {
            refuse(invalid_argument(
                fmt::format("client_content.turns[{}].role: user or model", index)));
            return false;
        }
        if (role.empty() && does(&testing::emulator_quirks::refuses_omitted_roles)) {
            refuse(invalid_argument(
                fmt::format("client_content.turns[{}].role: user or model; {} needs one", index,
                    setup_->model->name)));
            return false;
        }
        ++index;
        if (is_other) continue;
        const auto text = text_of(turn);
        if (role != "model") {
            if (is_placeholder(text) && !pending_.empty()) continue;
            if (pending_.starts_with('/')) pending_.clear(); // a command in replayed history
            pending_ = shortened(pending_ + text, most_words);
        } else if (says_something(pending_)) {
            unanswered_ = std::exchange(pending_, {});
            remember(unanswered_);
        }
    }
    return true;
}

/// Returns the user's latest unanswered words. Agent frameworks send "." or nothing to request an
/// answer to what was said before.
std::string live_service::question()
{
    auto last = std::exchange(pending_, {});
    auto before = std::exchange(unanswered_, {});
    if (says_something(last) || before.empty()) return last;
    if (!history_.empty() && history_.back() == before) history_.pop_back(); // asked again
    return before;
}

/// Members that are not set keep their values. The persona has no use for an instruction.
void live_service::hear_update(const json_value& update)
{
    if (!setup_->model->takes_context_update)
        return refuse(
            invalid_argument(fmt::format("context_update: not for {}", setup_->model->name)));
    const auto instruction = find_member(update, "systemInstruction");
    if (instruction && !is_instruction(*instruction))
        return refuse(invalid_argument("context_update.system_instruction.parts: text only"));
    if (!find_member(update, "tools")) return;
    toolbox none;
    const auto list = find_path(update, "tools.tools");
    std::variant<toolbox, std::string> tools = std::move(none);
    if (list) tools = read_tools(*list, *setup_->model);
    if (const auto* rule = std::get_if<std::string>(&tools))
        return refuse(invalid_argument("context_update.tools." + *rule));
    use(std::get<toolbox>(std::move(tools)));
}

void live_service::hear_realtime(const json_value& input)
{
    const bool begin = find_member(input, "activityStart").has_value();
    const bool end = find_member(input, "activityEnd").has_value();
    const bool stream_ends = flag_at(input, "audioStreamEnd");
    const auto audio = find_member(input, "audio");
    const auto video = find_member(input, "video");
    const auto refuse_at = [this](std::string_view rule) {
        refuse(invalid_argument(fmt::format("realtime_input.{}", rule)));
    };
    if ((begin || end) && setup_->detects_activity)
        return refuse_at("activity_start: only with automatic_activity_detection.disabled");
    if (stream_ends && !setup_->detects_activity)
        return refuse_at("audio_stream_end: not with automatic_activity_detection.disabled");
    if (audio && !is_of_type(*audio, "audio/")) return refuse_at("audio.mime_type: audio/…");
    if (video && !is_of_type(*video, "image/")) return refuse_at("video.mime_type: image/…");
    if (begin) interrupt_empty_turn();
    if (begin) begin_speech();
    if (audio) hear_audio(*audio);
    if (video) usage_.sees_picture();
    if (const auto chunks = find_member(input, "mediaChunks")) {
        auto list = chunks->elements();
        if (!on_vertex() && list.size() > 1) list.erase(list.begin() + 1, list.end());
        for (const auto& each : list) {
            if (is_of_type(each, "audio/")) hear_audio(each);
            if (is_of_type(each, "image/")) usage_.sees_picture();
        }
    }
    if (end || stream_ends) {
        vad_.end_of_audio();
        listen();
        if (vad_.hears_speech()) end_speech();
    }
    if (const auto text = find_member(input, "text")) {
        interrupt();
        const auto words = text->string().value_or("");
        const auto asked = is_placeholder(words) ? question() : words;
        take_turn(asked.empty() ? words : asked);
    }
}

void live_service::hear_audio(const json_value& blob)
{
    const auto mime_type = text_at(blob, "mimeType");
    const auto base64 = text_at(blob, "data");
    bytes pcm(base::base64_capacity(base64.size()));
    pcm.resize(base::base64_decode(base64, pcm.data()).value_or(0));
    int rate = 16'000;
    if (const auto named = base::media_parameter(mime_type, "rate"))
        std::from_chars(named->data(), named->data() + named->size(), rate);
    vad_.take(pcm, rate);
    listen();
}

void live_service::listen()
{
    while (const auto heard = vad_.listen(setup_->detects_activity, setup_->silence)) {
        switch (*heard) {
        case vad::event::nothing: break;
        case vad::event::speech_begins: begin_speech(); break;
        case vad::event::speech_goes_on: guess_speech(); break;
        case vad::event::speech_ends: end_speech(); break;
        }
    }
}

void live_service::begin_speech()
{
    if (!vad_.hears_speech()) vad_.begin();
    guessed_ = vad_.speech().begin;
    tell_activity(voice_activity_type::activity_start, guessed_);
    if (setup_->interruptible) interrupt();
}

/// Sends a guess, which replaces the previous one.
void live_service::guess_speech()
{
    const auto speech = vad_.speech();
    const bool wanted = setup_->model->transcribes || setup_->guesses_with_times;
    if (!setup_->input.on || !wanted || speech.end - guessed_ < guess_pause) return;
    guessed_ = speech.end;
    auto how = setup_->input;
    how.times_words = setup_->guesses_with_times;
    server_message_members guess;
    guess.server_content.emplace().interim_input_transcription =
        transcribe(fmt::format("({} s of speech)", spoken_seconds(speech)), speech, how, false);
    emit(std::move(guess));
}

void live_service::end_speech()
{
    const auto speech = vad_.end();
    const auto length = spoken_seconds(speech);
    const auto what = fmt::format("({} s of speech)", length);
    usage_.hears(speech.end - speech.begin);
    tell_activity(voice_activity_type::activity_end, speech.end);
    if (setup_->input.on) {
        server_message_members heard;
        heard.server_content.emplace().input_transcription =
            transcribe(what, speech, setup_->input, true);
        emit(std::move(heard));
    }
    remember(what);
    if (setup_->model->transcribes) return say(what);
    say(fmt::format("I heard {} seconds of speech. The emulator has ears, but it does not "
                    "understand words: type them, and I shall answer.",
        length));
}

void live_service::tell_activity(voice_activity_type type, std::chrono::milliseconds offset)
{
    if (!setup_->tells_activity) return;
    server_message_members told;
    told.voice_activity = voice_activity{type, offset};
    emit(std::move(told));
    server_message_members state;
    state.server_content.emplace().speech_state = type == voice_activity_type::activity_start
                                                      ? speech_state::speech
                                                      : speech_state::non_speech;
    emit(std::move(state));
}

void live_service::hear_tool_response(const json_value& response)
{
    const auto list = find_member(response, "functionResponses");
    const auto responses = list ? list->elements() : std::vector<json_value>();
    if (responses.empty())
        return refuse(invalid_argument("tool_response.function_responses: at least one"));
    for (const auto& each : responses)
        if (auto why = hear_function_response(each)) return refuse(std::move(*why));
    handle_is_due_ = does(&testing::emulator_quirks::unasked_handles);
}

std::optional<refusal> live_service::hear_function_response(const json_value& response)
{
    const auto id = text_at(response, "id");
    const auto name = text_at(response, "name");
    auto scheduling = name_at(response, "scheduling");
    const auto result = find_member(response, "response");
    constexpr std::string_view path = "tool_response.function_responses";
    if (!result) return invalid_argument(fmt::format("{}.response: is needed", path));
    if (id.empty() && !on_vertex()) return invalid_argument(fmt::format("{}.id: is needed", path));
    if (!scheduling.empty() && !setup_->model->takes_scheduling)
        return refusal{1007, "Function response scheduling is not supported for this model."};
    const auto open =
        std::find_if(calls_.open.begin(), calls_.open.end(), [&](const open_call& each) {
            return id.empty() ? name == each.call.name : id == each.call.id;
        });
    if (open == calls_.open.end()) {
        const bool was_asked = std::any_of(calls_.past.begin(), calls_.past.end(),
            [&](const auto& each) { return id.empty() ? name == each.second : id == each.first; });
        // Either we canceled the call before the client heard of it, or (transparent resumption)
        // the client replays its response before this server has re-issued the call.
        const bool told_again = setup_->transparent && !setup_->handle.empty();
        if (was_asked || told_again) return std::nullopt;
        return invalid_argument(
            fmt::format("{}.{}: no such call is open", path, id.empty() ? "name" : "id"));
    }
    const auto words = report(open->call, json(result->text()));
    usage_.is_told_by_tool(result->text());
    if (open->wait == waiting::blocked) scheduling.clear();
    if (!flag_at(response, "willContinue")) {
        retire(*open);
        calls_.open.erase(open);
    }
    if (scheduling == "SILENT") return std::nullopt;
    if (scheduling == "INTERRUPT") cut_off();
    say(words);
    return std::nullopt;
}

// ---- what the persona says

void live_service::remember(std::string_view words)
{
    if (words.empty()) return;
    history_.push_back(shortened(words, most_words));
    if (history_.size() > most_history) history_.erase(history_.begin());
}

void live_service::take_turn(const std::string& words)
{
    unanswered_.clear();
    const auto question = shortened(words, most_words);
    const bool command = words.starts_with('/'); // may carry a long message
    auto reply = answer(command ? words : question, history_, setup_->tools);
    remember(question);
    if (setup_->tells_thoughts && !command) {
        auto& thought = reply.work.emplace(reply.work.begin(), think(question))->thought;
        thought = true;
    }
    give(std::move(reply));
}

void live_service::give(reply reply)
{
    for (auto& each : reply.aside) emit(std::move(each));
    if (!reply.verbatim.empty()) out_.messages.push_back(std::move(reply.verbatim));
    if (reply.close) return refuse({reply.close->first, std::move(reply.close->second)});
    if (!reply.calls.empty()) return call(std::move(reply.calls), reply.wait);
    slowness_ = reply.slowness;
    const bool drop = reply.drop;
    const auto time_left = reply.go_away;
    if (!reply.words.empty() || !reply.reason.empty()) say(std::move(reply));
    if (drop) plan_drop();
    if (time_left) announce_end(*time_left);
}

void live_service::announce_end(std::chrono::milliseconds time_left)
{
    server_message_members message;
    message.go_away.emplace().time_left = time_left;
    emit(std::move(message));
    farewell_.emplace(now_ + time_left, unobeyed());
}

/// Asks for functions, each in a message of its own.
void live_service::call(std::vector<function_call> calls, waiting wait)
{
    auto at = end_of_plan();
    begin_turn(at + paced(first_word));
    bool goes_on = false; // the next message continues the same call
    std::string id;
    for (auto& each : calls) {
        at += paced(first_word);
        if (!goes_on) {
            ++calls_made_;
            id = on_vertex() ? fmt::format("{:08x}-0000-4000-8000-{:012x}", number_, calls_made_)
                             : fmt::format("fc_{}{:09}", number_, calls_made_);
            if (!each.id.empty()) id = each.id;
        }
        goes_on = each.will_continue;
        each.id = id;
        step asked{.at = at, .wait = wait};
        asked.message.tool_call.emplace().function_calls.push_back(std::move(each));
        plan_.push_back(std::move(asked));
    }
    if (wait == waiting::blocked && does(&testing::emulator_quirks::turn_ends_with_call)) {
        at += paced(call_pause);
        step generated{.at = at};
        generated.message.server_content.emplace().generation_complete = true;
        plan_.push_back(std::move(generated));
        plan_.push_back({.at = at + paced(chunk_pause), .what = step::kind::end_of_turn});
        turn_is_open_ = false;
    }
    if (wait == waiting::talks_on)
        say("I have asked for that. It may take a moment: talk to me meanwhile.");
}

/// The user has cut in: unsent answers are discarded, and pending calls are canceled.
void live_service::interrupt()
{
    give_up_calls();
    cut_off();
}

void live_service::give_up_calls()
{
    server_message_members cancelled;
    auto& ids = cancelled.tool_call_cancellation.emplace().ids;
    for (auto& each : std::exchange(calls_.open, {})) {
        const bool goes_on = each.wait == waiting::talks_on;
        const bool is_kept = each.wait == waiting::blocked &&
                             !does(&testing::emulator_quirks::cancels_blocking_calls);
        if (goes_on || is_kept) {
            calls_.open.push_back(std::move(each));
            continue;
        }
        retire(each);
        ids.push_back(std::move(each.call.id));
    }
    if (ids.empty()) return;
    emit(std::move(cancelled));
    if (plan_.empty()) turn_is_open_ = false;
}

void live_service::cut_off()
{
    if (plan_.empty()) return;
    end_interrupted_turn();
    plan_.clear();
    last_words_.reset();
    turn_is_open_ = has_answered_ = false;
    server_message_members message;
    message.server_content.emplace().interrupted = true;
    emit(std::move(message));
    if (does(&testing::emulator_quirks::late_interrupted_end))
        late_end_ = late_end{late_end_after, now_ + paced(late_end_pause)};
    else
        end_turn({});
}

/// Ends the interrupted turn whose end is late.
void live_service::end_interrupted_turn()
{
    if (std::exchange(late_end_, std::nullopt)) end_turn({});
}

/// Speech was marked after the model had said everything: interrupts an empty turn.
void live_service::interrupt_empty_turn()
{
    const bool is_late = plan_.empty() && has_answered_;
    has_answered_ = false;
    if (!is_late || !does(&testing::emulator_quirks::empty_turn_at_late_activity)) return;
    server_message_members message;
    message.server_content.emplace().interrupted = true;
    emit(std::move(message));
    end_turn({});
}

void live_service::say(std::string words) { say(in_words(std::move(words))); }

/// Plans an answer, after the current one if there is one.
void live_service::say(reply reply)
{
    if (plan_.size() > most_planned) return;
    auto at = end_of_plan() + paced(first_word);
    begin_turn(at);
    const bool speaks = setup_->aloud && !reply.words.empty();
    const auto add = [&](server_message_members message) {
        plan_.push_back({.at = at, .message = std::move(message)});
    };
    for (auto& each : reply.work) add(said(std::move(each)));
    plan_words(reply.words, at);
    if (reply.grounding || reply.pages) {
        server_message_members sources;
        sources.server_content.emplace().grounding_metadata = std::move(reply.grounding);
        sources.server_content->url_context_metadata = std::move(reply.pages);
        add(std::move(sources));
    }
    server_message_members last;
    last.server_content.emplace().waiting_for_input = reply.waits;
    last.server_content->generation_complete = !reply.waits && reply.reason.empty();
    if (reply.reason.empty()) add(std::move(last));
    if (reply.waits) return;
    if (speaks && setup_->output.on && does(&testing::emulator_quirks::finished_alone)) {
        server_message_members finished;
        finished.server_content.emplace().output_transcription.emplace().finished = true;
        add(std::move(finished));
    }
    if (reply.reason.empty()) plan_handles(at);
    turn_is_open_ = false;
    plan_.push_back({.at = at + paced(chunk_pause),
        .what = step::kind::end_of_turn,
        .reason = std::move(reply.reason)});
}

void live_service::plan_words(std::string_view words, moment& at)
{
    if (setup_->aloud) {
        for (const auto phrase : phrases(words, 4))
            plan_.push_back({.at = at, .what = step::kind::speech, .words = std::string(phrase)});
        return;
    }
    for (const auto phrase : phrases(words, 3)) {
        plan_.push_back({.at = at, .message = said(part(std::string(phrase)))});
        at += paced(word_pause);
    }
}

void live_service::plan_drop()
{
    const auto half = plan_.begin() + static_cast<std::ptrdiff_t>(plan_.size() / 2);
    const auto when = half->at;
    plan_.erase(half, plan_.end());
    plan_.push_back({.at = when, .what = step::kind::drop});
}

/// Does nothing if a turn is open: the report on a function's result may belong to the same turn.
void live_service::begin_turn(moment at)
{
    if (std::exchange(turn_is_open_, true)) return;
    if (does(&testing::emulator_quirks::empty_content)) {
        step nothing{.at = at};
        nothing.message.server_content.emplace();
        plan_.push_back(std::move(nothing));
    }
    if (does(&testing::emulator_quirks::unasked_handles))
        plan_.push_back({.at = at, .what = step::kind::handle});
}

/// Plans four or five handles between the last content and the end of the turn.
void live_service::plan_handles(moment at)
{
    if (!does(&testing::emulator_quirks::unasked_handles)) return;
    const int count = 4 + answers_++ % 2;
    for (int i = 0; i < count; ++i) plan_.push_back({.at = at, .what = step::kind::handle});
}

/// Puts the audio of a phrase at the front of the plan. What follows is delayed by its duration.
void live_service::speak_next(const std::string& words, moment at)
{
    const auto pcm = speak(words);
    const auto length = duration_of(pcm.size(), speech_rate);
    const bool merges = does(&testing::emulator_quirks::merged_transcriptions);
    boxed<transcription> transcript;
    if (setup_->output.on)
        transcript =
            transcribe(words, {usage_.spoken(), usage_.spoken() + length}, setup_->output, false);
    const bool is_last = std::none_of(plan_.begin(), plan_.end(),
        [](const step& each) { return each.what == step::kind::speech; });
    if (transcript && is_last && does(&testing::emulator_quirks::trailing_transcription)) {
        last_words_.emplace().server_content.emplace().output_transcription =
            std::exchange(transcript, std::nullopt);
    } else if (transcript && !merges) {
        server_message_members message;
        message.server_content.emplace().output_transcription =
            std::exchange(transcript, std::nullopt);
        emit(std::move(message));
    }
    usage_.speaks(length);
    if (setup_->shows) usage_.shows(length);
    const auto* const type = on_vertex() ? "audio/pcm" : "audio/pcm;rate=24000";
    const auto sound_of = [type](std::span<const std::byte> pcm) {
        return part(blob(type, bytes(pcm.begin(), pcm.end())));
    };
    const bool is_uneven = !setup_->shows && does(&testing::emulator_quirks::uneven_sound);
    std::deque<step> pieces;
    for (auto left = std::span(pcm); !left.empty();) {
        const auto number = pieces_spoken_++;
        const auto size =
            is_uneven ? uneven_piece(number, left.size()) : std::min(chunk_bytes, left.size());
        const auto piece = left.first(size);
        left = left.subspan(size);
        std::vector<part> parts;
        if (setup_->shows) {
            parts.emplace_back(blob(avatar_type, avatar_piece(pieces_shown_++, piece)));
        } else if (merges && number % 2 != 0 && size >= 2 * least_chunk) { // in two parts
            const auto half = size / 2 / sample_bytes * sample_bytes;
            parts.push_back(sound_of(piece.first(half)));
            parts.push_back(sound_of(piece.subspan(half)));
        } else {
            parts.push_back(sound_of(piece));
        }
        pieces.push_back({.at = at, .message = said(std::move(parts))});
        pieces.back().message.server_content->output_transcription =
            std::exchange(transcript, std::nullopt);
        at += paced(chunk_pause * static_cast<int>(size) / static_cast<int>(chunk_bytes));
    }
    const auto taken = pieces.empty() ? moment(0) : at - pieces.front().at;
    for (auto& each : plan_) each.at += taken;
    std::move(plan_.begin(), plan_.end(), std::back_inserter(pieces));
    plan_ = std::move(pieces);
}

void live_service::end_turn(const open_enum<turn_complete_reason>& reason)
{
    server_message_members message;
    auto& content = message.server_content.emplace();
    content.turn_complete = true;
    content.turn_complete_reason = reason;
    if (does(&testing::emulator_quirks::empty_grounding)) content.grounding_metadata.emplace();
    if (setup_->model->tells_status)
        content.interaction_status =
            calls_.open.empty() ? interaction_status::idle : interaction_status::in_progress;
    message.usage_metadata = usage_.bill(history_, route_.backend);
    pieces_shown_ = 0;
    pieces_spoken_ = 0;
    slowness_ = 1.0;
    emit(std::move(message));
    if (last_words_) emit(*std::exchange(last_words_, std::nullopt));
    if (setup_->resumable || does(&testing::emulator_quirks::unasked_handles)) tell_handle();
    tell_nothing();
}

/// Sends an empty content, if the model has that habit.
void live_service::tell_nothing()
{
    if (!does(&testing::emulator_quirks::empty_content)) return;
    server_message_members message;
    message.server_content.emplace();
    emit(std::move(message));
}

void live_service::tell_handle()
{
    if (over_) return;
    server_message_members update;
    auto& resumption = update.session_resumption_update.emplace();
    resumption.new_handle =
        archive_->keep({history_, pending_, calls_, std::string(setup_->model->name), number_});
    resumption.resumable = true;
    if (setup_->transparent) resumption.last_consumed_client_message_index = consumed_;
    emit(std::move(update));
}

std::optional<moment> live_service::next_timer() const
{
    std::optional<moment> next;
    if (farewell_) next = farewell_->first;
    if (notice_ && (!next || *notice_ < *next)) next = notice_;
    if (!plan_.empty() && (!next || plan_.front().at < *next)) next = plan_.front().at;
    if (late_end_ && plan_.empty() && (!next || late_end_->at < *next)) next = late_end_->at;
    if (next_try_ && (!next || *next_try_ < *next)) next = next_try_;
    return next;
}

actions live_service::on_timer(moment now)
{
    now_ = now;
    out_ = {};
    if (next_try_ && *next_try_ <= now) enter();
    if (notice_ && *notice_ <= now) {
        notice_.reset();
        announce_end(std::min(life_.notice, life_.length));
    }
    while (!plan_.empty() && plan_.front().at <= now) {
        auto next = std::move(plan_.front());
        plan_.pop_front();
        const bool says = next.what == step::kind::message && next.message.server_content &&
                          next.message.server_content->model_turn;
        if (late_end_ && next.what == step::kind::end_of_turn) end_interrupted_turn();
        switch (next.what) {
        case step::kind::message:
            has_answered_ = has_answered_ || (next.message.server_content &&
                                                 next.message.server_content->generation_complete);
            emit(std::move(next.message), next.wait);
            break;
        case step::kind::speech: speak_next(next.words, next.at); break;
        case step::kind::handle: tell_handle(); break;
        case step::kind::end_of_turn: end_turn(next.reason); break;
        case step::kind::drop:
            over_ = out_.drop = true;
            plan_.clear();
            farewell_.reset();
            break;
        }
        if (says && late_end_ && --late_end_->after == 0) end_interrupted_turn();
    }
    if (late_end_ && plan_.empty() && late_end_->at <= now) end_interrupted_turn();
    if (std::exchange(handle_is_due_, false)) tell_handle();
    if (farewell_ && farewell_->first <= now) refuse(std::move(farewell_->second));
    return std::move(out_);
}

} // namespace gemini::live::emulator
