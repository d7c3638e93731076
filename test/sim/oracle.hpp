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

/// Checks every promise of docs/sessions.md that needs the view of the user and the ledger
/// together. The server checks its records, and the network checks each message that is sent.
class oracle {
public:
    oracle(const scenario& scenario, ledger& ledger, const server& server);

    /// Draws the jitter of the session.
    double random();

    // Observations of the network
    void dialed(int connection);
    void opened(int connection);
    void failed(int connection, const live::error& why);
    void closed_by_session(int connection);

    // Observations of the user
    void saw(const live::session_event& event);
    void saw_end();
    void saw_failure(const live::error& why);
    void saw(const live::session_counters& now);
    /// The user calls close() on a session that has not ended and has this status.
    void closes(live::session_status now);
    void destroyed() { end_now(); }
    /// Accepts the handle that is left in the store after the run.
    void saw_stored_handle(const std::string& handle);

    /// Checks what became of each message. Call it after the last fault, once the text `last` has
    /// been consumed.
    void check_final_state(int last, const live::session_counters& counters);

private:
    struct expected_wait { // before an attempt
        int attempt;
        milliseconds delay;
    };
    struct failure {
        time_point when;
        live::error why;
        bool was_open;
        bool handing_over;
        bool by_session = false; // the session closed the connection
        // State before the failure:
        int attempt = 0;
        std::optional<time_point> open_since{};
    };

    void end_now();
    void check_wait(std::optional<time_point> dialed);
    void check_ahead(int connection);
    void check_time_is_up();
    [[nodiscard]] milliseconds jittered_wait() const;
    [[nodiscard]] bool is_healthy(time_point now) const;
    void reset_attempts(time_point now);
    [[nodiscard]] bool is_replaced() const;
    void may_be_handover();
    void record_loss(failure what);
    void check_handle(const ledger::connection& opened);
    void check_end(const live::status_change& change);
    void check_close(const live::status_change& change);
    void check_context(const live::status_change& change);
    void saw_change(const live::status_change& change);
    void saw_message(int serial);
    void saw_stalled();
    [[nodiscard]] bool died_in_doubt(const live::status_change& loss) const;
    void check_ask_again(const live::status_change& change);
    /// State of the turns on a connection.
    struct turn_state {
        bool in_answer = false; ///< An answer has begun and not ended.
        bool at_rest = false;   ///< Every question has been answered.
    };
    [[nodiscard]] turn_state turn_state_of(int connection, std::size_t receipts) const;
    [[nodiscard]] bool is_of_forgotten_call(const ledger::send& response) const;
    [[nodiscard]] bool may_be_missing(int serial, const server::conversation* now) const;
    [[nodiscard]] bool may_be_answered(int serial) const;
    [[nodiscard]] bool may_be_remembered(int serial) const;
    [[nodiscard]] bool is_closed_mark(int serial) const;
    [[nodiscard]] bool may_be_dropped(const ledger::send& one) const;
    void report(std::string what) { ledger_.report(std::move(what)); }

    const scenario& scenario_;
    ledger& ledger_;
    const server& server_;
    rng jitter_rng_;
    bool punctual_ = true; // the process is never suspended

    std::uint64_t records_ = 0; ///< Number of the last turn that was recorded.

    // The model of the reconnect policy.
    std::optional<failure> failure_;
    std::optional<double> jitter_;
    time_point jitter_drawn_at_{};
    int attempt_ = 1;               // attempts to dial ahead included
    bool attempts_reset_ = false;   // attempt_ was reset during the current connection
    time_point not_ahead_before_{}; // Retry-After of an attempt to dial ahead
    bool ahead_permanent_failure_ = false;
    bool permanent_failure_ = false;
    bool handle_refused_ = false; // since the last connection opened
    int handle_suspected_ = 0;    // 1011 to a handle since the last connection opened
    int complaints_ = 0;          // complaining closes of open connections in quick succession
    int serving_ = 0;             // the current connection, or the last one
    std::optional<time_point> open_since_;
    std::optional<time_point> out_since_;
    std::vector<int> open_order_;                  // connections in the order in which they opened
    std::vector<std::optional<bool>> by_handover_; // for each of them; absent: unknown
    std::vector<expected_wait> waits_;

    // The event stream.
    live::session_status status_ = live::session_status::disconnected;
    std::size_t changes_ = 0;
    std::uint64_t maybe_heard_ = 0; // sum of status_change::maybe_heard
    std::size_t waits_seen_ = 0;
    bool waits_match_ = true; // reported losses correspond to waits_
    std::size_t openings_seen_ = 0;
    std::size_t receipts_seen_ = 0;
    bool terminal_ = false;
    std::optional<time_point> ended_;
    std::optional<live::session_status> closed_in_; // status in which close() was called

    std::set<std::string> refused_handles_; // refused while the session was running
};

} // namespace sim
