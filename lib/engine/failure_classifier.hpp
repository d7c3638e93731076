// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/reconnect.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace gemini::live::engine {

using action = reconnect_action;

struct verdict {
    engine::action action = action::back_off;
    std::chrono::milliseconds at_least{0}; ///< The shortest wait.
    error why; ///< The error with its true errc and a sentence that says what to do.
    /// Is given up when it repeats at once: the same message may meet the same answer.
    bool few_times = false;
};

/// How long to wait when the quota is used up and the server does not say it.
inline constexpr std::chrono::milliseconds usual_quota_wait{60'000};

/// Judges by (phase, HTTP status or close code, reason, was a handle used, has the session worked).
/// Pure.
[[nodiscard]] verdict classify(
    const error& failure, situation when, std::chrono::milliseconds quota_wait = usual_quota_wait);

enum class stage { any, before_setup, open };
enum class handle { any, used };
enum class connection { any, first, later };

/// One row of the table of close codes; the first that fits decides.
struct close_row {
    std::uint16_t code;           ///< 0: any.
    std::string_view reason_part; ///< As for `base::mentions`.
    engine::stage stage;
    engine::handle handle;
    /// `resume` of what is `rejected` is done a few times only.
    engine::action action;
    errc code_means;
    std::string_view advice; ///< The sentence for the user; the server's reason is put behind it.
};
[[nodiscard]] std::span<const close_row> close_table() noexcept;

/// One row of the table of failures without a close frame; the first that fits decides.
struct failure_row {
    errc value;
    live::phase phase;            ///< none: any.
    int below;                    ///< HTTP statuses below this one; 0: any.
    std::string_view reason_part; ///< As for `base::mentions`.
    engine::connection connection;
    engine::action action;
};
[[nodiscard]] std::span<const failure_row> failure_table() noexcept;

} // namespace gemini::live::engine
