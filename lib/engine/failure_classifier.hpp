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
    error why; ///< The error with its true errc, and a sentence that says what to do.
    /// Give up when the failure recurs quickly: the same message may get the same answer.
    bool few_times = false;
};

/// How long to wait when the quota is used up and the server does not say for how long.
inline constexpr std::chrono::milliseconds usual_quota_wait{60'000};

/// Judges a failure by its phase, HTTP status or close code, and reason, by whether a handle was
/// used, and by whether the session has worked. Pure.
[[nodiscard]] verdict classify(const error& failure, failure_context when,
    std::chrono::milliseconds quota_wait = usual_quota_wait);

enum class stage { any, before_setup, open };
enum class handle { any, used };
enum class connection { any, first, later };

/// One row of the table of close codes; the first match decides.
struct close_row {
    std::uint16_t code;           ///< 0: any.
    std::string_view reason_part; ///< Matched as by `base::mentions`.
    engine::stage stage;
    engine::handle handle;
    /// When the code means `rejected`, a `resume` is done only a few times.
    engine::action action;
    errc code_means;
    std::string_view advice; ///< The sentence for the user, followed by the server's reason.
};
[[nodiscard]] std::span<const close_row> close_table() noexcept;

/// One row of the table of failures without a close frame; the first match decides.
struct failure_row {
    errc value;
    live::phase phase;            ///< none: any.
    int below;                    ///< Matches HTTP statuses below this one; 0: any.
    std::string_view reason_part; ///< Matched as by `base::mentions`.
    engine::connection connection;
    engine::action action;
};
[[nodiscard]] std::span<const failure_row> failure_table() noexcept;

} // namespace gemini::live::engine
