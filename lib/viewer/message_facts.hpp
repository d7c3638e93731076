// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/json_reader.hpp"

#include <gemini/live/messages.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::viewer {

/// How words came to be in a message.
enum class word_source {
    typed,   ///< The user's, sent as text.
    heard,   ///< The user's speech, as the server transcribed it.
    spoken,  ///< The model's speech, as the server transcribed it.
    written, ///< The model's text.
    thought, ///< The model's reasoning.
};

struct words {
    word_source source;
    std::string text;
};

/// All sound of one message.
struct sound {
    std::chrono::milliseconds duration{0};
    bool recorded = false; ///< False: only its size.
    std::string levels{};  ///< Of each 20 ms the peak, as a hexadecimal digit: the square root.
};

inline constexpr std::chrono::milliseconds level_length{20};

struct called_function {
    std::string id;
    std::string name;
    std::string args{}; ///< The beginning of its JSON.
};

/// What a message says, as far as a picture of the conversation shows it.
struct message_facts {
    std::string kind;      ///< "realtimeInput.audio"
    std::string summary{}; ///< One line of at most 160 bytes.
    std::vector<words> said{};
    std::optional<sound> heard{};
    bool only_sound = false; ///< Nothing but sound: one of the many messages of a stream.
    std::vector<called_function> calls{};
    std::vector<std::string> answered{};  ///< Ids of calls.
    std::vector<std::string> cancelled{}; ///< Ids of calls.

    // What a client says.
    bool setup = false;
    bool resumes = false;   ///< The setup has a handle.
    std::string model{};    ///< Of the setup.
    std::string settings{}; ///< The setup without its handle, to compare it with others.
    bool has_media = false; ///< It carries a blob.
    bool asks = false;      ///< Typed words or a function's answer that the model reacts to.
    bool activity_start = false;
    bool activity_end = false; ///< Also the end of the audio stream.

    // What the server says.
    bool setup_complete = false;
    bool outputs = false; ///< Anything of an answer: words, sound, a call.
    bool generation_complete = false;
    bool turn_complete = false;
    bool interrupted = false;
    bool speech_start = false;
    bool speech_end = false;
    bool resumable = false;
    std::optional<std::chrono::milliseconds> go_away{}; ///< The time that is left.
    std::optional<live::usage_metadata> usage{};
    bool error = false;
    std::vector<std::string> unknown{}; ///< Members that this version does not know.
    std::vector<omitted_member> omitted{};
};

[[nodiscard]] message_facts facts_of_sent(const protocol::json_value& message);
/// A message that cannot be read at all has a summary that says so.
[[nodiscard]] message_facts facts_of_received(const protocol::json_value& message);

/// Returns the duration and levels of sound, or nothing for a type other than pcm16. `rate` is
/// that of a type that names none.
[[nodiscard]] std::optional<sound> sound_of(
    std::string_view mime_type, std::span<const std::byte> data, int rate);

} // namespace gemini::live::viewer
