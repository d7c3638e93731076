// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/open_enum.hpp>

#include <optional>
#include <string>
#include <utility>

#pragma GCC visibility push(default)
namespace gemini::live {

/// A description of the music, and how much it counts beside the others. Wire: WeightedPrompt.
struct weighted_prompt {
    std::string text;    ///< e.g. "minimal techno"
    double weight = 1.0; ///< Not 0. The service normalizes the weights of all prompts.

    weighted_prompt() = default;
    weighted_prompt(std::string text_, double weight_ = 1.0) // NOLINT(google-explicit-constructor)
        : text(std::move(text_)), weight(weight_)
    {
    }
    friend bool operator==(const weighted_prompt&, const weighted_prompt&) = default;
};

/// The key of the music: a major scale and its relative minor. Wire: MusicGenerationConfig.scale.
enum class music_scale {
    unspecified,
    c_major_a_minor,
    d_flat_major_b_flat_minor,
    d_major_b_minor,
    e_flat_major_c_minor,
    e_major_d_flat_minor,
    f_major_d_minor,
    g_flat_major_e_flat_minor,
    g_major_e_minor,
    a_flat_major_f_minor,
    a_major_g_flat_minor,
    b_flat_major_g_minor,
    b_major_a_flat_minor,
};
/// What the generator favors. Wire: MusicGenerationConfig.musicGenerationMode.
enum class music_generation_mode {
    unspecified,
    quality,     ///< Sound quality. The service's default.
    diversity,   ///< Variety.
    vocalization ///< Music with voices.
};
/// A command to the player. Wire: playbackControl.
enum class playback_control {
    unspecified,
    play,         ///< Starts the music, or continues it after a pause.
    pause,        ///< Holds the music at its position.
    stop,         ///< Stops the music; the next `play` begins a new piece.
    reset_context ///< Begins a new piece without a stop, with the same prompts and settings.
};
[[nodiscard]] wire_name_list wire_names(music_scale) noexcept;
[[nodiscard]] wire_name_list wire_names(music_generation_mode) noexcept;
[[nodiscard]] wire_name_list wire_names(playback_control) noexcept;

/// How the music is made. An absent member means the service's default. Wire:
/// musicGenerationConfig.
struct music_generation_config {
    std::optional<double> temperature{}; ///< 0 to 3: how varied the music is.
    std::optional<int> top_k{};          ///< 1 to 1000: among how many candidates it chooses.
    std::optional<int> seed{};           ///< The same seed makes similar music.
    std::optional<double> guidance{};    ///< 0 to 6: how closely it follows the prompts.
    /// Beats per minute, 60 to 200. Takes effect after a reset of the context.
    std::optional<int> bpm{};
    std::optional<double> density{};           ///< 0 (few notes) to 1 (many).
    std::optional<double> brightness{};        ///< 0 (dark) to 1 (bright).
    open_enum<music_scale> scale{};            ///< Takes effect after a reset of the context.
    std::optional<bool> mute_bass{};           ///< True: without bass.
    std::optional<bool> mute_drums{};          ///< True: without drums.
    std::optional<bool> only_bass_and_drums{}; ///< True: nothing else.
    open_enum<live::music_generation_mode> music_generation_mode{};

    // declared, so that it is no aggregate: it passes through awaitable functions
    music_generation_config() {} // NOLINT(modernize-use-equals-default)
    friend bool operator==(
        const music_generation_config&, const music_generation_config&) = default;
};

} // namespace gemini::live
#pragma GCC visibility pop
