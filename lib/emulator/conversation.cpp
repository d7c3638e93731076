// SPDX-License-Identifier: Apache-2.0
#include "emulator/conversation.hpp"

#include "base/base64.hpp"
#include "emulator/schema.hpp"
#include "emulator/speech.hpp"
#include "protocol/encode.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace gemini::live::emulation {
namespace {

using namespace std::chrono_literals;
using protocol::json_value;

constexpr auto first_word = 350ms; // how long the model thinks
constexpr auto chunk_pause = 40ms; // between pieces of 100 ms of speech: faster than real time
constexpr auto word_pause = 60ms;
constexpr std::size_t chunk_bytes = speech_rate / 10 * 2;
constexpr std::size_t most_history = 50;
constexpr std::size_t most_planned = 1000; // steps
constexpr std::size_t most_reason = 123;   // bytes of a close frame

std::string text_of(const json_value& content)
{
    std::string text;
    if (const auto parts = find_member(content, "parts"))
        for (const auto& each : parts->elements()) text += text_at(each, "text");
    return text;
}

std::size_t count_words(std::string_view text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) +
           (text.empty() ? 0 : 1);
}

/// Cuts `words` into pieces of so many words, spaces kept.
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

server_message::members spoken(std::string mime_type, bytes audio)
{
    server_message::members message;
    std::vector<part> parts;
    parts.emplace_back(blob(std::move(mime_type), std::move(audio)));
    message.server_content.emplace().model_turn = content("model", std::move(parts));
    return message;
}

} // namespace

conversation::conversation(emulation::route route, std::string api_key, double pace,
    std::shared_ptr<emulation::archive> archive)
    : route_(std::move(route)), api_key_(std::move(api_key)), pace_(std::max(0.0, pace)),
      archive_(std::move(archive)), number_(archive_->number_connection())
{
}

conversation::~conversation() { archive_->close(number_); }

moment conversation::paced(std::chrono::milliseconds pause) const
{
    return std::chrono::duration_cast<moment>(pause * pace_ * slowness_);
}

void conversation::refuse(refusal why)
{
    if (over_) return;
    over_ = true;
    out_.close.emplace(why.code, shortened(why.reason, most_reason));
    plan_.clear();
    farewell_.reset();
}

void conversation::emit(server_message::members message)
{
    auto text = protocol::encode_server_message(message,
        on_vertex() ? live::flavour::vertex_ai : live::flavour::gemini_api);
    out_.messages.push_back(std::move(text));
    if (message.tool_call)
        std::move(message.tool_call->function_calls.begin(),
            message.tool_call->function_calls.end(), std::back_inserter(calls_));
    if (!message.server_content || !message.server_content->model_turn) return;
    for (const auto& each : message.server_content->model_turn->parts) {
        if (each.inline_data) spoken_bytes_ += each.inline_data->data.size();
        if (each.text) written_words_ += count_words(*each.text);
    }
}

// ---- what the client says

output conversation::hear(std::string_view text, moment now)
{
    now_ = now;
    out_ = {};
    if (over_) return {};
    ++heard_;
    try {
        const auto message = json_value::parse(text);
        if (auto stranger = find_stranger())
            refuse(std::move(*stranger));
        else if (auto fault = find_fault(message, route_.flavour))
            refuse({1007, std::move(*fault)});
        else
            hear_message(message);
    } catch (const error&) {
        refuse({1007, "Invalid JSON payload received. Unexpected token."});
    }
    return std::move(out_);
}

/// The service takes any upgrade, and says only now whose key it does not like.
std::optional<refusal> conversation::find_stranger() const
{
    const refusal nobody{1008,
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API."};
    switch (route_.credential) {
    case credential::none: return nobody;
    case credential::access_token: return std::nullopt;
    case credential::ephemeral_token:
        if (!route_.constrained) return nobody;
        return std::nullopt;
    case credential::api_key:
        if (api_key_.empty() || route_.secret == api_key_) return std::nullopt;
        return refusal{1007, "API key not valid. Please pass a valid API key."};
    }
    return nobody;
}

void conversation::hear_message(const json_value& message)
{
    const auto setup = find_member(message, "setup");
    if (setup.has_value() == settings_.has_value()) return refuse(invalid_argument());
    if (setup) return set_up(*setup);
    if (const auto content = find_member(message, "clientContent")) return hear_content(*content);
    if (const auto input = find_member(message, "realtimeInput")) return hear_realtime(*input);
    if (const auto response = find_member(message, "toolResponse"))
        return hear_tool_response(*response);
    if (!find_member(message, "contextUpdate")) return refuse(invalid_argument());
    if (const auto tools = find_path(message, "contextUpdate.tools.tools"))
        settings_->functions = read_functions(*tools);
}

void conversation::set_up(const json_value& setup)
{
    auto read = read_setup(setup, route_);
    if (auto* const why = std::get_if<refusal>(&read)) return refuse(std::move(*why));
    settings_ = std::get<settings>(std::move(read));
    if (auto why = resume()) return refuse(std::move(*why));
    archive_->open(number_);
    server_message::members complete;
    complete.setup_complete.emplace();
    if (on_vertex()) complete.setup_complete->session_id = fmt::format("emulated-{}", number_);
    emit(std::move(complete));
}

std::optional<refusal> conversation::resume()
{
    if (settings_->handle.empty()) return std::nullopt;
    const auto* const kept = archive_->find(settings_->handle);
    if (!kept || kept->model != settings_->model->name)
        return refusal{1007, "Invalid session handle"};
    if (archive_->is_open(kept->connection)) return refusal{1011, "Internal error occurred."};
    history_ = kept->history;
    settings_->history_first = false;
    return std::nullopt;
}

void conversation::hear_content(const json_value& content)
{
    const bool history = settings_->history_first;
    if (settings_->model->content_is_history && !history) return refuse(invalid_argument());
    if (const auto turns = find_member(content, "turns")) {
        const auto take = [&](const json_value& turn) {
            if (text_at(turn, "role") == "model")
                remember(std::exchange(pending_, {}));
            else
                pending_ = shortened(pending_ + text_of(turn), most_words);
        };
        if (turns->is_object()) take(*turns);
        for (const auto& each : turns->elements()) take(each);
    }
    const bool complete = flag_at(content, "turnComplete");
    if (history) {
        if (complete) remember(std::exchange(pending_, {}));
        settings_->history_first = !complete;
        return;
    }
    interrupt();
    if (complete) take_turn(std::exchange(pending_, {}));
}

void conversation::hear_realtime(const json_value& input)
{
    const bool begin = find_member(input, "activityStart").has_value();
    const bool end = find_member(input, "activityEnd").has_value();
    if ((begin || end) && settings_->detects_activity) return refuse(invalid_argument());
    if (begin) begin_speech();
    if (const auto audio = find_member(input, "audio")) hear_audio(*audio);
    if (const auto chunks = find_member(input, "mediaChunks"))
        for (const auto& each : chunks->elements()) hear_audio(each);
    if (user_speaks_ && (end || flag_at(input, "audioStreamEnd"))) end_speech();
    if (const auto text = find_member(input, "text")) {
        interrupt();
        take_turn(text->string().value_or(""));
    }
}

void conversation::hear_audio(const json_value& blob)
{
    const auto mime_type = text_at(blob, "mimeType");
    if (!mime_type.starts_with("audio/")) return;
    const auto base64 = text_at(blob, "data");
    bytes pcm(base::base64_capacity(base64.size()));
    pcm.resize(base::base64_decode(base64, pcm.data()).value_or(0));
    int rate = 16'000;
    if (const auto at = mime_type.find("rate="); at != std::string::npos)
        std::from_chars(mime_type.data() + at + 5, mime_type.data() + mime_type.size(), rate);
    const auto length = duration_of(pcm.size(), std::clamp(rate, 1'000, 192'000));
    const bool loud = is_loud(pcm);
    if (settings_->detects_activity && loud && !user_speaks_) begin_speech();
    if (!user_speaks_) return;
    speech_ += length;
    silence_ = loud ? 0ms : silence_ + length;
    if (settings_->detects_activity && silence_ >= settings_->silence) end_speech();
}

void conversation::begin_speech()
{
    user_speaks_ = true;
    speech_ = silence_ = 0ms;
    if (settings_->interruptible) interrupt();
}

void conversation::end_speech()
{
    user_speaks_ = false;
    const auto tenths = (speech_ - silence_).count() / 100;
    const auto length = fmt::format("{}.{}", tenths / 10, tenths % 10);
    const auto what = fmt::format("({} s of speech)", length);
    if (settings_->transcribe_input) {
        server_message::members heard;
        heard.server_content.emplace().input_transcription = transcription{what, false};
        emit(std::move(heard));
    }
    remember(what);
    say(fmt::format("I heard {} seconds of speech. The emulator has ears, but it does not "
                    "understand words: type them, and I shall answer.",
        length));
}

void conversation::hear_tool_response(const json_value& response)
{
    const auto list = find_member(response, "functionResponses");
    if (!list) return;
    for (const auto& each : list->elements()) {
        const auto id = text_at(each, "id");
        const auto scheduling = text_at(each, "scheduling");
        const auto result = find_member(each, "response");
        if (!result || (id.empty() && !on_vertex())) return refuse(invalid_argument());
        if (!scheduling.empty() && !settings_->model->takes_scheduling)
            return refuse({1007, "Function response scheduling is not supported for this model."});
        const auto name = text_at(each, "name");
        const auto call =
            std::find_if(calls_.begin(), calls_.end(), [&](const function_call& open) {
                return id.empty() ? name == open.name : id == open.id;
            });
        if (call == calls_.end()) continue; // given up before
        const auto words = report(*call, json(result->text()));
        if (!flag_at(each, "willContinue")) calls_.erase(call);
        if (scheduling != "SILENT") say(words);
    }
}

// ---- what the persona says

void conversation::remember(std::string_view words)
{
    if (words.empty()) return;
    history_.push_back(shortened(words, most_words));
    if (history_.size() > most_history) history_.erase(history_.begin());
}

void conversation::take_turn(const std::string& words)
{
    const auto question = shortened(words, most_words);
    auto reply = answer(question, history_, settings_->functions);
    remember(question);
    if (reply.call) {
        ++calls_made_;
        reply.call->id = on_vertex()
                             ? fmt::format("{:08x}-0000-4000-8000-{:012x}", number_, calls_made_)
                             : fmt::format("function-call-{}{:09}", number_, calls_made_);
        step call{.at = now_ + paced(first_word)};
        call.message.tool_call.emplace().function_calls.push_back(std::move(*reply.call));
        plan_.push_back(std::move(call));
        return;
    }
    slowness_ = reply.slowness;
    say(reply.words);
    if (reply.drop) {
        const auto half = plan_.begin() + static_cast<std::ptrdiff_t>(plan_.size() / 2);
        const auto when = half->at;
        plan_.erase(half, plan_.end());
        plan_.push_back({.at = when, .what = step::kind::drop});
    }
    if (reply.go_away) {
        server_message::members message;
        message.go_away.emplace().time_left = *reply.go_away;
        emit(std::move(message));
        farewell_ = now_ + *reply.go_away;
    }
}

/// The user cut in: what has not been said stays unsaid, what has been asked is given up.
void conversation::interrupt()
{
    if (!calls_.empty()) {
        server_message::members cancelled;
        auto& ids = cancelled.tool_call_cancellation.emplace().ids;
        for (auto& each : std::exchange(calls_, {})) ids.push_back(std::move(each.id));
        emit(std::move(cancelled));
    }
    if (plan_.empty()) return;
    plan_.clear();
    server_message::members message;
    message.server_content.emplace().interrupted = true;
    emit(std::move(message));
    end_turn();
}

/// Plans an answer, behind the one that is being given if there is one.
void conversation::say(std::string_view words)
{
    if (plan_.size() > most_planned) return;
    auto at = (plan_.empty() ? now_ : std::max(now_, plan_.back().at)) + paced(first_word);
    if (settings_->aloud) {
        for (const auto phrase : phrases(words, 4))
            plan_.push_back({.at = at, .what = step::kind::speech, .words = std::string(phrase)});
    } else {
        plan_text(words, at);
    }
    step complete{.at = at};
    complete.message.server_content.emplace().generation_complete = true;
    plan_.push_back(std::move(complete));
    plan_.push_back({.at = at + paced(chunk_pause), .what = step::kind::end_of_turn});
}

void conversation::plan_text(std::string_view words, moment& at)
{
    for (const auto phrase : phrases(words, 3)) {
        step piece{.at = at};
        piece.message.server_content.emplace().model_turn = content("model", std::string(phrase));
        plan_.push_back(std::move(piece));
        at += paced(word_pause);
    }
}

/// Puts a phrase's sound in front of the plan; what follows waits until it has been said.
void conversation::speak_next(const std::string& words, moment at)
{
    if (settings_->transcribe_output) {
        server_message::members message;
        message.server_content.emplace().output_transcription = transcription{words, false};
        emit(std::move(message));
    }
    const auto pcm = speak(words);
    const auto* const type = on_vertex() ? "audio/pcm" : "audio/pcm;rate=24000";
    std::deque<step> pieces;
    for (std::size_t from = 0; from < pcm.size(); from += chunk_bytes) {
        const auto begin = pcm.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end =
            pcm.begin() + static_cast<std::ptrdiff_t>(std::min(from + chunk_bytes, pcm.size()));
        pieces.push_back({.at = at, .message = spoken(type, bytes(begin, end))});
        at += paced(chunk_pause);
    }
    const auto taken = pieces.empty() ? moment(0) : at - pieces.front().at;
    for (auto& each : plan_) each.at += taken;
    std::move(plan_.begin(), plan_.end(), std::back_inserter(pieces));
    plan_ = std::move(pieces);
}

void conversation::end_turn()
{
    server_message::members message;
    message.server_content.emplace().turn_complete = true;
    auto& usage = message.usage_metadata.emplace();
    for (const auto& each : history_)
        usage.prompt_token_count += static_cast<std::int64_t>(count_words(each) * 4 / 3 + 1);
    constexpr std::size_t tokens_per_second = 25;
    const auto tokens = settings_->aloud ? spoken_bytes_ * tokens_per_second / (2 * speech_rate)
                                         : written_words_ * 4 / 3;
    usage.response_token_count = static_cast<std::int64_t>(tokens + 1);
    usage.total_token_count = usage.prompt_token_count + usage.response_token_count;
    spoken_bytes_ = written_words_ = 0;
    slowness_ = 1.0;
    emit(std::move(message));
    if (!settings_->resumable) return;
    server_message::members update;
    auto& resumption = update.session_resumption_update.emplace();
    resumption.new_handle =
        archive_->keep({history_, std::string(settings_->model->name), number_});
    resumption.resumable = true;
    if (settings_->transparent) resumption.last_consumed_client_message_index = heard_;
    emit(std::move(update));
}

std::optional<moment> conversation::next_tick() const
{
    auto next = farewell_;
    if (!plan_.empty() && (!next || plan_.front().at < *next)) next = plan_.front().at;
    return next;
}

output conversation::tick(moment now)
{
    now_ = now;
    out_ = {};
    while (!plan_.empty() && plan_.front().at <= now) {
        auto next = std::move(plan_.front());
        plan_.pop_front();
        switch (next.what) {
        case step::kind::message: emit(std::move(next.message)); break;
        case step::kind::speech: speak_next(next.words, next.at); break;
        case step::kind::end_of_turn: end_turn(); break;
        case step::kind::drop:
            over_ = out_.drop = true;
            plan_.clear();
            farewell_.reset();
            break;
        }
    }
    if (farewell_ && *farewell_ <= now) {
        refuse({1008, "Connection aborted because the client failed to close the connection after "
                      "receiving a GoAway signal once the session duration has been reached."});
    }
    return std::move(out_);
}

} // namespace gemini::live::emulation
