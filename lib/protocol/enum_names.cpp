// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/agreement_test.cpp, test/unit/protocol/wire_test.cpp
/// The wire names of all enumerations, in the order of their enumerators.
#include <gemini/live/messages.hpp>
#include <gemini/live/music.hpp>
#include <gemini/live/setup.hpp>

#include <array>

namespace gemini::live {
namespace {

template <class... Names>
constexpr std::array<std::string_view, sizeof...(Names)> list(Names... names)
{
    return {names...};
}

} // namespace

// clang-format off

wire_name_list wire_names(modality) noexcept
{
    static constexpr auto names = list("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO");
    return names;
}

wire_name_list wire_names(media_resolution) noexcept
{
    static constexpr auto names = list("MEDIA_RESOLUTION_UNSPECIFIED", "MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH",
        "MEDIA_RESOLUTION_ULTRA_HIGH");
    return names;
}

wire_name_list wire_names(null_value) noexcept
{
    static constexpr auto names = list("NULL_VALUE");
    return names;
}

wire_name_list wire_names(media_processing) noexcept
{
    static constexpr auto names = list("MEDIA_PROCESSING_UNSPECIFIED", "STATIC", "AGENTIC");
    return names;
}

wire_name_list wire_names(tool_type) noexcept
{
    static constexpr auto names = list("TOOL_TYPE_UNSPECIFIED", "GOOGLE_SEARCH_WEB", "GOOGLE_SEARCH_IMAGE", "URL_CONTEXT", "GOOGLE_MAPS", "FILE_SEARCH",
        "MEDIA_PROCESSING");
    return names;
}

wire_name_list wire_names(scheduling) noexcept
{
    static constexpr auto names = list("SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT");
    return names;
}

wire_name_list wire_names(code_language) noexcept
{
    static constexpr auto names = list("LANGUAGE_UNSPECIFIED", "PYTHON");
    return names;
}

wire_name_list wire_names(code_outcome) noexcept
{
    static constexpr auto names = list("OUTCOME_UNSPECIFIED", "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED");
    return names;
}

wire_name_list wire_names(behavior) noexcept
{
    static constexpr auto names = list("UNSPECIFIED", "BLOCKING", "NON_BLOCKING");
    return names;
}

wire_name_list wire_names(phish_block_threshold) noexcept
{
    static constexpr auto names = list("PHISH_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_HIGH_AND_ABOVE",
        "BLOCK_HIGHER_AND_ABOVE", "BLOCK_VERY_HIGH_AND_ABOVE", "BLOCK_ONLY_EXTREMELY_HIGH");
    return names;
}

wire_name_list wire_names(computer_environment) noexcept
{
    static constexpr auto names = list("ENVIRONMENT_UNSPECIFIED", "ENVIRONMENT_BROWSER", "ENVIRONMENT_MOBILE", "ENVIRONMENT_DESKTOP");
    return names;
}

wire_name_list wire_names(safety_policy) noexcept
{
    static constexpr auto names = list("SAFETY_POLICY_UNSPECIFIED", "FINANCIAL_TRANSACTIONS", "SENSITIVE_DATA_MODIFICATION", "COMMUNICATION_TOOL",
        "ACCOUNT_CREATION", "DATA_MODIFICATION", "USER_CONSENT_MANAGEMENT", "LEGAL_TERMS_AND_AGREEMENTS");
    return names;
}

wire_name_list wire_names(transcription_mode) noexcept
{
    static constexpr auto names = list("MODE_UNSPECIFIED", "VERBATIM", "SMART");
    return names;
}

wire_name_list wire_names(thinking_level) noexcept
{
    static constexpr auto names = list("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH");
    return names;
}

wire_name_list wire_names(feature_selection_preference) noexcept
{
    static constexpr auto names = list("FEATURE_SELECTION_PREFERENCE_UNSPECIFIED", "PRIORITIZE_QUALITY", "BALANCED", "PRIORITIZE_COST");
    return names;
}

wire_name_list wire_names(start_sensitivity) noexcept
{
    static constexpr auto names = list("START_SENSITIVITY_UNSPECIFIED", "START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW");
    return names;
}

wire_name_list wire_names(end_sensitivity) noexcept
{
    static constexpr auto names = list("END_SENSITIVITY_UNSPECIFIED", "END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW");
    return names;
}

wire_name_list wire_names(activity_handling) noexcept
{
    static constexpr auto names = list("ACTIVITY_HANDLING_UNSPECIFIED", "START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION");
    return names;
}

wire_name_list wire_names(turn_coverage) noexcept
{
    static constexpr auto names = list("TURN_COVERAGE_UNSPECIFIED", "TURN_INCLUDES_ONLY_ACTIVITY", "TURN_INCLUDES_ALL_INPUT",
        "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO");
    return names;
}

wire_name_list wire_names(harm_category) noexcept
{
    static constexpr auto names = list("HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_CIVIC_INTEGRITY", "HARM_CATEGORY_JAILBREAK", "HARM_CATEGORY_IMAGE_HATE",
        "HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT", "HARM_CATEGORY_IMAGE_HARASSMENT", "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT");
    return names;
}

wire_name_list wire_names(harm_block_threshold) noexcept
{
    static constexpr auto names = list("HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF");
    return names;
}

wire_name_list wire_names(harm_block_method) noexcept
{
    static constexpr auto names = list("HARM_BLOCK_METHOD_UNSPECIFIED", "SEVERITY", "PROBABILITY");
    return names;
}

wire_name_list wire_names(turn_complete_reason) noexcept
{
    static constexpr auto names = list("TURN_COMPLETE_REASON_UNSPECIFIED", "MALFORMED_FUNCTION_CALL", "RESPONSE_REJECTED", "NEED_MORE_INPUT",
        "PROHIBITED_INPUT_CONTENT", "IMAGE_PROHIBITED_INPUT_CONTENT", "INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED", "INPUT_IMAGE_CELEBRITY",
        "INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED", "INPUT_TEXT_NCII_PROHIBITED", "INPUT_OTHER", "INPUT_IP_PROHIBITED", "BLOCKLIST",
        "UNSAFE_PROMPT_FOR_IMAGE_GENERATION", "GENERATED_IMAGE_SAFETY", "GENERATED_CONTENT_SAFETY", "GENERATED_AUDIO_SAFETY", "GENERATED_VIDEO_SAFETY",
        "GENERATED_CONTENT_PROHIBITED", "GENERATED_CONTENT_BLOCKLIST", "GENERATED_IMAGE_PROHIBITED", "GENERATED_IMAGE_CELEBRITY",
        "GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER", "GENERATED_IMAGE_IDENTIFIABLE_PEOPLE", "GENERATED_IMAGE_MINORS", "OUTPUT_IMAGE_IP_PROHIBITED",
        "GENERATED_OTHER", "MAX_REGENERATION_REACHED");
    return names;
}

wire_name_list wire_names(interaction_status) noexcept
{
    static constexpr auto names = list("INTERACTION_STATUS_UNSPECIFIED", "IN_PROGRESS", "IDLE", "REQUIRES_ACTION");
    return names;
}

wire_name_list wire_names(speech_state) noexcept
{
    static constexpr auto names = list("SPEECH_STATE_UNSPECIFIED", "NON_SPEECH", "SPEECH");
    return names;
}

wire_name_list wire_names(url_retrieval_status) noexcept
{
    static constexpr auto names = list("URL_RETRIEVAL_STATUS_UNSPECIFIED", "URL_RETRIEVAL_STATUS_SUCCESS", "URL_RETRIEVAL_STATUS_ERROR",
        "URL_RETRIEVAL_STATUS_PAYWALL", "URL_RETRIEVAL_STATUS_UNSAFE");
    return names;
}

wire_name_list wire_names(token_modality) noexcept
{
    static constexpr auto names = list("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT");
    return names;
}

wire_name_list wire_names(traffic_type) noexcept
{
    static constexpr auto names = list("TRAFFIC_TYPE_UNSPECIFIED", "ON_DEMAND", "ON_DEMAND_PRIORITY", "ON_DEMAND_FLEX", "ON_DEMAND_OFFPEAK",
        "PROVISIONED_THROUGHPUT");
    return names;
}

wire_name_list wire_names(service_tier) noexcept
{
    static constexpr auto names = list("unspecified", "flex", "standard", "priority");
    return names;
}

wire_name_list wire_names(voice_activity_type) noexcept
{
    static constexpr auto names = list("TYPE_UNSPECIFIED", "ACTIVITY_START", "ACTIVITY_END");
    return names;
}

wire_name_list wire_names(vad_signal_type) noexcept
{
    static constexpr auto names = list("VAD_SIGNAL_TYPE_UNSPECIFIED", "VAD_SIGNAL_TYPE_SOS", "VAD_SIGNAL_TYPE_EOS");
    return names;
}

wire_name_list wire_names(music_scale) noexcept
{
    static constexpr auto names = list("SCALE_UNSPECIFIED", "C_MAJOR_A_MINOR", "D_FLAT_MAJOR_B_FLAT_MINOR", "D_MAJOR_B_MINOR", "E_FLAT_MAJOR_C_MINOR",
        "E_MAJOR_D_FLAT_MINOR", "F_MAJOR_D_MINOR", "G_FLAT_MAJOR_E_FLAT_MINOR", "G_MAJOR_E_MINOR", "A_FLAT_MAJOR_F_MINOR", "A_MAJOR_G_FLAT_MINOR",
        "B_FLAT_MAJOR_G_MINOR", "B_MAJOR_A_FLAT_MINOR");
    return names;
}

wire_name_list wire_names(music_generation_mode) noexcept
{
    static constexpr auto names = list("MUSIC_GENERATION_MODE_UNSPECIFIED", "QUALITY", "DIVERSITY", "VOCALIZATION");
    return names;
}

wire_name_list wire_names(playback_control) noexcept
{
    static constexpr auto names = list("PLAYBACK_CONTROL_UNSPECIFIED", "PLAY", "PAUSE", "STOP", "RESET_CONTEXT");
    return names;
}

// clang-format on

} // namespace gemini::live
