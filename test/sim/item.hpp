// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

enum class kind {
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
[[nodiscard]] const char* name_of(kind) noexcept;
[[nodiscard]] constexpr bool is_media(kind what) noexcept { return what >= kind::audio; }
/// What media may not pass.
[[nodiscard]] constexpr bool is_mark(kind what) noexcept
{
    return what == kind::start || what == kind::end || what == kind::stream_end;
}
/// What the server answers with a turn.
[[nodiscard]] constexpr bool asks(kind what) noexcept
{
    return what == kind::text || what == kind::content || what == kind::end;
}

/// One message of the client, as the server reads it. All but setup and memory carry the number of
/// their send.
struct item {
    kind what = kind::setup;
    int serial = 0;
    std::vector<std::string> calls{}; ///< That it answers.
    std::vector<int> remembers{};     ///< Of a history: all numbers in it.
    std::string handle{};             ///< Of a setup, as the next two.
    bool transparent = false;
    bool has_memory = false; ///< The first clientContent will be the history.
};
/// Throws for what no client of ours may send.
[[nodiscard]] item read_item(std::string_view text, bool is_history);

/// How a text carries its number.
[[nodiscard]] std::string numbered(int serial, std::size_t size);
/// How media do.
[[nodiscard]] std::vector<std::byte> numbered_bytes(int serial, std::size_t size);

} // namespace sim
