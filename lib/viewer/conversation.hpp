// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "viewer/message_facts.hpp"
#include "viewer/recording_line.hpp"
#include "viewer/session_guess.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A conversation as its recording shows it: turns, spans of time, figures.
namespace gemini::live::viewer {

using milliseconds = std::chrono::milliseconds;

/// A line of the recording, as the list of messages shows it.
struct listed_line {
    std::size_t number = 0; ///< In the file, from 1.
    line_kind kind = line_kind::unreadable;
    milliseconds at{0};
    std::int64_t connection = 0;
    std::string name{};
    std::string summary{};
    bool resent = false; ///< The client had sent it on an earlier connection.
    bool only_sound = false;
    bool odd = false; ///< It has members that are unknown or unreadable, or is an error.
};

struct span {
    milliseconds begin{0};
    milliseconds end{0};
};

struct shown_words {
    word_source source;
    milliseconds at{0};
    milliseconds plays{0}; ///< When they are heard if the sound plays at once.
    std::size_t line = 0;  ///< Index of the line; likewise below.
    std::string text{};
    bool unheard = false; ///< An interruption came before they would have played.
};

struct shown_call {
    enum class ending { open, answered, cancelled };
    std::string id;
    std::string name;
    std::string args{};
    std::size_t line = 0;
    span time{}; ///< Until the answer, the cancellation, or the end of the recording.
    ending end = ending::open;
    std::optional<std::size_t> answer_line{};
};

/// Sound of one message and when it plays: as soon as it is there, behind what came before.
struct shown_sound {
    std::size_t line = 0;
    milliseconds begin{0};
    milliseconds duration{0}; ///< Of what plays: an interruption cuts it short.
    bool recorded = false;
    std::string levels{};
};

struct turn {
    enum class ending {
        complete,
        interrupted,
        cut,  ///< The connection ended.
        open, ///< The recording ended.
    };
    /// What ended the user's part: the time to the first byte counts from there.
    enum class waited_from { nothing, text, mark, server_vad, loud_sound, last_sound, answer };

    span time{};
    std::optional<milliseconds> asked{};
    waited_from from = waited_from::nothing;
    std::optional<milliseconds> first_byte{};
    std::optional<milliseconds> first_sound{};
    std::optional<milliseconds> generated{}; ///< generationComplete
    ending end = ending::open;
    std::vector<shown_words> said{};
    std::vector<shown_call> calls{};
    std::int64_t tokens = 0;
    std::size_t first_line = 0;

    /// From the end of the user's part to the first byte of the answer; nothing if it is unknown.
    [[nodiscard]] std::optional<milliseconds> latency() const;
};

/// Time in which the session had no connection that was ready.
struct outage {
    span time{};
    std::int64_t before = 0; ///< Number of the connection that ended.
    std::int64_t after = 0;
};

struct figures {
    milliseconds duration{0}; ///< From the first to the last line of the session.
    std::size_t turns = 0;
    std::size_t interruptions = 0;
    std::size_t calls = 0;
    std::size_t connections = 0; ///< That were opened.
    std::size_t handovers = 0;
    std::size_t outages = 0;
    std::size_t resent = 0;
    milliseconds lost{0}; ///< Sum of the outages.
    std::int64_t prompt_tokens = 0;
    std::int64_t response_tokens = 0;
    std::int64_t total_tokens = 0;
    std::size_t latencies = 0;
    milliseconds latency_50{0}; ///< Median of the times to the first byte.
    milliseconds latency_95{0};
};

struct shown_session {
    std::string model;
    std::vector<std::size_t> connections{}; ///< Indices.
    std::vector<turn> turns{};
    std::vector<span> speech{};   ///< Loud sound of the user.
    std::vector<span> sent{};     ///< Sound of the user, loud or not.
    std::vector<span> received{}; ///< When the model's sound came.
    std::vector<shown_sound> input{};
    std::vector<shown_sound> output{};
    std::vector<milliseconds> interruptions{};
    std::vector<outage> outages{};
    std::vector<std::int64_t> handovers{}; ///< Numbers of the connections that took over.
    figures sum{};
};

struct odd_member {
    std::string name;
    std::string why; ///< Empty: unknown to this version.
    std::size_t count = 0;
    std::size_t first_line = 0;
};

struct conversation {
    std::vector<listed_line> lines{};
    std::vector<connection_life> connections{}; ///< In the order of their first lines.
    std::vector<session_of> owners{};           ///< Of each connection.
    std::vector<shown_session> sessions{};
    std::vector<odd_member> odd{};
    std::size_t unreadable = 0;
    milliseconds duration{0};
};

} // namespace gemini::live::viewer
