// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live {

/// A function that the model may call. Wire: tools[].functionDeclarations[].
struct function_declaration {
    std::string name;
    std::string description{};
    /// JSON Schema of the arguments, an object; absent for a function without arguments. Wire:
    /// parametersJsonSchema.
    std::optional<json> parameters{};
};

/// Asks for the text of speech. Wire: AudioTranscriptionConfig; the empty value switches
/// transcription on.
struct audio_transcription {
    std::vector<std::string> language_codes{}; ///< BCP-47 hints; empty: found by the service.
};

/// Wire: setup.sessionResumption. Present by default: the session then outlives its connections.
struct session_resumption {
    std::string handle{}; ///< Goes on with an earlier conversation; empty: a new one.
};

/// What a conversation is to be. Nothing of it changes once the session has connected.
/// Enters the library through constructors only (`session{client, {.model = "…"}}`), never through
/// an awaited call. Wire: setup, with the members of generationConfig raised to this level.
struct setup {
    std::string model;                ///< "gemini-3.8-live"; "models/" is put before it. Required.
    modalities response_modalities{}; ///< Defaults to none: the service's default, audio.
    std::optional<content> system_instruction{};
    std::vector<function_declaration> functions{}; ///< Wire: tools[0].functionDeclarations.
    std::optional<double> temperature{};           ///< 0 to 2. Wire: generationConfig.temperature.
    std::optional<double> top_p{};                 ///< 0 to 1.
    std::optional<int> top_k{};                    ///< 1 or more.
    std::optional<int> max_output_tokens{};        ///< 1 or more.
    std::optional<int> seed{};
    std::string
        voice{}; ///< "Puck", "Kore", …; empty: the service's. Wire: generationConfig.speechConfig.
    std::string language_code{}; ///< BCP-47; empty: the service's.
    std::optional<audio_transcription> input_audio_transcription{};
    std::optional<audio_transcription> output_audio_transcription{};
    std::optional<live::session_resumption> session_resumption{live::session_resumption{}};
    /// Members that this version does not know: a JSON object that is merged into `setup`. An
    /// object that is there already (generationConfig) is merged in the same way; of anything else
    /// that is there already, the value given here is sent.
    std::optional<json> extra{};
};

} // namespace gemini::live
