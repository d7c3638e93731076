// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/tools.hpp"

#include <gemini/live/content.hpp>

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::emulator {

/// A function call that has not been answered yet.
struct open_call {
    function_call call;
    waiting wait;
};

/// The function calls of a conversation: those that await a response, and those that are past.
/// Keeps the newest hundred of each.
class call_registry {
public:
    /// Adds a call. Does nothing for another piece of an open call.
    void open(function_call call, waiting wait);
    /// Makes an open call a past one. Its response may still arrive.
    void close(const std::string& id);
    /// Closes the calls that an interruption cancels, and returns their IDs. Calls that block the
    /// model are canceled only with `cancels_blocking`.
    [[nodiscard]] std::vector<std::string> interrupt(bool cancels_blocking);

    [[nodiscard]] bool has_open() const noexcept { return !open_.empty(); }
    /// Returns the open call with this ID, or with this name if the ID is empty; null if there is
    /// none. Valid until the next change.
    [[nodiscard]] const open_call* find_open(std::string_view id, std::string_view name) const;
    /// Whether there is a past call with this ID, or with this name if the ID is empty.
    [[nodiscard]] bool is_past(std::string_view id, std::string_view name) const;

private:
    void retire(const function_call& over);

    std::vector<open_call> open_;
    std::deque<std::pair<std::string, std::string>> past_; // IDs and names
};

} // namespace gemini::live::emulator
