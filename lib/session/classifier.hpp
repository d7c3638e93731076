// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/reconnect.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace gemini::live::sessions {

using action = reconnect_action;

struct verdict {
    sessions::action action = action::back_off;
    std::chrono::milliseconds at_least{0}; ///< The shortest wait.
    error why; ///< The error with its true errc and a sentence that says what to do.
};

/// Judges by (phase, HTTP status or close code, reason text, was a handle used). Pure.
[[nodiscard]] verdict classify(const error& failure, situation when);

enum class stage { any, before_setup, open };
enum class handle { any, used };

/// One row of the table of close codes; the first that fits decides.
struct close_row {
    std::uint16_t code;           ///< 0: any.
    std::string_view reason_part; ///< Empty: any.
    sessions::stage stage;
    sessions::handle handle;
    sessions::action action;
    errc code_means;
    std::string_view advice; ///< The sentence for the user; the server's reason is put behind it.
};
[[nodiscard]] std::span<const close_row> close_table() noexcept;

} // namespace gemini::live::sessions
