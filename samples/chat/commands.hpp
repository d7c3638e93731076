// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace chat {

enum class command {
    none, ///< The line is for the model.
    help,
    quit,
    audio_on,
    audio_off,
    system,
    save,
    wrong, ///< It looks like a command; `argument` is what to tell the user.
};

struct request {
    command what = command::none;
    std::string argument{};
};

/// Parses a line. A line that begins with one slash and a name is a command and is never sent to
/// the model, however it is misspelled. A line that begins with two slashes is sent to the model
/// with one. The emulator has slash commands of its own, which are passed on to it.
[[nodiscard]] request read_request(std::string_view line, bool with_emulator);

/// Returns the text of /help.
[[nodiscard]] std::string_view help_text(bool with_emulator);

/// Returns the one of `known` that `word` was most likely meant to be; empty if none is similar.
[[nodiscard]] std::string_view likeliest(
    std::string_view word, std::span<const std::string_view> known);

} // namespace chat
