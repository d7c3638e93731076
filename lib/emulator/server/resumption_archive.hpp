// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/resumption_test.cpp
#pragma once

#include "emulator/server/call_registry.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gemini::live::emulator {

/// Saved conversation state, by resumption handle. Shared by the connections of an emulator. Keeps
/// the newest thousand handles.
class resumption_archive {
public:
    struct entry {
        std::vector<std::string> history; ///< What the user has said.
        std::string pending;              ///< Content of a turn that is not complete yet.
        call_registry calls;
        std::string model;
        std::uint64_t connection = 0; ///< The connection that issued the handle.
    };

    /// Returns a number for a new connection.
    [[nodiscard]] std::uint64_t number_connection() noexcept { return ++connections_; }
    /// A connection is open from its setup to its end. Meanwhile, its handles cannot be used.
    void open(std::uint64_t connection) { open_.insert(connection); }
    void close(std::uint64_t connection) { open_.erase(connection); }
    [[nodiscard]] bool is_open(std::uint64_t connection) const
    {
        return open_.contains(connection);
    }

    /// Returns the new handle.
    [[nodiscard]] std::string keep(entry kept);
    /// Returns null for a handle that was never issued or is too old.
    [[nodiscard]] const entry* find(const std::string& handle) const;

private:
    std::map<std::string, entry> kept_;
    std::deque<std::string> order_;
    std::set<std::uint64_t> open_;
    std::uint64_t connections_ = 0;
    std::uint64_t handles_ = 0;
};

} // namespace gemini::live::emulator
