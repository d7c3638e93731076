// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/field.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/music.hpp>
#include <gemini/live/setup.hpp>

/// The complete wire format, one member per line.
namespace gemini::live::protocol {

// clang-format off

// Content ------------------------------------------------------------------------------------
template <> inline constexpr auto fields<blob> = std::tuple{
    field<&blob::mime_type>{"mimeType"},
    field<&blob::data>{"data", true},
    field<&blob::display_name>{"displayName"}};
template <> inline constexpr auto fields<file_data> = std::tuple{
    field<&file_data::mime_type>{"mimeType"},
    field<&file_data::file_uri>{"fileUri", true},
    field<&file_data::display_name>{"displayName"}};
template <> inline constexpr auto fields<partial_arg> = std::tuple{
    field<&partial_arg::json_path>{"jsonPath"},
    field<&partial_arg::string_value>{"stringValue"},
    field<&partial_arg::number_value>{"numberValue"},
    field<&partial_arg::bool_value>{"boolValue"},
    field<&partial_arg::null_value>{"nullValue"},
    field<&partial_arg::will_continue>{"willContinue"}};
template <> inline constexpr auto fields<function_call> = std::tuple{
    field<&function_call::name>{"name"},
    field<&function_call::args>{"args"},
    field<&function_call::id>{"id"},
    field<&function_call::partial_args>{.name = "partialArgs", .backend = only::vertex_ai},
    field<&function_call::will_continue>{.name = "willContinue", .backend = only::vertex_ai}};
template <> inline constexpr auto fields<function_response_part> = std::tuple{
    field<&function_response_part::inline_data>{"inlineData"},
    field<&function_response_part::file_data>{"fileData"},
    field<&function_response_part::media_processing>{.name = "mediaProcessing", .backend = only::gemini_api}};
template <> inline constexpr auto fields<function_response> = std::tuple{
    field<&function_response::id>{"id"},
    field<&function_response::name>{"name"},
    field<&function_response::response>{"response", true},
    field<&function_response::parts>{"parts"},
    field<&function_response::scheduling>{"scheduling"},
    field<&function_response::will_continue>{.name = "willContinue", .backend = only::gemini_api}};
template <> inline constexpr auto fields<executable_code> = std::tuple{
    field<&executable_code::language>{"language"},
    field<&executable_code::code>{"code"},
    field<&executable_code::id>{"id"}};
template <> inline constexpr auto fields<code_execution_result> = std::tuple{
    field<&code_execution_result::outcome>{"outcome"},
    field<&code_execution_result::output>{"output"},
    field<&code_execution_result::id>{"id"}};
template <> inline constexpr auto fields<video_metadata> = std::tuple{
    field<&video_metadata::start_offset>{"startOffset"},
    field<&video_metadata::end_offset>{"endOffset"},
    field<&video_metadata::fps>{"fps"}};
template <> inline constexpr auto fields<part_media_resolution> = std::tuple{
    field<&part_media_resolution::level>{"level"},
    field<&part_media_resolution::num_tokens>{"numTokens"}};
template <> inline constexpr auto fields<word_info> = std::tuple{
    field<&word_info::word>{"word"},
    field<&word_info::start_offset>{"startOffset"},
    field<&word_info::end_offset>{"endOffset"}};
template <> inline constexpr auto fields<transcription> = std::tuple{
    field<&transcription::text>{"text"},
    field<&transcription::finished>{"finished"},
    field<&transcription::language_code>{"languageCode"},
    field<&transcription::speaker_label>{"speakerLabel"},
    field<&transcription::words>{"words"},
    field<&transcription::start_offset>{"startOffset"},
    field<&transcription::end_offset>{"endOffset"}};
template <> inline constexpr auto fields<server_tool_call> = std::tuple{
    field<&server_tool_call::id>{"id"},
    field<&server_tool_call::tool_type>{"toolType"},
    field<&server_tool_call::args>{"args"}};
template <> inline constexpr auto fields<server_tool_response> = std::tuple{
    field<&server_tool_response::id>{"id"},
    field<&server_tool_response::tool_type>{"toolType"},
    field<&server_tool_response::response>{"response"}};
template <> inline constexpr auto fields<speech_metadata> = std::tuple{
    field<&speech_metadata::speaker>{"speaker"},
    field<&speech_metadata::style>{"style"}};
template <> inline constexpr auto fields<part> = std::tuple{
    field<&part::text>{"text"},
    field<&part::inline_data>{"inlineData"},
    field<&part::thought>{"thought"},
    field<&part::file_data>{"fileData"},
    field<&part::function_call>{"functionCall"},
    field<&part::function_response>{"functionResponse"},
    field<&part::executable_code>{"executableCode"},
    field<&part::code_execution_result>{"codeExecutionResult"},
    field<&part::thought_signature>{"thoughtSignature"},
    field<&part::video_metadata>{"videoMetadata"},
    field<&part::media_resolution>{"mediaResolution"},
    field<&part::tool_call>{.name = "toolCall", .backend = only::gemini_api},
    field<&part::tool_response>{.name = "toolResponse", .backend = only::gemini_api},
    field<&part::audio_transcription>{"audioTranscription"},
    field<&part::speech_metadata>{"speechMetadata"},
    field<&part::part_metadata>{.name = "partMetadata", .backend = only::gemini_api},
    field<&part::media_processing>{.name = "mediaProcessing", .backend = only::gemini_api}};
template <> inline constexpr auto fields<content> = std::tuple{
    field<&content::role>{"role"},
    field<&content::parts>{"parts", true}};

// Tools --------------------------------------------------------------------------------------
template <> inline constexpr auto fields<function_declaration> = std::tuple{
    field<&function_declaration::name>{"name", true},
    field<&function_declaration::description>{"description"},
    field<&function_declaration::behavior>{"behavior"},
    field<&function_declaration::parameters>{"parameters"},
    field<&function_declaration::parameters_json_schema>{"parametersJsonSchema"},
    field<&function_declaration::response>{"response"},
    field<&function_declaration::response_json_schema>{"responseJsonSchema"}};
template <> inline constexpr auto fields<time_interval> = std::tuple{
    field<&time_interval::start_time>{"startTime"},
    field<&time_interval::end_time>{"endTime"}};
template <> inline constexpr auto fields<web_search> = std::tuple{};
template <> inline constexpr auto fields<image_search> = std::tuple{};
template <> inline constexpr auto fields<search_types> = std::tuple{
    field<&search_types::web_search>{"webSearch"},
    field<&search_types::image_search>{"imageSearch"}};
template <> inline constexpr auto fields<google_search> = std::tuple{
    field<&google_search::time_range_filter>{"timeRangeFilter"},
    field<&google_search::search_types>{"searchTypes"},
    field<&google_search::exclude_domains>{.name = "excludeDomains", .backend = only::vertex_ai},
    field<&google_search::blocking_confidence>{.name = "blockingConfidence", .backend = only::vertex_ai}};
template <> inline constexpr auto fields<code_execution> = std::tuple{};
template <> inline constexpr auto fields<url_context> = std::tuple{};
template <> inline constexpr auto fields<maps_places> = std::tuple{};
template <> inline constexpr auto fields<maps_routing> = std::tuple{};
template <> inline constexpr auto fields<maps_grounding_types> = std::tuple{
    field<&maps_grounding_types::places>{"places"},
    field<&maps_grounding_types::routing>{"routing"}};
template <> inline constexpr auto fields<google_maps> = std::tuple{
    field<&google_maps::enable_widget>{"enableWidget"},
    field<&google_maps::grounding_types>{.name = "groundingTypes", .backend = only::vertex_ai},
    field<&google_maps::auth_config>{"authConfig"}};
template <> inline constexpr auto fields<computer_use> = std::tuple{
    field<&computer_use::environment>{"environment"},
    field<&computer_use::excluded_predefined_functions>{"excludedPredefinedFunctions"},
    field<&computer_use::enable_prompt_injection_detection>{"enablePromptInjectionDetection"},
    field<&computer_use::disabled_safety_policies>{"disabledSafetyPolicies"}};
template <> inline constexpr auto fields<file_search> = std::tuple{
    field<&file_search::file_search_store_names>{"fileSearchStoreNames"},
    field<&file_search::metadata_filter>{"metadataFilter"},
    field<&file_search::top_k>{"topK"}};
template <> inline constexpr auto fields<streamable_http_transport> = std::tuple{
    field<&streamable_http_transport::url>{"url"},
    field<&streamable_http_transport::headers>{"headers"},
    field<&streamable_http_transport::timeout>{"timeout"},
    field<&streamable_http_transport::sse_read_timeout>{"sseReadTimeout"},
    field<&streamable_http_transport::terminate_on_close>{"terminateOnClose"}};
template <> inline constexpr auto fields<mcp_server> = std::tuple{
    field<&mcp_server::name>{"name"},
    field<&mcp_server::streamable_http_transport>{"streamableHttpTransport"}};
template <> inline constexpr auto fields<data_store_spec> = std::tuple{
    field<&data_store_spec::data_store>{"dataStore"},
    field<&data_store_spec::filter>{"filter"}};
template <> inline constexpr auto fields<vertex_ai_search> = std::tuple{
    field<&vertex_ai_search::datastore>{"datastore"},
    field<&vertex_ai_search::engine>{"engine"},
    field<&vertex_ai_search::filter>{"filter"},
    field<&vertex_ai_search::max_results>{"maxResults"},
    field<&vertex_ai_search::data_store_specs>{"dataStoreSpecs"}};
template <> inline constexpr auto fields<rag_resource> = std::tuple{
    field<&rag_resource::rag_corpus>{"ragCorpus"},
    field<&rag_resource::rag_file_ids>{"ragFileIds"}};
template <> inline constexpr auto fields<vertex_rag_store> = std::tuple{
    field<&vertex_rag_store::rag_resources>{"ragResources"},
    field<&vertex_rag_store::rag_retrieval_config>{"ragRetrievalConfig"},
    field<&vertex_rag_store::similarity_top_k>{"similarityTopK"},
    field<&vertex_rag_store::vector_distance_threshold>{"vectorDistanceThreshold"},
    field<&vertex_rag_store::store_context>{"storeContext"},
    field<&vertex_rag_store::rag_corpora>{"ragCorpora"}};
template <> inline constexpr auto fields<retrieval> = std::tuple{
    field<&retrieval::vertex_ai_search>{"vertexAiSearch"},
    field<&retrieval::vertex_rag_store>{"vertexRagStore"},
    field<&retrieval::external_api>{"externalApi"},
    field<&retrieval::disable_attribution>{"disableAttribution"}};
template <> inline constexpr auto fields<enterprise_web_search> = std::tuple{
    field<&enterprise_web_search::exclude_domains>{"excludeDomains"},
    field<&enterprise_web_search::blocking_confidence>{"blockingConfidence"}};
template <> inline constexpr auto fields<exa_ai_search> = std::tuple{
    field<&exa_ai_search::api_key>{"apiKey"},
    field<&exa_ai_search::custom_configs>{"customConfigs"}};
template <> inline constexpr auto fields<parallel_ai_search> = std::tuple{
    field<&parallel_ai_search::api_key>{"apiKey"},
    field<&parallel_ai_search::custom_configs>{"customConfigs"},
    field<&parallel_ai_search::enable_data_retention>{"enableDataRetention"},
    field<&parallel_ai_search::enable_zero_data_retention>{"enableZeroDataRetention"}};
template <> inline constexpr auto fields<tool> = std::tuple{
    field<&tool::function_declarations>{"functionDeclarations"},
    field<&tool::google_search>{"googleSearch"},
    field<&tool::code_execution>{"codeExecution"},
    field<&tool::url_context>{"urlContext"},
    field<&tool::google_maps>{"googleMaps"},
    field<&tool::computer_use>{"computerUse"},
    field<&tool::file_search>{.name = "fileSearch", .backend = only::gemini_api, .why = "use retrieval there"},
    field<&tool::mcp_servers>{.name = "mcpServers", .backend = only::gemini_api},
    field<&tool::retrieval>{.name = "retrieval", .backend = only::vertex_ai, .why = "use fileSearch there"},
    field<&tool::enterprise_web_search>{.name = "enterpriseWebSearch", .backend = only::vertex_ai, .why = "use googleSearch there"},
    field<&tool::exa_ai_search>{.name = "exaAiSearch", .backend = only::vertex_ai},
    field<&tool::parallel_ai_search>{.name = "parallelAiSearch", .backend = only::vertex_ai}};

// Setup --------------------------------------------------------------------------------------
template <> inline constexpr auto fields<language_hints> = std::tuple{
    field<&language_hints::language_codes>{"languageCodes"}};
template <> inline constexpr auto fields<language_auto> = std::tuple{};
template <> inline constexpr auto fields<audio_transcription> = std::tuple{
    field<&audio_transcription::language_codes>{"languageCodes"},
    field<&audio_transcription::custom_vocabulary>{"customVocabulary"},
    field<&audio_transcription::word_timestamp>{"wordTimestamp"},
    field<&audio_transcription::diarization>{"diarization"},
    field<&audio_transcription::mode>{"mode"},
    field<&audio_transcription::source_text>{"sourceText"},
    field<&audio_transcription::language_auto>{"languageAuto"},
    field<&audio_transcription::language_hints>{"languageHints"},
    field<&audio_transcription::adaptation_phrases>{"adaptationPhrases"}};
template <> inline constexpr auto fields<session_resumption> = std::tuple{
    field<&session_resumption::handle>{"handle"},
    field<&session_resumption::transparent>{.name = "transparent", .backend = only::vertex_ai,
        .why = "the Gemini API resumes by the handle alone"}};
template <> inline constexpr auto fields<voice_consent_signature> = std::tuple{
    field<&voice_consent_signature::signature>{"signature"}};
template <> inline constexpr auto fields<replicated_voice_config> = std::tuple{
    field<&replicated_voice_config::mime_type>{"mimeType"},
    field<&replicated_voice_config::voice_sample_audio>{"voiceSampleAudio"},
    field<&replicated_voice_config::consent_audio>{.name = "consentAudio", .backend = only::gemini_api},
    field<&replicated_voice_config::voice_consent_signature>{.name = "voiceConsentSignature", .backend = only::gemini_api}};
template <> inline constexpr auto fields<voice_config> = std::tuple{
    group("prebuiltVoiceConfig", field<&voice_config::voice_name>{"voiceName"}),
    field<&voice_config::replicated_voice_config>{"replicatedVoiceConfig"},
    field<&voice_config::voice>{"voice"}};
template <> inline constexpr auto fields<thinking_config> = std::tuple{
    field<&thinking_config::include_thoughts>{"includeThoughts"},
    field<&thinking_config::thinking_budget>{"thinkingBudget"},
    field<&thinking_config::thinking_level>{"thinkingLevel"}};
template <> inline constexpr auto fields<translation_config> = std::tuple{
    field<&translation_config::target_language_code>{"targetLanguageCode"},
    field<&translation_config::echo_target_language>{"echoTargetLanguage"}};
template <> inline constexpr auto fields<model_selection_config> = std::tuple{
    field<&model_selection_config::feature_selection_preference>{"featureSelectionPreference"}};
template <> inline constexpr auto fields<automatic_activity_detection> = std::tuple{
    field<&automatic_activity_detection::disabled>{"disabled"},
    field<&automatic_activity_detection::start_of_speech_sensitivity>{"startOfSpeechSensitivity"},
    field<&automatic_activity_detection::end_of_speech_sensitivity>{"endOfSpeechSensitivity"},
    field<&automatic_activity_detection::prefix_padding>{"prefixPaddingMs"},
    field<&automatic_activity_detection::silence_duration>{"silenceDurationMs"}};
template <> inline constexpr auto fields<realtime_input_config> = std::tuple{
    field<&realtime_input_config::automatic_activity_detection>{"automaticActivityDetection"},
    field<&realtime_input_config::activity_handling>{"activityHandling"},
    field<&realtime_input_config::turn_coverage>{"turnCoverage"},
    field<&realtime_input_config::interim_transcript_timestamp_enabled>{"interimTranscriptTimestampEnabled"}};
template <> inline constexpr auto fields<sliding_window> = std::tuple{
    field<&sliding_window::target_tokens>{"targetTokens"}};
template <> inline constexpr auto fields<context_window_compression> = std::tuple{
    field<&context_window_compression::trigger_tokens>{"triggerTokens"},
    field<&context_window_compression::sliding_window>{"slidingWindow"}};
template <> inline constexpr auto fields<proactivity> = std::tuple{
    field<&proactivity::proactive_audio>{"proactiveAudio"},
    field<&proactivity::proactive_video>{"proactiveVideo"}};
template <> inline constexpr auto fields<history_config> = std::tuple{
    field<&history_config::initial_history_in_client_content>{"initialHistoryInClientContent"}};
template <> inline constexpr auto fields<customized_avatar> = std::tuple{
    field<&customized_avatar::image_mime_type>{"imageMimeType"},
    field<&customized_avatar::image_data>{"imageData"}};
template <> inline constexpr auto fields<avatar_config> = std::tuple{
    field<&avatar_config::avatar_name>{"avatarName"},
    field<&avatar_config::customized_avatar>{"customizedAvatar"},
    field<&avatar_config::audio_bitrate_bps>{"audioBitrateBps"},
    field<&avatar_config::video_bitrate_bps>{"videoBitrateBps"}};
template <> inline constexpr auto fields<safety_setting> = std::tuple{
    field<&safety_setting::category>{"category"},
    field<&safety_setting::threshold>{"threshold"},
    field<&safety_setting::method>{.name = "method", .backend = only::vertex_ai}};
template <> inline constexpr auto fields<setup> = std::tuple{
    field<&setup::model>{"model"},
    group("generationConfig",
        field<&setup::response_modalities>{"responseModalities"},
        field<&setup::temperature>{"temperature"},
        field<&setup::top_p>{"topP"},
        field<&setup::top_k>{"topK"},
        field<&setup::max_output_tokens>{"maxOutputTokens"},
        field<&setup::candidate_count>{"candidateCount"},
        field<&setup::presence_penalty>{"presencePenalty"},
        field<&setup::frequency_penalty>{"frequencyPenalty"},
        field<&setup::seed>{"seed"},
        field<&setup::media_resolution>{"mediaResolution"},
        group("speechConfig",
            field<&setup::language_code>{"languageCode"},
            field<&setup::voice>{"voiceConfig"}),
        field<&setup::thinking_config>{"thinkingConfig"},
        field<&setup::enable_affective_dialog>{"enableAffectiveDialog"},
        field<&setup::translation_config>{"translationConfig"},
        field<&setup::model_selection_config>{.name = "modelSelectionConfig", .on_vertex = "modelConfig"}),
    field<&setup::system_instruction>{"systemInstruction"},
    field<&setup::tools>{"tools"},
    field<&setup::realtime_input_config>{"realtimeInputConfig"},
    field<&setup::input_audio_transcription>{"inputAudioTranscription"},
    field<&setup::output_audio_transcription>{"outputAudioTranscription"},
    field<&setup::session_resumption>{"sessionResumption"},
    field<&setup::context_window_compression>{"contextWindowCompression"},
    field<&setup::proactivity>{"proactivity"},
    field<&setup::history_config>{"historyConfig"},
    field<&setup::explicit_vad_signal>{.name = "explicitVadSignal", .backend = only::vertex_ai},
    field<&setup::avatar_config>{"avatarConfig"},
    field<&setup::safety_settings>{"safetySettings"},
    field<&setup::labels>{"labels"}};

// What a client sends after the setup --------------------------------------------------------
template <> inline constexpr auto fields<activity_mark> = std::tuple{};
template <> inline constexpr auto fields<realtime_input_members> = std::tuple{
    field<&realtime_input_members::audio>{"audio"},
    field<&realtime_input_members::video>{"video"},
    field<&realtime_input_members::text>{"text"},
    field<&realtime_input_members::audio_stream_end>{"audioStreamEnd"},
    field<&realtime_input_members::activity_start>{"activityStart"},
    field<&realtime_input_members::activity_end>{"activityEnd"},
    field<&realtime_input_members::media_chunks>{"mediaChunks"}};
template <> inline constexpr auto fields<context_update> = std::tuple{
    field<&context_update::system_instruction>{"systemInstruction"},
    group("tools", field<&context_update::tools>{"tools"})};

// Music --------------------------------------------------------------------------------------
template <> inline constexpr auto fields<weighted_prompt> = std::tuple{
    field<&weighted_prompt::text>{"text"},
    field<&weighted_prompt::weight>{"weight", true}};
template <> inline constexpr auto fields<music_generation_config> = std::tuple{
    field<&music_generation_config::temperature>{"temperature"},
    field<&music_generation_config::top_k>{"topK"},
    field<&music_generation_config::seed>{"seed"},
    field<&music_generation_config::guidance>{"guidance"},
    field<&music_generation_config::bpm>{"bpm"},
    field<&music_generation_config::density>{"density"},
    field<&music_generation_config::brightness>{"brightness"},
    field<&music_generation_config::scale>{"scale"},
    field<&music_generation_config::mute_bass>{"muteBass"},
    field<&music_generation_config::mute_drums>{"muteDrums"},
    field<&music_generation_config::only_bass_and_drums>{"onlyBassAndDrums"},
    field<&music_generation_config::music_generation_mode>{"musicGenerationMode"}};
template <> inline constexpr auto fields<music_source> = std::tuple{
    group("clientContent", field<&music_source::weighted_prompts>{"weightedPrompts"}),
    field<&music_source::music_generation_config>{"musicGenerationConfig"}};
template <> inline constexpr auto fields<audio_chunk> = std::tuple{
    field<&audio_chunk::data>{"data", true},
    field<&audio_chunk::mime_type>{"mimeType"},
    field<&audio_chunk::source_metadata>{"sourceMetadata"}};
template <> inline constexpr auto fields<filtered_prompt> = std::tuple{
    field<&filtered_prompt::text>{"text"},
    field<&filtered_prompt::filtered_reason>{"filteredReason"}};

// What a server sends ------------------------------------------------------------------------
template <> inline constexpr auto fields<setup_complete> = std::tuple{
    field<&setup_complete::session_id>{"sessionId"},
    field<&setup_complete::voice_consent_signature>{"voiceConsentSignature"}};
template <> inline constexpr auto fields<search_result_mapping> = std::tuple{
    field<&search_result_mapping::result_index>{"resultIndex"}};
template <> inline constexpr auto fields<grounding_web> = std::tuple{
    field<&grounding_web::uri>{"uri"},
    field<&grounding_web::title>{"title"},
    field<&grounding_web::domain>{"domain"},
    field<&grounding_web::snippet>{.name = "snippet", .backend = only::gemini_api},
    field<&grounding_web::search_result_mapping>{.name = "searchResultMapping", .backend = only::gemini_api}};
template <> inline constexpr auto fields<grounding_image> = std::tuple{
    field<&grounding_image::image_uri>{"imageUri"},
    field<&grounding_image::source_uri>{"sourceUri"},
    field<&grounding_image::title>{"title"},
    field<&grounding_image::domain>{"domain"}};
template <> inline constexpr auto fields<grounding_maps> = std::tuple{
    field<&grounding_maps::uri>{"uri"},
    field<&grounding_maps::title>{"title"},
    field<&grounding_maps::text>{"text"},
    field<&grounding_maps::place_id>{"placeId"},
    field<&grounding_maps::place_answer_sources>{"placeAnswerSources"},
    field<&grounding_maps::route>{"route"}};
template <> inline constexpr auto fields<custom_metadata> = std::tuple{
    field<&custom_metadata::key>{"key"},
    field<&custom_metadata::string_value>{"stringValue"},
    field<&custom_metadata::numeric_value>{"numericValue"},
    group("stringListValue", field<&custom_metadata::string_list_value>{"values"})};
template <> inline constexpr auto fields<retrieved_context> = std::tuple{
    field<&retrieved_context::uri>{"uri"},
    field<&retrieved_context::title>{"title"},
    field<&retrieved_context::text>{"text"},
    field<&retrieved_context::document_name>{"documentName"},
    field<&retrieved_context::file_search_store>{"fileSearchStore"},
    field<&retrieved_context::media_id>{"mediaId"},
    field<&retrieved_context::page_number>{"pageNumber"},
    field<&retrieved_context::rag_chunk>{"ragChunk"},
    field<&retrieved_context::custom_metadata>{.name = "customMetadata", .backend = only::gemini_api}};
template <> inline constexpr auto fields<grounding_chunk> = std::tuple{
    field<&grounding_chunk::web>{"web"},
    field<&grounding_chunk::image>{"image"},
    field<&grounding_chunk::maps>{"maps"},
    field<&grounding_chunk::retrieved_context>{"retrievedContext"},
    field<&grounding_chunk::reference_id>{.name = "referenceId", .backend = only::gemini_api}};
template <> inline constexpr auto fields<text_segment> = std::tuple{
    field<&text_segment::start_index>{"startIndex"},
    field<&text_segment::end_index>{"endIndex"},
    field<&text_segment::part_index>{"partIndex"},
    field<&text_segment::text>{"text"}};
template <> inline constexpr auto fields<grounding_support> = std::tuple{
    field<&grounding_support::segment>{"segment"},
    field<&grounding_support::grounding_chunk_indices>{"groundingChunkIndices"},
    field<&grounding_support::confidence_scores>{"confidenceScores"},
    field<&grounding_support::rendered_parts>{"renderedParts"},
    field<&grounding_support::origin>{.name = "origin", .backend = only::gemini_api}};
template <> inline constexpr auto fields<search_entry_point> = std::tuple{
    field<&search_entry_point::rendered_content>{"renderedContent"},
    field<&search_entry_point::sdk_blob>{"sdkBlob"}};
template <> inline constexpr auto fields<retrieval_metadata> = std::tuple{
    field<&retrieval_metadata::google_search_dynamic_retrieval_score>{"googleSearchDynamicRetrievalScore"}};
template <> inline constexpr auto fields<source_flagging_uri> = std::tuple{
    field<&source_flagging_uri::source_id>{"sourceId"},
    field<&source_flagging_uri::flag_content_uri>{"flagContentUri"}};
template <> inline constexpr auto fields<grounding_metadata> = std::tuple{
    field<&grounding_metadata::grounding_chunks>{"groundingChunks"},
    field<&grounding_metadata::grounding_supports>{"groundingSupports"},
    field<&grounding_metadata::search_entry_point>{"searchEntryPoint"},
    field<&grounding_metadata::web_search_queries>{"webSearchQueries"},
    field<&grounding_metadata::image_search_queries>{"imageSearchQueries"},
    field<&grounding_metadata::retrieval_queries>{"retrievalQueries"},
    field<&grounding_metadata::retrieval_metadata>{"retrievalMetadata"},
    field<&grounding_metadata::google_maps_widget_context_token>{"googleMapsWidgetContextToken"},
    field<&grounding_metadata::source_flagging_uris>{"sourceFlaggingUris"}};
template <> inline constexpr auto fields<url_metadata> = std::tuple{
    field<&url_metadata::retrieved_url>{"retrievedUrl"},
    field<&url_metadata::url_retrieval_status>{"urlRetrievalStatus"}};
template <> inline constexpr auto fields<url_context_metadata> = std::tuple{
    field<&url_context_metadata::url_metadata>{"urlMetadata"}};
template <> inline constexpr auto fields<server_content> = std::tuple{
    field<&server_content::model_turn>{"modelTurn"},
    field<&server_content::generation_complete>{"generationComplete"},
    field<&server_content::turn_complete>{"turnComplete"},
    field<&server_content::interrupted>{"interrupted"},
    field<&server_content::waiting_for_input>{"waitingForInput"},
    field<&server_content::turn_complete_reason>{"turnCompleteReason"},
    field<&server_content::interaction_status>{"interactionStatus"},
    field<&server_content::input_transcription>{"inputTranscription"},
    field<&server_content::interim_input_transcription>{"interimInputTranscription"},
    field<&server_content::output_transcription>{"outputTranscription"},
    field<&server_content::grounding_metadata>{"groundingMetadata"},
    field<&server_content::url_context_metadata>{"urlContextMetadata"},
    field<&server_content::speech_state>{"speechState"},
    field<&server_content::audio_chunks>{"audioChunks"}};
template <> inline constexpr auto fields<tool_call> = std::tuple{
    field<&tool_call::function_calls>{"functionCalls", true}};
template <> inline constexpr auto fields<tool_call_cancellation> = std::tuple{
    field<&tool_call_cancellation::ids>{"ids", true}};
template <> inline constexpr auto fields<go_away> = std::tuple{
    field<&go_away::time_left>{"timeLeft", true}};
template <> inline constexpr auto fields<session_resumption_update> = std::tuple{
    field<&session_resumption_update::new_handle>{"newHandle"},
    field<&session_resumption_update::resumable>{"resumable"},
    field<&session_resumption_update::last_consumed_client_message_index>{"lastConsumedClientMessageIndex"}};
template <> inline constexpr auto fields<modality_token_count> = std::tuple{
    field<&modality_token_count::modality>{"modality"},
    field<&modality_token_count::token_count>{"tokenCount"}};
template <> inline constexpr auto fields<billed_tool_call> = std::tuple{
    field<&billed_tool_call::tool>{"tool"},
    field<&billed_tool_call::search_query_count>{"searchQueryCount"}};
template <> inline constexpr auto fields<usage_metadata> = std::tuple{
    field<&usage_metadata::prompt_token_count>{"promptTokenCount"},
    field<&usage_metadata::response_token_count>{.name = "responseTokenCount", .on_vertex = "candidatesTokenCount"},
    field<&usage_metadata::cached_content_token_count>{"cachedContentTokenCount"},
    field<&usage_metadata::tool_use_prompt_token_count>{"toolUsePromptTokenCount"},
    field<&usage_metadata::thoughts_token_count>{"thoughtsTokenCount"},
    field<&usage_metadata::total_token_count>{"totalTokenCount"},
    field<&usage_metadata::prompt_tokens_details>{"promptTokensDetails"},
    field<&usage_metadata::response_tokens_details>{.name = "responseTokensDetails", .on_vertex = "candidatesTokensDetails"},
    field<&usage_metadata::cache_tokens_details>{"cacheTokensDetails"},
    field<&usage_metadata::tool_use_prompt_tokens_details>{"toolUsePromptTokensDetails"},
    field<&usage_metadata::traffic_type>{"trafficType"},
    field<&usage_metadata::service_tier>{"serviceTier"},
    field<&usage_metadata::billed_tool_calls>{.name = "billedToolCalls", .backend = only::gemini_api}};
template <> inline constexpr auto fields<voice_activity> = std::tuple{
    field<&voice_activity::type>{.name = "type", .also = "voiceActivityType"},
    field<&voice_activity::audio_offset>{"audioOffset"}};
template <> inline constexpr auto fields<voice_activity_detection_signal> = std::tuple{
    field<&voice_activity_detection_signal::vad_signal_type>{"vadSignalType"}};
template <> inline constexpr auto fields<server_error> = std::tuple{
    field<&server_error::code>{"code"},
    field<&server_error::message>{"message"},
    field<&server_error::status>{"status"}};
template <> inline constexpr auto fields<server_message_members> = std::tuple{
    field<&server_message_members::server_content>{"serverContent"},
    field<&server_message_members::usage_metadata>{"usageMetadata"},
    field<&server_message_members::tool_call>{"toolCall"},
    field<&server_message_members::tool_call_cancellation>{"toolCallCancellation"},
    field<&server_message_members::setup_complete>{"setupComplete"},
    field<&server_message_members::go_away>{"goAway"},
    field<&server_message_members::session_resumption_update>{"sessionResumptionUpdate"},
    field<&server_message_members::voice_activity>{"voiceActivity"},
    field<&server_message_members::voice_activity_detection_signal>{"voiceActivityDetectionSignal"},
    field<&server_message_members::filtered_prompt>{"filteredPrompt"},
    field<&server_message_members::error>{"error"}};

// clang-format on

} // namespace gemini::live::protocol
