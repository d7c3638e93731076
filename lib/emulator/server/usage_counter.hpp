// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/productions_test.cpp
#pragma once

#include <gemini/live/backend.hpp>
#include <gemini/live/messages.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace gemini::live::emulator {

/// Counts tokens, roughly as the service does.
class usage_counter {
public:
    void hears(std::chrono::milliseconds speech) noexcept { heard_ += speech; }
    void sees_picture() noexcept { ++pictures_; }
    void speaks(std::chrono::milliseconds speech) noexcept { spoken_ += speech; }
    void shows(std::chrono::milliseconds video) noexcept { shown_ += video; }
    /// Counts the text of a message, including thoughts and the output of code.
    void sends(const content& turn);
    void is_told_by_tool(std::string_view words);

    /// How much speech the current answer has produced.
    [[nodiscard]] std::chrono::milliseconds spoken() const noexcept { return spoken_; }

    /// Returns the usage of the turn, given the text so far, and starts the next turn.
    [[nodiscard]] usage_metadata bill(std::span<const std::string> history, live::backend backend);

private:
    std::chrono::milliseconds heard_{0}; // this and the next are context of all later turns
    int pictures_ = 0;
    std::chrono::milliseconds spoken_{0}, shown_{0};
    int written_ = 0, thoughts_ = 0, told_ = 0;
};

} // namespace gemini::live::emulator
