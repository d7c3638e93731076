// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/text_util.hpp"
#include "emulator/rules/tools.hpp"

#include <gemini/live/messages.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::emulation {

/// What the persona does with a turn. The members are in the order in which they come.
struct reply {
    std::vector<server_message::members> aside{}; ///< At once, and no part of the turn.
    std::string verbatim{};                       ///< A message to be sent as it stands.
    std::vector<function_call> calls{};           ///< Asks for these; `words` stay unsaid.
    waiting wait = waiting::blocked;              ///< For them.
    std::vector<part> work{};                     ///< Code that it ran, and what came of it.
    std::string words{};
    boxed<grounding_metadata> grounding{};
    boxed<url_context_metadata> pages{};
    open_enum<turn_complete_reason> reason{}; ///< For the end of the turn.
    bool waits = false;                       ///< For the user to go on: the turn does not end.
    bool drop = false;                        ///< Cuts the connection in the middle.
    std::optional<std::pair<std::uint16_t, std::string>> close{};
    std::optional<std::chrono::milliseconds> go_away{}; ///< Announces the end of the connection.
    double slowness = 1.0; ///< By how much its pauses are longer than usual.
};

/// A reply of nothing but words.
[[nodiscard]] reply in_words(std::string words);

/// The most that is kept of one turn of the user; what is longer is cut.
inline constexpr std::size_t most_words = 500; // bytes

/// The emulator's default character: short, polite, honest about not being a model. The same words
/// after the same history get the same answer. `history` holds what the user said before.
[[nodiscard]] reply answer(
    std::string_view words, std::span<const std::string> history, const toolbox& tools);

/// What it thinks before it answers.
[[nodiscard]] std::string think(std::string_view words);

/// What it says when `call` has been answered by `response`.
[[nodiscard]] std::string report(const function_call& call, const json& response);

} // namespace gemini::live::emulation
