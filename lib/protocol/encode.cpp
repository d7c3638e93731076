// SPDX-License-Identifier: Apache-2.0
#include "protocol/encode.hpp"

#include "base/base64.hpp"
#include "protocol/endpoint.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace gemini::live::protocol {
namespace {

void write_blob(json_writer& out, const blob& value)
{
    out.begin_object().member("mimeType", value.mime_type);
    out.key("data").base64(value.data).end_object();
}

void write_part(json_writer& out, const part& value)
{
    out.begin_object().member("text", value.text);
    if (value.inline_data) write_blob(out.key("inlineData"), *value.inline_data);
    out.unless_default("thought", value.thought).end_object();
}

void write_content(json_writer& out, const content& value)
{
    out.begin_object().unless_default("role", value.role).key("parts").begin_array();
    for (const auto& each : value.parts) write_part(out, each);
    out.end_array().end_object();
}

void write_modalities(json_writer& out, modalities set)
{
    constexpr std::pair<modalities, const char*> names[]{{modality::text, "TEXT"},
        {modality::audio, "AUDIO"}, {modality::image, "IMAGE"}, {modality::video, "VIDEO"}};
    if (set.empty()) return;
    out.key("responseModalities").begin_array();
    for (const auto& [one, name] : names)
        if (set.contains(one)) out.string(name);
    out.end_array();
}

void write_speech(json_writer& out, const setup& setup)
{
    out.key("speechConfig").begin_object();
    out.unless_default("languageCode", setup.language_code);
    out.key("voiceConfig").begin_object().key("prebuiltVoiceConfig").begin_object();
    out.unless_default("voiceName", setup.voice);
    out.end_object_unless_empty().end_object_unless_empty().end_object_unless_empty();
}

void write_generation_config(json_writer& out, const setup& setup)
{
    out.key("generationConfig").begin_object();
    write_modalities(out, setup.response_modalities);
    out.member("temperature", setup.temperature);
    out.member("topP", setup.top_p);
    out.member("topK", setup.top_k);
    out.member("maxOutputTokens", setup.max_output_tokens);
    out.member("seed", setup.seed);
    write_speech(out, setup);
    out.end_object_unless_empty();
}

/// What must be an object to the API and is any JSON to the compiler.
const std::string& object_text(const json& value, std::string_view path)
{
    const auto& text = value.text();
    if (text[text.find_first_not_of(" \t\r\n")] != '{')
        throw error(errc::invalid_argument, fmt::format("{} must be a JSON object.", path));
    return text;
}

void write_functions(json_writer& out, const std::vector<function_declaration>& functions)
{
    if (functions.empty()) return;
    out.key("tools").begin_array().begin_object().key("functionDeclarations").begin_array();
    for (const auto& each : functions) {
        out.begin_object().member("name", each.name);
        out.unless_default("description", each.description);
        if (each.parameters) {
            out.key("parametersJsonSchema")
                .raw(object_text(*each.parameters, "function_declaration::parameters"));
        }
        out.end_object();
    }
    out.end_array().end_object().end_array();
}

void write_transcription(json_writer& out, std::string_view name,
    const std::optional<audio_transcription>& transcription)
{
    if (!transcription) return;
    out.key(name).begin_object();
    if (!transcription->language_codes.empty()) {
        out.key("languageCodes").begin_array();
        for (const auto& each : transcription->language_codes) out.string(each);
        out.end_array();
    }
    out.end_object();
}

void write_resumption(json_writer& out, const std::optional<live::session_resumption>& resumption,
    std::string_view handle)
{
    if (!resumption) return;
    const auto used = handle.empty() ? std::string_view(resumption->handle) : handle;
    out.key("sessionResumption").begin_object().unless_default("handle", used).end_object();
}

/// Both objects in one: an object that both have is merged in the same way, of anything else that
/// both have `over` wins. What is new comes last.
void write_merged(json_writer& out, const json_value& under, const json_value& over)
{
    const auto below = under.members();
    auto above = over.members();
    out.begin_object();
    for (const auto& [name, value] : below) {
        const auto same = std::find_if(above.begin(), above.end(),
            [&name = name](const auto& each) { return each.first == name; });
        if (same == above.end()) {
            out.key(name).raw(value.text());
            continue;
        }
        if (value.is_object() && same->second.is_object())
            write_merged(out.key(name), value, same->second);
        else
            out.key(name).raw(same->second.text());
        above.erase(same);
    }
    for (const auto& [name, value] : above) out.key(name).raw(value.text());
    out.end_object();
}

/// One message of a single media member: its bytes go as base64 straight into the frame.
base::frame media_frame(
    std::string_view member, std::string_view mime_type, std::span<const std::byte> data)
{
    std::string head = R"({"realtimeInput":{")";
    head.append(member).append(R"(":{"mimeType":)");
    if (!append_json_string(head, mime_type))
        throw error(errc::invalid_argument, "The media type cannot be sent: it is not UTF-8.");
    head.append(R"(,"data":")");
    constexpr std::string_view tail = R"("}}})";
    base::frame frame(head.size() + base::base64_size(data.size()) + tail.size());
    char* at = frame.data();
    std::memcpy(at, head.data(), head.size());
    base::base64_encode(data, at + head.size());
    std::memcpy(at + frame.size() - tail.size(), tail.data(), tail.size());
    return frame;
}

base::frame audio_frame(std::string_view mime_type, std::span<const std::byte> pcm)
{
    if (pcm.empty() || pcm.size() % 2 != 0) {
        throw error(errc::invalid_argument,
            fmt::format("Audio must be whole 16-bit samples, at least one: {} bytes were given.",
                pcm.size()));
    }
    return media_frame("audio", mime_type, pcm);
}

base::frame video_frame(const blob& picture)
{
    if (!picture.mime_type.starts_with("image/")) {
        throw error(errc::invalid_argument,
            "Video is sent as pictures: their media type must begin with \"image/\".");
    }
    if (picture.data.empty()) throw error(errc::invalid_argument, "A picture must not be empty.");
    return media_frame("video", picture.mime_type, picture.data);
}

} // namespace

base::frame encode_setup(const setup& setup, std::string_view handle)
{
    json_writer out;
    out.begin_object().key("setup").begin_object();
    out.member("model", model_resource(setup.model));
    write_generation_config(out, setup);
    if (setup.system_instruction)
        write_content(out.key("systemInstruction"), *setup.system_instruction);
    write_functions(out, setup.functions);
    write_transcription(out, "inputAudioTranscription", setup.input_audio_transcription);
    write_transcription(out, "outputAudioTranscription", setup.output_audio_transcription);
    write_resumption(out, setup.session_resumption, handle);
    out.end_object().end_object();
    if (!setup.extra) return base::frame(out.text());

    json_writer all;
    const auto extra = json_value::parse(
        fmt::format(R"({{"setup":{}}})", object_text(*setup.extra, "setup::extra")));
    write_merged(all, json_value::parse(out.text()), extra);
    return base::frame(all.text());
}

base::frame encode_client_content(std::span<const content> turns, bool turn_complete)
{
    json_writer out;
    out.begin_object().key("clientContent").begin_object();
    if (!turns.empty()) {
        out.key("turns").begin_array();
        for (const auto& each : turns) write_content(out, each);
        out.end_array();
    }
    out.unless_default("turnComplete", turn_complete);
    return base::frame(out.end_object().end_object().text());
}

base::frame encode_realtime_input(const realtime_input& input)
{
    using kind = realtime_input::kind;
    json_writer out;
    out.begin_object().key("realtimeInput").begin_object();
    switch (input.what()) {
    case kind::audio: return audio_frame(input.media().mime_type, input.media().data);
    case kind::video: return video_frame(input.media());
    case kind::text: out.member("text", input.words()); break;
    case kind::activity_start: out.key("activityStart").begin_object().end_object(); break;
    case kind::activity_end: out.key("activityEnd").begin_object().end_object(); break;
    case kind::audio_stream_end: out.member("audioStreamEnd", true); break;
    }
    return base::frame(out.end_object().end_object().text());
}

base::frame encode_realtime_audio(std::span<const std::byte> pcm, int rate)
{
    return audio_frame(pcm_mime_type(rate), pcm);
}

std::string pcm_mime_type(int rate)
{
    if (rate < 1) {
        throw error(errc::invalid_argument,
            fmt::format("Audio needs a sample rate such as 16000, not {}.", rate));
    }
    return fmt::format("audio/pcm;rate={}", rate);
}

base::frame encode_tool_response(std::span<const function_response> responses)
{
    if (responses.empty())
        throw error(errc::invalid_argument, "A tool response must answer at least one call.");
    json_writer out;
    out.begin_object().key("toolResponse").begin_object();
    out.key("functionResponses").begin_array();
    for (const auto& each : responses) {
        out.begin_object().unless_default("id", each.id).unless_default("name", each.name);
        out.key("response").raw(object_text(each.response, "function_response::response"));
        out.end_object();
    }
    return base::frame(out.end_array().end_object().end_object().text());
}

// What a server sends ----------------------------------------------------------------------

namespace {

void write_transcription(
    json_writer& out, std::string_view name, const std::optional<transcription>& value)
{
    if (!value) return;
    out.key(name).begin_object().unless_default("text", value->text);
    out.unless_default("finished", value->finished).end_object();
}

void write_server_content(json_writer& out, const server_content& value)
{
    out.begin_object();
    if (value.model_turn) write_content(out.key("modelTurn"), *value.model_turn);
    out.unless_default("generationComplete", value.generation_complete);
    out.unless_default("turnComplete", value.turn_complete);
    out.unless_default("interrupted", value.interrupted);
    out.unless_default("waitingForInput", value.waiting_for_input);
    out.unless_default("turnCompleteReason", value.turn_complete_reason);
    out.unless_default("interactionStatus", value.interaction_status);
    write_transcription(out, "inputTranscription", value.input_transcription);
    write_transcription(out, "outputTranscription", value.output_transcription);
    out.end_object();
}

void write_tool_call(json_writer& out, const tool_call& value)
{
    out.begin_object().key("functionCalls").begin_array();
    for (const auto& each : value.function_calls) {
        out.begin_object().member("name", each.name).key("args").raw(each.args.text());
        out.unless_default("id", each.id).end_object();
    }
    out.end_array().end_object();
}

void write_cancellation(json_writer& out, const tool_call_cancellation& value)
{
    out.begin_object().key("ids").begin_array();
    for (const auto& each : value.ids) out.string(each);
    out.end_array().end_object();
}

void write_usage(json_writer& out, const usage_metadata& value)
{
    out.begin_object();
    out.unless_default("promptTokenCount", value.prompt_token_count);
    out.unless_default("responseTokenCount", value.response_token_count);
    out.unless_default("cachedContentTokenCount", value.cached_content_token_count);
    out.unless_default("toolUsePromptTokenCount", value.tool_use_prompt_token_count);
    out.unless_default("thoughtsTokenCount", value.thoughts_token_count);
    out.unless_default("totalTokenCount", value.total_token_count);
    out.end_object();
}

/// "9.846s"
std::string duration_text(std::chrono::nanoseconds value)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(value);
    const auto rest = std::chrono::abs(value - seconds).count();
    const char* const sign = value.count() < 0 ? "-" : "";
    auto text = fmt::format("{}{}.{:09}", sign, std::chrono::abs(seconds).count(), rest);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text + 's';
}

void write_resumption_update(json_writer& out, const session_resumption_update& value)
{
    out.begin_object().unless_default("newHandle", value.new_handle);
    out.unless_default("resumable", value.resumable);
    if (const auto& index = value.last_consumed_client_message_index)
        out.member("lastConsumedClientMessageIndex", std::to_string(*index));
    out.end_object();
}

void write_error(json_writer& out, const server_error& value)
{
    out.begin_object().member("code", value.code);
    out.unless_default("message", value.message);
    out.unless_default("status", value.status).end_object();
}

} // namespace

std::string encode_server_message(const server_message::members& members)
{
    json_writer out;
    const auto write = [&out](std::string_view name, const auto& value, auto write_value) {
        if (value) write_value(out.key(name), *value);
    };
    out.begin_object();
    write("setupComplete", members.setup_complete, [](json_writer& to, const auto& value) {
        to.begin_object().unless_default("sessionId", value.session_id).end_object();
    });
    write("serverContent", members.server_content, write_server_content);
    write("toolCall", members.tool_call, write_tool_call);
    write("toolCallCancellation", members.tool_call_cancellation, write_cancellation);
    write("goAway", members.go_away, [](json_writer& to, const auto& value) {
        to.begin_object().member("timeLeft", duration_text(value.time_left)).end_object();
    });
    write("sessionResumptionUpdate", members.session_resumption_update, write_resumption_update);
    write("usageMetadata", members.usage_metadata, write_usage);
    write("error", members.error, write_error);
    return indented(out.end_object().text());
}

} // namespace gemini::live::protocol
