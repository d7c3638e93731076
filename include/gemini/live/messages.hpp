// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/boxed.hpp>
#include <gemini/live/content.hpp>
#include <gemini/live/music.hpp>
#include <gemini/live/setup.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

// What the server says
// --------------------------------------------------------------------------------------------

/// The server has accepted the setup. Wire: setupComplete.
struct setup_complete {
    std::string session_id; ///< Vertex AI only, else empty.
    /// Keep it: later sessions send it in place of `replicated_voice_config::consent_audio`.
    boxed<live::voice_consent_signature> voice_consent_signature{};
    friend bool operator==(const setup_complete&, const setup_complete&) = default;
};

/// Why a turn ended early, or without an answer. Wire: turnCompleteReason.
enum class turn_complete_reason {
    unspecified,
    malformed_function_call,
    response_rejected,
    need_more_input,
    prohibited_input_content,
    image_prohibited_input_content,
    input_text_contain_prominent_person_prohibited,
    input_image_celebrity,
    input_image_photo_realistic_child_prohibited,
    input_text_ncii_prohibited,
    input_other,
    input_ip_prohibited,
    blocklist,
    unsafe_prompt_for_image_generation,
    generated_image_safety,
    generated_content_safety,
    generated_audio_safety,
    generated_video_safety,
    generated_content_prohibited,
    generated_content_blocklist,
    generated_image_prohibited,
    generated_image_celebrity,
    generated_image_prominent_people_detected_by_rewriter,
    generated_image_identifiable_people,
    generated_image_minors,
    output_image_ip_prohibited,
    generated_other,
    max_regeneration_reached,
};
[[nodiscard]] wire_name_list wire_names(turn_complete_reason) noexcept;

/// Whether the model continues after this turn. Wire: interactionStatus.
enum class interaction_status {
    unspecified,
    in_progress,     ///< It continues without input: a turnComplete is not the end.
    idle,            ///< It waits for the user.
    requires_action, ///< Deprecated by the service; the same as idle.
};
[[nodiscard]] wire_name_list wire_names(interaction_status) noexcept;

/// Whether the service hears speech. Vertex AI only. Wire: speechState.
enum class speech_state { unspecified, non_speech, speech };
[[nodiscard]] wire_name_list wire_names(speech_state) noexcept;

/// Which result of a search a source is. Gemini API only. Wire:
/// GroundingChunk.web.searchResultMapping.
struct search_result_mapping {
    std::optional<int> result_index{}; ///< From 0.
    friend bool operator==(const search_result_mapping&, const search_result_mapping&) = default;
};

/// A web page as a source. Wire: GroundingChunk.web.
struct grounding_web {
    std::string uri;
    std::string title{};
    std::string domain{};
    std::string snippet{}; ///< An excerpt of the page. Gemini API only.
    boxed<live::search_result_mapping> search_result_mapping{}; ///< Gemini API only.
    friend bool operator==(const grounding_web&, const grounding_web&) = default;
};

/// An image as a source. Wire: GroundingChunk.image.
struct grounding_image {
    std::string image_uri{};  ///< The image itself.
    std::string source_uri{}; ///< The page that shows it.
    std::string title{};
    std::string domain{};
    friend bool operator==(const grounding_image&, const grounding_image&) = default;
};

/// A place or a route as a source. Wire: GroundingChunk.maps.
struct grounding_maps {
    std::string uri{};
    std::string title{};
    std::string text{};
    std::string place_id{};             ///< "places/…"
    boxed<json> place_answer_sources{}; ///< An object: reviews, for example.
    boxed<json> route{};                ///< An object.
    friend bool operator==(const grounding_maps&, const grounding_maps&) = default;
};

/// A property of an uploaded file. Gemini API only. Wire:
/// GroundingChunk.retrievedContext.customMetadata[].
struct custom_metadata {
    std::string key;
    std::string string_value{};
    std::optional<double> numeric_value{};
    std::vector<std::string> string_list_value{}; ///< Wire: stringListValue.values.
    friend bool operator==(const custom_metadata&, const custom_metadata&) = default;
};

/// A piece of your own data as a source. Wire: GroundingChunk.retrievedContext.
struct retrieved_context {
    std::string uri{};
    std::string title{};
    std::string text{};
    std::string document_name{};
    std::string file_search_store{}; ///< "fileSearchStores/…"
    std::string media_id{};
    std::optional<int> page_number{};
    boxed<json> rag_chunk{};                              ///< An object.
    std::vector<live::custom_metadata> custom_metadata{}; ///< With `file_search`. Gemini API only.
    friend bool operator==(const retrieved_context&, const retrieved_context&) = default;
};

/// A source of an answer. One of its kinds is present. Wire: GroundingChunk.
struct grounding_chunk {
    boxed<grounding_web> web{};
    boxed<grounding_image> image{};
    boxed<grounding_maps> maps{};
    boxed<live::retrieved_context> retrieved_context{};
    std::string reference_id{}; ///< Gemini API only.
    friend bool operator==(const grounding_chunk&, const grounding_chunk&) = default;
};

/// A section of the answer. Wire: Segment.
struct text_segment {
    int start_index = 0; ///< In bytes of UTF-8, included.
    int end_index = 0;   ///< In bytes of UTF-8, excluded.
    int part_index = 0;  ///< In `content::parts`.
    std::string text;
    friend bool operator==(const text_segment&, const text_segment&) = default;
};

/// The sources of a section of the answer. Wire: GroundingSupport.
struct grounding_support {
    boxed<text_segment> segment{};
    std::vector<int> grounding_chunk_indices{}; ///< In `grounding_metadata::grounding_chunks`.
    std::vector<double> confidence_scores{};    ///< One for each source, 0 to 1; NaN: unreadable.
    std::vector<int> rendered_parts{};          ///< In `content::parts`.
    std::string origin{};                       ///< "POST_HOC_ANNOTATED". Gemini API only.
    friend bool operator==(const grounding_support&, const grounding_support&) = default;
};

/// What Google Search requires to be shown beside the answer. Wire: searchEntryPoint.
struct search_entry_point {
    std::string rendered_content{}; ///< HTML
    bytes sdk_blob{};               ///< JSON of search terms and addresses.
    friend bool operator==(const search_entry_point&, const search_entry_point&) = default;
};

/// How far Google Search would help. Wire: retrievalMetadata.
struct retrieval_metadata {
    std::optional<double> google_search_dynamic_retrieval_score{}; ///< 0 to 1
    friend bool operator==(const retrieval_metadata&, const retrieval_metadata&) = default;
};

/// Where to report content of a source. Wire: sourceFlaggingUris[].
struct source_flagging_uri {
    std::string source_id{};
    std::string flag_content_uri{};
    friend bool operator==(const source_flagging_uri&, const source_flagging_uri&) = default;
};

/// The sources of an answer, and how they were searched for. Wire: groundingMetadata.
struct grounding_metadata {
    /// An element without members is one that could not be read, so that indices remain valid.
    std::vector<grounding_chunk> grounding_chunks{};
    std::vector<grounding_support> grounding_supports{};
    boxed<live::search_entry_point> search_entry_point{};
    std::vector<std::string> web_search_queries{};
    std::vector<std::string> image_search_queries{};
    std::vector<std::string> retrieval_queries{};
    boxed<live::retrieval_metadata> retrieval_metadata{};
    std::string google_maps_widget_context_token{}; ///< With `google_maps::enable_widget`.
    std::vector<source_flagging_uri> source_flagging_uris{};
    friend bool operator==(const grounding_metadata&, const grounding_metadata&) = default;
};

/// Whether a web page could be read. Wire: urlRetrievalStatus.
enum class url_retrieval_status { unspecified, success, error, paywall, unsafe };
[[nodiscard]] wire_name_list wire_names(url_retrieval_status) noexcept;

/// A web page that the model has tried to read. Wire: urlContextMetadata.urlMetadata[].
struct url_metadata {
    std::string retrieved_url;
    open_enum<live::url_retrieval_status> url_retrieval_status{};
    friend bool operator==(const url_metadata&, const url_metadata&) = default;
};

/// The web pages that the model has tried to read; with `url_context`. Wire: urlContextMetadata.
struct url_context_metadata {
    std::vector<live::url_metadata> url_metadata{};
    friend bool operator==(const url_context_metadata&, const url_context_metadata&) = default;
};

/// From what a piece of music was made. Wire: sourceMetadata.
struct music_source {
    std::vector<weighted_prompt> weighted_prompts{}; ///< Wire: clientContent.weightedPrompts.
    std::optional<live::music_generation_config> music_generation_config{};
    friend bool operator==(const music_source&, const music_source&) = default;
};

/// A piece of music. Wire: serverContent.audioChunks[] of a music session.
struct audio_chunk {
    std::string mime_type; ///< "audio/l16;rate=48000;channels=2"
    bytes data;            ///< Stereo pcm16, little endian, 48 kHz, interleaved.
    boxed<music_source> source_metadata{};
    friend bool operator==(const audio_chunk&, const audio_chunk&) = default;
};

/// What the model says, what it has heard, and where the turn stands. Every member may be absent;
/// an absent flag is false. Wire: serverContent.
struct server_content {
    boxed<content> model_turn{}; ///< Text, audio or video of the answer, thoughts, code.
    /// The answer is complete; its playback may take longer. Not sent in an interrupted turn.
    bool generation_complete = false;
    bool turn_complete = false; ///< The turn is over, unless `interaction_status` is in_progress.
    bool interrupted = false;   ///< The user interrupted: stop playback, drop queued audio.
    bool waiting_for_input = false; ///< The model waits for the user; the turn is not over.
    open_enum<live::turn_complete_reason> turn_complete_reason{};
    open_enum<live::interaction_status> interaction_status{};
    boxed<transcription> input_transcription{}; ///< The text of the user's speech.
    /// A guess at the user's speech. Each replaces the previous one.
    boxed<transcription> interim_input_transcription{};
    boxed<transcription> output_transcription{}; ///< The text of the model's speech.
    boxed<live::grounding_metadata> grounding_metadata{};
    boxed<live::url_context_metadata> url_context_metadata{};
    open_enum<live::speech_state> speech_state{}; ///< Vertex AI only.
    std::vector<audio_chunk> audio_chunks{};      ///< Music sessions only.
    friend bool operator==(const server_content&, const server_content&) = default;
};

/// The model requests functions. Answer each call with `session::send_tool_response`. Wire:
/// toolCall.
struct tool_call {
    std::vector<function_call> function_calls;
    friend bool operator==(const tool_call&, const tool_call&) = default;
};

/// Calls to abandon: send no response to them. Wire: toolCallCancellation.
struct tool_call_cancellation {
    std::vector<std::string> ids; ///< `function_call::id`
    friend bool operator==(const tool_call_cancellation&, const tool_call_cancellation&) = default;
};

/// The server will end this connection soon. The session changes to another one by itself. Wire:
/// goAway.
struct go_away {
    /// The time until then. 0: at once, also if the server sent no time. A time that could not be
    /// read counts as 10 s.
    std::chrono::nanoseconds time_left{0};
    friend bool operator==(const go_away&, const go_away&) = default;
};

/// Whether the conversation can be resumed at this point, and how. Wire: sessionResumptionUpdate.
struct session_resumption_update {
    std::string new_handle; ///< Empty if the conversation cannot be resumed at this point.
    bool resumable = false; ///< The conversation can be resumed at this point.
    /// The index of the last client message that the server has consumed; that of the setup is 0.
    /// With `session_resumption::transparent`.
    std::optional<std::int64_t> last_consumed_client_message_index{};
    friend bool operator==(
        const session_resumption_update&, const session_resumption_update&) = default;
};

/// The kind of content that tokens were used for. Wire: Modality.
enum class token_modality { unspecified, text, image, video, audio, document };
[[nodiscard]] wire_name_list wire_names(token_modality) noexcept;

/// Tokens of one modality. Wire: ModalityTokenCount.
struct modality_token_count {
    open_enum<token_modality> modality{};
    int token_count = 0;
    friend bool operator==(const modality_token_count&, const modality_token_count&) = default;
};

/// How the request is billed. Vertex AI only. Wire: trafficType.
enum class traffic_type {
    unspecified,
    on_demand,
    on_demand_priority,
    on_demand_flex,
    on_demand_offpeak,
    provisioned_throughput,
};
/// How the request is billed. Gemini API only. Wire: serviceTier.
enum class service_tier { unspecified, flex, standard, priority };
[[nodiscard]] wire_name_list wire_names(traffic_type) noexcept;
[[nodiscard]] wire_name_list wire_names(service_tier) noexcept;

/// A use of the server's own tools that is billed. Gemini API only. Wire: billedToolCalls[].
struct billed_tool_call {
    std::string tool; ///< "GOOGLE_SEARCH_RETRIEVAL"
    int search_query_count = 0;
    friend bool operator==(const billed_tool_call&, const billed_tool_call&) = default;
};

/// The tokens of one turn. The names of the Gemini API and of Vertex AI are both read. Wire:
/// usageMetadata.
struct usage_metadata {
    int prompt_token_count = 0;
    int response_token_count = 0; ///< candidatesTokenCount on Vertex AI.
    int cached_content_token_count = 0;
    int tool_use_prompt_token_count = 0;
    int thoughts_token_count = 0;
    int total_token_count = 0;
    std::vector<modality_token_count> prompt_tokens_details{};
    /// candidatesTokensDetails on Vertex AI.
    std::vector<modality_token_count> response_tokens_details{};
    std::vector<modality_token_count> cache_tokens_details{};
    std::vector<modality_token_count> tool_use_prompt_tokens_details{};
    open_enum<live::traffic_type> traffic_type{};      ///< Vertex AI only.
    open_enum<live::service_tier> service_tier{};      ///< Gemini API only.
    std::vector<billed_tool_call> billed_tool_calls{}; ///< Gemini API only.
    friend bool operator==(const usage_metadata&, const usage_metadata&) = default;
};

/// Whether speech begins or ends. Wire: VoiceActivity.type.
enum class voice_activity_type { unspecified, activity_start, activity_end };
[[nodiscard]] wire_name_list wire_names(voice_activity_type) noexcept;

/// The user started or stopped speaking. With `setup::explicit_vad_signal`. Wire: voiceActivity.
struct voice_activity {
    open_enum<voice_activity_type> type{};
    std::optional<std::chrono::nanoseconds> audio_offset{}; ///< From the start of the audio.
    friend bool operator==(const voice_activity&, const voice_activity&) = default;
};

/// The start (sos) or the end (eos) of speech. Wire: vadSignalType.
enum class vad_signal_type { unspecified, sos, eos };
[[nodiscard]] wire_name_list wire_names(vad_signal_type) noexcept;

/// The user started or stopped speaking, in the form that selected projects receive. Wire:
/// voiceActivityDetectionSignal.
struct voice_activity_detection_signal {
    open_enum<live::vad_signal_type> vad_signal_type{};
    friend bool operator==(
        const voice_activity_detection_signal&, const voice_activity_detection_signal&) = default;
};

/// A prompt of a music session that the service does not follow. Wire: filteredPrompt.
struct filtered_prompt {
    std::string text;
    std::string filtered_reason;
    friend bool operator==(const filtered_prompt&, const filtered_prompt&) = default;
};

/// An error that the server reports inside a message. Wire: error.
struct server_error {
    int code = 0; ///< e.g. 400, as in HTTP
    std::string message;
    std::string status; ///< e.g. "INVALID_ARGUMENT"
    friend bool operator==(const server_error&, const server_error&) = default;
};

/// A member of a server message that could not be read. It was left out, or read as `reason` says:
/// a number as an id, data without a media type as audio.
struct omitted_member {
    std::string path;   ///< e.g. "goAway.timeLeft", "toolCall.functionCalls[1].args"
    std::string reason; ///< e.g. "is not a duration such as \"9.5s\"". Never contains the value.
    friend bool operator==(const omitted_member&, const omitted_member&) = default;
};

/// The members of a message. Each is absent unless the server sent it.
struct server_message_members {
    boxed<live::setup_complete> setup_complete{}; ///< The answer to the setup.
    boxed<live::server_content> server_content{}; ///< What the model says, and has heard.
    boxed<live::tool_call> tool_call{};           ///< Functions to run.
    boxed<live::tool_call_cancellation> tool_call_cancellation{}; ///< Functions to abandon.
    boxed<live::go_away> go_away{};                               ///< The connection ends soon.
    boxed<live::session_resumption_update> session_resumption_update{}; ///< A new handle.
    boxed<live::usage_metadata> usage_metadata{}; ///< Tokens; comes with any other member.
    boxed<live::voice_activity> voice_activity{}; ///< Start or end of speech.
    /// Start or end of speech, for selected projects.
    boxed<live::voice_activity_detection_signal> voice_activity_detection_signal{};
    boxed<live::filtered_prompt> filtered_prompt{}; ///< Music sessions only.
    boxed<live::server_error> error{};              ///< An error reported inside a message.
    /// Names of top-level members that this version does not know: at most 64, of at most 1 KiB
    /// each. `raw()` has them all.
    std::vector<std::string> unknown{};
    /// What could not be read, in the order of the wire: about 16 at most.
    std::vector<omitted_member> omitted{};
    friend bool operator==(const server_message_members&, const server_message_members&) = default;
};

/// One message of the server. Cheap to move, not copyable. It owns all that it returns. A message
/// may have several members at once (usage comes with any of them), so look at each that matters to
/// you.
///
/// Threads: not from two threads at once, const members included.
class server_message {
public:
    server_message(server_message&&) noexcept;
    server_message& operator=(server_message&&) noexcept;
    ~server_message();

    /// Returns every member as it was received.
    [[nodiscard]] const server_message_members& members() const noexcept;

    /// Returns the model's text parts, joined, without thoughts. Empty for a spoken answer: see
    /// `output_transcription()`.
    [[nodiscard]] std::string text() const;
    /// Returns the model's thoughts, joined.
    [[nodiscard]] std::string thought_text() const;
    /// Returns the model's speech: mono pcm16, little endian, 24 kHz. In a music session returns
    /// music: stereo pcm16, little endian, 48 kHz, interleaved. Valid as long as this message.
    [[nodiscard]] std::span<const std::byte> audio() const noexcept;
    /// Returns `audio()` as samples in this machine's byte order.
    [[nodiscard]] std::vector<std::int16_t> samples() const;
    /// Returns the text of the model's speech in this message; empty if there is none. Valid as
    /// long as this message.
    [[nodiscard]] std::string_view output_transcription() const noexcept;
    /// Returns the text of the user's speech in this message; empty if there is none. Valid as long
    /// as this message.
    [[nodiscard]] std::string_view input_transcription() const noexcept;
    /// True if the turn is over and the model waits for input. False for a turnComplete with the
    /// interactionStatus IN_PROGRESS.
    [[nodiscard]] bool turn_complete() const noexcept;
    /// True if the user interrupted: stop playback and drop queued audio.
    [[nodiscard]] bool interrupted() const noexcept;
    /// Returns the functions that the model requests. Valid as long as this message.
    [[nodiscard]] std::span<const function_call> function_calls() const noexcept;

    /// Returns the JSON as it was received, with unknown and omitted members. U+FFFD stands for
    /// bytes that were not UTF-8 and for half a surrogate pair. Valid as long as this message. The
    /// first call for a message with audio encodes its base64 again.
    [[nodiscard]] std::string_view raw() const;

    /// Returns the approximate memory that this message owns, in bytes.
    [[nodiscard]] std::size_t footprint() const noexcept;

    /// Returns the number of the connection on which this message came, from 1. Each reconnect
    /// increases it.
    [[nodiscard]] std::uint64_t epoch() const noexcept;

private:
    friend struct access;
    struct [[gnu::visibility("hidden")]] state;
    explicit server_message(std::unique_ptr<state>) noexcept;

    std::unique_ptr<state> state_;
};

// What the client says
// --------------------------------------------------------------------------------------------

/// A mark without content. Wire: activityStart, activityEnd.
struct activity_mark {
    friend bool operator==(const activity_mark&, const activity_mark&) = default;
};

/// The members of a `realtime_input`. Set one: the service accepts several at once but does not
/// define their order. Wire: realtimeInput.
struct realtime_input_members {
    std::optional<blob> audio{};                    ///< Its type begins with "audio/".
    std::optional<blob> video{};                    ///< One picture. Its type begins with "image/".
    std::optional<std::string> text{};              ///< May be sent while the user speaks.
    std::optional<bool> audio_stream_end{};         ///< True: the microphone was turned off.
    switchable<activity_mark> activity_start = off; ///< The user begins to speak.
    switchable<activity_mark> activity_end = off;   ///< The user has finished speaking.
    std::vector<blob> media_chunks{};               ///< The old form of `audio` and `video`.
    friend bool operator==(const realtime_input_members&, const realtime_input_members&) = default;
};

/// One item of realtime input. Wire: realtimeInput.
class realtime_input {
public:
    explicit realtime_input(realtime_input_members members) noexcept : members_(std::move(members))
    {
    }

    /// Returns audio: mono pcm16, little endian, at `rate` samples per second. Any whole number of
    /// samples is accepted; 20 to 100 ms is a good size. `session::send_realtime_input` sends
    /// nothing for none. Throws errc::invalid_argument for half a sample and for a rate below 1.
    [[nodiscard]] static realtime_input audio(std::span<const std::byte> pcm, int rate = 16000);
    /// Returns one picture. The model looks at one per second at most.
    [[nodiscard]] static realtime_input video(
        std::span<const std::byte> picture, std::string mime_type = "image/jpeg");
    /// Returns text that may be sent while the user speaks.
    [[nodiscard]] static realtime_input text(std::string text);
    /// Returns the mark that the user begins to speak. Only with
    /// `automatic_activity_detection::disabled`.
    [[nodiscard]] static realtime_input activity_start();
    /// Returns the mark that the user has finished speaking, which ends the turn. Only with
    /// `automatic_activity_detection::disabled`.
    [[nodiscard]] static realtime_input activity_end();
    /// Returns the mark that the microphone was turned off, which ends the turn. Only with
    /// automatic detection. Further audio turns it on again.
    [[nodiscard]] static realtime_input audio_stream_end();

    /// Returns what is sent.
    [[nodiscard]] const realtime_input_members& members() const noexcept { return members_; }

private:
    realtime_input_members members_;
};

/// Changes instruction or tools during a conversation. What is absent stays as it is. Wire:
/// contextUpdate.
struct context_update {
    std::optional<content> system_instruction{};
    /// All tools from now on. An empty list (`{}`): none from now on. `live::off`: as before.
    switchable<std::vector<tool>> tools = off;

    context_update() = default;
    explicit context_update(content instruction) : system_instruction(std::move(instruction)) {}
    explicit context_update(std::vector<tool> tools_) : tools(std::move(tools_)) {}
    friend bool operator==(const context_update&, const context_update&) = default;
};

} // namespace gemini::live
#pragma GCC visibility pop
