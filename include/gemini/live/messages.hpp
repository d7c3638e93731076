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

namespace gemini::live {

// What the server says
// --------------------------------------------------------------------------------------------

/// The setup was accepted. Wire: setupComplete.
struct setup_complete {
    std::string session_id; ///< Vertex AI only, else empty.
    /// To be kept: it takes the place of `replicated_voice_config::consent_audio` next time.
    boxed<live::voice_consent_signature> voice_consent_signature{};
    friend bool operator==(const setup_complete&, const setup_complete&) = default;
};

/// Why a turn ended otherwise than by having been said. Wire: turnCompleteReason.
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

/// Wire: interactionStatus.
enum class interaction_status {
    unspecified,
    in_progress, ///< More turns may come without input: a turnComplete is not the end.
    idle,
    requires_action, ///< Deprecated by the service; means idle.
};
[[nodiscard]] wire_name_list wire_names(interaction_status) noexcept;

/// Wire: speechState. Vertex AI only.
enum class speech_state { unspecified, non_speech, speech };
[[nodiscard]] wire_name_list wire_names(speech_state) noexcept;

/// Wire: GroundingChunk.web.searchResultMapping. Gemini API only.
struct search_result_mapping {
    std::optional<int> result_index{}; ///< Of the search's result, from 0.
    friend bool operator==(const search_result_mapping&, const search_result_mapping&) = default;
};

/// Wire: GroundingChunk.web.
struct grounding_web {
    std::string uri;
    std::string title{};
    std::string domain{};
    std::string snippet{}; ///< What the page says. Gemini API only.
    boxed<live::search_result_mapping> search_result_mapping{}; ///< Gemini API only.
    friend bool operator==(const grounding_web&, const grounding_web&) = default;
};

/// Wire: GroundingChunk.image.
struct grounding_image {
    std::string image_uri{};
    std::string source_uri{};
    std::string title{};
    std::string domain{};
    friend bool operator==(const grounding_image&, const grounding_image&) = default;
};

/// Wire: GroundingChunk.maps.
struct grounding_maps {
    std::string uri{};
    std::string title{};
    std::string text{};
    std::string place_id{};
    boxed<json> place_answer_sources{};
    boxed<json> route{};
    friend bool operator==(const grounding_maps&, const grounding_maps&) = default;
};

/// What was noted with an uploaded file. Gemini API only. Wire:
/// GroundingChunk.retrievedContext.customMetadata[].
struct custom_metadata {
    std::string key;
    std::string string_value{};
    std::optional<double> numeric_value{};
    std::vector<std::string> string_list_value{}; ///< Wire: stringListValue.values.
    friend bool operator==(const custom_metadata&, const custom_metadata&) = default;
};

/// Wire: GroundingChunk.retrievedContext.
struct retrieved_context {
    std::string uri{};
    std::string title{};
    std::string text{};
    std::string document_name{};
    std::string file_search_store{};
    std::string media_id{};
    std::optional<int> page_number{};
    boxed<json> rag_chunk{};
    std::vector<live::custom_metadata> custom_metadata{}; ///< With `file_search`. Gemini API only.
    friend bool operator==(const retrieved_context&, const retrieved_context&) = default;
};

/// A source; one of its members is there. Wire: GroundingChunk.
struct grounding_chunk {
    boxed<grounding_web> web{};
    boxed<grounding_image> image{};
    boxed<grounding_maps> maps{};
    boxed<live::retrieved_context> retrieved_context{};
    std::string reference_id{}; ///< Gemini API only.
    friend bool operator==(const grounding_chunk&, const grounding_chunk&) = default;
};

/// A stretch of the answer, in bytes of its text. Wire: Segment.
struct text_segment {
    int start_index = 0;
    int end_index = 0;
    int part_index = 0;
    std::string text;
    friend bool operator==(const text_segment&, const text_segment&) = default;
};

/// Which sources a stretch of the answer stands on. Wire: GroundingSupport.
struct grounding_support {
    boxed<text_segment> segment{};
    std::vector<int> grounding_chunk_indices{};
    std::vector<double> confidence_scores{}; ///< Of each source; NaN where it cannot be read.
    std::vector<int> rendered_parts{};
    std::string origin{}; ///< "POST_HOC_ANNOTATED". Gemini API only.
    friend bool operator==(const grounding_support&, const grounding_support&) = default;
};

/// What Google Search asks to be shown beside the answer. Wire: searchEntryPoint.
struct search_entry_point {
    std::string rendered_content{}; ///< HTML
    bytes sdk_blob{};               ///< JSON of search terms and addresses.
    friend bool operator==(const search_entry_point&, const search_entry_point&) = default;
};

/// Wire: retrievalMetadata.
struct retrieval_metadata {
    std::optional<double> google_search_dynamic_retrieval_score{}; ///< 0 to 1
    friend bool operator==(const retrieval_metadata&, const retrieval_metadata&) = default;
};

/// Wire: sourceFlaggingUris[].
struct source_flagging_uri {
    std::string source_id{};
    std::string flag_content_uri{};
    friend bool operator==(const source_flagging_uri&, const source_flagging_uri&) = default;
};

/// What the answer stands on. Wire: groundingMetadata.
struct grounding_metadata {
    std::vector<grounding_chunk> grounding_chunks{};
    std::vector<grounding_support> grounding_supports{};
    boxed<live::search_entry_point> search_entry_point{};
    std::vector<std::string> web_search_queries{};
    std::vector<std::string> image_search_queries{};
    std::vector<std::string> retrieval_queries{};
    boxed<live::retrieval_metadata> retrieval_metadata{};
    std::string google_maps_widget_context_token{};
    std::vector<source_flagging_uri> source_flagging_uris{};
    friend bool operator==(const grounding_metadata&, const grounding_metadata&) = default;
};

/// Wire: urlRetrievalStatus.
enum class url_retrieval_status { unspecified, success, error, paywall, unsafe };
[[nodiscard]] wire_name_list wire_names(url_retrieval_status) noexcept;

/// A page that the model has read, or not. Wire: urlContextMetadata.urlMetadata[].
struct url_metadata {
    std::string retrieved_url;
    open_enum<live::url_retrieval_status> url_retrieval_status{};
    friend bool operator==(const url_metadata&, const url_metadata&) = default;
};

/// Wire: urlContextMetadata.
struct url_context_metadata {
    std::vector<live::url_metadata> url_metadata{};
    friend bool operator==(const url_context_metadata&, const url_context_metadata&) = default;
};

/// What a piece of music was made from. Wire: sourceMetadata.
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

/// Wire: serverContent. Every member may be absent; flags are false then.
struct server_content {
    boxed<content> model_turn{};
    bool generation_complete =
        false; ///< All is generated; playing it may take longer. Not sent in an interrupted turn.
    bool turn_complete = false; ///< The turn is over, unless `interaction_status` is in_progress.
    bool interrupted = false;   ///< The user cut in: stop playing and drop what is queued.
    bool waiting_for_input =
        false; ///< The model waits for the user to go on; the turn is not over.
    open_enum<live::turn_complete_reason> turn_complete_reason{};
    open_enum<live::interaction_status> interaction_status{};
    boxed<transcription> input_transcription{};
    boxed<transcription> interim_input_transcription{}; ///< A guess; replaces the last one.
    boxed<transcription> output_transcription{};
    boxed<live::grounding_metadata> grounding_metadata{};
    boxed<live::url_context_metadata> url_context_metadata{};
    open_enum<live::speech_state> speech_state{}; ///< Vertex AI only.
    std::vector<audio_chunk> audio_chunks{};      ///< Music sessions only.
    friend bool operator==(const server_content&, const server_content&) = default;
};

/// The model asks for functions to be run. Answer each with `session::send_tool_response`. Wire:
/// toolCall.
struct tool_call {
    std::vector<function_call> function_calls;
    friend bool operator==(const tool_call&, const tool_call&) = default;
};

/// Give these calls up and send no response. Wire: toolCallCancellation.
struct tool_call_cancellation {
    std::vector<std::string> ids;
    friend bool operator==(const tool_call_cancellation&, const tool_call_cancellation&) = default;
};

/// The server is about to end this connection; the session changes to another one by itself. Wire:
/// goAway.
struct go_away {
    /// Until the connection ends: at once where the server's message has no time, 10 s where it has
    /// one that cannot be read.
    std::chrono::nanoseconds time_left{0};
    friend bool operator==(const go_away&, const go_away&) = default;
};

/// Wire: sessionResumptionUpdate.
struct session_resumption_update {
    std::string new_handle; ///< Empty when the conversation cannot be resumed at this point.
    bool resumable = false;
    std::optional<std::int64_t> last_consumed_client_message_index{};
    friend bool operator==(
        const session_resumption_update&, const session_resumption_update&) = default;
};

/// What tokens were spent on. Wire: Modality.
enum class token_modality { unspecified, text, image, video, audio, document };
[[nodiscard]] wire_name_list wire_names(token_modality) noexcept;

/// Wire: ModalityTokenCount.
struct modality_token_count {
    open_enum<token_modality> modality{};
    int token_count = 0;
    friend bool operator==(const modality_token_count&, const modality_token_count&) = default;
};

/// Wire: trafficType. Vertex AI only.
enum class traffic_type {
    unspecified,
    on_demand,
    on_demand_priority,
    on_demand_flex,
    on_demand_offpeak,
    provisioned_throughput,
};
/// Wire: serviceTier. Gemini API only.
enum class service_tier { unspecified, flex, standard, priority };
[[nodiscard]] wire_name_list wire_names(traffic_type) noexcept;
[[nodiscard]] wire_name_list wire_names(service_tier) noexcept;

/// A use of the server's own tools that is paid for. Gemini API only. Wire: billedToolCalls[].
struct billed_tool_call {
    std::string tool; ///< "GOOGLE_SEARCH_RETRIEVAL"
    int search_query_count = 0;
    friend bool operator==(const billed_tool_call&, const billed_tool_call&) = default;
};

/// Tokens of one turn. Wire: usageMetadata; the names of both the Gemini API and Vertex AI are
/// read.
struct usage_metadata {
    int prompt_token_count = 0;
    int response_token_count = 0; ///< candidatesTokenCount on Vertex AI.
    int cached_content_token_count = 0;
    int tool_use_prompt_token_count = 0;
    int thoughts_token_count = 0;
    int total_token_count = 0;
    std::vector<modality_token_count> prompt_tokens_details{};
    std::vector<modality_token_count>
        response_tokens_details{}; ///< candidatesTokensDetails on Vertex AI.
    std::vector<modality_token_count> cache_tokens_details{};
    std::vector<modality_token_count> tool_use_prompt_tokens_details{};
    open_enum<live::traffic_type> traffic_type{};
    open_enum<live::service_tier> service_tier{};
    std::vector<billed_tool_call> billed_tool_calls{}; ///< Gemini API only.
    friend bool operator==(const usage_metadata&, const usage_metadata&) = default;
};

/// Wire: VoiceActivity.type.
enum class voice_activity_type { unspecified, activity_start, activity_end };
[[nodiscard]] wire_name_list wire_names(voice_activity_type) noexcept;

/// Somebody began or ceased to speak. With `setup::explicit_vad_signal`. Wire: voiceActivity.
struct voice_activity {
    open_enum<voice_activity_type> type{};
    std::optional<std::chrono::nanoseconds> audio_offset{}; ///< From the start of the audio.
    friend bool operator==(const voice_activity&, const voice_activity&) = default;
};

/// Start or end of speech. Wire: vadSignalType.
enum class vad_signal_type { unspecified, sos, eos };
[[nodiscard]] wire_name_list wire_names(vad_signal_type) noexcept;

/// Wire: voiceActivityDetectionSignal.
struct voice_activity_detection_signal {
    open_enum<live::vad_signal_type> vad_signal_type{};
    friend bool operator==(
        const voice_activity_detection_signal&, const voice_activity_detection_signal&) = default;
};

/// A prompt of a music session that is not followed. Wire: filteredPrompt.
struct filtered_prompt {
    std::string text;
    std::string filtered_reason;
    friend bool operator==(const filtered_prompt&, const filtered_prompt&) = default;
};

/// An error that the server reports inside a message. Wire: error.
struct server_error {
    int code = 0;
    std::string message;
    std::string status;
    friend bool operator==(const server_error&, const server_error&) = default;
};

/// A member of a server message that could not be read and was left out, or was taken for what
/// `reason` says: a number for an id, data without a media type for sound.
struct omitted_member {
    std::string path;   ///< "goAway.timeLeft", "toolCall.functionCalls[1].args"
    std::string reason; ///< "is not a duration such as \"9.5s\""; nothing of the member's value.
    friend bool operator==(const omitted_member&, const omitted_member&) = default;
};

/// The members of a message, each absent unless the server sent it.
struct server_message_members {
    boxed<live::setup_complete> setup_complete{};
    boxed<live::server_content> server_content{};
    boxed<live::tool_call> tool_call{};
    boxed<live::tool_call_cancellation> tool_call_cancellation{};
    boxed<live::go_away> go_away{};
    boxed<live::session_resumption_update> session_resumption_update{};
    boxed<live::usage_metadata> usage_metadata{};
    boxed<live::voice_activity> voice_activity{};
    boxed<live::voice_activity_detection_signal> voice_activity_detection_signal{};
    boxed<live::filtered_prompt> filtered_prompt{}; ///< Music sessions only.
    boxed<live::server_error> error{};
    /// Names of top-level members that this version does not know: at most 64, none of them
    /// longer than 1 KiB; `raw()` has them all.
    std::vector<std::string> unknown{};
    /// What could not be read and is missing here, or taken for something else, in the order of
    /// the wire; about 16 at most.
    std::vector<omitted_member> omitted{};
    friend bool operator==(const server_message_members&, const server_message_members&) = default;
};

/// One message of the server, which owns all that it refers to. Cheap to move, not copyable.
/// A message may carry several members at once (usage rides with any of them): look at each that
/// matters to you. Threads: as any value: not from two threads at once.
class server_message {
public:
    server_message(server_message&&) noexcept;
    server_message& operator=(server_message&&) noexcept;
    ~server_message();

    /// Every member as it was received.
    [[nodiscard]] const server_message_members& members() const noexcept;

    /// The model's text parts joined, without thoughts. Empty for a spoken answer: see
    /// `output_transcription()`.
    [[nodiscard]] std::string text() const;
    /// The model's thoughts joined.
    [[nodiscard]] std::string thought_text() const;
    /// The model's speech in this message: mono pcm16, little endian, 24 kHz. In a music session:
    /// stereo pcm16, little endian, 48 kHz. Valid as long as this message is.
    [[nodiscard]] std::span<const std::byte> audio() const noexcept;
    /// The same as samples, in this machine's byte order.
    [[nodiscard]] std::vector<std::int16_t> samples() const;
    /// Text of what the model speaks / of what the user was heard to say, in this message; else
    /// empty.
    [[nodiscard]] std::string_view output_transcription() const noexcept;
    [[nodiscard]] std::string_view input_transcription() const noexcept;
    /// The turn is over and the model waits. False for a turnComplete whose interactionStatus is
    /// IN_PROGRESS.
    [[nodiscard]] bool turn_complete() const noexcept;
    /// The user cut in: stop playing and drop queued audio.
    [[nodiscard]] bool interrupted() const noexcept;
    /// The calls that the model asks for; empty when there are none.
    [[nodiscard]] std::span<const function_call> function_calls() const noexcept;

    /// The JSON as received, unknown and omitted members included; U+FFFD stands where bytes were
    /// not UTF-8 and for half a surrogate pair. Valid as long as this message is. The first call
    /// for a message with audio writes its base64 again.
    [[nodiscard]] std::string_view raw() const;

    /// The memory that this message owns, in bytes, about: for whoever keeps messages.
    [[nodiscard]] std::size_t footprint() const noexcept;

    /// Number of the connection that this message came on, from 1; it grows with each reconnect.
    [[nodiscard]] std::uint64_t epoch() const noexcept;

private:
    friend struct access;
    struct state;
    explicit server_message(std::unique_ptr<state>) noexcept;

    std::unique_ptr<state> state_;
};

// What the client says
// --------------------------------------------------------------------------------------------

/// A mark without content: activityStart, activityEnd.
struct activity_mark {
    friend bool operator==(const activity_mark&, const activity_mark&) = default;
};

/// The members of the message. The service takes several at once, in an order that it does not
/// promise: send one.
struct realtime_input_members {
    std::optional<blob> audio{};
    std::optional<blob> video{};
    std::optional<std::string> text{};
    std::optional<bool> audio_stream_end{};
    switchable<activity_mark> activity_start = off;
    switchable<activity_mark> activity_end = off;
    std::vector<blob> media_chunks{}; ///< The old form of `audio` and `video`.
    friend bool operator==(const realtime_input_members&, const realtime_input_members&) = default;
};

/// One item of realtime input. Wire: realtimeInput.
class realtime_input {
public:
    explicit realtime_input(realtime_input_members members) noexcept : members_(std::move(members))
    {
    }

    /// Mono pcm16, little endian, at `rate` samples a second; any whole number of samples, 20 to
    /// 100 ms is a good chunk; `session::send_realtime_input` sends nothing for none. Throws
    /// errc::invalid_argument for half a sample, or a rate below 1.
    [[nodiscard]] static realtime_input audio(std::span<const std::byte> pcm, int rate = 16000);
    /// One picture: JPEG unless said otherwise; at most one a second is looked at.
    [[nodiscard]] static realtime_input video(
        std::span<const std::byte> picture, std::string mime_type = "image/jpeg");
    [[nodiscard]] static realtime_input text(std::string text);
    /// Somebody begins to speak; only with automatic detection switched off, as is the next.
    [[nodiscard]] static realtime_input activity_start();
    [[nodiscard]] static realtime_input activity_end();
    /// The microphone was switched off; only with automatic detection. Audio opens it again.
    [[nodiscard]] static realtime_input audio_stream_end();

    [[nodiscard]] const realtime_input_members& members() const noexcept { return members_; }

private:
    realtime_input_members members_;
};

/// Changes instruction or tools in the middle of a conversation; what is absent stays as it is.
/// Wire: contextUpdate.
struct context_update {
    std::optional<content> system_instruction{};
    /// All of them from now on; an empty list (`{}`): none from now on; `live::off`: as before.
    switchable<std::vector<tool>> tools = off;

    context_update() = default;
    explicit context_update(content instruction) : system_instruction(std::move(instruction)) {}
    explicit context_update(std::vector<tool> tools_) : tools(std::move(tools_)) {}
    friend bool operator==(const context_update&, const context_update&) = default;
};

} // namespace gemini::live
