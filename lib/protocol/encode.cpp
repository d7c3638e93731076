// SPDX-License-Identifier: Apache-2.0
#include "protocol/encode.hpp"

#include "base/base64.hpp"
#include "protocol/endpoint.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace gemini::live::protocol {
namespace {

std::string base64(std::span<const std::byte> data)
{
    std::string text(base::base64_size(data.size()), '\0');
    base::base64_encode(data, text.data());
    return text;
}

template <class T>
void optional_member(json_writer& out, std::string_view name, const std::optional<T>& value)
{
    if (value) out.member(name, *value);
}

void write_blob(json_writer& out, const blob& value)
{
    out.begin_object().member("mimeType", value.mime_type);
    out.member("data", base64(value.data)).end_object();
}

void write_part(json_writer& out, const part& value)
{
    out.begin_object();
    optional_member(out, "text", value.text);
    if (value.inline_data) write_blob(out.key("inlineData"), *value.inline_data);
    if (value.thought) out.member("thought", true);
    out.end_object();
}

void write_content(json_writer& out, const content& value)
{
    out.begin_object();
    if (!value.role.empty()) out.member("role", value.role);
    out.key("parts").begin_array();
    for (const auto& each : value.parts) write_part(out, each);
    out.end_array().end_object();
}

void write_modalities(json_writer& out, modalities set)
{
    constexpr std::pair<modalities, const char*> names[]{{modality::text, "TEXT"},
        {modality::audio, "AUDIO"}, {modality::image, "IMAGE"}, {modality::video, "VIDEO"}};
    out.key("responseModalities").begin_array();
    for (const auto& [one, name] : names)
        if (set.contains(one)) out.string(name);
    out.end_array();
}

void write_speech(json_writer& out, const setup& setup)
{
    out.key("speechConfig").begin_object();
    if (!setup.language_code.empty()) out.member("languageCode", setup.language_code);
    if (!setup.voice.empty()) {
        out.key("voiceConfig").begin_object().key("prebuiltVoiceConfig").begin_object();
        out.member("voiceName", setup.voice).end_object().end_object();
    }
    out.end_object();
}

void write_generation_config(json_writer& out, const setup& setup)
{
    json_writer inner;
    inner.begin_object();
    const auto empty = inner.text().size();
    if (!setup.response_modalities.empty()) write_modalities(inner, setup.response_modalities);
    optional_member(inner, "temperature", setup.temperature);
    optional_member(inner, "topP", setup.top_p);
    optional_member(inner, "topK", setup.top_k);
    optional_member(inner, "maxOutputTokens", setup.max_output_tokens);
    optional_member(inner, "seed", setup.seed);
    if (!setup.voice.empty() || !setup.language_code.empty()) write_speech(inner, setup);
    if (inner.text().size() == empty) return;
    out.key("generationConfig").raw(inner.end_object().text());
}

void write_functions(json_writer& out, const std::vector<function_declaration>& functions)
{
    out.key("tools").begin_array().begin_object().key("functionDeclarations").begin_array();
    for (const auto& each : functions) {
        out.begin_object().member("name", each.name);
        if (!each.description.empty()) out.member("description", each.description);
        if (each.parameters) out.key("parametersJsonSchema").raw(each.parameters->text());
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

void write_extra(json_writer& out, const json& extra)
{
    const auto value = json_value::parse(extra.text());
    if (!value.is_object())
        throw error(errc::invalid_argument, "setup::extra must be a JSON object.");
    for (const auto& [name, member] : value.members()) {
        std::string quoted = json_quote(name);
        out.key(std::string_view(quoted).substr(1, quoted.size() - 2)).raw(member.text());
    }
}

/// One message of a single media member: its bytes go as base64 straight into the frame.
base::frame media_frame(
    std::string_view member, std::string_view mime_type, std::span<const std::byte> data)
{
    std::string type;
    if (!append_json_string(type, mime_type))
        throw error(errc::invalid_argument, "The media type cannot be sent: it is not UTF-8.");
    const auto head =
        fmt::format(R"({{"realtimeInput":{{"{}":{{"mimeType":{},"data":")", member, type);
    constexpr std::string_view tail = R"("}}})";
    base::frame frame(head.size() + base::base64_size(data.size()) + tail.size());
    char* at = frame.data();
    std::memcpy(at, head.data(), head.size());
    base::base64_encode(data, at + head.size());
    std::memcpy(at + frame.size() - tail.size(), tail.data(), tail.size());
    return frame;
}

void require_media(const blob& media, std::string_view kind)
{
    if (!media.mime_type.starts_with(kind)) {
        throw error(errc::invalid_argument,
            fmt::format("realtimeInput takes {}*, not \"{}\", here.", kind, media.mime_type));
    }
    if (media.data.empty())
        throw error(errc::invalid_argument, "An empty piece of media cannot be sent.");
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
    if (!setup.functions.empty()) write_functions(out, setup.functions);
    write_transcription(out, "inputAudioTranscription", setup.input_audio_transcription);
    write_transcription(out, "outputAudioTranscription", setup.output_audio_transcription);
    if (setup.session_resumption) {
        const auto& own = setup.session_resumption->handle;
        const auto used = handle.empty() ? std::string_view(own) : handle;
        out.key("sessionResumption").begin_object();
        if (!used.empty()) out.member("handle", used);
        out.end_object();
    }
    if (setup.extra) write_extra(out, *setup.extra);
    return base::frame(out.end_object().end_object().text());
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
    if (turn_complete) out.member("turnComplete", true);
    return base::frame(out.end_object().end_object().text());
}

base::frame encode_realtime_input(const realtime_input& input)
{
    using kind = realtime_input::kind;
    json_writer out;
    out.begin_object().key("realtimeInput").begin_object();
    switch (input.what()) {
    case kind::audio:
        require_media(input.media(), "audio/");
        return media_frame("audio", input.media().mime_type, input.media().data);
    case kind::video:
        require_media(input.media(), "image/");
        return media_frame("video", input.media().mime_type, input.media().data);
    case kind::text: out.member("text", input.words()); break;
    case kind::activity_start: out.key("activityStart").begin_object().end_object(); break;
    case kind::activity_end: out.key("activityEnd").begin_object().end_object(); break;
    case kind::audio_stream_end: out.member("audioStreamEnd", true); break;
    }
    return base::frame(out.end_object().end_object().text());
}

base::frame encode_realtime_audio(std::span<const std::byte> pcm, int rate)
{
    if (pcm.empty() || pcm.size() % 2 != 0) {
        throw error(errc::invalid_argument,
            fmt::format("Audio is whole 16-bit samples: {} bytes are none.", pcm.size()));
    }
    return media_frame("audio", fmt::format("audio/pcm;rate={}", rate), pcm);
}

base::frame encode_tool_response(std::span<const function_response> responses)
{
    json_writer out;
    out.begin_object().key("toolResponse").begin_object();
    out.key("functionResponses").begin_array();
    for (const auto& each : responses) {
        out.begin_object();
        if (!each.id.empty()) out.member("id", each.id);
        if (!each.name.empty()) out.member("name", each.name);
        out.key("response").raw(each.response.text()).end_object();
    }
    return base::frame(out.end_array().end_object().end_object().text());
}

// What a server sends ----------------------------------------------------------------------

namespace {

void write_transcription(
    json_writer& out, std::string_view name, const std::optional<transcription>& value)
{
    if (!value) return;
    out.key(name).begin_object();
    if (!value->text.empty()) out.member("text", value->text);
    if (value->finished) out.member("finished", true);
    out.end_object();
}

void write_flag(json_writer& out, std::string_view name, bool value)
{
    if (value) out.member(name, true);
}

void write_word(json_writer& out, std::string_view name, const std::string& value)
{
    if (!value.empty()) out.member(name, value);
}

void write_count(json_writer& out, std::string_view name, std::int64_t value)
{
    if (value != 0) out.member(name, value);
}

void write_server_content(json_writer& out, const server_content& value)
{
    out.begin_object();
    if (value.model_turn) write_content(out.key("modelTurn"), *value.model_turn);
    write_flag(out, "generationComplete", value.generation_complete);
    write_flag(out, "turnComplete", value.turn_complete);
    write_flag(out, "interrupted", value.interrupted);
    write_flag(out, "waitingForInput", value.waiting_for_input);
    write_word(out, "turnCompleteReason", value.turn_complete_reason);
    write_word(out, "interactionStatus", value.interaction_status);
    write_transcription(out, "inputTranscription", value.input_transcription);
    write_transcription(out, "outputTranscription", value.output_transcription);
    out.end_object();
}

void write_tool_call(json_writer& out, const tool_call& value)
{
    out.begin_object().key("functionCalls").begin_array();
    for (const auto& each : value.function_calls) {
        out.begin_object().member("name", each.name).key("args").raw(each.args.text());
        write_word(out, "id", each.id);
        out.end_object();
    }
    out.end_array().end_object();
}

void write_usage(json_writer& out, const usage_metadata& value)
{
    out.begin_object();
    write_count(out, "promptTokenCount", value.prompt_token_count);
    write_count(out, "responseTokenCount", value.response_token_count);
    write_count(out, "cachedContentTokenCount", value.cached_content_token_count);
    write_count(out, "toolUsePromptTokenCount", value.tool_use_prompt_token_count);
    write_count(out, "thoughtsTokenCount", value.thoughts_token_count);
    write_count(out, "totalTokenCount", value.total_token_count);
    out.end_object();
}

std::string duration_text(std::chrono::nanoseconds value)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(value);
    auto text = fmt::format("{}.{:09}", seconds.count(), (value - seconds).count());
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text + 's';
}

void write_resumption(json_writer& out, const session_resumption_update& value)
{
    out.begin_object();
    write_word(out, "newHandle", value.new_handle);
    write_flag(out, "resumable", value.resumable);
    if (const auto& index = value.last_consumed_client_message_index)
        out.member("lastConsumedClientMessageIndex", std::to_string(*index));
    out.end_object();
}

} // namespace

std::string encode_server_message(const server_message::members& members)
{
    json_writer out;
    out.begin_object();
    if (members.setup_complete) {
        out.key("setupComplete").begin_object();
        write_word(out, "sessionId", members.setup_complete->session_id);
        out.end_object();
    }
    if (members.server_content)
        write_server_content(out.key("serverContent"), *members.server_content);
    if (members.tool_call) write_tool_call(out.key("toolCall"), *members.tool_call);
    if (members.tool_call_cancellation) {
        out.key("toolCallCancellation").begin_object().key("ids").begin_array();
        for (const auto& each : members.tool_call_cancellation->ids) out.string(each);
        out.end_array().end_object();
    }
    if (members.go_away) {
        out.key("goAway").begin_object();
        out.member("timeLeft", duration_text(members.go_away->time_left)).end_object();
    }
    if (members.session_resumption_update)
        write_resumption(out.key("sessionResumptionUpdate"), *members.session_resumption_update);
    if (members.usage_metadata) write_usage(out.key("usageMetadata"), *members.usage_metadata);
    if (members.error) {
        out.key("error").begin_object().member("code", members.error->code);
        write_word(out, "message", members.error->message);
        write_word(out, "status", members.error->status);
        out.end_object();
    }
    return indented(out.end_object().text());
}

} // namespace gemini::live::protocol
