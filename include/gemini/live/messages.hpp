// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>

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
};

/// Text of what was heard or spoken, in pieces that are to be joined. Wire: Transcription.
struct transcription {
    std::string text;
    bool finished = false;
};

/// Wire: serverContent. Every member may be absent; flags are false then.
struct server_content {
    std::optional<content> model_turn{};
    bool generation_complete =
        false; ///< All is generated; playing it may take longer. Not sent in an interrupted turn.
    bool turn_complete = false; ///< The turn is over, unless `interaction_status` is "IN_PROGRESS".
    bool interrupted = false;   ///< The user cut in: stop playing and drop what is queued.
    bool waiting_for_input = false;
    std::string turn_complete_reason; ///< Name of the enum value, as received; empty when absent.
    std::string interaction_status; ///< "IN_PROGRESS", "IDLE", … as received; empty when absent.
    std::optional<transcription> input_transcription{};
    std::optional<transcription> output_transcription{};
};

/// Wire: toolCall.functionCalls[].
struct function_call {
    std::string id; ///< To be given back in the response; empty where the server sent none.
    std::string name;
    json args; ///< A JSON object; `{}` when absent.
};

/// The model asks for functions to be run. Answer each with `session::send_tool_response`. Wire:
/// toolCall.
struct tool_call {
    std::vector<function_call> function_calls;
};

/// Give these calls up and send no response. Wire: toolCallCancellation.
struct tool_call_cancellation {
    std::vector<std::string> ids;
};

/// The server is about to end this connection; the session changes to another one by itself. Wire:
/// goAway.
struct go_away {
    std::chrono::nanoseconds time_left{0};
};

/// Wire: sessionResumptionUpdate.
struct session_resumption_update {
    std::string new_handle; ///< Empty when the conversation cannot be resumed at this point.
    bool resumable = false;
    std::optional<std::int64_t> last_consumed_client_message_index{};
};

/// Tokens of one turn. Wire: usageMetadata; the names of both the Gemini API and Vertex AI are
/// read.
struct usage_metadata {
    std::int64_t prompt_token_count = 0;
    std::int64_t response_token_count = 0;
    std::int64_t cached_content_token_count = 0;
    std::int64_t tool_use_prompt_token_count = 0;
    std::int64_t thoughts_token_count = 0;
    std::int64_t total_token_count = 0;
};

/// An error that the server reports inside a message. Wire: error.
struct server_error {
    int code = 0;
    std::string message;
    std::string status;
};

/// One message of the server, which owns all that it refers to. Cheap to move, not copyable.
/// A message may carry several members at once (usage rides with any of them): look at each that
/// matters to you. Threads: as any value: not from two threads at once.
class server_message {
public:
    /// The members of a message, each absent unless the server sent it.
    struct members {
        std::optional<live::setup_complete> setup_complete{};
        std::optional<live::server_content> server_content{};
        std::optional<live::tool_call> tool_call{};
        std::optional<live::tool_call_cancellation> tool_call_cancellation{};
        std::optional<live::go_away> go_away{};
        std::optional<live::session_resumption_update> session_resumption_update{};
        std::optional<live::usage_metadata> usage_metadata{};
        std::optional<live::server_error> error{};
        std::vector<std::string>
            unknown{}; ///< Names of top-level members that this version does not know; see `raw()`.
    };

    /// The text of a message: `size` bytes of JSON at `bytes`.
    struct text_buffer {
        std::unique_ptr<char[]> bytes{};
        std::size_t size = 0;
    };

    server_message(members, text_buffer);
    server_message(server_message&&) noexcept;
    server_message& operator=(server_message&&) noexcept;
    ~server_message();

    /// Every member as it was received.
    [[nodiscard]] const members& all() const noexcept;

    /// The model's text parts joined, without thoughts. Empty for a spoken answer: see
    /// `output_transcription()`.
    [[nodiscard]] std::string text() const;
    /// The model's thoughts joined.
    [[nodiscard]] std::string thought_text() const;
    /// The model's speech in this message: mono pcm16, little endian, 24 kHz. Valid as long as this
    /// message is.
    [[nodiscard]] std::span<const std::byte> audio() const noexcept;
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

    /// The JSON as received, unknown members included. Valid as long as this message is.
    [[nodiscard]] std::string_view raw() const noexcept;

    /// Number of the connection that this message came on, from 1; it grows with each reconnect.
    [[nodiscard]] std::uint64_t epoch() const noexcept;
    void epoch(std::uint64_t) noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

// What the client says
// --------------------------------------------------------------------------------------------

/// One item of realtime input. Wire: realtimeInput with exactly one member.
class realtime_input {
public:
    enum class kind { audio, video, text, activity_start, activity_end, audio_stream_end };

    /// Mono pcm16, little endian, at `rate` samples a second; any whole number of samples, 20 to
    /// 100 ms is a good chunk. Throws errc::invalid_argument for a rate below 1.
    [[nodiscard]] static realtime_input audio(std::span<const std::byte> pcm, int rate = 16000);
    /// One picture: JPEG unless said otherwise; at most one a second is looked at.
    [[nodiscard]] static realtime_input video(
        std::span<const std::byte> picture, std::string mime_type = "image/jpeg");
    [[nodiscard]] static realtime_input text(std::string text);
    [[nodiscard]] static realtime_input activity_start()
    {
        return realtime_input(kind::activity_start);
    }
    [[nodiscard]] static realtime_input activity_end()
    {
        return realtime_input(kind::activity_end);
    }
    [[nodiscard]] static realtime_input audio_stream_end()
    {
        return realtime_input(kind::audio_stream_end);
    }

    [[nodiscard]] kind what() const noexcept { return kind_; }
    [[nodiscard]] const blob& media() const noexcept { return media_; }
    [[nodiscard]] const std::string& words() const noexcept { return text_; }

private:
    explicit realtime_input(kind what) : kind_(what) {}

    kind kind_;
    blob media_;
    std::string text_;
};

/// The answer to one function call. Wire: toolResponse.functionResponses[].
struct function_response {
    std::string id;
    std::string name;
    json response; ///< An object; its `output` member is the result, its `error` member a failure;
                   ///< with neither, all of it is the result.

    function_response() = default;
    /// Answers `call`: id and name cannot be wrong.
    function_response(const function_call& call, json response_)
        : id(call.id), name(call.name), response(std::move(response_))
    {
    }
    function_response(std::string id_, std::string name_, json response_)
        : id(std::move(id_)), name(std::move(name_)), response(std::move(response_))
    {
    }
};

} // namespace gemini::live
