// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Whether a model waits for the functions that it calls.
enum class calling {
    blocking_unless_asked, ///< It waits, unless `function_declaration::behavior` is non_blocking.
    non_blocking_unless_asked, ///< It waits only if `function_declaration::behavior` is blocking.
    blocking_only,             ///< It always waits.
    non_blocking_only,         ///< It never waits.
};

/// How a model differs from what the API describes. A default-constructed value describes an
/// unknown model: nothing is refused locally.
struct model_quirks {
    /// True: `session::send` sends clientContent. False: it sends realtimeInput.text.
    bool text_by_turns = false;
    /// The model accepts clientContent only as the history of a new conversation, with
    /// `setup::history_config`.
    bool content_is_history = false;
    /// The service ends the connection (1008) if audio comes while the model waits for a function.
    /// The session then holds audio and video back for at most `longest_hold`, and drops what grows
    /// older than `reconnect_policy::realtime_window`.
    bool audio_breaks_calls = false;
    /// The longest time for which `audio_breaks_calls` holds audio and video back; zero: not at
    /// all.
    std::chrono::milliseconds longest_hold{10'000};
    /// Whether the model waits for the functions that it calls.
    live::calling calling = live::calling::blocking_unless_asked;
    bool takes_scheduling = true;     ///< Accepts `function_response::scheduling`.
    bool takes_context_update = true; ///< Accepts `context_update`.
    bool speaks = true;               ///< Can answer with audio (`modality::audio`).
    bool writes = true;               ///< Can answer with text (`modality::text`).
    bool takes_thinking_level = true; ///< Accepts `thinking_config::thinking_level`.
    bool takes_thinking = true;       ///< Accepts `setup::thinking_config`, whatever is in it.
    /// Needs exactly one of `thinking_config::thinking_level` and
    /// `thinking_config::thinking_budget`.
    bool needs_thinking = false;
    bool takes_affective_dialog = true; ///< Accepts `setup::enable_affective_dialog`.
    /// Accepts `setup::proactivity`. False: only with `proactivity::proactive_audio` false.
    bool takes_proactivity = true;
    bool is_always_proactive = false; ///< Refuses `proactivity::proactive_audio` false.
};

/// Returns what is known of a model, as of November 2026. `model` may be a resource name
/// ("models/…"). Unknown models have the defaults.
[[nodiscard]] model_quirks quirks_of(std::string_view model);

} // namespace gemini::live
#pragma GCC visibility pop
