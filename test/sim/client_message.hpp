// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

enum class message_kind {
    setup,
    memory, ///< The history of a conversation that the server has forgotten.
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
/// What media may not pass.
[[nodiscard]] constexpr bool is_mark(message_kind kind) noexcept
{
    return kind == message_kind::start || kind == message_kind::end ||
           kind == message_kind::stream_end;
}
/// What the server answers with a turn.
[[nodiscard]] constexpr bool asks(message_kind kind) noexcept
{
    return kind == message_kind::text || kind == message_kind::content || kind == message_kind::end;
}

/// One message of the client, as the server reads it. All but setup and memory carry the number of
/// their send.
struct client_message {
    message_kind kind = message_kind::setup;
    int serial = 0;
    std::vector<std::string> calls{}; ///< That it answers.
    std::vector<int> remembers{};     ///< Of a history: all numbers in it.
    std::string handle{};             ///< Of a setup, as the next two.
    bool transparent = false;
    bool has_memory = false; ///< The first clientContent will be the history.
};
/// Throws for what no client of ours may send.
[[nodiscard]] client_message read_client_message(std::string_view text, bool is_history);

/// How a text carries its number.
[[nodiscard]] std::string numbered(int serial, std::size_t size);
/// How media do.
[[nodiscard]] std::vector<std::byte> numbered_bytes(int serial, std::size_t size);

} // namespace sim
