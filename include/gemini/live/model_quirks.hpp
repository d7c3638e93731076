// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

namespace gemini::live {

/// Whether a model waits for the functions that it calls.
enum class calling {
    blocking_unless_asked, ///< By `function_declaration::behavior`; so with the next.
    non_blocking_unless_asked,
    blocking_only,
    non_blocking_only,
};

/// What a model takes and does, where it differs from what the API describes. The defaults are
/// those of a model that nothing is known of: it is refused nothing.
struct model_quirks {
    /// A user's text turn goes as clientContent; else as realtimeInput.text. See `session::send`.
    bool text_by_turns = false;
    /// Client content is taken as the history of a new conversation only, with
    /// `setup::history_config`.
    bool content_is_history = false;
    /// The connection ends (1008) when audio comes while the model waits for a function, so the
    /// session holds it back, no longer than `longest_hold`; what grows older than
    /// `reconnect_policy::realtime_window` is dropped.
    bool audio_breaks_calls = false;
    std::chrono::milliseconds longest_hold{10'000};
    live::calling calling = live::calling::blocking_unless_asked;
    bool takes_scheduling = true; ///< `function_response::scheduling`.
    bool speaks = true;           ///< `modality::audio`
    bool writes = true;           ///< `modality::text`
    bool takes_thinking_level = true;
    bool takes_thinking = true;  ///< `setup::thinking_config`, whatever is in it.
    bool needs_thinking = false; ///< Exactly one of `thinking_level` and `thinking_budget`.
    bool takes_affective_dialog = true;
    bool takes_proactivity = true;    ///< `setup::proactivity`, other than to say no.
    bool is_always_proactive = false; ///< `proactivity::proactive_audio` cannot be switched off.
};

/// State of 2026-11. `model` may be a resource name ("models/…"). Unknown models have the defaults.
[[nodiscard]] model_quirks quirks_of(std::string_view model);

} // namespace gemini::live
