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

/// What can go wrong.
enum class trouble {
    cut,             ///< The connection is gone without a close frame.
    torn_sent,       ///< So, too, in the middle of a message of the client.
    torn_received,   ///< So, too, in the middle of a message of the server.
    half_open,       ///< Nothing passes any more, and nobody is told.
    close,           ///< The server closes, with a code and a reason.
    refuse,          ///< Upgrades are answered with an HTTP status.
    unreachable,     ///< Connections cannot be made.
    lookup,          ///< Names cannot be resolved.
    untrusted,       ///< The certificate is not trusted.
    hang,            ///< Connections neither come about nor fail.
    mute,            ///< Setups are not answered.
    stall,           ///< The server reads nothing for a while.
    clog,            ///< Messages take longer.
    go_away,         ///< The server announces that it will end the connection.
    expire,          ///< The handles given so far are forgotten.
    not_resumable,   ///< No handles are given.
    nonsense,        ///< A server message is not JSON.
    oversized,       ///< A server message is over the limit.
    restart,         ///< The server ends all connections and is away for a while.
    internal_errors, ///< Setups with a handle are answered with 1011.
    refused_setup,   ///< Setups are answered with an error.
    flap,            ///< Connections die as soon as they are set up.
    flood,           ///< The server says much at once.
    jump,            ///< The client's process is suspended.
    spoilt,          ///< A member of a server message cannot be read; see `manners::spoils`.
    sent_away,       ///< goAway comes as soon as a connection is set up.
};
inline constexpr int troubles = static_cast<int>(trouble::sent_away) + 1;
[[nodiscard]] const char* name_of(trouble) noexcept;

/// What a fault waits for.
enum class trigger {
    time,            ///< `at` milliseconds.
    client_messages, ///< `at` messages of the client, all connections together, setups too.
    server_messages,
};

struct fault {
    trouble what;
    trigger on;
    std::int64_t at;
    milliseconds lasts{0}; ///< As long; until the server notices; goAway's timeLeft, whatever.
    int code = 0;          ///< Of close or HTTP.
    std::string reason{};
    int times = 1;               ///< So many connections or messages.
    milliseconds retry_after{0}; ///< 0: none is given.
    bool arrives = false;        ///< What was under way arrives all the same.
    milliseconds lingers{0};     ///< The server stays so much longer than goAway said.
};
/// For people.
[[nodiscard]] std::string words(const fault& one);

/// What the user does, one after the other.
enum class deed {
    text,
    content, ///< clientContent with turnComplete.
    context, ///< clientContent without.
    audio,   ///< `times` chunks.
    video,
    start, ///< activityStart
    end,
    stream_end,
    drain,
    beside,    ///< A text whose send is not waited for.
    cancelled, ///< A text whose send is cancelled after a while.
    rest,      ///< The reader takes nothing for a while.
    close,
    destroy,
};

struct act {
    deed what;
    milliseconds after{0}; ///< The wait before.
    std::size_t size = 0;  ///< Of a message.
    int times = 1;
    milliseconds gap{0}; ///< Between chunks; until the cancellation; of the reader's rest.
};
[[nodiscard]] std::string words(const act& one);

/// What the user may give up in the middle.
enum class call { connect, send, drain, read, close };
inline constexpr int calls = static_cast<int>(call::close) + 1;

/// Between two steps of the world's coroutines the user changes their mind.
struct interruption {
    enum class way {
        cancels,  ///< The oldest `what`, wherever it waits.
        closes,   ///< Calls close().
        destroys, ///< The session.
    };
    way how;
    std::uint64_t after; ///< So many steps.
    call what = call::send;
};
[[nodiscard]] std::string words(const interruption& one);

/// In which orders the server says things, as the service has been seen to do. Percents are of
/// turns.
struct manners {
    bool closes_calls = false; ///< turnComplete of a turn with a call comes before the response,
    int at_once = 0;           ///< in percent of the cases in the message of the call.
    int talks_on = 0;          ///< Says something between the call and that.
    int generates = 0;         ///< generationComplete comes before turnComplete.
    int says_more = 0;         ///< Transcriptions, statuses and the like come after the end.
    int says_nothing = 0;      ///< The turn is empty.
    int fails = 0;             ///< There is an error in the place of an answer.
    int spoils = 0;            ///< In percent of messages a minor member cannot be read.
    int leaves_at_calls = 0;   ///< In percent of function calls goAway comes while they are open.
    /// The turnComplete of an interrupted turn.
    enum class end { at_once, late } ends_interrupted = end::at_once;
};

/// Conditions that seldom meet by chance.
enum class pair {
    ping_and_pause,    ///< A ping is out while the reader rests, or the process is suspended.
    handle_and_speech, ///< A handle comes within the user's speech, and then the connection ends.
    refusal_and_end,   ///< A handle is refused while the session ends.
    move_and_spare,    ///< The base URL changes when a connection to the old one was dialled ahead.
    stale_and_full,    ///< Sound is too old while the outbox is full of it.
};
inline constexpr int pair_kinds = static_cast<int>(pair::stale_and_full) + 1;

/// All that one seed decides but for the small delays.
struct plan {
    std::uint64_t seed = 0;
    std::optional<pair> meeting{}; ///< Laid on the rest.
    bool transparent = false;
    gemini::live::client_options options{};

    milliseconds nearest{1}; ///< One way of a message: at least, at most.
    milliseconds farthest{1};
    std::size_t socket = 0; ///< Bytes under way before a send has to wait.

    int talkative = 3;      ///< Messages of a turn.
    milliseconds thinks{0}; ///< Before a turn, at most.
    milliseconds speaks{0}; ///< Between its messages, at most.
    int calls = 0;          ///< Percent of turns with a function call.
    int handle_after = 1; ///< Client messages from one handle to the next; 0: at turns' ends only.
    int forgets_resumable = 0;   ///< Percent of updates that bring none.
    milliseconds setup_takes{0}; ///< At most.
    bool answers_pings = true;
    sim::manners manners{};

    milliseconds connects_after{0};   ///< The user calls connect().
    milliseconds reads_every{0};      ///< A slow reader.
    milliseconds gives_up_reading{0}; ///< Reads are cancelled after so long; 0: never.
    milliseconds answers_after{0};    ///< Function calls.
    bool keeps_handles = false;       ///< In a resumption store,
    milliseconds store_takes{0};      ///< which takes so long for a call.
    int moves_at = 0; ///< The attempt from which the user's hook wants another base URL; 0: none.

    std::vector<fault> faults{};
    std::vector<act> acts{};
    std::optional<interruption> interrupted{};
};
[[nodiscard]] plan draw(std::uint64_t seed);
[[nodiscard]] std::string words(const plan& all);

} // namespace sim
