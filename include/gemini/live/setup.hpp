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

#pragma GCC visibility push(default)
namespace gemini::live {

/// How closely a transcription follows the speech. Wire: AudioTranscriptionConfig.mode.
enum class transcription_mode {
    unspecified,
    verbatim, ///< Word for word. The service's default.
    smart,    ///< Cleaned up. Excludes `word_timestamp` and `diarization`.
};
[[nodiscard]] wire_name_list wire_names(transcription_mode) noexcept;

/// Languages to expect. Deprecated by the service in favor of
/// `audio_transcription::language_codes`. Wire: languageHints.
struct language_hints {
    std::vector<std::string> language_codes{}; ///< BCP-47
    gcc12_guard<language_hints> guard{};       ///< Not to be touched.
    friend bool operator==(const language_hints&, const language_hints&) = default;
};

/// The service detects the language. Deprecated by the service, which does so by default. Wire:
/// languageAuto.
struct language_auto {
    friend bool operator==(const language_auto&, const language_auto&) = default;
};

/// Requests the text of speech. The empty value turns transcription on. Wire:
/// AudioTranscriptionConfig.
struct audio_transcription {
    std::vector<std::string> language_codes{};    ///< BCP-47 hints; empty: the service detects it.
    std::vector<std::string> custom_vocabulary{}; ///< Words to expect, at most 1000.
    std::optional<bool> word_timestamp{};         ///< Fills `transcription::words`. Absent: off.
    std::optional<bool> diarization{}; ///< Fills `transcription::speaker_label`. Absent: off.
    open_enum<transcription_mode> mode{};
    std::string source_text{}; ///< The text that speech rewrites; only with the mode `smart`.
    switchable<live::language_auto> language_auto = off;   ///< Deprecated by the service.
    switchable<live::language_hints> language_hints = off; ///< Deprecated by the service.
    std::vector<std::string> adaptation_phrases{};         ///< Deprecated by the service.
    gcc12_guard<audio_transcription> guard{};              ///< Not to be touched.
    friend bool operator==(const audio_transcription&, const audio_transcription&) = default;
};

/// Lets the conversation continue on another connection. On by default. Wire:
/// setup.sessionResumption.
struct session_resumption {
    std::string handle{}; ///< Continues an earlier conversation; empty: begins a new one.
    /// The server reports which message it has consumed, so an outage repeats and loses nothing.
    /// Vertex AI only.
    std::optional<bool> transparent{};
    gcc12_guard<session_resumption> guard{}; ///< Not to be touched.
    friend bool operator==(const session_resumption&, const session_resumption&) = default;
};

/// The service's receipt for a speaker's consent. Wire: voiceConsentSignature.
struct voice_consent_signature {
    std::string signature; ///< As received in `setup_complete::voice_consent_signature`.
    gcc12_guard<voice_consent_signature> guard{}; ///< Not to be touched.
    friend bool operator==(
        const voice_consent_signature&, const voice_consent_signature&) = default;
};

/// A voice made from a recording. Wire: replicatedVoiceConfig.
struct replicated_voice_config {
    std::string mime_type{};    ///< Of both recordings, e.g. "audio/pcm;rate=24000".
    bytes voice_sample_audio{}; ///< The voice to replicate.
    /// The speaker's spoken consent. Later sessions send the signature instead. Gemini API only.
    bytes consent_audio{};
    /// The receipt for an earlier `consent_audio`. Gemini API only.
    std::optional<live::voice_consent_signature> voice_consent_signature{};
    gcc12_guard<replicated_voice_config> guard{}; ///< Not to be touched.
    friend bool operator==(
        const replicated_voice_config&, const replicated_voice_config&) = default;
};

/// A voice: one of the service's by its name ("Puck", "Kore", …), or a replica. Set one of the
/// members. Wire: generationConfig.speechConfig.voiceConfig.
struct voice_config {
    std::string voice_name{}; ///< A voice of the service. Wire: prebuiltVoiceConfig.voiceName.
    std::optional<live::replicated_voice_config> replicated_voice_config{};
    std::string voice{}; ///< A voice's name or resource, for models that accept this form.

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

/// How thoroughly the model thinks. Wire: ThinkingConfig.thinkingLevel.
enum class thinking_level { unspecified, minimal, low, medium, high, xhigh };
[[nodiscard]] wire_name_list wire_names(thinking_level) noexcept;

/// How much the model thinks before it answers. Wire: generationConfig.thinkingConfig.
struct thinking_config {
    std::optional<bool> include_thoughts{}; ///< Sends thoughts too, as parts with `part::thought`.
    /// In tokens; 0: none, -1: the model decides. For 2.5 models.
    std::optional<int> thinking_budget{};
    /// gemini-3.8-live-extended-thinking accepts low, medium and high, and needs this or
    /// `thinking_budget`. gemini-3.8-live accepts no thinking_config at all.
    open_enum<live::thinking_level> thinking_level{};
    gcc12_guard<thinking_config> guard{}; ///< Not to be touched.
    friend bool operator==(const thinking_config&, const thinking_config&) = default;
};

/// Translates speech into speech in another language. Wire: generationConfig.translationConfig.
struct translation_config {
    std::string target_language_code; ///< BCP-47. Required.
    /// Repeats what is already spoken in the target language. Absent: off.
    std::optional<bool> echo_target_language{};
    gcc12_guard<translation_config> guard{}; ///< Not to be touched.
    friend bool operator==(const translation_config&, const translation_config&) = default;
};

/// What to favor in model selection. Wire:
/// ModelSelectionConfig.featureSelectionPreference.
enum class feature_selection_preference {
    unspecified,
    prioritize_quality,
    balanced,
    prioritize_cost,
};
[[nodiscard]] wire_name_list wire_names(feature_selection_preference) noexcept;

/// Preferences for model selection. Wire: modelSelectionConfig; modelConfig on Vertex AI.
struct model_selection_config {
    open_enum<live::feature_selection_preference> feature_selection_preference{};
    gcc12_guard<model_selection_config> guard{}; ///< Not to be touched.
    friend bool operator==(const model_selection_config&, const model_selection_config&) = default;
};

/// How readily the service detects that speech begins. Wire:
/// AutomaticActivityDetection.startOfSpeechSensitivity.
enum class start_sensitivity { unspecified, high, low };
/// How readily the service detects that speech ends. Wire:
/// AutomaticActivityDetection.endOfSpeechSensitivity.
enum class end_sensitivity { unspecified, high, low };
[[nodiscard]] wire_name_list wire_names(start_sensitivity) noexcept;
[[nodiscard]] wire_name_list wire_names(end_sensitivity) noexcept;

/// How the service detects speech. Wire: realtimeInputConfig.automaticActivityDetection.
struct automatic_activity_detection {
    std::optional<bool> disabled{}; ///< True: you send `activity_start` and `activity_end`.
    /// Absent: high on the Gemini API, low on Vertex AI.
    open_enum<start_sensitivity> start_of_speech_sensitivity{};
    /// Absent: high on the Gemini API, low on Vertex AI.
    open_enum<end_sensitivity> end_of_speech_sensitivity{};
    /// How long speech must last to count as a start. Wire: prefixPaddingMs.
    std::optional<std::chrono::milliseconds> prefix_padding{};
    /// How long silence must last to count as an end. Absent: about 800 ms. Wire:
    /// silenceDurationMs.
    std::optional<std::chrono::milliseconds> silence_duration{};
    gcc12_guard<automatic_activity_detection> guard{}; ///< Not to be touched.
    friend bool operator==(
        const automatic_activity_detection&, const automatic_activity_detection&) = default;
};

/// Whether speech interrupts the model. Wire: RealtimeInputConfig.activityHandling.
enum class activity_handling {
    unspecified,
    start_of_activity_interrupts, ///< Speech interrupts the model. The service's default.
    no_interruption,              ///< The model finishes what it is saying.
};
/// Which input belongs to a turn. Wire: RealtimeInputConfig.turnCoverage.
enum class turn_coverage {
    unspecified,
    only_activity,                ///< What arrives during speech. The default of 2.5 models.
    all_input,                    ///< All since the last turn, silence included.
    audio_activity_and_all_video, ///< Speech, and all video. The default of 3.1 and 3.8 models.
};
[[nodiscard]] wire_name_list wire_names(activity_handling) noexcept;
[[nodiscard]] wire_name_list wire_names(turn_coverage) noexcept;

/// How the service treats streamed input. Wire: setup.realtimeInputConfig.
struct realtime_input_config {
    /// Off: the service's defaults. To disable detection, set
    /// `automatic_activity_detection::disabled`.
    switchable<live::automatic_activity_detection> automatic_activity_detection = off;
    open_enum<live::activity_handling> activity_handling{};
    open_enum<live::turn_coverage> turn_coverage{}; ///< Absent: the model's default.
    /// Adds times to `server_content::interim_input_transcription`. Absent: off.
    std::optional<bool> interim_transcript_timestamp_enabled{};
    gcc12_guard<realtime_input_config> guard{}; ///< Not to be touched.
    friend bool operator==(const realtime_input_config&, const realtime_input_config&) = default;
};

/// How much of the conversation is kept. Wire: slidingWindow.
struct sliding_window {
    std::optional<std::int64_t> target_tokens{}; ///< Absent: half of `trigger_tokens`.
    friend bool operator==(const sliding_window&, const sliding_window&) = default;
};

/// Lets a conversation outgrow the model's context: the service drops its oldest turns and keeps
/// the system instruction. Wire: setup.contextWindowCompression.
struct context_window_compression {
    /// The length at which the oldest turns are dropped. Absent: 80 % of the model's context.
    std::optional<std::int64_t> trigger_tokens{};
    switchable<live::sliding_window> sliding_window = off;
    friend bool operator==(
        const context_window_compression&, const context_window_compression&) = default;
};

/// Lets the model speak without being asked, and stay silent when it is not addressed. Wire:
/// setup.proactivity.
struct proactivity {
    /// For 2.5 models on v1alpha. 3.8 models are always proactive; they refuse false.
    std::optional<bool> proactive_audio{};
    std::optional<bool> proactive_video{}; ///< Needs `proactive_audio`.
    friend bool operator==(const proactivity&, const proactivity&) = default;
};

/// Where the conversation's history comes from. Wire: setup.historyConfig.
struct history_config {
    /// True: client content is history, without an answer, up to the first turnComplete.
    std::optional<bool> initial_history_in_client_content{};
    friend bool operator==(const history_config&, const history_config&) = default;
};

/// A face of your own. Wire: customizedAvatar.
struct customized_avatar {
    std::string image_mime_type{};          ///< e.g. "image/png"
    bytes image_data{};                     ///< 9:16, at least 704 x 1280 pixels.
    gcc12_guard<customized_avatar> guard{}; ///< Not to be touched.
    friend bool operator==(const customized_avatar&, const customized_avatar&) = default;
};

/// A face that speaks the answers; needs `modality::video`. Vertex AI, preview. Wire:
/// setup.avatarConfig.
struct avatar_config {
    std::string avatar_name{}; ///< A face of the service; or set `customized_avatar`.
    std::optional<live::customized_avatar> customized_avatar{};
    std::optional<int> audio_bitrate_bps{}; ///< Bits per second.
    std::optional<int> video_bitrate_bps{}; ///< Bits per second.
    gcc12_guard<avatar_config> guard{};     ///< Not to be touched.
    friend bool operator==(const avatar_config&, const avatar_config&) = default;
};

/// A kind of harmful content. Wire: HarmCategory.
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
// g++ 12 warns that an enumerator of this scope shadows live::off.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
/// The harm from which content is blocked. Wire: SafetySetting.HarmBlockThreshold.
enum class harm_block_threshold {
    unspecified,
    block_low_and_above,    ///< Blocks low, medium and high harm.
    block_medium_and_above, ///< Blocks medium and high harm.
    block_only_high,        ///< Blocks high harm.
    block_none,             ///< Blocks nothing.
    off,                    ///< Turns the filter off.
};
#pragma GCC diagnostic pop
/// How the service rates harm. Wire: SafetySetting.HarmBlockMethod.
enum class harm_block_method {
    unspecified,
    severity,   ///< By its probability and its severity.
    probability ///< By its probability alone.
};
[[nodiscard]] wire_name_list wire_names(harm_category) noexcept;
[[nodiscard]] wire_name_list wire_names(harm_block_threshold) noexcept;
[[nodiscard]] wire_name_list wire_names(harm_block_method) noexcept;

/// What to block in one category. The service needs category and threshold. Wire:
/// setup.safetySettings[].
struct safety_setting {
    open_enum<harm_category> category{};
    open_enum<harm_block_threshold> threshold{};
    open_enum<harm_block_method> method{}; ///< Vertex AI only.
    gcc12_guard<safety_setting> guard{};   ///< Not to be touched.
    friend bool operator==(const safety_setting&, const safety_setting&) = default;
};

/// The configuration of a conversation. It is fixed once the session has connected, except for
/// instruction and tools: see `session::send_context_update`. The members of generationConfig are
/// on this level. Wire: setup.
struct setup {
    /// Required, e.g. "gemini-3.8-live". The library adds the prefix that the backend needs.
    std::string model;
    /// Today's models accept one. Empty: the service's default, audio.
    std::vector<open_enum<modality>> response_modalities{};
    std::optional<content> system_instruction{}; ///< Parts with text only.
    /// The functions that the model may call. Wire: tools[0].functionDeclarations.
    std::vector<function_declaration> functions{};
    std::vector<tool> tools{};                 ///< Further tools: search, code execution, …
    std::optional<double> temperature{};       ///< 0 to 2: how varied the answers are.
    std::optional<double> top_p{};             ///< 0 to 1: the probability mass to sample from.
    std::optional<double> top_k{};             ///< 1 or more: the number of tokens to sample from.
    std::optional<int> max_output_tokens{};    ///< 1 or more: the longest answer.
    std::optional<int> candidate_count{};      ///< Number of answers: 1.
    std::optional<double> presence_penalty{};  ///< -2 to 2; positive: repeats less.
    std::optional<double> frequency_penalty{}; ///< -2 to 2; positive: repeats less often.
    std::optional<int> seed{};                 ///< The same seed mostly produces the same answers.
    open_enum<live::media_resolution> media_resolution{};
    /// "Puck", "Kore", …, or a replica. Absent: the service's choice. Wire:
    /// generationConfig.speechConfig.voiceConfig.
    std::optional<voice_config> voice{};
    /// BCP-47. Empty: the service's choice. Wire: generationConfig.speechConfig.languageCode.
    std::string language_code{};
    switchable<live::thinking_config> thinking_config = off; ///< Off: the model's default.
    std::optional<bool> enable_affective_dialog{}; ///< 2.5 native audio models on v1alpha.
    switchable<live::translation_config> translation_config = off; ///< Translation models only.
    switchable<live::model_selection_config> model_selection_config = off;
    switchable<live::realtime_input_config> realtime_input_config = off; ///< Off: the defaults.
    /// Requests the text of the user's speech.
    switchable<audio_transcription> input_audio_transcription = off;
    /// Requests the text of the model's speech.
    switchable<audio_transcription> output_audio_transcription = off;
    /// On by default, so that the session outlives its connections.
    switchable<live::session_resumption> session_resumption{};
    switchable<live::context_window_compression> context_window_compression = off;
    switchable<live::proactivity> proactivity = off;
    switchable<live::history_config> history_config = off;
    std::optional<bool> explicit_vad_signal{}; ///< Requests `voice_activity`. Vertex AI only.
    switchable<live::avatar_config> avatar_config = off;
    std::vector<safety_setting> safety_settings{};
    std::map<std::string, std::string> labels{}; ///< For billing reports.
    /// Members that this version does not know: a JSON object that is merged into `setup`. Objects
    /// on both sides, such as generationConfig, are merged in the same way; of any other member the
    /// value given here is sent. It must not contain `sessionResumption.handle`, which changes
    /// during the session.
    std::optional<json> extra{};
    gcc12_guard<setup> guard{}; ///< Not to be touched.
    friend bool operator==(const setup&, const setup&) = default;
};

} // namespace gemini::live
#pragma GCC visibility pop
