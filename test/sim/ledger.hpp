// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/client_message.hpp"
#include "sim/scenario.hpp"
#include "support/virtual_time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sim {

using gemini::live::base::time_point;
using test::virtual_clock;

/// What has truly happened in a world, written down by the user, the network and the server, each
/// for itself. A moment is its place in the order of all that is written.
class ledger {
public:
    ledger(std::shared_ptr<virtual_clock> clock, bool traces)
        : clock_(std::move(clock)), traces_(traces)
    {
    }

    using moment = std::uint64_t; ///< 0: never.

    /// A message was given to a connection.
    struct handing {
        int connection;
        moment begun;
        moment done = 0; ///< The connection had taken it.
        time_point done_at{};
        std::uint64_t pings = 0; ///< Sent on the connection before it was done.
    };
    struct send {
        message_kind kind;
        std::vector<std::string> calls;
        time_point called;
        std::optional<time_point> accepted{};
        bool refused = false; ///< It threw.
        bool torn = false;    ///< It was behind in a batch when the connection ended.
        std::vector<handing> handings{};
        int consumed = 0;     ///< Times, in whatever state of the conversation.
        int confirmed_in = 0; ///< The conversation in which the client was told that it was.
    };
    struct connection {
        time_point dialled;
        std::string host{};                   ///< That it was dialled to.
        bool ahead = false;                   ///< Dialled while another one served,
        bool made = false;                    ///< with success.
        std::optional<time_point> leave_by{}; ///< By the goAways that the client has read.
        std::optional<time_point> opened{};   ///< The client has read setupComplete.
        std::optional<time_point> ended{};    ///< The client has been told.
        bool left = false;                    ///< The client closed or dropped it.
        std::optional<time_point> set_up{};   ///< The setup has been sent.
        std::string handle{};                 ///< Of it.
        int conversation = 0;
        std::vector<int> taken{}; ///< Serials of what has been given to it, in order.
    };
    /// What a server message truly is to the turns.
    enum class meaning {
        none,       ///< Nothing, though it may look like something.
        speaks,     ///< The model's words.
        calls,      ///< It calls a function.
        closes,     ///< turnComplete of a turn whose end ends nothing: it has called, or been cut.
        ends,       ///< turnComplete.
        interrupts, ///< The model has been cut off.
        fails,      ///< An error.
        user,       ///< The user's words, of a turn that is over.
        late,       ///< The model's words, of a turn that is over.
        anything,   ///< Words that belong nowhere.
    };

    /// A message that a connection has given to the session.
    struct heard {
        int connection;
        int serial; ///< 0: not JSON.
        moment when;
        bool handle = false;
        bool content = false;
        bool call = false;
        bool passed_over = false; ///< Nothing for the user: of a connection that has been left, or
                                  ///< the refusal of a setup.
        ledger::meaning meaning = ledger::meaning::none;
        int asked = 0;           ///< So many questions the server had consumed on this connection.
        std::uint64_t pongs = 0; ///< Pings of the connection that had been answered before it came.
        time_point at{};         ///< Of being heard.

        /// Sent by a server that had certainly received what was handed over then.
        [[nodiscard]] bool follows(const handing& one) const
        {
            return connection == one.connection && one.done != 0 && when > one.done &&
                   pongs > one.pings;
        }
    };

    [[nodiscard]] time_point now() const { return clock_->now(); }
    [[nodiscard]] moment tick() noexcept { return ++moment_; }

    int begin_send(message_kind kind, std::vector<std::string> calls = {});
    [[nodiscard]] send& of(int serial) { return sends.at(static_cast<std::size_t>(serial) - 1); }
    [[nodiscard]] const send& of(int serial) const
    {
        return sends.at(static_cast<std::size_t>(serial) - 1);
    }

    std::vector<send> sends{};
    std::vector<connection> connections{}; ///< By number, from 1; [0] is none.
    std::vector<heard> hearings{};
    int newest_open = 0; ///< Connection.
    std::string host{};  ///< That the user has asked for; empty: no matter.
    std::array<std::uint64_t, fault_kinds> fired{};

    /// Whether its connection has given the session such a message after it had taken this one.
    template <class What>
    [[nodiscard]] bool heard_since(const handing& one, const What& matches) const
    {
        return one.done != 0 &&
               std::any_of(hearings.begin(), hearings.end(), [&](const heard& each) {
                   return each.connection == one.connection && each.when > one.done &&
                          matches(each);
               });
    }
    /// Whether a handle came that may hold it or not: nobody can know.
    [[nodiscard]] bool is_ambiguous(int serial) const;

    /// A promise was broken.
    void report(std::string violation);
    [[nodiscard]] const std::vector<std::string>& violations() const noexcept
    {
        return violations_;
    }

    /// One line of the story, if somebody wants it: `who` did what `tell` says.
    template <class Tell>
    void trace(const char* who, const Tell& tell)
    {
        if (traces_) write(who, tell());
    }
    [[nodiscard]] const std::vector<std::string>& story() const noexcept { return story_; }

private:
    void write(const char* who, const std::string& text);

    std::shared_ptr<virtual_clock> clock_;
    bool traces_;
    moment moment_ = 0;
    std::vector<std::string> violations_;
    std::vector<std::string> story_;
};

} // namespace sim
