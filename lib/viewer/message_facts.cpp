// SPDX-License-Identifier: Apache-2.0
#include "viewer/message_facts.hpp"

#include "base/base64.hpp"
#include "base/media_type.hpp"
#include "base/utf8.hpp"
#include "protocol/decode.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/redact.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace gemini::live::viewer {
namespace {

using protocol::json_value;
using std::chrono::milliseconds;

constexpr int input_rate = 16'000;
constexpr int output_rate = 24'000;
constexpr std::size_t longest_summary = 160;

int whole_parameter(std::string_view mime_type, std::string_view name, int otherwise)
{
    const auto text = base::media_parameter(mime_type, name);
    int value = 0;
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc())
        return otherwise;
    return value > 0 ? value : otherwise;
}

bool is_pcm16(std::string_view mime_type)
{
    const auto type = mime_type.substr(0, mime_type.find(';'));
    return mime_type.empty() || type == "audio/pcm" || type == "audio/l16" || type == "audio/L16";
}

std::string levels_of(std::span<const std::byte> pcm, std::size_t block)
{
    std::string levels;
    constexpr double loudest = 32'768;
    for (std::size_t at = 0; at + 1 < pcm.size();) {
        int peak = 0;
        for (const auto end = std::min(at + block, pcm.size() - 1); at < end; at += 2) {
            const auto low = std::to_integer<unsigned>(pcm[at]);
            const auto high = std::to_integer<unsigned>(pcm[at + 1]);
            peak = std::max(peak, std::abs(static_cast<std::int16_t>(high << 8U | low)));
        }
        const auto level = static_cast<std::size_t>(std::lround(15 * std::sqrt(peak / loudest)));
        levels += "0123456789abcdef"[std::min<std::size_t>(level, 15)];
    }
    return levels;
}

void add_sound(std::optional<sound>& to, std::optional<sound> more)
{
    if (!more) return;
    if (!to) {
        to = std::move(more);
        return;
    }
    to->duration += more->duration;
    to->levels += more->levels;
    to->recorded = to->recorded && more->recorded;
}

/// Sound that was recorded only by its size has no levels.
std::optional<sound> recorded_or_not(std::optional<sound> from, bool recorded)
{
    if (from) {
        from->recorded = recorded;
        if (!recorded) from->levels.clear();
    }
    return from;
}

std::string text_member(const json_value& of, std::string_view name)
{
    const auto value = of.find(name);
    return value ? value->string().value_or("") : "";
}

/// A blob that the client sent.
void read_blob(message_facts& to, const json_value& blob)
{
    to.has_media = true;
    const auto mime_type = text_member(blob, "mimeType");
    const auto data = blob.find("data");
    if (!data || (!mime_type.empty() && !base::is_of_type(mime_type, "audio"))) return;
    if (const auto size = data->is_object() ? data->find("bytes") : std::nullopt) {
        constexpr std::int64_t most = 64 << 20;
        const bytes blank(static_cast<std::size_t>(
            std::clamp<std::int64_t>(size->integer().value_or(0), 0, most)));
        add_sound(to.heard, recorded_or_not(sound_of(mime_type, blank, input_rate), false));
        return;
    }
    const auto text = data->string().value_or("");
    bytes decoded(base::base64_capacity(text.size()));
    const auto size = base::base64_decode(text, decoded.data());
    if (!size) return;
    decoded.resize(*size);
    add_sound(to.heard, recorded_or_not(sound_of(mime_type, decoded, input_rate), true));
}

void read_setup(message_facts& to, const json_value& setup)
{
    to.setup = true;
    to.model = text_member(setup, "model");
    protocol::json_writer settings;
    const auto members = setup.members();
    settings.begin_object();
    for (const auto& [name, value] : members)
        if (name != "sessionResumption") settings.key(name).raw(value.text());
    to.settings = settings.end_object().take();
    if (const auto resumption = setup.find("sessionResumption"))
        to.resumes = resumption->find("handle").has_value();
}

void read_client_content(message_facts& to, const json_value& content)
{
    const auto complete = content.find("turnComplete");
    to.asks = complete && complete->boolean().value_or(false);
    const auto turns = content.find("turns");
    if (!turns) return;
    for (const auto& turn : turns->elements()) {
        const bool of_model = text_member(turn, "role") == "model";
        const auto parts = turn.find("parts");
        if (!parts) continue;
        for (const auto& part : parts->elements()) {
            if (const auto blob = part.find("inlineData")) read_blob(to, *blob);
            auto text = text_member(part, "text");
            if (!text.empty() && !of_model)
                to.said.push_back({word_source::typed, std::move(text)});
        }
    }
}

void read_realtime_input(message_facts& to, const json_value& input)
{
    if (const auto audio = input.find("audio")) read_blob(to, *audio);
    if (const auto video = input.find("video")) read_blob(to, *video);
    if (const auto chunks = input.find("mediaChunks"))
        for (const auto& each : chunks->elements()) read_blob(to, each);
    if (auto text = text_member(input, "text"); !text.empty()) {
        to.asks = true;
        to.said.push_back({word_source::typed, std::move(text)});
    }
    to.activity_start = input.find("activityStart").has_value();
    to.activity_end = input.find("activityEnd") || input.find("audioStreamEnd");
}

void read_tool_response(message_facts& to, const json_value& response)
{
    const auto list = response.find("functionResponses");
    if (!list) return;
    for (const auto& each : list->elements()) {
        to.answered.push_back(text_member(each, "id"));
        const auto result = each.find("response");
        to.summary += fmt::format("{}{} → {}", to.summary.empty() ? "" : "; ",
            text_member(each, "name"), result ? result->text() : "nothing");
    }
    to.asks = true;
}

/// Returns "realtimeInput.audio", or "serverContent.modelTurn+turnComplete".
std::string kind_of_message(const json_value& message)
{
    std::string kind;
    for (const auto& [name, value] : message.members()) {
        if (name == "usageMetadata" && message.members().size() > 1) continue;
        if (!kind.empty()) kind += ", ";
        kind += name;
        if (name != "serverContent" && name != "realtimeInput") continue;
        char between = '.';
        for (const auto& [part, ignored] : value.members()) {
            kind += std::exchange(between, '+');
            kind += part;
        }
    }
    return kind.empty() ? "{}" : kind;
}

void summarize(message_facts& of)
{
    std::string text;
    const auto add = [&text](std::string_view more) {
        if (!text.empty() && !more.empty()) text += " · ";
        text += more;
    };
    if (of.setup) add(of.model + (of.resumes ? ", resuming" : ""));
    for (const auto& each : of.said) add(each.text);
    const auto sound =
        of.heard ? fmt::format("sound of {} ms", of.heard->duration.count()) : std::string();
    add(sound);
    add(of.summary);
    if (of.go_away)
        add(fmt::format("{:.1f} s are left", static_cast<double>(of.go_away->count()) / 1000));
    if (of.usage) add(fmt::format("{} tokens", of.usage->total_token_count));
    of.only_sound = of.heard && text == sound;
    of.summary = base::truncate_utf8(text, longest_summary);
    if (of.summary.size() != text.size()) of.summary += "…";
}

void read_transcription(message_facts& to, const boxed<transcription>& from, word_source source)
{
    if (from && !from->text.empty()) to.said.push_back({source, from->text});
}

void read_call(message_facts& to, const function_call& call)
{
    to.outputs = true;
    const std::string args(base::truncate_utf8(call.args.text(), longest_summary));
    to.calls.push_back({call.id, call.name, args});
    to.summary += fmt::format("{}{}({})", to.summary.empty() ? "" : "; ", call.name, args);
}

void read_server_content(message_facts& to, const server_content& content, bool recorded)
{
    read_transcription(to, content.input_transcription, word_source::heard);
    if (content.model_turn) {
        for (const auto& part : content.model_turn->parts) {
            to.outputs = true;
            if (part.text && !part.text->empty())
                to.said.push_back(
                    {part.thought ? word_source::thought : word_source::written, *part.text});
            if (part.inline_data) {
                to.has_media = true;
                const auto& type = part.inline_data->mime_type;
                if (type.empty() || base::is_of_type(type, "audio"))
                    add_sound(to.heard,
                        recorded_or_not(
                            sound_of(type, part.inline_data->data, output_rate), recorded));
            }
            if (part.function_call) read_call(to, *part.function_call);
        }
    }
    for (const auto& chunk : content.audio_chunks) {
        to.outputs = to.has_media = true;
        add_sound(to.heard,
            recorded_or_not(sound_of(chunk.mime_type, chunk.data, output_rate), recorded));
    }
    if (content.output_transcription && !content.output_transcription->text.empty())
        to.outputs = true;
    read_transcription(to, content.output_transcription, word_source::spoken);
    to.generation_complete = content.generation_complete;
    to.turn_complete =
        content.turn_complete && content.interaction_status != interaction_status::in_progress;
    to.interrupted = content.interrupted;
}

} // namespace

std::optional<sound> sound_of(std::string_view mime_type, std::span<const std::byte> data, int rate)
{
    if (!is_pcm16(mime_type)) return std::nullopt;
    const auto each_second = static_cast<std::size_t>(whole_parameter(mime_type, "rate", rate)) *
                             static_cast<std::size_t>(whole_parameter(mime_type, "channels", 1)) *
                             2;
    const auto block = std::max<std::size_t>(each_second / 100, 2) / 2 * 2 * 2; // 20 ms
    return sound{milliseconds(data.size() * 1000 / each_second), true, levels_of(data, block)};
}

message_facts facts_of_sent(const json_value& message)
{
    message_facts facts;
    facts.kind = kind_of_message(message);
    if (const auto setup = message.find("setup")) read_setup(facts, *setup);
    if (const auto content = message.find("clientContent")) read_client_content(facts, *content);
    if (const auto input = message.find("realtimeInput")) read_realtime_input(facts, *input);
    if (const auto answer = message.find("toolResponse")) read_tool_response(facts, *answer);
    summarize(facts);
    return facts;
}

message_facts facts_of_received(const json_value& message)
{
    message_facts facts;
    facts.kind = kind_of_message(message);
    try {
        const auto text = protocol::with_blank_media(message);
        const bool recorded = text == message.text();
        const auto decoded = protocol::decode_server_message(
            base::padded_buffer(text), protocol::limits_of_message(text.size()));
        const auto& all = decoded.members();
        facts.unknown = all.unknown;
        facts.omitted = all.omitted;
        facts.setup_complete = all.setup_complete.has_value();
        if (all.server_content) read_server_content(facts, *all.server_content, recorded);
        if (all.tool_call)
            for (const auto& each : all.tool_call->function_calls) read_call(facts, each);
        if (all.tool_call_cancellation) facts.cancelled = all.tool_call_cancellation->ids;
        if (all.go_away)
            facts.go_away = std::chrono::duration_cast<milliseconds>(all.go_away->time_left);
        if (all.session_resumption_update)
            facts.resumable = all.session_resumption_update->resumable;
        if (all.usage_metadata) facts.usage = *all.usage_metadata;
        if (all.voice_activity) {
            facts.speech_start = all.voice_activity->type == voice_activity_type::activity_start;
            facts.speech_end = all.voice_activity->type == voice_activity_type::activity_end;
        }
        if (const auto& signal = all.voice_activity_detection_signal) {
            facts.speech_start = signal->vad_signal_type == vad_signal_type::sos;
            facts.speech_end = signal->vad_signal_type == vad_signal_type::eos;
        }
        if (all.error) {
            facts.error = true;
            facts.summary = fmt::format("{} {}", all.error->code, all.error->message);
        }
        summarize(facts);
    } catch (const error& unreadable) {
        facts.error = true;
        facts.summary = unreadable.what();
    }
    return facts;
}

} // namespace gemini::live::viewer
