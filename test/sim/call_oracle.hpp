// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/ledger.hpp"
#include "sim/server.hpp"

#include <gemini/live/tool_dispatcher.hpp>

#include <map>
#include <optional>
#include <string>

namespace sim {

namespace live = gemini::live;

/// Checks that each function call has exactly one final response, or that the user was told why it
/// has none, and that no handler runs without need. The network and the server check each response
/// that is sent.
class call_oracle {
public:
    call_oracle(const scenario& scenario, ledger& ledger);

    // Observations of the user
    void saw(const live::tool_event& event);
    void handler_began(const std::string& id);
    void handler_ended(const std::string& id, bool was_canceled);
    /// A handler that does not heed its cancellation has begun.
    void handler_is_deaf(const std::string& id);
    void session_ended() { session_ended_ = true; }
    void shuts_down() { shut_down_ = true; }
    /// The dispatcher may no longer see what arrives.
    void detached() { detached_ = true; }

    /// Call it when nothing is ready to run.
    void check_quiet() const;
    /// Checks that the calls that the server awaits have been answered. Call it when all that was
    /// sent has arrived.
    void check_final_state(const server::conversation& now) const;
    /// Checks what the user was told. Call it when the session has ended and has been read.
    void check_end() const;
    /// Number of handlers that run.
    [[nodiscard]] int running() const noexcept { return running_; }

private:
    struct fate {
        int begun = 0;                           // events
        int ended = 0;                           // likewise
        int forgotten = 0;                       // of these
        int repeated = 0;                        // likewise
        int ran = 0;                             // handlers
        bool is_open = false;                    // it has begun and not ended
        bool runs = false;                       // its handler
        bool is_deaf = false;                    // likewise
        bool was_canceled = false;               // likewise
        std::optional<time_point> must_end_by{}; // its deadline
    };
    void check_ending(const live::tool_event& event, fate& which);
    void report(std::string what) const { ledger_.report(std::move(what)); }

    const scenario& scenario_;
    ledger& ledger_;
    std::map<std::string, fate> fates_;
    int running_ = 0;
    bool session_ended_ = false;
    bool shut_down_ = false;
    bool detached_ = false;
};

} // namespace sim
