// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/switchable.hpp>
#include <gemini/live/tool.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live {

/// Wire: AudioTranscriptionConfig.mode.
enum class transcription_mode {
    unspecified,
    verbatim, ///< Word for word. The service's default.
    smart,    ///< Tidied up; excludes `word_timestamp` and `diarization`.
};
[[nodiscard]] wire_name_list wire_names(transcription_mode) noexcept;

/// Wire: languageHints. The service prefers `audio_transcription::language_codes`.
struct language_hints {
    std::vector<std::string> language_codes{};
    gcc12_guard<language_hints> guard{}; ///< Not to be touched.
    friend bool operator==(const language_hints&, const language_hints&) = default;
};

/// Wire: languageAuto.
struct language_auto {
    friend bool operator==(const language_auto&, const language_auto&) = default;
};

/// Asks for the text of speech. Wire: AudioTranscriptionConfig; the empty value switches
/// transcription on.
struct audio_transcription {
    std::vector<std::string> language_codes{};    ///< BCP-47 hints; empty: found by the service.
    std::vector<std::string> custom_vocabulary{}; ///< Words to expect, at most 1000.
    std::optional<bool> word_timestamp{};         ///< Tell when each word was spoken.
    std::optional<bool> diarization{};            ///< Tell who speaks.
    open_enum<transcription_mode> mode{};
    std::string source_text{}; ///< With `smart`: the text that is rewritten by voice.
    switchable<live::language_auto> language_auto = off;   ///< Deprecated by the service.
    switchable<live::language_hints> language_hints = off; ///< Deprecated by the service.
    std::vector<std::string> adaptation_phrases{};         ///< Deprecated by the service.
    gcc12_guard<audio_transcription> guard{};              ///< Not to be touched.
    friend bool operator==(const audio_transcription&, const audio_transcription&) = default;
};

/// Wire: setup.sessionResumption. Present by default: the session then outlives its connections.
struct session_resumption {
    std::string handle{}; ///< Goes on with an earlier conversation; empty: a new one.
    /// The server tells which message it has come to, and an outage repeats or loses nothing.
    /// Vertex AI only.
    std::optional<bool> transparent{};
    gcc12_guard<session_resumption> guard{}; ///< Not to be touched.
    friend bool operator==(const session_resumption&, const session_resumption&) = default;
};

/// Wire: voiceConsentSignature.
struct voice_consent_signature {
    std::string signature;
    gcc12_guard<voice_consent_signature> guard{}; ///< Not to be touched.
    friend bool operator==(
        const voice_consent_signature&, const voice_consent_signature&) = default;
};

/// A voice made from a recording. Wire: replicatedVoiceConfig.
struct replicated_voice_config {
    std::string mime_type{};    ///< Of both recordings, e.g. "audio/pcm;rate=24000".
    bytes voice_sample_audio{}; ///< Whose voice it is to be.
    bytes consent_audio{};      ///< The speaker's spoken consent; once, then the signature does.
    std::optional<live::voice_consent_signature> voice_consent_signature{};
    gcc12_guard<replicated_voice_config> guard{}; ///< Not to be touched.
    friend bool operator==(
        const replicated_voice_config&, const replicated_voice_config&) = default;
};

/// A voice: one of the service's by its name ("Puck", "Kore", …), or a replica. Wire:
/// generationConfig.speechConfig.voiceConfig.
struct voice_config {
    std::string voice_name{}; ///< Wire: prebuiltVoiceConfig.voiceName.
    std::optional<live::replicated_voice_config> replicated_voice_config{};
    std::string voice{}; ///< A voice's name or resource, where the model takes it in this form.

    voice_config() = default;
    voice_config(std::string name)
        : voice_name(std::move(name)) {}                 // NOLINT(google-explicit-constructor)
    voice_config(const char* name) : voice_name(name) {} // NOLINT(google-explicit-constructor)
    voice_config(live::replicated_voice_config replica)  // NOLINT(google-explicit-constructor)
        : replicated_voice_config(std::move(replica))
    {
    }
    friend bool operator==(const voice_config&, const voice_config&) = default;
};

enum class thinking_level { unspecified, minimal, low, medium, high, xhigh };
[[nodiscard]] wire_name_list wire_names(thinking_level) noexcept;

/// How much the model thinks before it answers. Wire: generationConfig.thinkingConfig.
struct thinking_config {
    std::optional<bool> include_thoughts{}; ///< Parts with `part::thought` set come along.
    std::optional<int> thinking_budget{}; ///< In tokens; 0 none, -1 the model's choice. 2.5 models.
    /// low, medium, high for gemini-3.8-live-extended-thinking; gemini-3.8-live takes none.
    open_enum<live::thinking_level> thinking_level{};
    gcc12_guard<thinking_config> guard{}; ///< Not to be touched.
    friend bool operator==(const thinking_config&, const thinking_config&) = default;
};

/// Speech in, speech in another language out. Wire: generationConfig.translationConfig.
struct translation_config {
    std::string target_language_code;           ///< BCP-47
    std::optional<bool> echo_target_language{}; ///< Repeat what is spoken in that language already.
    gcc12_guard<translation_config> guard{};    ///< Not to be touched.
    friend bool operator==(const translation_config&, const translation_config&) = default;
};

enum class feature_selection_preference {
    unspecified,
    prioritize_quality,
    balanced,
    prioritize_cost,
};
[[nodiscard]] wire_name_list wire_names(feature_selection_preference) noexcept;

/// Wire: modelSelectionConfig; modelConfig on Vertex AI.
struct model_selection_config {
    open_enum<live::feature_selection_preference> feature_selection_preference{};
    gcc12_guard<model_selection_config> guard{}; ///< Not to be touched.
    friend bool operator==(const model_selection_config&, const model_selection_config&) = default;
};

enum class start_sensitivity { unspecified, high, low };
enum class end_sensitivity { unspecified, high, low };
[[nodiscard]] wire_name_list wire_names(start_sensitivity) noexcept;
[[nodiscard]] wire_name_list wire_names(end_sensitivity) noexcept;

/// How the service finds out that somebody speaks. Wire:
/// realtimeInputConfig.automaticActivityDetection.
struct automatic_activity_detection {
    std::optional<bool> disabled{}; ///< True: you send `activity_start` and `activity_end`.
    open_enum<start_sensitivity> start_of_speech_sensitivity{}; ///< Absent: high, on Vertex AI low.
    open_enum<end_sensitivity> end_of_speech_sensitivity{};     ///< Absent: as above.
    std::optional<std::chrono::milliseconds>
        prefix_padding{}; ///< Speech needed for a start. Wire: prefixPaddingMs.
    std::optional<std::chrono::milliseconds>
        silence_duration{}; ///< Silence needed for an end. Wire: silenceDurationMs.
    gcc12_guard<automatic_activity_detection> guard{}; ///< Not to be touched.
    friend bool operator==(
        const automatic_activity_detection&, const automatic_activity_detection&) = default;
};

enum class activity_handling {
    unspecified,
    start_of_activity_interrupts, ///< Who begins to speak cuts the model off. The default.
    no_interruption,
};
enum class turn_coverage {
    unspecified,
    only_activity,
    all_input,
    audio_activity_and_all_video,
};
[[nodiscard]] wire_name_list wire_names(activity_handling) noexcept;
[[nodiscard]] wire_name_list wire_names(turn_coverage) noexcept;

/// Wire: setup.realtimeInputConfig.
struct realtime_input_config {
    switchable<live::automatic_activity_detection> automatic_activity_detection = off;
    open_enum<live::activity_handling> activity_handling{};
    open_enum<live::turn_coverage> turn_coverage{}; ///< What of the input belongs to a turn.
    std::optional<bool> interim_transcript_timestamp_enabled{}; ///< Absent: off.
    gcc12_guard<realtime_input_config> guard{};                 ///< Not to be touched.
    friend bool operator==(const realtime_input_config&, const realtime_input_config&) = default;
};

/// Wire: slidingWindow.
struct sliding_window {
    std::optional<std::int64_t> target_tokens{}; ///< What is kept. Absent: half of the trigger.
    friend bool operator==(const sliding_window&, const sliding_window&) = default;
};

/// Lets a conversation grow beyond the model's context: its beginning is forgotten. Wire:
/// setup.contextWindowCompression.
struct context_window_compression {
    std::optional<std::int64_t> trigger_tokens{}; ///< Absent: 80 % of the model's window.
    switchable<live::sliding_window> sliding_window = off;
    friend bool operator==(
        const context_window_compression&, const context_window_compression&) = default;
};

/// The model speaks up, or stays silent, of its own accord. Wire: setup.proactivity.
struct proactivity {
    std::optional<bool> proactive_audio{}; ///< 2.5 models on v1alpha; always on for 3.8 models.
    std::optional<bool> proactive_video{}; ///< Needs `proactive_audio`.
    friend bool operator==(const proactivity&, const proactivity&) = default;
};

/// Wire: setup.historyConfig.
struct history_config {
    /// The first `send_client_content` up to its turnComplete is history and gets no answer.
    std::optional<bool> initial_history_in_client_content{};
    friend bool operator==(const history_config&, const history_config&) = default;
};

/// Wire: customizedAvatar.
struct customized_avatar {
    std::string image_mime_type{};
    bytes image_data{};                     ///< 9:16, at least 704 x 1280.
    gcc12_guard<customized_avatar> guard{}; ///< Not to be touched.
    friend bool operator==(const customized_avatar&, const customized_avatar&) = default;
};

/// A face for the answers; with `modality::video`. Wire: setup.avatarConfig.
struct avatar_config {
    std::string avatar_name{};
    std::optional<live::customized_avatar> customized_avatar{};
    std::optional<int> audio_bitrate_bps{}; ///< Bits a second.
    std::optional<int> video_bitrate_bps{}; ///< Bits a second.
    gcc12_guard<avatar_config> guard{};     ///< Not to be touched.
    friend bool operator==(const avatar_config&, const avatar_config&) = default;
};

enum class harm_category {
    unspecified,
    harassment,
    hate_speech,
    sexually_explicit,
    dangerous_content,
    civic_integrity,
    jailbreak,
    image_hate,
    image_dangerous_content,
    image_harassment,
    image_sexually_explicit,
};
// g++ 12 takes an enumerator of this scope for a shadow of live::off.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class harm_block_threshold {
    unspecified,
    block_low_and_above,
    block_medium_and_above,
    block_only_high,
    block_none,
    off,
};
#pragma GCC diagnostic pop
enum class harm_block_method { unspecified, severity, probability };
[[nodiscard]] wire_name_list wire_names(harm_category) noexcept;
[[nodiscard]] wire_name_list wire_names(harm_block_threshold) noexcept;
[[nodiscard]] wire_name_list wire_names(harm_block_method) noexcept;

/// Wire: setup.safetySettings[].
struct safety_setting {
    open_enum<harm_category> category{};
    open_enum<harm_block_threshold> threshold{};
    open_enum<harm_block_method> method{}; ///< Vertex AI only.
    gcc12_guard<safety_setting> guard{};   ///< Not to be touched.
    friend bool operator==(const safety_setting&, const safety_setting&) = default;
};

/// What a conversation is to be. Nothing of it changes once the session has connected, but for
/// instruction and tools: see `session::send_context_update`.
/// Enters the library through constructors only (`session{client, {.model = "…"}}`), never through
/// an awaited call. Wire: setup, with the members of generationConfig raised to this level.
struct setup {
    std::string model; ///< "gemini-3.8-live"; the backend decides what is put before it. Required.
    /// Today's models take one. Empty: the service's default, audio.
    std::vector<open_enum<modality>> response_modalities{};
    std::optional<content> system_instruction{};
    /// The functions that the model may call. Wire: tools[0].functionDeclarations.
    std::vector<function_declaration> functions{};
    std::vector<tool> tools{};                 ///< Further tools: search, code execution, …
    std::optional<double> temperature{};       ///< 0 to 2. Wire: generationConfig.temperature.
    std::optional<double> top_p{};             ///< 0 to 1.
    std::optional<double> top_k{};             ///< 1 or more.
    std::optional<int> max_output_tokens{};    ///< 1 or more.
    std::optional<int> candidate_count{};      ///< 1
    std::optional<double> presence_penalty{};  ///< -2 to 2
    std::optional<double> frequency_penalty{}; ///< -2 to 2
    std::optional<int> seed{};                 ///< The same seed, mostly the same answers.
    open_enum<live::media_resolution> media_resolution{};
    /// "Puck", "Kore", …, or a replica; absent: the service's choice. Wire:
    /// generationConfig.speechConfig.voiceConfig.
    std::optional<voice_config> voice{};
    std::string language_code{}; ///< BCP-47; empty: the service's. Wire: speechConfig.languageCode.
    switchable<live::thinking_config> thinking_config = off;
    std::optional<bool> enable_affective_dialog{}; ///< 2.5 native audio models on v1alpha.
    switchable<live::translation_config> translation_config = off; ///< Translation models only.
    switchable<live::model_selection_config> model_selection_config = off;
    switchable<live::realtime_input_config> realtime_input_config = off;
    switchable<audio_transcription> input_audio_transcription = off;  ///< Absent: off.
    switchable<audio_transcription> output_audio_transcription = off; ///< Absent: off.
    switchable<live::session_resumption> session_resumption{};        ///< `live::off`: none.
    switchable<live::context_window_compression> context_window_compression = off;
    switchable<live::proactivity> proactivity = off;
    switchable<live::history_config> history_config = off;
    std::optional<bool> explicit_vad_signal{}; ///< Sends `voice_activity`. Vertex AI only.
    switchable<live::avatar_config> avatar_config = off;
    std::vector<safety_setting> safety_settings{};
    std::map<std::string, std::string> labels{}; ///< For billing reports.
    /// Members that this version does not know: a JSON object that is merged into `setup`. An
    /// object that is there already (generationConfig) is merged in the same way; of anything else
    /// that is there already, the value given here is sent. It must not hold
    /// `sessionResumption.handle`, which changes during the session.
    std::optional<json> extra{};
    gcc12_guard<setup> guard{}; ///< Not to be touched.
    friend bool operator==(const setup&, const setup&) = default;
};

} // namespace gemini::live
