// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"
#include "vectors/stage.hpp"

#include "base/access.hpp"
#include "base/media_type.hpp"
#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/mend.hpp"

#include <gemini/live/session.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace live = gemini::live;
using live::protocol::json_writer;
using namespace std::chrono_literals;

namespace vectors {
namespace {

/// What a session reports for the frames of a case.
struct told {
    std::vector<live::server_message> messages{};
    int malformed = 0;
};

std::vector<std::string> frames_of(const json_value& test)
{
    std::vector<std::string> frames;
    const auto add = [&frames](const json_value& frame) {
        if (const auto wire = frame.find("wire"))
            frames.push_back(wire->string().value());
        else
            frames.push_back(frame.find("json")->text());
    };
    if (const auto several = test.find("frames"))
        for (const auto& each : several->elements()) add(each);
    else
        add(test);
    return frames;
}

asio::awaitable<void> listen(live::session& session, std::size_t count, told& to)
{
    auto events = session.events();
    co_await session.connect();
    for (bool own = true; to.messages.size() + static_cast<std::size_t>(to.malformed) < count;) {
        auto event = co_await events.next();
        if (!event) break;
        const auto* unread = std::get_if<live::malformed_message>(&*event);
        if (unread && !unread->delivered) ++to.malformed;
        if (auto* message = std::get_if<live::server_message>(&*event)) {
            // the first is the stage's answer to the setup
            if (!std::exchange(own, false)) to.messages.push_back(std::move(*message));
        }
    }
    co_await session.close();
}

told hear(const json_value& test, const service& from)
{
    const auto frames = frames_of(test);
    stage here(options_for(from), [&frames](stage::peer client) -> asio::awaitable<void> {
        for (const auto& each : frames) client->send(each);
        co_return;
    });
    told heard;
    const auto client = here.client();
    live::session session(client, {.model = "gemini-3.8-live"});
    here.play(listen(session, frames.size(), heard));
    return heard;
}

std::int64_t rounded_down(std::chrono::nanoseconds time)
{
    return std::chrono::floor<std::chrono::milliseconds>(time).count();
}

std::string hex(const live::bytes& data)
{
    std::string text;
    for (const auto each : data) text += fmt::format("{:02x}", std::to_integer<int>(each));
    return text;
}

/// A parameter of a media type: rate, channels.
int parameter(std::string_view mime_type, std::string_view name, int otherwise)
{
    const auto text = live::base::media_parameter(mime_type, name);
    int value = otherwise;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

// The vocabulary of `expect`, from the members of the messages ------------------------------------

using members = live::server_message_members;

template <class Do>
void for_each_part(const members& all, Do&& each)
{
    if (!all.server_content || !all.server_content->model_turn) return;
    for (const auto& part : all.server_content->model_turn->parts) each(part);
}

void write_offset(
    json_writer& out, std::string_view name, std::optional<std::chrono::nanoseconds> at)
{
    out.key(name);
    if (at)
        out.integer(rounded_down(*at));
    else
        out.raw("null");
}

void write_transcription(json_writer& out, const live::transcription& value)
{
    out.begin_object().member("text", value.text).member("finished", value.finished);
    if (!value.language_code.empty()) out.member("language", value.language_code);
    if (!value.speaker_label.empty()) out.member("speaker", value.speaker_label);
    if (value.start_offset) write_offset(out, "start_ms", value.start_offset);
    if (value.end_offset) write_offset(out, "end_ms", value.end_offset);
    if (!value.words.empty()) {
        out.key("words").begin_array();
        for (const auto& each : value.words) {
            out.begin_object().member("word", each.word);
            write_offset(out, "start_ms", each.start_offset);
            write_offset(out, "end_ms", each.end_offset);
            out.end_object();
        }
        out.end_array();
    }
    out.end_object();
}

/// Top-level members that are on the wire and that we have read, in the order of the wire.
void write_members(json_writer& out, const live::server_message& message)
{
    const auto& all = message.members();
    const std::pair<std::string_view, bool> known[]{
        {"serverContent", all.server_content.has_value()},
        {"usageMetadata", all.usage_metadata.has_value()},
        {"toolCall", all.tool_call.has_value()},
        {"toolCallCancellation", all.tool_call_cancellation.has_value()},
        {"setupComplete", all.setup_complete.has_value()},
        {"goAway", all.go_away.has_value()},
        {"sessionResumptionUpdate", all.session_resumption_update.has_value()},
        {"voiceActivity", all.voice_activity.has_value()},
        {"voiceActivityDetectionSignal", all.voice_activity_detection_signal.has_value()},
        {"filteredPrompt", all.filtered_prompt.has_value()},
        {"error", all.error.has_value()},
    };
    out.key("members").begin_array();
    if (const auto sound = live::protocol::mend_json(message.raw()))
        for (const auto& [name, value] : json_value::parse(sound->text).members())
            for (const auto& [ours, there] : known)
                if (there && ours == name) out.string(name);
    out.end_array().key("unknown_members").begin_array();
    for (const auto& each : all.unknown) out.string(each);
    out.end_array();
}

void write_media(json_writer& out, const members& all)
{
    struct piece {
        const std::string& mime;
        const live::bytes& data;
        int rate = 24000; // where the media type has none
    };
    std::vector<piece> audio;
    std::vector<piece> blobs;
    for_each_part(all, [&](const live::part& part) {
        if (!part.inline_data) return;
        const bool heard = live::base::is_of_type(part.inline_data->mime_type, "audio");
        (heard ? audio : blobs).push_back({part.inline_data->mime_type, part.inline_data->data});
    });
    if (all.server_content)
        for (const auto& each : all.server_content->audio_chunks)
            audio.push_back({each.mime_type, each.data, 48000});
    out.key("audio").begin_array();
    for (const auto& each : audio) {
        out.begin_object().member("mime", each.mime).member("hex", hex(each.data));
        out.member("rate", parameter(each.mime, "rate", each.rate));
        out.member("channels", parameter(each.mime, "channels", 1)).end_object();
    }
    out.end_array().key("blobs").begin_array();
    for (const auto& each : blobs)
        out.begin_object().member("mime", each.mime).member("hex", hex(each.data)).end_object();
    out.end_array();
}

void write_content(json_writer& out, const live::server_content& content)
{
    out.member("turn_complete", content.turn_complete);
    out.member("generation_complete", content.generation_complete);
    out.member("interrupted", content.interrupted);
    out.member("waiting_for_input", content.waiting_for_input);
    out.member("turn_complete_reason", content.turn_complete_reason.name());
    out.member("interaction_status", content.interaction_status.name());
    const auto transcription = [&out](const char* name, const auto& value) {
        if (value) write_transcription(out.key(name), *value);
    };
    transcription("input_transcription", content.input_transcription);
    transcription("interim_input_transcription", content.interim_input_transcription);
    transcription("output_transcription", content.output_transcription);
    if (const auto& grounding = content.grounding_metadata) {
        out.key("grounding").begin_object().key("web_uris").begin_array();
        for (const auto& each : grounding->grounding_chunks)
            if (each.web) out.string(each.web->uri);
        out.end_array().key("queries").begin_array();
        for (const auto& each : grounding->web_search_queries) out.string(each);
        out.end_array().end_object();
    }
    if (const auto& context = content.url_context_metadata) {
        out.key("url_context").begin_array();
        for (const auto& each : context->url_metadata)
            out.begin_object()
                .member("url", each.retrieved_url)
                .member("status", each.url_retrieval_status.name())
                .end_object();
        out.end_array();
    }
}

void write_calls(json_writer& out, const std::vector<live::function_call>& calls)
{
    out.key("tool_calls").begin_array();
    for (const auto& each : calls) {
        out.begin_object().key("id");
        if (each.id.empty())
            out.raw("null");
        else
            out.string(each.id);
        out.member("name", each.name).key("args").raw(each.args.text());
        if (each.will_continue) out.member("will_continue", true);
        out.end_object();
    }
    out.end_array();
}

void write_usage(json_writer& out, const live::usage_metadata& usage)
{
    out.key("usage").begin_object();
    out.member("prompt", usage.prompt_token_count).member("response", usage.response_token_count);
    out.member("total", usage.total_token_count).member("thoughts", usage.thoughts_token_count);
    out.member("tool_use", usage.tool_use_prompt_token_count);
    out.member("cached", usage.cached_content_token_count);
    out.member("traffic_type", usage.traffic_type.name()).end_object();
}

/// Everything that a message contains, in the vocabulary of the vectors.
json_value facts(const live::server_message& message)
{
    const auto& all = message.members();
    json_writer out;
    out.begin_object();
    write_members(out, message);
    out.member("text", message.text()).member("thought_text", message.thought_text());
    write_media(out, all);
    for_each_part(all, [&out](const live::part& part) {
        if (part.executable_code) out.member("code", part.executable_code->code);
        if (!part.code_execution_result) return;
        out.member("code_outcome", part.code_execution_result->outcome.name());
        out.member("code_output", part.code_execution_result->output);
    });
    write_content(out, all.server_content.value_or(live::server_content{}));
    if (all.tool_call) write_calls(out, all.tool_call->function_calls);
    if (all.tool_call_cancellation) {
        out.key("cancelled_ids").begin_array();
        for (const auto& each : all.tool_call_cancellation->ids) out.string(each);
        out.end_array();
    }
    if (all.go_away) out.member("time_left_ms", rounded_down(all.go_away->time_left));
    bool usable = false;
    if (const auto& update = all.session_resumption_update) {
        usable = update->resumable && !update->new_handle.empty();
        out.key("resumption").begin_object().member("handle", update->new_handle);
        out.member("resumable", update->resumable).key("last_consumed_index");
        if (update->last_consumed_client_message_index)
            out.integer(*update->last_consumed_client_message_index);
        else
            out.raw("null");
        out.end_object();
    }
    out.member("usable_handle", usable);
    if (all.usage_metadata) write_usage(out, *all.usage_metadata);
    if (all.voice_activity) {
        out.key("voice_activity").begin_object();
        out.member("type", all.voice_activity->type.name());
        write_offset(out, "offset_ms", all.voice_activity->audio_offset);
        out.end_object();
    }
    if (all.voice_activity_detection_signal)
        out.member("vad_signal", all.voice_activity_detection_signal->vad_signal_type.name());
    if (all.filtered_prompt) {
        out.key("filtered_prompt").begin_object().member("text", all.filtered_prompt->text);
        out.member("reason", all.filtered_prompt->filtered_reason).end_object();
    }
    if (all.setup_complete) {
        out.key("session_id");
        if (all.setup_complete->session_id.empty())
            out.raw("null");
        else
            out.string(all.setup_complete->session_id);
        if (all.setup_complete->voice_consent_signature)
            out.member(
                "voice_consent_signature", all.setup_complete->voice_consent_signature->signature);
    }
    if (all.error) {
        out.key("server_error").begin_object().member("code", all.error->code);
        out.member("status", all.error->status).member("message", all.error->message).end_object();
    }
    return json_value::parse(out.end_object().text());
}

/// Kinds of events, in order.
void add_kinds(std::vector<std::string>& kinds, const members& all)
{
    if (const auto& content = all.server_content) {
        if (content->input_transcription) kinds.emplace_back("input_transcription");
        if (content->output_transcription) kinds.emplace_back("output_transcription");
        if (content->model_turn || !content->audio_chunks.empty()) kinds.emplace_back("content");
        if (content->interrupted) kinds.emplace_back("interrupted");
        if (content->generation_complete) kinds.emplace_back("generation_complete");
        if (content->turn_complete) kinds.emplace_back("turn_complete");
    }
    if (all.tool_call) kinds.emplace_back("tool_call");
    if (all.tool_call_cancellation) kinds.emplace_back("tool_call_cancellation");
    if (all.session_resumption_update) kinds.emplace_back("resumption");
    if (all.go_away) kinds.emplace_back("go_away");
    if (all.setup_complete) kinds.emplace_back("setup_complete");
    if (!all.server_content && all.usage_metadata) kinds.emplace_back("usage");
}

/// null, and what proto3 JSON omits: false, 0, "" and empty lists.
bool means_absence(const json_value& value)
{
    const auto text = value.text();
    return text == "null" || text == "false" || text == "0" || text == "\"\"" || text == "[]";
}

/// Of objects and of lists of objects only the expected members are compared. A value that is
/// absent on the wire equals its default.
json_value only_expected(const json_value& expected, const json_value& actual)
{
    json_writer out;
    if (expected.is_object() && actual.is_object()) {
        const auto wanted = expected.members();
        out.begin_object();
        for (const auto& [name, value] : wanted)
            if (const auto there = actual.find(name))
                out.key(name).raw(only_expected(value, *there).text());
            else if (means_absence(value))
                out.key(name).raw(value.text());
        return json_value::parse(out.end_object().text());
    }
    const auto wanted = expected.elements();
    const auto there = actual.elements();
    if (wanted.empty() || wanted.size() != there.size()) return actual;
    out.begin_array();
    for (std::size_t i = 0; i < wanted.size(); ++i)
        out.raw(only_expected(wanted[i], there[i]).text());
    return json_value::parse(out.end_array().text());
}

complaint try_facts(const json_value& expected, const told& heard)
{
    json_writer sequence;
    std::vector<std::string> kinds;
    for (const auto& each : heard.messages) add_kinds(kinds, each.members());
    sequence.begin_object().key("sequence").begin_array();
    for (const auto& each : kinds) sequence.string(each);
    const bool in_part = std::any_of(heard.messages.begin(), heard.messages.end(),
        [](const live::server_message& each) { return !each.members().omitted.empty(); });
    sequence.end_array().member("error", heard.malformed != 0 || in_part).end_object();
    // an unreadable message has no members
    const auto last = heard.messages.empty() ? facts(live::access::make_message({}, {}, {}))
                                             : facts(heard.messages.back());
    const auto wanted = expected.members();
    for (const auto& [name, value] : wanted) {
        const bool of_all = name == "sequence" || name == "error";
        auto actual = (of_all ? json_value::parse(sequence.text()) : last).find(name);
        if (!actual && means_absence(value)) continue;
        if (!actual) return fmt::format("expect.{}: was not reported", name);
        const auto narrowed = name == "tool_calls" && value.kind() == json_value::type::array
                                  ? *actual
                                  : only_expected(value, *actual);
        if (auto found = difference(value, narrowed, "expect." + name)) return found;
    }
    return std::nullopt;
}

/// Written as a server writes it and read again, a message is unchanged.
complaint try_round_trip(const told& heard, live::backend backend)
{
    for (const auto& each : heard.messages) {
        auto all = each.members();
        all.unknown.clear();
        all.omitted.clear();
        const auto text = live::protocol::encode_server_message(all, backend);
        const auto again = live::protocol::decode_server_message(live::base::padded_buffer(text));
        if (again.members() == all) continue;
        return "the whole: written and read again it is another message: " + text;
    }
    return std::nullopt;
}

} // namespace

complaint try_server_messages(const json_value& test)
{
    for (const auto& from : services_of(test)) {
        const auto heard = hear(test, from);
        if (heard.messages.size() + static_cast<std::size_t>(heard.malformed) !=
            frames_of(test).size())
            return "the whole: the session ended before it had reported every frame";
        if (auto found = try_facts(*test.find("expect"), heard)) return found;
        // member names, and members of only one backend, are those of that backend
        if (auto found = try_round_trip(heard, from.backend)) return found;
    }
    return std::nullopt;
}

} // namespace vectors
