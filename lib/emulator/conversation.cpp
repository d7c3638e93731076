// SPDX-License-Identifier: Apache-2.0
#include "emulator/conversation.hpp"

#include "base/base64.hpp"
#include "emulator/schema.hpp"
#include "emulator/speech.hpp"
#include "protocol/encode.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace gemini::live::emulation {
namespace {

using namespace std::chrono_literals;
using protocol::json_value;

/// The models that are served, and whether they speak only. State of 2026-11.
struct model {
    std::string_view name;
    bool audio_only;
};
constexpr std::array models{
    model{"gemini-3.8-live", true}, model{"gemini-3.8-live-extended-thinking", true},
    model{"gemini-3.1-flash-live-preview", true}, model{"gemini-3.5-transcribe-live", false},
    model{"gemini-3.5-live-translate-preview", true},
    model{"gemini-robotics-er-2-streaming-preview", false},
    model{"gemini-2.5-flash-native-audio-preview-12-2025", true},
    model{"gemini-2.5-flash-native-audio-latest", true},
    model{"gemini-live-2.5-flash-native-audio", true},
    model{"gemini-emulator-text", false}, // the emulator's own
};

constexpr std::string_view invalid_argument = "Request contains an invalid argument.";
constexpr auto first_word = 350ms; // how long the model thinks
constexpr auto chunk_pause = 40ms; // between pieces of 100 ms of speech: faster than real time
constexpr auto word_pause = 60ms;
constexpr std::size_t chunk_bytes = speech_rate / 10 * 2;
constexpr auto end_of_speech = 800ms; // of silence
constexpr std::size_t most_handles = 1000;
constexpr std::size_t most_history = 100;

std::string_view bare_name(std::string_view name)
{
    const auto at = name.rfind("models/");
    return at == std::string_view::npos ? name : name.substr(at + 7);
}

/// As much of a close reason as a close frame holds; no character is cut.
std::string as_reason(std::string text)
{
    constexpr std::size_t most = 123;
    if (text.size() <= most) return text;
    std::size_t size = most;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    return text.substr(0, size);
}

std::string text_of(const json_value& content)
{
    std::string text;
    const auto parts = find_member(content, "parts");
    if (!parts) return text;
    for (const auto& each : parts->elements())
        if (const auto piece = find_member(each, "text")) text += piece->string().value_or("");
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

std::vector<declared_function> functions_in(const json_value& setup)
{
    std::vector<declared_function> all;
    const auto tools = find_member(setup, "tools");
    if (!tools) return all;
    for (const auto& tool : tools->elements()) {
        const auto declarations = find_member(tool, "functionDeclarations");
        if (!declarations) continue;
        for (const auto& each : declarations->elements()) {
            auto& function = all.emplace_back();
            if (const auto name = find_member(each, "name"))
                function.name = name->string().value_or("");
            if (const auto description = find_member(each, "description"))
                function.description = description->string().value_or("");
            auto schema = find_path(each, "parametersJsonSchema.properties");
            if (!schema) schema = find_path(each, "parameters.properties");
            if (!schema) continue;
            for (const auto& [name, type] : schema->members()) function.parameters.push_back(name);
        }
    }
    return all;
}

server_message::members spoken(bytes audio)
{
    server_message::members message;
    std::vector<part> parts;
    parts.emplace_back(blob("audio/pcm;rate=24000", std::move(audio)));
    message.server_content.emplace().model_turn = content("model", std::move(parts));
    return message;
}

std::size_t audio_size(const server_message::members& message)
{
    std::size_t size = 0;
    if (message.server_content && message.server_content->model_turn)
        for (const auto& each : message.server_content->model_turn->parts)
            if (each.inline_data) size += each.inline_data->data.size();
    return size;
}

server_message::members heard(std::string text)
{
    server_message::members message;
    message.server_content.emplace().input_transcription = transcription{std::move(text), false};
    return message;
}

} // namespace

std::string archive::keep(entry kept)
{
    // Opaque to clients, as the service's are.
    auto handle =
        fmt::format("emulated-{:08x}-{}", (handles_ + 1) * 2654435761u & 0xffffffffu, handles_ + 1);
    ++handles_;
    kept_[handle] = std::move(kept);
    order_.push_back(handle);
    if (order_.size() > most_handles) {
        kept_.erase(order_.front());
        order_.pop_front();
    }
    return handle;
}

const archive::entry* archive::find(const std::string& handle) const
{
    const auto found = kept_.find(handle);
    return found == kept_.end() ? nullptr : &found->second;
}

conversation::conversation(emulation::route route, std::string api_key, double pace,
    std::shared_ptr<emulation::archive> archive)
    : route_(std::move(route)), api_key_(std::move(api_key)), pace_(pace),
      archive_(std::move(archive)), number_(archive_->open_connection())
{
}

conversation::~conversation() { archive_->close_connection(number_); }

moment conversation::paced(std::chrono::milliseconds pause) const
{
    return std::chrono::duration_cast<moment>(pause * pace_);
}

void conversation::refuse(std::uint16_t code, std::string reason)
{
    if (out_.close) return;
    out_.close.emplace(code, as_reason(std::move(reason)));
    plan_.clear();
    farewell_.reset();
}

void conversation::emit(const server_message::members& message)
{
    out_.messages.push_back(protocol::encode_server_message(message));
}

void conversation::plan(moment at, server_message::members message)
{
    plan_.push_back({at, std::move(message), planned::kind::message});
}

// ---- what the client says

output conversation::hear(std::string_view text, moment now)
{
    now_ = now;
    out_ = {};
    try {
        const auto message = json_value::parse(text);
        if (!admit()) return std::move(out_);
        if (auto fault = find_fault(message)) {
            refuse(1007, std::move(*fault));
        } else if (const auto setup = find_member(message, "setup")) {
            set_up(*setup);
        } else if (!settings_) {
            refuse(1007, std::string(invalid_argument));
        } else if (const auto content = find_member(message, "clientContent")) {
            hear_content(*content);
        } else if (const auto input = find_member(message, "realtimeInput")) {
            hear_realtime(*input);
        } else if (const auto response = find_member(message, "toolResponse")) {
            hear_tool_response(*response);
        }
    } catch (const error&) {
        refuse(1007, "Invalid JSON payload received. Unexpected token.");
    }
    return std::move(out_);
}

/// The service takes any upgrade, and says only now whose key it does not like.
bool conversation::admit()
{
    switch (route_.credential) {
    case credential::none:
        refuse(1008, "Method doesn't allow unregistered callers (callers without established "
                     "identity). Please use API Key or other form of API consumer identity to call "
                     "this API.");
        return false;
    case credential::ephemeral_token:
        if (route_.constrained) return true;
        refuse(1008, "Method doesn't allow unregistered callers (callers without established "
                     "identity).");
        return false;
    case credential::api_key:
        if (api_key_.empty() || route_.secret == api_key_) return true;
        refuse(1007, "API key not valid. Please pass a valid API key.");
        return false;
    case credential::access_token: return true;
    }
    return false;
}

void conversation::set_up(const json_value& setup)
{
    if (settings_) return refuse(1007, std::string(invalid_argument));
    const auto name = find_member(setup, "model");
    const auto wanted = name ? name->string().value_or("") : std::string();
    const auto found = std::find_if(models.begin(), models.end(),
        [&](const model& each) { return each.name == bare_name(wanted); });
    if (found == models.end()) {
        return refuse(1008,
            fmt::format("{} is not found for API version {}, or is not supported for "
                        "bidiGenerateContent. Call ModelService.ListModels to see the list of "
                        "available models and their supported methods.",
                wanted, route_.version));
    }
    settings chosen;
    chosen.model = found->name;
    if (const auto set = find_path(setup, "generationConfig.responseModalities")) {
        const auto modalities = set->elements();
        const auto one =
            modalities.empty() ? std::string("AUDIO") : modalities[0].string().value_or("");
        if (modalities.size() > 1 || (one == "TEXT" && found->audio_only))
            return refuse(1007, std::string(invalid_argument));
        chosen.audio = one != "TEXT";
    }
    const bool vertex = route_.flavour == flavour::vertex_ai;
    if (!vertex && (find_path(setup, "sessionResumption.transparent") ||
                       find_member(setup, "explicitVadSignal")))
        return refuse(1007, std::string(invalid_argument));
    chosen.transcribe_input = find_member(setup, "inputAudioTranscription").has_value();
    chosen.transcribe_output = find_member(setup, "outputAudioTranscription").has_value();
    const auto detection =
        find_path(setup, "realtimeInputConfig.automaticActivityDetection.disabled");
    chosen.detects_activity = !detection || !detection->boolean().value_or(false);
    const auto handling = find_path(setup, "realtimeInputConfig.activityHandling");
    chosen.interruptible = !handling || handling->string() != "NO_INTERRUPTION";
    chosen.functions = functions_in(setup);
    const auto resumption = find_member(setup, "sessionResumption");
    chosen.resumable = resumption.has_value();
    settings_ = std::move(chosen);
    if (resumption && !resume(*resumption)) return;
    archive_->serve(number_);
    server_message::members complete;
    complete.setup_complete.emplace();
    if (vertex) complete.setup_complete->session_id = fmt::format("emulated-{}", number_);
    emit(complete);
}

bool conversation::resume(const json_value& resumption)
{
    const auto member = find_member(resumption, "handle");
    const auto handle = member ? member->string().value_or("") : std::string();
    if (handle.empty()) return true;
    const auto* kept = archive_->find(handle);
    if (!kept || kept->model != settings_->model) {
        refuse(1007, "Invalid session handle");
        return false;
    }
    if (archive_->is_open(kept->connection)) {
        refuse(1011, "Internal error occurred.");
        return false;
    }
    history_ = kept->history;
    return true;
}

void conversation::hear_content(const json_value& content)
{
    if (const auto turns = find_member(content, "turns")) {
        const auto take = [&](const json_value& turn) {
            const auto role = find_member(turn, "role");
            if (!role || role->string() != "model") pending_ += text_of(turn);
        };
        if (turns->is_object()) take(*turns);
        for (const auto& each : turns->elements()) take(each);
    }
    interrupt();
    const auto complete = find_member(content, "turnComplete");
    if (complete && complete->boolean().value_or(false)) take_turn(std::exchange(pending_, {}));
}

void conversation::hear_realtime(const json_value& input)
{
    const auto has = [&](std::string_view name) { return find_member(input, name).has_value(); };
    const auto hear_blob = [&](const json_value& blob) {
        const auto type = find_member(blob, "mimeType");
        const auto data = find_member(blob, "data");
        const auto mime_type = type ? type->string().value_or("") : std::string();
        if (data && mime_type.starts_with("audio/"))
            hear_audio(data->string().value_or(""), mime_type);
    };
    if (has("activityStart") || has("activityEnd")) {
        if (settings_->detects_activity) return refuse(1007, std::string(invalid_argument));
        return has("activityStart") ? begin_speech() : end_speech();
    }
    if (const auto text = find_member(input, "text")) {
        interrupt();
        return take_turn(text->string().value_or(""));
    }
    if (const auto audio = find_member(input, "audio")) hear_blob(*audio);
    if (const auto chunks = find_member(input, "mediaChunks"))
        for (const auto& each : chunks->elements()) hear_blob(each);
    if (has("audioStreamEnd") && speaking_) end_speech();
}

void conversation::hear_audio(const std::string& base64, const std::string& mime_type)
{
    bytes pcm(base::base64_capacity(base64.size()));
    const auto size = base::base64_decode(base64, pcm.data());
    if (!size) return refuse(1007, std::string(invalid_argument));
    pcm.resize(*size);
    int rate = 16'000;
    if (const auto at = mime_type.find("rate="); at != std::string::npos)
        std::from_chars(mime_type.data() + at + 5, mime_type.data() + mime_type.size(), rate);
    const auto length = duration_of(pcm.size(), std::clamp(rate, 1'000, 192'000));
    const bool loud = is_loud(pcm);
    if (settings_->detects_activity && loud && !speaking_) begin_speech();
    if (!speaking_) return;
    speech_ += length;
    silence_ = loud ? 0ms : silence_ + length;
    if (settings_->detects_activity && silence_ >= end_of_speech) end_speech();
}

void conversation::begin_speech()
{
    speaking_ = true;
    speech_ = silence_ = 0ms;
    if (settings_->interruptible) interrupt();
}

void conversation::end_speech()
{
    speaking_ = false;
    const auto length = std::max(speech_ - silence_, 0ms);
    const auto what =
        fmt::format("({}.{} s of speech)", length.count() / 1000, length.count() / 100 % 10);
    if (settings_->transcribe_input) emit(heard(what));
    history_.push_back(what);
    say(fmt::format("I heard {}.{} seconds of speech. The emulator has ears, but it does not "
                    "understand words: type them, and I shall answer.",
        length.count() / 1000, length.count() / 100 % 10));
}

void conversation::hear_tool_response(const json_value& response)
{
    const auto list = find_member(response, "functionResponses");
    if (!list) return;
    for (const auto& each : list->elements()) {
        const auto id = find_member(each, "id");
        const auto call = std::find_if(calls_.begin(), calls_.end(),
            [&](const function_call& open) { return id && id->string() == open.id; });
        if (call == calls_.end()) continue; // given up before
        const auto result = find_member(each, "response");
        const auto words = report(*call, result ? json(result->text()) : json());
        calls_.erase(call);
        say(words);
    }
}

// ---- what the persona says

void conversation::take_turn(const std::string& words)
{
    auto planned_reply = answer(words, history_, settings_->functions);
    history_.push_back(words);
    if (history_.size() > most_history) history_.erase(history_.begin());
    if (planned_reply.call) {
        auto& call = *planned_reply.call;
        call.id = fmt::format(
            "function-call-{}", number_ * 1'000'003 + static_cast<std::uint64_t>(++calls_made_));
        server_message::members message;
        message.tool_call.emplace().function_calls.push_back(call);
        calls_.push_back(std::move(call));
        return plan(now_ + paced(first_word), std::move(message));
    }
    say(planned_reply.words);
    if (planned_reply.drop) {
        const auto half = plan_[plan_.size() / 2].at;
        std::erase_if(plan_, [half](const planned& each) { return each.at > half; });
        plan_.push_back({half, {}, planned::kind::drop});
    }
    if (planned_reply.go_away) {
        server_message::members message;
        message.go_away.emplace().time_left = *planned_reply.go_away;
        emit(message);
        farewell_ = planned{now_ + *planned_reply.go_away, {}, planned::kind::close};
    }
}

/// The user cut in: what has not been said stays unsaid, what has been asked is given up.
void conversation::interrupt()
{
    if (!calls_.empty()) {
        server_message::members cancelled;
        auto& ids = cancelled.tool_call_cancellation.emplace().ids;
        for (const auto& each : calls_) ids.push_back(each.id);
        calls_.clear();
        emit(cancelled);
    }
    if (plan_.empty()) return;
    plan_.clear();
    server_message::members interrupted;
    interrupted.server_content.emplace().interrupted = true;
    emit(interrupted);
    end_turn();
}

void conversation::say(std::string_view words)
{
    auto at = now_ + paced(first_word);
    spoken_bytes_ = 0;
    spoken_words_ = count_words(words);
    if (settings_->audio)
        plan_audio(words, at);
    else
        plan_text(words, at);
    server_message::members complete;
    complete.server_content.emplace().generation_complete = true;
    plan(at, std::move(complete));
    plan_.push_back({at + paced(chunk_pause), {}, planned::kind::end_of_turn});
}

void conversation::plan_audio(std::string_view words, moment& at)
{
    for (const auto phrase : phrases(words, 4)) {
        if (settings_->transcribe_output) {
            server_message::members message;
            message.server_content.emplace().output_transcription =
                transcription{std::string(phrase), false};
            plan(at, std::move(message));
        }
        const auto pcm = speak(phrase);
        for (std::size_t from = 0; from < pcm.size(); from += chunk_bytes) {
            const auto end = std::min(from + chunk_bytes, pcm.size());
            plan(at, spoken(bytes(pcm.begin() + static_cast<std::ptrdiff_t>(from),
                         pcm.begin() + static_cast<std::ptrdiff_t>(end))));
            at += paced(chunk_pause);
        }
    }
}

void conversation::plan_text(std::string_view words, moment& at)
{
    for (const auto phrase : phrases(words, 3)) {
        server_message::members message;
        message.server_content.emplace().model_turn = content("model", std::string(phrase));
        plan(at, std::move(message));
        at += paced(word_pause);
    }
}

void conversation::end_turn()
{
    server_message::members message;
    message.server_content.emplace().turn_complete = true;
    auto& usage = message.usage_metadata.emplace();
    for (const auto& each : history_)
        usage.prompt_token_count += static_cast<std::int64_t>(count_words(each) * 4 / 3 + 1);
    constexpr std::int64_t audio_tokens_per_second = 25;
    const auto seconds = static_cast<std::int64_t>(spoken_bytes_ / 2 / speech_rate);
    usage.response_token_count = settings_->audio
                                     ? seconds * audio_tokens_per_second + 1
                                     : static_cast<std::int64_t>(spoken_words_ * 4 / 3 + 1);
    usage.total_token_count = usage.prompt_token_count + usage.response_token_count;
    emit(message);
    if (!settings_->resumable) return;
    server_message::members update;
    auto& resumption = update.session_resumption_update.emplace();
    resumption.new_handle = archive_->keep({history_, settings_->model, number_});
    resumption.resumable = true;
    emit(update);
}

std::optional<moment> conversation::next_tick() const
{
    std::optional<moment> next;
    if (!plan_.empty()) next = plan_.front().at;
    if (farewell_ && (!next || farewell_->at < *next)) next = farewell_->at;
    return next;
}

output conversation::tick(moment now)
{
    now_ = now;
    out_ = {};
    while (!plan_.empty() && plan_.front().at <= now) {
        const auto next = std::move(plan_.front());
        plan_.pop_front();
        switch (next.what) {
        case planned::kind::message:
            spoken_bytes_ += audio_size(next.message);
            emit(next.message);
            break;
        case planned::kind::end_of_turn: end_turn(); break;
        case planned::kind::drop: out_.drop = true; return std::move(out_);
        case planned::kind::close: break;
        }
    }
    if (farewell_ && farewell_->at <= now) {
        refuse(1008, "Connection aborted because the client failed to close the connection after "
                     "receiving a GoAway signal once the session duration has been reached.");
    }
    return std::move(out_);
}

} // namespace gemini::live::emulation
