// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/boxed.hpp>
#include <gemini/live/json.hpp>
#include <gemini/live/open_enum.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Binary data. Base64 on the wire.
using bytes = std::vector<std::byte>;

/// The form of the model's answers. Wire: setup.generationConfig.responseModalities[].
enum class modality { unspecified, text, image, audio, video };
[[nodiscard]] wire_name_list wire_names(modality) noexcept;

/// How finely the model looks at pictures and video. Wire: MediaResolution.
enum class media_resolution { unspecified, low, medium, high, ultra_high };
[[nodiscard]] wire_name_list wire_names(media_resolution) noexcept;

/// Bytes with their media type. Wire: Blob.
struct blob {
    std::string mime_type; ///< e.g. "audio/pcm;rate=24000"
    bytes data;            ///< Base64 on the wire, plain bytes here.
    /// The name by which a function response refers to it: `{"$ref": …}`. Elsewhere empty.
    std::string display_name{};

    blob() = default;
    blob(std::string type, bytes content, std::string name = {})
        : mime_type(std::move(type)), data(std::move(content)), display_name(std::move(name))
    {
    }
    friend bool operator==(const blob&, const blob&) = default;
};

/// A file that the service can read by its URI. Wire: FileData.
struct file_data {
    std::string mime_type; ///< e.g. "image/jpeg"
    std::string file_uri;
    /// The name by which a function response refers to it: `{"$ref": …}`. Elsewhere empty.
    std::string display_name{};

    file_data() = default;
    file_data(std::string type, std::string uri, std::string name = {})
        : mime_type(std::move(type)), file_uri(std::move(uri)), display_name(std::move(name))
    {
    }
    friend bool operator==(const file_data&, const file_data&) = default;
};

/// The JSON value null as an enumeration of one value. Wire: PartialArg.nullValue.
enum class null_value { null_value };
[[nodiscard]] wire_name_list wire_names(null_value) noexcept;

/// A piece of an argument of a call that the model is still writing. One value is present. For null
/// it is `null_value`, or none if the server wrote a JSON null. Vertex AI only. Wire: PartialArg.
struct partial_arg {
    std::string json_path;                     ///< RFC 9535, e.g. "$.city"
    std::optional<std::string> string_value{}; ///< Append it to the earlier pieces.
    std::optional<double> number_value{};
    std::optional<bool> bool_value{};
    bool will_continue = false; ///< More pieces of this string follow.
    open_enum<live::null_value> null_value{};

    /// True if the value is null.
    [[nodiscard]] bool is_null() const noexcept
    {
        return !string_value && !number_value && !bool_value;
    }
    friend bool operator==(const partial_arg&, const partial_arg&) = default;
};

/// A request of the model to run a function. Wire: FunctionCall.
struct function_call {
    std::string id;   ///< Goes back in the response. Empty if the server sent none.
    std::string name; ///< `function_declaration::name`
    json args{};      ///< A JSON object; `{}` if absent.
    std::vector<partial_arg> partial_args{}; ///< Vertex AI only.
    bool will_continue = false;              ///< More `partial_args` follow. Vertex AI only.
    friend bool operator==(const function_call&, const function_call&) = default;
};

/// When the model reacts to the response of a non-blocking function. Wire:
/// FunctionResponseScheduling.
enum class scheduling {
    unspecified,
    silent,    ///< It knows the response and says nothing.
    when_idle, ///< When it has finished what it is saying. The service's default.
    interrupt, ///< At once.
};
[[nodiscard]] wire_name_list wire_names(scheduling) noexcept;

/// Which frames of a video reach the model. Gemini API only. Wire: MediaProcessing.
enum class media_processing {
    unspecified,
    static_, ///< All, at a fixed rate.
    agentic, ///< Those that the model chooses.
};
[[nodiscard]] wire_name_list wire_names(media_processing) noexcept;

/// A file or bytes that belong to the result of a function. Wire: FunctionResponsePart.
struct function_response_part {
    std::optional<blob> inline_data{};                    ///< Either this or `file_data`.
    std::optional<live::file_data> file_data{};           ///< Either this or `inline_data`.
    open_enum<live::media_processing> media_processing{}; ///< Videos only. Gemini API only.

    function_response_part() = default;
    function_response_part(blob data)
        : inline_data(std::move(data)) {} // NOLINT(google-explicit-constructor)
    function_response_part(live::file_data file)
        : file_data(std::move(file)) {} // NOLINT(google-explicit-constructor)
    friend bool operator==(const function_response_part&, const function_response_part&) = default;
};

/// The answer to one function call. Wire: toolResponse.functionResponses[].
struct function_response {
    std::string id;   ///< `function_call::id`. Required by the Gemini API.
    std::string name; ///< `function_call::name`. Required.
    /// An object. Its member `output` is the result, its member `error` a failure; without either,
    /// the whole object is the result. Sending any other value throws errc::invalid_argument.
    json response;
    std::vector<function_response_part> parts{}; ///< Files and bytes that `response` refers to.
    /// For functions declared as non-blocking. The model gemini-3.8-live-extended-thinking refuses
    /// every value.
    open_enum<live::scheduling> scheduling{};
    std::optional<bool> will_continue{}; ///< More responses with this id follow. Gemini API only.

    function_response() = default;
    /// Answers `call`, with its id and name.
    function_response(const function_call& call, json response_)
        : id(call.id), name(call.name), response(std::move(response_))
    {
    }
    function_response(std::string id_, std::string name_, json response_)
        : id(std::move(id_)), name(std::move(name_)), response(std::move(response_))
    {
    }
    friend bool operator==(const function_response&, const function_response&) = default;
};

/// The language of code that the model runs. Wire: ExecutableCode.language.
enum class code_language { unspecified, python };
[[nodiscard]] wire_name_list wire_names(code_language) noexcept;

/// Code that the model has written and runs. Wire: ExecutableCode.
struct executable_code {
    open_enum<code_language> language{};
    std::string code;
    std::string id{}; ///< Empty if the server sent none.
    friend bool operator==(const executable_code&, const executable_code&) = default;
};

/// How a run of code ended. Wire: CodeExecutionResult.outcome.
enum class code_outcome { unspecified, ok, failed, deadline_exceeded };
[[nodiscard]] wire_name_list wire_names(code_outcome) noexcept;

/// The result of a run of code. Wire: CodeExecutionResult.
struct code_execution_result {
    open_enum<code_outcome> outcome{};
    std::string output; ///< What the code printed, or why it failed.
    std::string id{};   ///< `executable_code::id`
    friend bool operator==(const code_execution_result&, const code_execution_result&) = default;
};

/// The section of a video that is meant. Wire: VideoMetadata.
struct video_metadata {
    std::optional<std::chrono::nanoseconds> start_offset{}; ///< From the start of the video.
    std::optional<std::chrono::nanoseconds> end_offset{};   ///< From the start of the video.
    std::optional<double> fps{}; ///< Frames per second, above 0 and at most 24.
    friend bool operator==(const video_metadata&, const video_metadata&) = default;
};

/// How finely the model looks at this part. Wire: Part.mediaResolution.
struct part_media_resolution {
    open_enum<media_resolution> level{};
    std::optional<int> num_tokens{}; ///< Tokens to spend on it.
    friend bool operator==(const part_media_resolution&, const part_media_resolution&) = default;
};

/// A word and when it was spoken. Wire: WordInfo.
struct word_info {
    std::string word;
    std::optional<std::chrono::nanoseconds> start_offset{}; ///< From the start of the audio.
    std::optional<std::chrono::nanoseconds> end_offset{};   ///< From the start of the audio.
    friend bool operator==(const word_info&, const word_info&) = default;
};

/// A piece of the text of what was heard or spoken. Concatenate the pieces. Wire: Transcription.
struct transcription {
    std::string text;
    bool finished = false;          ///< The last piece, which may have no text.
    std::string language_code{};    ///< BCP-47; empty if the server sent none.
    std::string speaker_label{};    ///< e.g. "spk_1"; with `audio_transcription::diarization`.
    std::vector<word_info> words{}; ///< With `audio_transcription::word_timestamp`.
    std::optional<std::chrono::nanoseconds> start_offset{}; ///< From the start of the audio.
    std::optional<std::chrono::nanoseconds> end_offset{};   ///< From the start of the audio.
    friend bool operator==(const transcription&, const transcription&) = default;
};

/// A tool that the server itself runs. Wire: ToolCall.toolType.
enum class tool_type {
    unspecified,
    google_search_web,
    google_search_image,
    url_context,
    google_maps,
    file_search,
    media_processing,
};
[[nodiscard]] wire_name_list wire_names(tool_type) noexcept;

/// A call that the server makes to one of its own tools. It needs no answer. Gemini API only. Wire:
/// Part.toolCall.
struct server_tool_call {
    std::string id{};
    open_enum<live::tool_type> tool_type{};
    json args{}; ///< An object; `{}` if absent.
    friend bool operator==(const server_tool_call&, const server_tool_call&) = default;
};

/// The result of a `server_tool_call`. Gemini API only. Wire: Part.toolResponse.
struct server_tool_response {
    std::string id{}; ///< `server_tool_call::id`
    open_enum<live::tool_type> tool_type{};
    json response{}; ///< An object; `{}` if absent.
    friend bool operator==(const server_tool_response&, const server_tool_response&) = default;
};

/// How to speak a text. Wire: SpeechMetadata.
struct speech_metadata {
    std::string speaker{};
    std::string style{}; ///< e.g. "excited, fast-paced"
    friend bool operator==(const speech_metadata&, const speech_metadata&) = default;
};

/// One piece of a turn. What it is depends on which of these is present: `text`, `inline_data`,
/// `file_data`, `function_call`, `function_response`, `executable_code`, `code_execution_result`,
/// `tool_call` or `tool_response`. The other members describe it. Wire: Part.
struct part {
    std::optional<std::string> text{};
    boxed<blob> inline_data{};
    boxed<live::file_data> file_data{};
    boxed<live::function_call> function_call{};
    boxed<live::function_response> function_response{};
    boxed<live::executable_code> executable_code{};
    boxed<live::code_execution_result> code_execution_result{};
    bool thought = false;      ///< The model's reasoning, not its answer.
    bytes thought_signature{}; ///< Goes back with the part.
    boxed<live::video_metadata> video_metadata{};
    boxed<part_media_resolution> media_resolution{};
    boxed<server_tool_call> tool_call{};         ///< Gemini API only.
    boxed<server_tool_response> tool_response{}; ///< Gemini API only.
    boxed<transcription> audio_transcription{};  ///< Of the audio in `inline_data`.
    boxed<live::speech_metadata> speech_metadata{};
    boxed<json> part_metadata{}; ///< An object of your own. Gemini API only.
    open_enum<live::media_processing> media_processing{}; ///< Videos only. Gemini API only.

    part() = default;
    part(std::string text_) : text(std::move(text_)) {} // NOLINT(google-explicit-constructor)
    part(const char* text_) : text(text_) {}            // NOLINT(google-explicit-constructor)
    part(blob data) : inline_data(std::move(data)) {}   // NOLINT(google-explicit-constructor)
    part(live::file_data file)
        : file_data(std::move(file)) {} // NOLINT(google-explicit-constructor)
    friend bool operator==(const part&, const part&) = default;
};

/// One turn, or the system instruction. Wire: Content.
struct content {
    /// "user" or "model"; empty: "user". Sending any other role throws errc::invalid_argument. An
    /// instruction may also have "system"; the service ignores its role.
    std::string role;
    std::vector<part> parts;

    content() = default;
    /// One text, as a turn of the user or as a system instruction.
    explicit content(std::string text) : content("user", std::move(text)) {}
    content(std::string role_, std::string text) : role(std::move(role_))
    {
        parts.emplace_back(std::move(text));
    }
    content(std::string role_, std::vector<part> parts_)
        : role(std::move(role_)), parts(std::move(parts_))
    {
    }
    friend bool operator==(const content&, const content&) = default;
};

/// Returns a turn of the user.
[[nodiscard]] inline content user(std::string text) { return {"user", std::move(text)}; }
[[nodiscard]] inline content user(std::vector<part> parts) { return {"user", std::move(parts)}; }
/// Returns a turn of the model, for a conversation's history: see `session::send_client_content`.
[[nodiscard]] inline content model(std::string text) { return {"model", std::move(text)}; }
[[nodiscard]] inline content model(std::vector<part> parts) { return {"model", std::move(parts)}; }

} // namespace gemini::live
#pragma GCC visibility pop
