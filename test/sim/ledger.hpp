// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/client_message.hpp"
#include "sim/scenario.hpp"
#include "support/virtual_time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sim {

using gemini::live::base::time_point;
using test::virtual_clock;

/// The event log of a run: sends, transmissions, receipts and connections. The user, the network
/// and the server each record what they have done.
class ledger {
public:
    ledger(std::shared_ptr<virtual_clock> clock, bool traces)
        : clock_(std::move(clock)), traces_(traces)
    {
    }

    using moment = std::uint64_t; ///< Logical time: the position of an event in the log. 0: never.

    /// A message was written to a connection.
    struct transmission {
        int connection;
        moment begun;
        moment done = 0; ///< The connection has accepted the whole batch.
        time_point done_at{};
        std::uint64_t pings = 0; ///< Pings sent on the connection before `done`.
    };
    /// One call of the user that sends a message.
    struct send {
        message_kind kind;
        std::vector<std::string> calls;
        time_point called;
        std::optional<time_point> accepted{};
        bool refused = false;      ///< The call threw.
        bool write_failed = false; ///< The connection ended while its batch was being written.
        std::vector<transmission> transmissions{};
        int consumed = 0;           ///< How often the server has consumed it.
        int confirmed_in = 0;       ///< Conversation in which an index has confirmed it; 0: none.
        bool by_dispatcher = false; ///< A response of the dispatcher, with one call.
        bool continues = false;     ///< More of the answer follows.
        std::string response{};
        [[nodiscard]] bool is_final() const noexcept { return by_dispatcher && !continues; }
    };
    /// The function calls with one id.
    struct call {
        std::string function{};
        bool fits = true; ///< Its arguments match the schema.
        int made = 0;     ///< How often the server has made it without knowing it.
        int receipts = 0; ///< How often the session has received it.
        std::optional<time_point> received{}; ///< When it first did, of the newest one made.
        moment anew = 0; ///< When the session last received it as one that the server did not know.
        std::optional<time_point> canceled{}; ///< When the session received its cancellation.
        int read = 0;                         ///< How often the reader has seen it.
        int lost = 0;               ///< Receipts on a connection that the session had left.
        int reported_forgotten = 0; ///< By a status_change.
    };
    struct connection {
        time_point dialed;
        std::string host{};                     ///< Target of the dial.
        bool ahead = false;                     ///< Dialed while another connection was open.
        bool established = false;               ///< The dial has succeeded.
        std::optional<time_point> deadline{};   ///< Earliest end announced by a goAway.
        std::optional<time_point> opened{};     ///< The client has read setupComplete.
        std::optional<time_point> ended{};      ///< When the client noticed the end.
        bool closed_by_client = false;          ///< The client closed or aborted it.
        std::optional<time_point> setup_sent{}; ///< When the client sent the setup.
        std::string handle{};                   ///< The handle in the setup.
        int conversation = 0;
        std::vector<std::string> known_calls{}; ///< Those that the server knows after the setup.
        std::vector<int> serials{}; ///< Serials of the messages written to it, in order.
    };
    /// What a server message means for the turns.
    enum class meaning {
        none,           ///< It has no meaning for the turns.
        speaks,         ///< Words of the model.
        calls,          ///< A function call.
        ends_no_answer, ///< turnComplete of a turn that was interrupted or has called a function.
        ends_answer,    ///< turnComplete of an answer.
        interrupts,     ///< interrupted
        fails,          ///< An error.
        user_words,     ///< Transcription of the user, of a turn that is over.
        late_words,     ///< Words of the model, of a turn that is over.
        ambiguous,      ///< Words of the model that belong to no turn.
    };

    /// A message that the session has received from a connection.
    struct receipt {
        int connection;
        int serial; ///< 0: the message was not JSON.
        moment when;
        bool handle = false;
        bool content = false;
        bool call = false;
        bool hidden = false; ///< The user does not see it: the connection was replaced, or
                             ///< refused the setup.
        ledger::meaning meaning = ledger::meaning::none;
        int asked = 0;           ///< Questions consumed on this connection before it was sent.
        std::uint64_t pongs = 0; ///< Pings answered on this connection before it came.
        time_point at{};
        bool repeats_call = false; ///< It has a function call that came before.

        /// True if the server had certainly read `one` before it sent this message.
        [[nodiscard]] bool follows(const transmission& one) const
        {
            return connection == one.connection && one.done != 0 && when > one.done &&
                   pongs > one.pings;
        }
    };

    [[nodiscard]] time_point now() const { return clock_->now(); }
    [[nodiscard]] moment tick() noexcept { return ++moment_; }

    int begin_send(message_kind kind, std::vector<std::string> calls = {});
    /// Returns the serial of a response of the dispatcher that is written to a connection. The same
    /// response on another connection is the same send.
    [[nodiscard]] int serial_of_response(const client_message& response, int connection);
    /// True if a final response to the call has been sent since the session received it.
    [[nodiscard]] bool is_answered(const std::string& id, int connection = 0) const;
    [[nodiscard]] send& of(int serial) { return sends.at(static_cast<std::size_t>(serial) - 1); }
    [[nodiscard]] const send& of(int serial) const
    {
        return sends.at(static_cast<std::size_t>(serial) - 1);
    }

    std::vector<send> sends{};
    std::vector<connection> connections{}; ///< By number; the first is 1.
    std::vector<receipt> receipts{};
    std::map<std::string, call> calls{}; ///< By id. Empty without a dispatcher.
    bool write_failed = false;   ///< A connection has ended while a batch was being written.
    int newest_open = 0;         ///< Number of the connection that opened last.
    std::string expected_host{}; ///< Host in the current base URL; empty: any.
    std::array<std::uint64_t, fault_kinds> fault_counts{}; ///< Faults that took effect.

    /// True if a matching message came on the same connection after the transmission.
    template <class Predicate>
    [[nodiscard]] bool received_since(const transmission& one, const Predicate& matches) const
    {
        return one.done != 0 &&
               std::any_of(receipts.begin(), receipts.end(), [&](const receipt& each) {
                   return each.connection == one.connection && each.when > one.done &&
                          matches(each);
               });
    }
    /// True if a handle has arrived, and the client cannot tell whether it includes the message.
    [[nodiscard]] bool is_ambiguous(int serial) const;

    /// Records the violation of an invariant.
    void report(std::string violation);
    [[nodiscard]] const std::vector<std::string>& violations() const noexcept
    {
        return violations_;
    }

    /// Appends a line to the trace. Calls `describe` only if the run is traced.
    template <class Describe>
    void trace(const char* actor, const Describe& describe)
    {
        if (traces_) write(actor, describe());
    }
    [[nodiscard]] const std::vector<std::string>& trace() const noexcept { return trace_; }

private:
    void write(const char* actor, const std::string& text);

    std::shared_ptr<virtual_clock> clock_;
    bool traces_;
    moment moment_ = 0;
    std::vector<std::string> violations_;
    std::vector<std::string> trace_;
};

} // namespace sim
