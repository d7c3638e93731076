// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// Each kind of client message.
enum class message_kind {
    setup,
    history, ///< The restored history of a conversation that the server has forgotten.
    text,
    content,
    context,
    tool_response,
    start,
    end,
    stream_end,
    audio,
    video,
};
[[nodiscard]] const char* name_of(message_kind) noexcept;
[[nodiscard]] constexpr bool is_media(message_kind kind) noexcept
{
    return kind >= message_kind::audio;
}
/// True for marks of the audio stream: media must not overtake them.
[[nodiscard]] constexpr bool is_mark(message_kind kind) noexcept
{
    return kind == message_kind::start || kind == message_kind::end ||
           kind == message_kind::stream_end;
}
/// True for messages that the server answers with a turn.
[[nodiscard]] constexpr bool asks(message_kind kind) noexcept
{
    return kind == message_kind::text || kind == message_kind::content || kind == message_kind::end;
}

/// A message of the client as the server reads it.
struct client_message {
    message_kind kind = message_kind::setup;
    int serial = 0;                   ///< Number of its send; 0 for setup and history.
    std::vector<std::string> calls{}; ///< Ids of the function calls that it answers.
    bool continues = false;           ///< More of the answer follows.
    std::string response{};           ///< To the first of the calls.
    std::vector<int> remembers{};     ///< Serials in a history.
    std::string handle{};             ///< Of a setup; likewise the next two.
    bool transparent = false;
    bool has_history = false; ///< The next clientContent is the history.
};
/// Throws if `text` is not a message that the library may send.
[[nodiscard]] client_message read_client_message(std::string_view text, bool is_history);

/// Returns a text that carries its serial, of at least `size` bytes.
[[nodiscard]] std::string numbered(int serial, std::size_t size);
/// Returns media data that carries its serial, of at least `size` bytes.
[[nodiscard]] std::vector<std::byte> numbered_bytes(int serial, std::size_t size);

} // namespace sim
