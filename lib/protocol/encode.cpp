// SPDX-License-Identifier: Apache-2.0
#include "protocol/encode.hpp"

#include "base/base64.hpp"
#include "base/media_type.hpp"
#include "protocol/fields.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/validate.hpp"
#include "protocol/writer.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace gemini::live::protocol {
namespace {

/// Merges two objects. An object that both contain is merged recursively; for any other member that
/// both contain, `over` wins. Members found only in `over` come last.
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

/// A message that ends with media, whose bytes are written as base64 straight into the frame.
/// `head`: all that precedes them.
base::frame media_frame(std::string_view head, std::span<const std::byte> data)
{
    constexpr std::string_view tail = R"("}}})";
    base::frame frame(head.size() + base::base64_size(data.size()) + tail.size());
    char* at = frame.data();
    std::memcpy(at, head.data(), head.size());
    base::base64_encode(data, at + head.size());
    std::memcpy(at + frame.size() - tail.size(), tail.data(), tail.size());
    return frame;
}

/// A message with a single media member.
base::frame media_frame(
    std::string_view member, std::string_view mime_type, std::span<const std::byte> data)
{
    std::string head = R"({"realtimeInput":{")";
    head.append(member).append(R"(":{"mimeType":)");
    if (!append_json_string(head, mime_type))
        throw error(errc::invalid_argument, "The media type cannot be sent: it is not UTF-8.");
    head.append(R"(,"data":")");
    return media_frame(head, data);
}

void check_audio(const blob& audio)
{
    if (!base::is_of_type(audio.mime_type, "audio")) {
        throw error(errc::invalid_argument,
            fmt::format("Audio must have a media type that begins with \"audio/\", not {}.",
                json_quote(audio.mime_type)));
    }
}

void check_rate(int rate)
{
    if (rate >= 1) return;
    throw error(errc::invalid_argument,
        fmt::format("Audio needs a sample rate such as 16000, not {}.", rate));
}

void check_picture(const blob& picture)
{
    if (!base::is_of_type(picture.mime_type, "image")) {
        throw error(errc::invalid_argument,
            "Video is sent as pictures: their media type must begin with \"image/\".");
    }
    if (picture.data.empty()) throw error(errc::invalid_argument, "A picture must not be empty.");
}

/// Refuses a role that the service refuses. An empty role becomes `by_default`.
content with_role(content given, const std::string& member, const char* by_default = "user")
{
    if (given.role.empty()) given.role = by_default;
    if (given.role == "user" || given.role == "model") return given;
    throw error(errc::invalid_argument,
        fmt::format("{}.role cannot be {}: the service takes \"user\" and \"model\"{}.", member,
            json_quote(given.role),
            given.role == "system" ? "; instructions go into setup::system_instruction" : ""));
}

/// An instruction may omit its role, since the role has no effect.
void check_instruction(const content& given, const std::string& member)
{
    if (!given.role.empty() && given.role != "system") (void)with_role(given, member);
}

/// Returns the user's setup in the form in which it is sent.
setup on_wire(setup given, std::string_view handle, const addressing& to)
{
    if (!given.model.empty()) given.model = model_resource(given.model, to);
    if (to.backend == backend::vertex_ai && given.response_modalities.empty())
        given.response_modalities.emplace_back(modality::audio); // Vertex AI requires it explicitly
    if (!given.functions.empty())
        given.tools.insert(given.tools.begin(), tool(std::move(given.functions)));
    if (given.session_resumption && !handle.empty()) given.session_resumption->handle = handle;
    return given;
}

void check_function(const function_declaration& function)
{
    if (!function.parameters || !function.parameters_json_schema) return;
    throw error(errc::invalid_argument,
        fmt::format("The function {} has both parameters and parameters_json_schema: give one of "
                    "them.",
            function.name));
}

/// For Maps, the Gemini API accepts an API key and no other credentials.
void check_maps(const google_maps& maps)
{
    if (!maps.auth_config) return;
    for (const auto& name : maps.auth_config->find_names("").value_or(std::vector<std::string>())) {
        if (name == "apiKey") continue;
        throw error(errc::invalid_argument,
            fmt::format("googleMaps.authConfig.{} cannot be sent: Vertex AI takes it only; give "
                        "apiKey.",
                name));
    }
}

void check_tools(const std::vector<tool>& tools, backend backend)
{
    for (const auto& each : tools) {
        for (const auto& function : each.function_declarations) check_function(function);
        if (each.google_maps && backend == backend::gemini_api) check_maps(*each.google_maps);
    }
}

template <class Number>
void check_range(std::string_view name, const std::optional<Number>& value, int least, int most)
{
    if (!value || (*value >= least && *value <= most)) return;
    throw error(errc::invalid_argument,
        fmt::format("music_generation_config::{} must be from {} to {}, not {}.", name, least, most,
            *value));
}

/// Writes a message with a single member.
template <class T>
base::frame message(std::string_view member, const T& value, backend backend)
{
    json_writer out;
    out.begin_object().key(member);
    writer(out, backend).write(value);
    return base::frame(out.end_object().text());
}

/// Parses a setup that this library wrote. It is valid JSON, but may be nested more deeply than
/// JSON from users may be.
json_value read_again(std::string_view setup)
{
    try {
        return json_value::parse(setup);
    } catch (const error&) {
        throw error(errc::invalid_argument,
            fmt::format("The setup is nested too deeply: its parts may have {} levels together.",
                json::max_depth));
    }
}

/// Returns {"setup": …}. The model may be missing.
std::string setup_message(const setup& setup, std::string_view handle, const addressing& to)
{
    const auto given = on_wire(setup, handle, to);
    if (given.system_instruction)
        check_instruction(*given.system_instruction, "setup.systemInstruction");
    check_tools(given.tools, to.backend);
    json_writer out;
    out.begin_object().key("setup");
    writer(out, to.backend).write(given);
    out.end_object();
    if (!setup.extra) return out.take();

    const auto extra = read_again(fmt::format(R"({{"setup":{}}})", setup.extra->text()));
    if (!extra.find("setup") || !extra.find("setup")->is_object())
        throw error(errc::invalid_argument, "setup::extra must be a JSON object.");
    for (const auto* const name : {"sessionResumption", "session_resumption"}) {
        const auto resumption = extra.find("setup")->find(name);
        if (!resumption || !resumption->is_object() || !resumption->find("handle")) continue;
        throw error(errc::invalid_argument,
            fmt::format("setup::extra must not hold {}.handle, which would be sent again on every "
                        "connection: it belongs in setup::session_resumption.",
                name));
    }
    json_writer all;
    write_merged(all, read_again(out.text()), extra);
    return all.take();
}

} // namespace

base::frame encode_setup(const setup& setup, std::string_view handle, const addressing& to)
{
    (void)model_resource(setup.model, to); // throws if there is none
    auto message = setup_message(setup, handle, to);
    if (to.quirks) validate(setup, (*to.quirks)(setup.model));
    return base::frame(message);
}

std::string encode_constraints(const setup& setup, bool is_partial, const addressing& to)
{
    if (to.quirks) {
        auto quirks = (*to.quirks)(setup.model);
        const bool may_come_later = is_partial && !setup.thinking_config;
        quirks.needs_thinking = quirks.needs_thinking && !may_come_later;
        validate(setup, quirks);
    }
    return read_again(setup_message(setup, {}, to)).find("setup").value().text();
}

base::frame encode_client_content(
    std::span<const content> turns, bool turn_complete, backend backend)
{
    json_writer out;
    out.begin_object().key("clientContent").begin_object();
    if (!turns.empty()) {
        out.key("turns").begin_array();
        for (std::size_t i = 0; i < turns.size(); ++i)
            writer(out, backend)
                .write(with_role(turns[i], fmt::format("clientContent.turns[{}]", i)));
        out.end_array();
    }
    out.member("turnComplete", turn_complete);
    return base::frame(out.end_object().end_object().text());
}

base::frame encode_realtime_input(const realtime_input& input, backend backend)
{
    const auto& all = input.members();
    if (all.audio) check_audio(*all.audio);
    if (all.video) check_picture(*all.video);
    realtime_input_members others = all;
    others.audio.reset();
    others.video.reset();
    if (others == realtime_input_members{}) {
        if (all.audio && !all.video)
            return media_frame("audio", all.audio->mime_type, all.audio->data);
        if (all.video && !all.audio)
            return media_frame("video", all.video->mime_type, all.video->data);
    }
    return message("realtimeInput", all, backend);
}

base::frame encode_realtime_audio(std::span<const std::byte> pcm, int rate)
{
    check_samples(pcm);
    check_rate(rate);
    fmt::memory_buffer head; // allocates nothing
    constexpr std::string_view before = R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=)";
    fmt::format_to(std::back_inserter(head), R"({}{}","data":")", before, rate);
    return media_frame({head.data(), head.size()}, pcm);
}

void check_samples(std::span<const std::byte> pcm)
{
    if (!pcm.empty() && pcm.size() % 2 == 0) return;
    throw error(errc::invalid_argument,
        fmt::format(
            "Audio must be whole 16-bit samples, at least one: {} bytes were given.", pcm.size()));
}

std::string pcm_mime_type(int rate)
{
    check_rate(rate);
    return fmt::format("audio/pcm;rate={}", rate);
}

base::frame encode_tool_response(std::span<const function_response> responses, backend backend)
{
    if (responses.empty())
        throw error(errc::invalid_argument, "A tool response must answer at least one call.");
    for (const auto& each : responses) {
        if (each.name.empty()) {
            throw error(errc::invalid_argument,
                "A function response has no name: give it that of the function.");
        }
        if (each.id.empty() && backend == backend::gemini_api) {
            throw error(errc::invalid_argument,
                fmt::format("The response of {} has no id: the Gemini API needs that of the call.",
                    each.name));
        }
    }
    json_writer out;
    out.begin_object().key("toolResponse").begin_object().key("functionResponses").begin_array();
    for (const auto& each : responses) writer(out, backend).write(each);
    return base::frame(out.end_array().end_object().end_object().text());
}

base::frame encode_context_update(const context_update& update, backend backend)
{
    if (update.system_instruction)
        check_instruction(*update.system_instruction, "contextUpdate.systemInstruction");
    if (update.tools) check_tools(*update.tools, backend);
    return message("contextUpdate", update, backend);
}

base::frame encode_weighted_prompts(std::span<const weighted_prompt> prompts)
{
    if (prompts.empty())
        throw error(errc::invalid_argument, "Music needs at least one weighted prompt.");
    for (const auto& each : prompts) {
        if (each.weight != 0) continue;
        throw error(errc::invalid_argument,
            fmt::format("The weight of the prompt \"{}\" is 0: leave it out instead.", each.text));
    }
    json_writer out;
    out.begin_object().key("clientContent").begin_object().key("weightedPrompts").begin_array();
    for (const auto& each : prompts) writer(out, backend::gemini_api).write(each);
    return base::frame(out.end_array().end_object().end_object().text());
}

base::frame encode_music_generation_config(const music_generation_config& config)
{
    check_range("temperature", config.temperature, 0, 3);
    check_range("top_k", config.top_k, 1, 1000);
    check_range("guidance", config.guidance, 0, 6);
    check_range("bpm", config.bpm, 60, 200);
    check_range("density", config.density, 0, 1);
    check_range("brightness", config.brightness, 0, 1);
    return message("musicGenerationConfig", config, backend::gemini_api);
}

base::frame encode_playback_control(playback_control control)
{
    return message("playbackControl", open_enum(control), backend::gemini_api);
}

std::string encode_server_message(const server_message_members& members, backend backend)
{
    json_writer out;
    writer(out, backend, writer::from::server).write(members);
    return indented(out.text());
}

} // namespace gemini::live::protocol
