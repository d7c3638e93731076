// SPDX-License-Identifier: Apache-2.0
#include "sim/client_message.hpp"
#include "support/client_codec.hpp"

#include "protocol/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sim {
namespace {

int number_in(std::string_view text)
{
    int serial = 0;
    const auto at = text.find("n=");
    if (at != text.npos) std::from_chars(text.data() + at + 2, text.data() + text.size(), serial);
    return serial;
}

int number_in(const gemini::live::bytes& data)
{
    std::int32_t serial = 0;
    if (data.size() >= sizeof serial) std::memcpy(&serial, data.data(), sizeof serial);
    return serial;
}

client_message read_input(const gemini::live::realtime_input_members& input)
{
    if (input.audio) return {message_kind::audio, number_in(input.audio->data)};
    if (input.video) return {message_kind::video, number_in(input.video->data)};
    if (input.text) return {message_kind::text, number_in(*input.text)};
    // A mark has no text: its serial is in the MIME type of mediaChunks.
    const auto serial = number_in(input.media_chunks.at(0).mime_type);
    if (input.activity_start) return {message_kind::start, serial};
    if (input.activity_end) return {message_kind::end, serial};
    return {message_kind::stream_end, serial};
}

client_message read_history(const gemini::live::protocol::client_content& history)
{
    client_message read{message_kind::history};
    for (const auto& turn : history.turns) {
        for (const auto& part : turn.parts) {
            const std::string words = part.text.value_or("");
            for (auto at = words.find("n="); at != words.npos; at = words.find("n=", at + 1))
                read.remembers.push_back(number_in(std::string_view(words).substr(at)));
        }
    }
    return read;
}

} // namespace

const char* name_of(message_kind kind) noexcept
{
    switch (kind) {
    case message_kind::setup: return "setup";
    case message_kind::history: return "history";
    case message_kind::text: return "text";
    case message_kind::content: return "clientContent";
    case message_kind::context: return "clientContent (no turn)";
    case message_kind::tool_response: return "toolResponse";
    case message_kind::start: return "activityStart";
    case message_kind::end: return "activityEnd";
    case message_kind::stream_end: return "audioStreamEnd";
    case message_kind::audio: return "audio";
    case message_kind::video: return "video";
    }
    return "?";
}

client_message read_client_message(std::string_view text, bool is_history)
{
    const auto message = test::decode_client_message(text);
    client_message read;
    if (message.setup) {
        if (const auto& resumption = message.setup->session_resumption) {
            read.handle = resumption->handle;
            read.transparent = resumption->transparent == true;
        }
        if (const auto& history = message.setup->history_config)
            read.has_history = history->initial_history_in_client_content == true;
        return read;
    }
    if (message.realtime_input) return read_input(*message.realtime_input);
    if (message.client_content) {
        const auto& content = *message.client_content;
        if (is_history) return read_history(content);
        read.kind = content.turn_complete == true ? message_kind::content : message_kind::context;
        read.serial = number_in(content.turns.at(0).parts.at(0).text.value_or(""));
        return read;
    }
    const auto& responses = message.tool_response.value().function_responses;
    read.kind = message_kind::tool_response;
    for (const auto& each : responses) read.calls.push_back(each.id);
    read.continues = responses.at(0).will_continue == true;
    read.response = responses.at(0).response.text();
    read.serial = number_in(read.response);
    return read;
}

std::string numbered(int serial, std::size_t size)
{
    auto text = fmt::format("n={} ", serial);
    text.resize(std::max(text.size(), size), '.');
    return text;
}

std::vector<std::byte> numbered_bytes(int serial, std::size_t size)
{
    std::vector<std::byte> data(std::max(size, sizeof(std::int32_t)));
    const auto value = static_cast<std::int32_t>(serial);
    std::memcpy(data.data(), &value, sizeof value);
    return data;
}

} // namespace sim
