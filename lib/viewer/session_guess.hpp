// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Which connections of a recording belong to one session. Pure.
namespace gemini::live::viewer {

enum class connection_end {
    open,    ///< At the end of the recording.
    refused, ///< The upgrade.
    failed,  ///< The upgrade, without an answer.
    closed,  ///< By the server.
    lost,    ///< Without a close frame.
    left,    ///< By the client.
};

/// One connection of a recording, from its line `opened` to its last one.
struct connection_life {
    using milliseconds = std::chrono::milliseconds;

    std::int64_t number = 0;
    milliseconds opened{0};
    std::optional<milliseconds> setup{};
    std::optional<milliseconds> ready{}; ///< When setupComplete came.
    std::optional<milliseconds> ended{};
    connection_end end = connection_end::open;
    std::int64_t code = 0;  ///< The HTTP status or close code.
    std::string words{};    ///< The server's reason, or the error's name.
    bool resumes = false;   ///< The setup has a handle.
    bool resumable = false; ///< The server sent a handle.
    std::string model{};
    std::string settings{};                ///< The setup without its handle.
    std::optional<milliseconds> go_away{}; ///< When it was announced.
};

struct session_of {
    std::size_t session = 0; ///< From 0, in the order of the first connections.
    bool guessed = false;    ///< The recording permits more than one answer.
};

/// Returns the session of each connection, which are in the order of their first lines. A recording
/// does not name sessions, and handles are redacted. A setup with a handle continues a session of
/// equal settings whose connection is over or about to end. One without a handle continues a
/// session whose connection has ended by no wish of the client's, or begins a new one. An attempt
/// without a setup belongs to the setup that follows it.
[[nodiscard]] std::vector<session_of> sessions_of(const std::vector<connection_life>& all);

} // namespace gemini::live::viewer
