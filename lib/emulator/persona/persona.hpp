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

namespace gemini::live::emulator {

/// The persona's reaction to a turn. The members are in the order in which they are sent.
struct reply {
    std::vector<server_message_members> aside{}; ///< Sent at once; not part of the turn.
    std::string verbatim{};                      ///< A message to be sent as it is.
    std::vector<function_call> calls{};          ///< Requests these calls; `words` remain unsaid.
    waiting wait = waiting::blocked;             ///< For the calls.
    std::vector<part> work{};                    ///< Code that it has run, and the result.
    std::string words{};
    boxed<grounding_metadata> grounding{};
    boxed<url_context_metadata> pages{};
    open_enum<turn_complete_reason> reason{}; ///< For the end of the turn.
    bool waits = false;                       ///< For the user to continue: the turn does not end.
    bool drop = false;                        ///< Cuts the connection in the middle of the answer.
    std::optional<std::pair<std::uint16_t, std::string>> close{};
    std::optional<std::chrono::milliseconds> go_away{}; ///< Announces the end of the connection.
    double slowness = 1.0; ///< Factor by which pauses are longer than usual.
};

/// Returns a reply that consists only of words.
[[nodiscard]] reply in_words(std::string words);

/// The maximum kept of one user turn. Longer text is cut.
inline constexpr std::size_t most_words = 500; // bytes

/// The emulator's default character: short, polite, and honest about not being a model. The same
/// words after the same history always get the same answer. `history` holds the user's previous
/// turns.
[[nodiscard]] reply answer(
    std::string_view words, std::span<const std::string> history, const toolbox& tools);

/// Returns the persona's thoughts before its answer.
[[nodiscard]] std::string think(std::string_view words);

/// Returns the persona's words when `call` has been answered with `response`.
[[nodiscard]] std::string report(const function_call& call, const json& response);

} // namespace gemini::live::emulator
