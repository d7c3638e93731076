// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/open_enum.hpp>

#include <optional>
#include <string>
#include <utility>

namespace gemini::live {

/// What the music is to sound like. Wire: WeightedPrompt.
struct weighted_prompt {
    std::string text;
    double weight = 1.0; ///< Not 0; the service normalises the weights of all prompts.

    weighted_prompt() = default;
    weighted_prompt(std::string text_, double weight_ = 1.0) // NOLINT(google-explicit-constructor)
        : text(std::move(text_)), weight(weight_)
    {
    }
    friend bool operator==(const weighted_prompt&, const weighted_prompt&) = default;
};

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
enum class music_generation_mode { unspecified, quality, diversity, vocalization };
enum class playback_control { unspecified, play, pause, stop, reset_context };
[[nodiscard]] wire_name_list wire_names(music_scale) noexcept;
[[nodiscard]] wire_name_list wire_names(music_generation_mode) noexcept;
[[nodiscard]] wire_name_list wire_names(playback_control) noexcept;

/// How the music is made. Every member absent: the service's default. Wire: musicGenerationConfig.
struct music_generation_config {
    std::optional<double> temperature{}; ///< 0 to 3
    std::optional<int> top_k{};          ///< 1 to 1000
    std::optional<int> seed{};
    std::optional<double> guidance{}; ///< 0 to 6: how closely the prompts are followed.
    std::optional<int>
        bpm{}; ///< Beats a minute, 60 to 200. Takes effect with a reset of the context.
    std::optional<double> density{};    ///< 0 to 1
    std::optional<double> brightness{}; ///< 0 to 1
    open_enum<music_scale> scale{};     ///< Takes effect with a reset of the context.
    std::optional<bool> mute_bass{};
    std::optional<bool> mute_drums{};
    std::optional<bool> only_bass_and_drums{};
    open_enum<live::music_generation_mode> music_generation_mode{};

    // declared, so that it is no aggregate: it passes through awaitable functions
    music_generation_config() {} // NOLINT(modernize-use-equals-default)
    friend bool operator==(
        const music_generation_config&, const music_generation_config&) = default;
};

} // namespace gemini::live
