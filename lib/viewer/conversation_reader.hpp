// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/viewer/conversation_test.cpp
#pragma once

#include "viewer/conversation.hpp"
#include "viewer/message_facts.hpp"
#include "viewer/recording_line.hpp"
#include "viewer/session_builder.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace gemini::live::viewer {

/// Reads a recording line by line. Pure.
class conversation_reader {
public:
    /// `number` is that of the line in its file.
    void read(std::size_t number, std::string_view line);
    /// Returns the whole, whose lines are in the order in which they were read.
    [[nodiscard]] conversation take() &&;

private:
    struct entry {
        std::size_t connection = 0; ///< Its index; only of a readable line.
        message_facts facts{};
        std::size_t fingerprint = 0; ///< Of what the client sent, to find it again.
    };

    void note_odd(const message_facts& facts, std::size_t line);
    void note_connection(const recording_line& next, entry& of);
    // `own`: the indices of the lines of one session.
    /// Marks what the client has sent again, and returns how many.
    std::size_t find_resent(const std::vector<std::size_t>& own);
    [[nodiscard]] std::vector<sent_sound> sounds_of(const std::vector<std::size_t>& own) const;
    void build_session(shown_session& to, const std::vector<std::size_t>& own);
    void find_outages(shown_session& of);

    conversation all_{};
    std::vector<entry> entries_{};
    std::map<std::int64_t, std::size_t> by_number_{};
};

} // namespace gemini::live::viewer
