// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/messages.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulation {

/// A parameter of a declared function.
struct parameter {
    std::string name;
    std::string type; ///< In lower case: "string".
    std::vector<std::string> choices{};
    bool required = false;
};

/// A function that the client declared.
struct declared_function {
    std::string name;
    std::string description;
    std::vector<parameter> parameters; ///< In the order of the schema.
};

/// What the persona does with a turn: says `words`, and more if a member asks for it.
struct reply {
    std::string words;
    std::optional<function_call> call{}; ///< Asks for this first; `words` stay unsaid.
    std::optional<std::chrono::milliseconds> go_away{}; ///< Announces the end of the connection.
    bool drop = false;                                  ///< Cuts the connection in the middle.
    double slowness = 1.0; ///< By how much its pauses are longer than usual.
};

/// The most that is kept of one turn of the user; what is longer is cut.
inline constexpr std::size_t most_words = 500; // bytes

/// As much of `text` as fits into so many bytes without cutting a character.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

/// The emulator's default character: short, polite, honest about not being a model. The same words
/// after the same history get the same answer. `history` holds what the user said before.
[[nodiscard]] reply answer(std::string_view words, std::span<const std::string> history,
    std::span<const declared_function> functions);

/// What it says when `call` has been answered by `response`.
[[nodiscard]] std::string report(const function_call& call, const json& response);

} // namespace gemini::live::emulation
