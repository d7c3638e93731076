// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sim {

using std::chrono::milliseconds;

/// Each kind of fault that the simulation can inject.
enum class fault_kind {
    cut,                   ///< The connection ends without a close frame.
    cut_in_client_message, ///< The connection ends in the middle of a message of the client.
    cut_in_server_message, ///< The connection ends in the middle of a message of the server.
    half_open,             ///< No data passes any more, and neither end is notified.
    close,                 ///< The server closes the connection with a code and a reason.
    http_refusal,          ///< The server answers upgrades with an HTTP status.
    unreachable,           ///< No connection can be made.
    resolve_failure,       ///< No name can be resolved.
    tls_failure,           ///< The certificate is not trusted.
    connect_hang,          ///< Attempts to connect neither succeed nor fail.
    setup_unanswered,      ///< The server does not answer setups.
    stall,                 ///< The server reads nothing for a while.
    latency_spike,         ///< Messages take longer.
    go_away,               ///< The server announces that it will end the connection.
    handles_expire,        ///< The server forgets the handles that it has issued so far.
    not_resumable,         ///< The server issues no handles.
    invalid_json,          ///< A server message is not JSON.
    oversized,             ///< A server message exceeds the limit.
    restart,               ///< The server ends all connections and is away for a while.
    internal_errors,       ///< The server answers setups with a handle by closing with 1011.
    refused_setup,         ///< The server answers setups with an error.
    flap,                  ///< Connections end right after setup.
    flood,                 ///< The server sends many messages at once.
    process_suspended,     ///< The client's process is suspended.
    malformed_member,      ///< A member of a server message cannot be read: see
                           ///< `server_behavior::malformed_members`.
    go_away_after_setup,   ///< goAway comes right after setup.
};
inline constexpr int fault_kinds = static_cast<int>(fault_kind::go_away_after_setup) + 1;
[[nodiscard]] const char* name_of(fault_kind) noexcept;

/// The unit of `fault::at`.
enum class trigger {
    time,            ///< Milliseconds since the start.
    client_messages, ///< Messages of the client on all connections, setups included.
    server_messages, ///< Messages of the server on all connections.
};

struct fault {
    fault_kind kind;
    trigger on;
    std::int64_t at;
    /// How long the fault lasts. For a lost connection: the time until the server notices. For
    /// goAway: its timeLeft.
    milliseconds duration{0};
    int code = 0; ///< The close code or HTTP status.
    std::string reason{};
    int count = 1;                  ///< Number of connections or messages affected.
    milliseconds retry_after{0};    ///< 0: the response has no Retry-After.
    bool in_flight_arrives = false; ///< Messages in flight arrive before the connection ends.
    milliseconds linger{0}; ///< How long the server keeps the connection after timeLeft has passed.
};
/// Returns a human-readable description.
[[nodiscard]] std::string describe(const fault& one);

/// Each kind of action of the user. The actions run one after the other.
enum class action_kind {
    text,
    content, ///< clientContent with turnComplete.
    context, ///< clientContent without turnComplete.
    audio,   ///< `count` chunks of audio.
    video,
    start, ///< activityStart
    end,   ///< activityEnd
    stream_end,
    drain,
    concurrent_text, ///< A text; the next action does not wait for its send.
    canceled_text,   ///< A text whose send is canceled after `gap`.
    reader_pause,    ///< The reader reads nothing for `gap`.
    close,
    destroy,
};

struct action {
    action_kind kind;
    milliseconds delay{0}; ///< The wait before the action.
    std::size_t size = 0;  ///< The size of a message in bytes.
    int count = 1;
    milliseconds gap{0}; ///< The time between chunks, until the cancellation, or of the pause.
};
/// Returns a human-readable description.
[[nodiscard]] std::string describe(const action& one);

/// An operation that the user may cancel.
enum class operation { connect, send, drain, read, close };
inline constexpr int operations = static_cast<int>(operation::close) + 1;

/// Cancels an operation, or closes or destroys the session, between two steps of its coroutines.
struct interruption {
    enum class way {
        cancels,  ///< Cancels the oldest pending `operation`.
        closes,   ///< Calls close().
        destroys, ///< Destroys the session.
    };
    way how;
    std::uint64_t after_steps; ///< Number of handlers that run before the interruption.
    sim::operation operation = sim::operation::send;
};
/// Returns a human-readable description.
[[nodiscard]] std::string describe(const interruption& one);

/// The order in which the server sends its messages, in each variant observed in the real service.
/// Numbers are percentages of turns unless stated otherwise.
struct server_behavior {
    /// turnComplete of a turn with a function call comes before the response to the call.
    bool completes_turn_at_call = false;
    /// Percentage of such turnCompletes that come in the message of the call.
    int completes_with_call = 0;
    int speaks_after_call = 0;   ///< The server speaks between the call and its turnComplete.
    int generation_complete = 0; ///< generationComplete comes before turnComplete.
    int trailing_messages = 0;   ///< Transcriptions, statuses and the like follow turnComplete.
    int empty_turns = 0;         ///< The turn is empty.
    int errors = 0;              ///< The server sends an error instead of an answer.
    int malformed_members = 0;   ///< Percentage of messages with a minor member of a wrong form.
    int go_away_at_calls = 0;    ///< Percentage of function calls that goAway follows at once.
    /// When the turnComplete of an interrupted turn comes.
    enum class end { at_once, late } interrupted_completes = end::at_once;
};

/// How function calls are made and answered where the user has a tool_dispatcher.
struct tool_settings {
    std::size_t at_once = 1; ///< Of the dispatcher; likewise the next two.
    std::size_t waiting = 0;
    milliseconds deadline{0};
    bool on_strands = false;      ///< Handlers run on an executor of their own.
    milliseconds longest_work{0}; ///< Of a handler.
    int most_calls = 1;           ///< Number of calls in one message.
    int misfits = 0;              ///< Percentage of calls whose arguments do not fit.
    int repeats = 0;              ///< Percentage of calls that come again with the same id.
    int cancels = 0;              ///< Percentage of calls that the server cancels after a while.
    /// Percentage of calls that the server makes again after it has forgotten them.
    int remakes = 0;
    /// What the user does with the dispatcher before it closes the session.
    enum class end { keeps, shuts_down, destroys } ends = end::keeps;
};

/// Two rare conditions that hold at once.
enum class coincidence {
    ping_and_pause,    ///< A ping is unanswered, and the reader pauses or the process is suspended.
    handle_and_speech, ///< A handle comes during the user's speech, then the connection ends.
    refusal_and_end,   ///< A handle is refused, and the session ends.
    move_and_spare,    ///< The base URL changes, and a connection to the old one was dialed ahead.
    stale_and_full,    ///< Audio is too old, and the outbox is full of it.
};
inline constexpr int coincidences = static_cast<int>(coincidence::stale_and_full) + 1;

/// Everything that a seed determines, except the small delays: those are drawn during the run.
struct scenario {
    std::uint64_t seed = 0;
    std::optional<sim::coincidence> coincidence{};
    bool transparent = false; ///< Resumption is transparent: updates have an index.
    gemini::live::client_options options{};

    milliseconds min_latency{1}; ///< One way.
    milliseconds max_latency{1};
    std::size_t socket_buffer = 0; ///< Bytes in flight before a send has to wait.

    int messages_per_turn = 3;
    milliseconds max_think_time{0};  ///< Before a turn.
    milliseconds max_message_gap{0}; ///< Between the messages of a turn.
    int call_percent = 0;            ///< Percentage of turns with a function call.
    int handle_interval = 1; ///< Client messages between handles; 0: only at the end of a turn.
    int not_resumable_percent = 0; ///< Percentage of updates that have no handle.
    milliseconds max_setup_time{0};
    bool answers_pings = true;
    server_behavior behavior{};

    milliseconds connect_delay{0}; ///< Before the user calls connect().
    milliseconds read_interval{0}; ///< Between two reads.
    milliseconds read_timeout{0};  ///< After which the user cancels a read; 0: never.
    milliseconds answer_delay{0};  ///< Before the user answers a function call.
    bool uses_store = false;       ///< The session has a resumption store.
    milliseconds store_latency{0}; ///< Of one operation of the store.
    int endpoint_changes_at = 0;   ///< From this attempt on the hook returns another URL; 0: never.

    std::optional<tool_settings> tools{}; ///< Absent: the user answers calls by hand.

    std::vector<fault> faults{};
    std::vector<action> actions{};
    std::optional<sim::interruption> interruption{};
};
/// Draws the scenario of a seed.
[[nodiscard]] scenario draw_scenario(std::uint64_t seed);
/// Returns a human-readable description.
[[nodiscard]] std::string describe(const scenario& one);

} // namespace sim
