// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/ledger.hpp"
#include "sim/rng.hpp"
#include "sim/server.hpp"

#include <gemini/live/session.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sim {

namespace live = gemini::live;

/// Holds the session to its promises. What the server's record may not hold, the server says; what
/// may not be on a wire, the network.
class oracle {
public:
    oracle(const scenario& scenario, ledger& ledger, const server& server);

    /// The session's random numbers.
    double random();

    // What the network sees
    void dialled(int connection);
    void opened(int connection);
    void failed(int connection, const live::error& why);
    void left(int connection);

    // What the user sees
    void saw(const live::session_event& event);
    void saw_end();
    void saw_failure(const live::error& why);
    void saw(const live::session_counters& now);
    /// The user calls close() on a session of this status, which has not ended.
    void closes(live::session_status now);
    void destroyed() { end_now(); }
    /// The handle in the store, when all is over.
    void saw_kept(const std::string& handle);

    /// The conversation goes on, the network is well, and this text has arrived: everything else
    /// has had its fate.
    void settle(int last, const live::session_counters& counters);

private:
    struct row { // one wait before an attempt, as it should be
        int attempt;
        milliseconds delay;
    };
    struct failure {
        time_point when;
        live::error why;
        bool was_open;
        bool handing_over;
        bool by_session = false; // which took the connection for lost
        // Before it:
        int attempt = 0;
        std::optional<time_point> open_since{};
    };

    void end_now();
    void check_wait(std::optional<time_point> dialled);
    void check_ahead(int connection);
    void check_time_is_up();
    [[nodiscard]] milliseconds drawn_wait() const;
    [[nodiscard]] bool is_healthy(time_point now) const;
    void renew(time_point now);
    [[nodiscard]] bool is_replaced() const;
    void may_be_handover();
    void lose(failure what);
    void check_handle(const ledger::connection& opened);
    void check_end(const live::status_change& change);
    void check_close(const live::status_change& change);
    void check_context(const live::status_change& change);
    void saw_change(const live::status_change& change);
    void saw_message(int serial);
    void saw_silence();
    [[nodiscard]] bool died_in_doubt(const live::status_change& loss) const;
    void check_question(const live::status_change& change);
    /// How it stood on a connection, after so many hearings of all.
    struct standing {
        bool in_answer = false; ///< The model has begun an answer, and not ended it.
        bool at_rest = false;   ///< All that was asked has been answered.
    };
    [[nodiscard]] standing standing_of(int connection, std::size_t hearings) const;
    [[nodiscard]] bool may_be_missing(int serial, const server::conversation* now) const;
    [[nodiscard]] bool may_be_answered(int serial) const;
    [[nodiscard]] bool may_be_remembered(int serial) const;
    [[nodiscard]] bool is_closed_mark(int serial) const;
    [[nodiscard]] bool outlasted(const ledger::send& one) const;
    void report(std::string what) { ledger_.report(std::move(what)); }

    const scenario& scenario_;
    ledger& ledger_;
    const server& server_;
    rng jitter_rng_;
    bool punctual_ = true; // nothing suspends the process

    // Attempts, as the policy has them.
    std::optional<failure> failure_;
    std::optional<double> drawn_;
    time_point drawn_at_{};
    int attempt_ = 1;               // also of the last one that was dialled ahead
    bool has_renewed_ = false;      // the connection that serves has begun a new row of attempts
    time_point not_ahead_before_{}; // as the server wants it
    bool ahead_is_hopeless_ = false;
    bool hopeless_ = false;
    bool handle_refused_ = false; // since the last opening
    int handle_suspected_ = 0;    // so, too
    int complaints_ = 0;          // of open connections, one soon after the other
    int main_ = 0;                // the connection that serves, or served last
    std::optional<time_point> open_since_;
    std::optional<time_point> out_since_;
    std::vector<int> open_order_;                  // connections in the order of their openings
    std::vector<std::optional<bool>> by_handover_; // so, where that is known
    std::vector<row> rows_;

    // The stream.
    live::session_status status_ = live::session_status::disconnected;
    std::size_t changes_ = 0;
    std::uint64_t maybe_heard_ = 0; // messages that were said to be in doubt
    std::size_t rows_seen_ = 0;
    bool rows_match_ = true; // each loss that was seen is one that was told
    std::size_t openings_seen_ = 0;
    std::size_t heard_ = 0; // so many of the hearings have been seen
    bool terminal_ = false;
    std::optional<time_point> ended_;
    std::optional<live::session_status> closed_in_; // status in which close() was called

    std::set<std::string> refused_handles_; // as the session knows
};

} // namespace sim
