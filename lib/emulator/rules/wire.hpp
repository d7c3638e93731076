// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// What a client may send, transcribed from the service's reference rather than from the SDK's own
/// tables: see docs/adr/0005-double-entry.md.
namespace gemini::live::emulator {

// One paragraph per message: its name, then its members, separated by commas. A member is a name
// and a type. If the type is omitted, it is the message with the member's name. `x[]` is a list,
// `x{}` a map from text. `@g` is known to the Gemini API only, `@v` to Vertex AI only. At most one
// member of each `|group` may be set. Types are scalars (string bool float double int32 int64 bytes
// duration timestamp, `struct` for a JSON object, `any`), messages (lower case) and enumerations.
inline constexpr std::string_view wire_messages = R"(
message
    setup |message_type, clientContent |message_type, realtimeInput |message_type, toolResponse |message_type,
    contextUpdate |message_type

setup
    model string, generationConfig, systemInstruction content, tools tool[], realtimeInputConfig, sessionResumption,
    contextWindowCompression, inputAudioTranscription audioTranscriptionConfig, outputAudioTranscription audioTranscriptionConfig,
    proactivity, historyConfig, explicitVadSignal bool @v, avatarConfig, safetySettings safetySetting[], labels string{}
generationConfig
    responseModalities GenerationConfig.Modality[], temperature float, topP float, topK float, maxOutputTokens int32,
    candidateCount int32, presencePenalty float, frequencyPenalty float, seed int32,
    mediaResolution GenerationConfig.MediaResolution, speechConfig, thinkingConfig, enableAffectiveDialog bool, translationConfig,
    modelSelectionConfig @g, modelConfig modelSelectionConfig @v,
    responseLogprobs bool, logprobs int32, responseMimeType string, responseSchema schema, responseJsonSchema any,
    stopSequences string[], routingConfig struct @v, audioTimestamp bool @v
modelSelectionConfig
    featureSelectionPreference ModelSelectionConfig.FeatureSelectionPreference
speechConfig
    languageCode string, voiceConfig, multiSpeakerVoiceConfig
multiSpeakerVoiceConfig
    speakerVoiceConfigs speakerVoiceConfig[]
speakerVoiceConfig
    speaker string, voiceConfig
voiceConfig
    prebuiltVoiceConfig |voice_config, replicatedVoiceConfig |voice_config, voice string |voice_config
prebuiltVoiceConfig
    voiceName string
replicatedVoiceConfig
    mimeType string, voiceSampleAudio bytes, consentAudio bytes @g, voiceConsentSignature @g
voiceConsentSignature
    signature string
thinkingConfig
    includeThoughts bool, thinkingBudget int32, thinkingLevel ThinkingConfig.ThinkingLevel
translationConfig
    targetLanguageCode string, echoTargetLanguage bool
realtimeInputConfig
    automaticActivityDetection, activityHandling RealtimeInputConfig.ActivityHandling,
    turnCoverage RealtimeInputConfig.TurnCoverage, interimTranscriptTimestampEnabled bool
automaticActivityDetection
    disabled bool, startOfSpeechSensitivity RealtimeInputConfig.AutomaticActivityDetection.StartSensitivity,
    endOfSpeechSensitivity RealtimeInputConfig.AutomaticActivityDetection.EndSensitivity, prefixPaddingMs int32,
    silenceDurationMs int32
sessionResumption
    handle string, transparent bool @v
contextWindowCompression
    triggerTokens int64, slidingWindow
slidingWindow
    targetTokens int64
audioTranscriptionConfig
    languageCodes string[], customVocabulary string[], wordTimestamp bool, diarization bool, mode AudioTranscriptionConfig.Mode,
    sourceText string, languageAuto empty, languageHints, adaptationPhrases string[]
languageHints
    languageCodes string[]
proactivity
    proactiveAudio bool, proactiveVideo bool
historyConfig
    initialHistoryInClientContent bool
avatarConfig
    avatarName string, customizedAvatar, audioBitrateBps int32, videoBitrateBps int32
customizedAvatar
    imageMimeType string, imageData bytes
safetySetting
    category HarmCategory, threshold SafetySetting.HarmBlockThreshold, method SafetySetting.HarmBlockMethod @v

content
    role string, parts part[]
part
    text string |data, inlineData blob |data, fileData |data, functionCall |data, functionResponse |data, executableCode |data,
    codeExecutionResult |data, toolCall serverToolCall |data @g, toolResponse serverToolResponse |data @g, thought bool,
    thoughtSignature bytes, videoMetadata, mediaResolution partMediaResolution, audioTranscription transcription, speechMetadata,
    partMetadata struct @g, mediaProcessing MediaProcessing @g
serverToolCall
    id string, toolType ToolType, args struct
serverToolResponse
    id string, toolType ToolType, response struct
transcription
    text string, finished bool, languageCode string, speakerLabel string, words wordInfo[], startOffset duration, endOffset duration
wordInfo
    word string, startOffset duration, endOffset duration
speechMetadata
    speaker string, style string
blob
    mimeType string, data bytes, displayName string
fileData
    mimeType string, fileUri string, displayName string
functionCall
    id string, name string, args struct, partialArgs partialArg[] @v, willContinue bool @v
partialArg
    jsonPath string, stringValue string |delta, numberValue double |delta, boolValue bool |delta, nullValue NullValue |delta,
    willContinue bool
executableCode
    language ExecutableCode.Language, code string, id string
codeExecutionResult
    outcome CodeExecutionResult.Outcome, output string, id string
videoMetadata
    startOffset duration, endOffset duration, fps double
partMediaResolution
    level PartMediaResolution.Level, numTokens int32

clientContent
    turns content[], turnComplete bool
realtimeInput
    audio blob, video blob, text string, audioStreamEnd bool, activityStart empty, activityEnd empty, mediaChunks blob[]
empty
toolResponse
    functionResponses functionResponse[]
functionResponse
    id string, name string, response struct, parts functionResponsePart[], scheduling FunctionResponse.Scheduling,
    willContinue bool @g
functionResponsePart
    inlineData blob |data, fileData |data, mediaProcessing MediaProcessing @g
contextUpdate
    systemInstruction content, tools toolList
toolList
    tools tool[]

tool
    functionDeclarations functionDeclaration[], googleSearch, googleSearchRetrieval, codeExecution empty, urlContext empty,
    googleMaps, computerUse, fileSearch @g, mcpServers mcpServer[] @g, retrieval @v, enterpriseWebSearch @v, exaAiSearch @v,
    parallelAiSearch @v
functionDeclaration
    name string, description string, behavior FunctionDeclaration.Behavior, parameters schema, parametersJsonSchema any,
    response schema, responseJsonSchema any
schema
    type Type, format string, title string, description string, nullable bool, default any, enum string[], example any,
    items schema, minItems int64, maxItems int64, properties schema{}, propertyOrdering string[], required string[],
    minProperties int64, maxProperties int64, minimum double, maximum double, minLength int64, maxLength int64,
    pattern string, anyOf schema[], additionalProperties any @v, ref string @v, defs schema{} @v
googleSearch
    timeRangeFilter interval, searchTypes, excludeDomains string[] @v, blockingConfidence Tool.PhishBlockThreshold @v
interval
    startTime timestamp, endTime timestamp
searchTypes
    webSearch empty, imageSearch empty
googleSearchRetrieval
    dynamicRetrievalConfig
dynamicRetrievalConfig
    mode DynamicRetrievalConfig.Mode, dynamicThreshold float
googleMaps
    enableWidget bool, authConfig, groundingTypes @v
groundingTypes
    places empty, routing empty
computerUse
    environment Tool.ComputerUse.Environment, excludedPredefinedFunctions string[], enablePromptInjectionDetection bool,
    disabledSafetyPolicies Tool.ComputerUse.SafetyPolicy[]
fileSearch
    fileSearchStoreNames string[], metadataFilter string, topK int32
mcpServer
    name string, streamableHttpTransport
streamableHttpTransport
    url string, headers string{}, timeout duration, sseReadTimeout duration, terminateOnClose bool
retrieval
    vertexAiSearch |source, vertexRagStore |source, externalApi |source, disableAttribution bool
vertexAiSearch
    datastore string, engine string, filter string, maxResults int32, dataStoreSpecs dataStoreSpec[]
dataStoreSpec
    dataStore string, filter string
vertexRagStore
    ragCorpora string[], ragResources ragResource[], ragRetrievalConfig, similarityTopK int32, vectorDistanceThreshold double,
    storeContext bool
ragResource
    ragCorpus string, ragFileIds string[]
ragRetrievalConfig
    topK int32, hybridSearch, filter ragFilter, ranking
hybridSearch
    alpha float
ragFilter
    metadataFilter string, vectorDistanceThreshold double |vector_db_threshold,
    vectorSimilarityThreshold double |vector_db_threshold
ranking
    rankService ranker |ranking_config, llmRanker ranker |ranking_config
ranker
    modelName string
externalApi
    apiSpec ExternalApi.ApiSpec, endpoint string, apiAuth, authConfig, simpleSearchParams empty |params,
    elasticSearchParams |params
elasticSearchParams
    index string, searchTemplate string, numHits int32
apiAuth
    apiKeyConfig storedApiKey
storedApiKey
    apiKeySecretVersion string, apiKeyString string
authConfig
    authType AuthType, apiKey string, apiKeyConfig |auth_config, httpBasicAuthConfig |auth_config,
    googleServiceAccountConfig |auth_config, oauthConfig |auth_config, oidcConfig |auth_config
apiKeyConfig
    name string, apiKeySecret string, apiKeyString string, httpElementLocation HttpElementLocation
httpBasicAuthConfig
    credentialSecret string
googleServiceAccountConfig
    serviceAccount string
oauthConfig
    accessToken string, serviceAccount string
oidcConfig
    idToken string, serviceAccount string
enterpriseWebSearch
    excludeDomains string[], blockingConfidence Tool.PhishBlockThreshold
exaAiSearch
    apiKey string, customConfigs struct
parallelAiSearch
    apiKey string, customConfigs struct, enableDataRetention bool, enableZeroDataRetention bool

musicMessage
    setup musicSetup |message_type, clientContent musicContent |message_type, musicGenerationConfig |message_type,
    playbackControl PlaybackControl |message_type
musicSetup
    model string
musicContent
    weightedPrompts weightedPrompt[]
weightedPrompt
    text string, weight float
musicGenerationConfig
    temperature float, topK int32, seed int32, guidance float, bpm int32, density float, brightness float,
    scale MusicGenerationConfig.Scale, muteBass bool, muteDrums bool, onlyBassAndDrums bool,
    musicGenerationMode MusicGenerationConfig.MusicGenerationMode
)";

// The service's name of each enumeration, and its values.
inline constexpr std::string_view wire_enumerations = R"(
GenerationConfig.Modality
    MODALITY_UNSPECIFIED, TEXT, AUDIO, IMAGE, VIDEO
GenerationConfig.MediaResolution
    MEDIA_RESOLUTION_UNSPECIFIED, MEDIA_RESOLUTION_LOW, MEDIA_RESOLUTION_MEDIUM, MEDIA_RESOLUTION_HIGH
PartMediaResolution.Level
    MEDIA_RESOLUTION_UNSPECIFIED, MEDIA_RESOLUTION_LOW, MEDIA_RESOLUTION_MEDIUM, MEDIA_RESOLUTION_HIGH,
    MEDIA_RESOLUTION_ULTRA_HIGH
MediaProcessing
    MEDIA_PROCESSING_UNSPECIFIED, STATIC, AGENTIC
ModelSelectionConfig.FeatureSelectionPreference
    FEATURE_SELECTION_PREFERENCE_UNSPECIFIED, PRIORITIZE_QUALITY, BALANCED, PRIORITIZE_COST
ThinkingConfig.ThinkingLevel
    THINKING_LEVEL_UNSPECIFIED, MINIMAL, LOW, MEDIUM, HIGH, XHIGH
RealtimeInputConfig.ActivityHandling
    ACTIVITY_HANDLING_UNSPECIFIED, START_OF_ACTIVITY_INTERRUPTS, NO_INTERRUPTION
RealtimeInputConfig.TurnCoverage
    TURN_COVERAGE_UNSPECIFIED, TURN_INCLUDES_ONLY_ACTIVITY, TURN_INCLUDES_ALL_INPUT,
    TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO
RealtimeInputConfig.AutomaticActivityDetection.StartSensitivity
    START_SENSITIVITY_UNSPECIFIED, START_SENSITIVITY_HIGH, START_SENSITIVITY_LOW
RealtimeInputConfig.AutomaticActivityDetection.EndSensitivity
    END_SENSITIVITY_UNSPECIFIED, END_SENSITIVITY_HIGH, END_SENSITIVITY_LOW
AudioTranscriptionConfig.Mode
    MODE_UNSPECIFIED, VERBATIM, SMART
HarmCategory
    HARM_CATEGORY_UNSPECIFIED, HARM_CATEGORY_HARASSMENT, HARM_CATEGORY_HATE_SPEECH, HARM_CATEGORY_SEXUALLY_EXPLICIT,
    HARM_CATEGORY_DANGEROUS_CONTENT, HARM_CATEGORY_CIVIC_INTEGRITY, HARM_CATEGORY_JAILBREAK, HARM_CATEGORY_IMAGE_HATE,
    HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT, HARM_CATEGORY_IMAGE_HARASSMENT, HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT
SafetySetting.HarmBlockThreshold
    HARM_BLOCK_THRESHOLD_UNSPECIFIED, BLOCK_LOW_AND_ABOVE, BLOCK_MEDIUM_AND_ABOVE, BLOCK_ONLY_HIGH, BLOCK_NONE, OFF
SafetySetting.HarmBlockMethod
    HARM_BLOCK_METHOD_UNSPECIFIED, SEVERITY, PROBABILITY
ExecutableCode.Language
    LANGUAGE_UNSPECIFIED, PYTHON
CodeExecutionResult.Outcome
    OUTCOME_UNSPECIFIED, OUTCOME_OK, OUTCOME_FAILED, OUTCOME_DEADLINE_EXCEEDED
NullValue
    NULL_VALUE
ToolType
    TOOL_TYPE_UNSPECIFIED, GOOGLE_SEARCH_WEB, GOOGLE_SEARCH_IMAGE, URL_CONTEXT, GOOGLE_MAPS, FILE_SEARCH, MEDIA_PROCESSING
FunctionResponse.Scheduling
    SCHEDULING_UNSPECIFIED, SILENT, WHEN_IDLE, INTERRUPT
FunctionDeclaration.Behavior
    UNSPECIFIED, BLOCKING, NON_BLOCKING
Type
    TYPE_UNSPECIFIED, STRING, NUMBER, INTEGER, BOOLEAN, ARRAY, OBJECT, NULL
Tool.PhishBlockThreshold
    PHISH_BLOCK_THRESHOLD_UNSPECIFIED, BLOCK_LOW_AND_ABOVE, BLOCK_MEDIUM_AND_ABOVE, BLOCK_HIGH_AND_ABOVE,
    BLOCK_HIGHER_AND_ABOVE, BLOCK_VERY_HIGH_AND_ABOVE, BLOCK_ONLY_EXTREMELY_HIGH
Tool.ComputerUse.Environment
    ENVIRONMENT_UNSPECIFIED, ENVIRONMENT_BROWSER, ENVIRONMENT_MOBILE, ENVIRONMENT_DESKTOP
Tool.ComputerUse.SafetyPolicy
    SAFETY_POLICY_UNSPECIFIED, FINANCIAL_TRANSACTIONS, SENSITIVE_DATA_MODIFICATION, COMMUNICATION_TOOL, ACCOUNT_CREATION,
    DATA_MODIFICATION, USER_CONSENT_MANAGEMENT, LEGAL_TERMS_AND_AGREEMENTS
DynamicRetrievalConfig.Mode
    MODE_UNSPECIFIED, MODE_DYNAMIC
ExternalApi.ApiSpec
    API_SPEC_UNSPECIFIED, SIMPLE_SEARCH, ELASTIC_SEARCH
AuthType
    AUTH_TYPE_UNSPECIFIED, NO_AUTH, API_KEY_AUTH, HTTP_BASIC_AUTH, GOOGLE_SERVICE_ACCOUNT_AUTH, OAUTH, OIDC_AUTH
HttpElementLocation
    HTTP_IN_UNSPECIFIED, HTTP_IN_QUERY, HTTP_IN_HEADER, HTTP_IN_PATH, HTTP_IN_BODY, HTTP_IN_COOKIE
MusicGenerationConfig.Scale
    SCALE_UNSPECIFIED, C_MAJOR_A_MINOR, D_FLAT_MAJOR_B_FLAT_MINOR, D_MAJOR_B_MINOR, E_FLAT_MAJOR_C_MINOR,
    E_MAJOR_D_FLAT_MINOR, F_MAJOR_D_MINOR, G_FLAT_MAJOR_E_FLAT_MINOR, G_MAJOR_E_MINOR, A_FLAT_MAJOR_F_MINOR,
    A_MAJOR_G_FLAT_MINOR, B_FLAT_MAJOR_G_MINOR, B_MAJOR_A_FLAT_MINOR
MusicGenerationConfig.MusicGenerationMode
    MUSIC_GENERATION_MODE_UNSPECIFIED, QUALITY, DIVERSITY, VOCALIZATION
PlaybackControl
    PLAYBACK_CONTROL_UNSPECIFIED, PLAY, PAUSE, STOP, RESET_CONTEXT
)";

} // namespace gemini::live::emulator
