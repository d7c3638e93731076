// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/ledger.hpp"
#include "sim/network.hpp"
#include "sim/rng.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sim {

/// A reference model of the Live API. It keeps a record of each conversation: the messages that it
/// has consumed. A resume truncates the record to its length at the time of the handle.
class server : public service {
public:
    server(const scenario& scenario, ledger& ledger, std::shared_ptr<virtual_clock> clock);

    void accepted(const wire_ptr& from) override;
    void consumed(const wire_ptr& from, const client_message& message) override;
    void disconnected(const wire_ptr& from) override;
    void inject(const fault& one) override;

    /// Cancels all pending faults.
    void heal();

    struct entry {
        message_kind kind;
        int serial;
    };
    struct conversation {
        int id = 0;
        std::vector<entry> record{};
        std::set<int> remembered{}; ///< Serials in the history that the client restored.
        std::vector<std::string> known_calls{};
        std::vector<std::string> open_calls{};
        std::set<std::string> cancelled_calls{};
        bool is_abandoned{}; ///< Its connection was replaced by a newer one (overlapping handover).
    };
    [[nodiscard]] const conversation& conversation_of(int id) const
    {
        return conversations_.at(static_cast<std::size_t>(id) - 1);
    }
    /// Number of durable messages consumed twice in one conversation, without activityStart.
    [[nodiscard]] std::uint64_t repeats() const noexcept { return repeats_; }
    /// Returns the latest conversation whose record has this message. Ignores abandoned ones.
    [[nodiscard]] const conversation* holder_of(int serial) const;

private:
    /// The state of a conversation at the time of a handle.
    struct snapshot {
        int conversation;
        std::size_t length;
        std::vector<std::string> known_calls;
        std::vector<std::string> open_calls;
        bool forgotten = false;
    };
    /// The server's state of one connection.
    struct peer {
        wire_ptr wire;
        int conversation = 0; // 0 before the setup
        bool transparent = false;
        bool complete = false;
        std::int64_t index = 0;
        int since_handle = 0;
        std::uint64_t turn = 0; // steps of older turns do nothing
        bool speaking = false;
        bool waiting = false;                       // for function responses
        int asked = 0;                              // number of questions consumed
        bool owes_turn_complete = false;            // of an interrupted turn
        bool begins_with_model_turn = false;        // tells the next turn from the interrupted one
        std::vector<std::string> forgotten_calls{}; // when the conversation was resumed
    };

    void set_up(peer& peer, const client_message& setup);
    void fork_conversation(int conversation, peer& newer);
    void complete(int number);
    void append(peer& peer, const client_message& message);
    void react(peer& peer, const client_message& message);
    void begin_turn(peer& peer);
    void step(int number, std::uint64_t turn, int left);
    void schedule_step(milliseconds max_delay, int number, int left);
    using meaning = ledger::meaning;
    /// What a message says about function calls.
    struct call_news {
        std::vector<wire::server_message::function_call> made{};
        std::vector<std::string> canceled{};
    };
    void send(peer& peer, std::string member, meaning meaning = ledger::meaning::none,
        std::optional<milliseconds> time_left = std::nullopt);
    void send(peer& peer, std::string member, meaning meaning,
        std::optional<milliseconds> time_left, call_news calls);
    void send_go_away(peer& peer, milliseconds time_left, milliseconds linger);
    void call_function(peer& peer, int number);
    /// Makes the calls of a message, and returns their ids.
    [[nodiscard]] std::vector<std::string> make_calls();
    void send_calls(
        peer& peer, const std::vector<std::string>& ids, bool anew, std::string_view more = {});
    void send_cancellation(peer& peer, const std::vector<std::string>& ids);
    void call_again(int number, const std::string& id);
    void cancel_call(int number, const std::string& id);
    void call_after_resume(int number);
    void interrupt_calls(peer& peer);
    [[nodiscard]] bool is_answered(const conversation& in, const std::string& id) const;
    void complete_call_turn(peer& peer);
    void end_turn(peer& peer);
    void send_trailing_message(peer& peer);
    void send_resumption_update(peer& peer);
    [[nodiscard]] std::string corrupt(std::string message);
    struct go_away {
        std::string text;
        milliseconds time_left; ///< The value that the client must assume.
    };
    [[nodiscard]] go_away make_go_away(milliseconds time_left);
    void close(peer& peer, int code, std::string reason);
    void count_fault(fault_kind kind);
    [[nodiscard]] bool take_one(int& pending);
    [[nodiscard]] conversation& of(const peer& peer);
    [[nodiscard]] peer* newest();

    const scenario& scenario_;
    ledger& ledger_;
    std::shared_ptr<virtual_clock> clock_;
    rng rng_;
    rng behavior_rng_;
    rng malformed_rng_;
    rng go_away_rng_;
    rng call_rng_;
    std::vector<conversation> conversations_;
    std::map<int, peer> peers_;
    std::map<std::string, snapshot> snapshots_;
    std::map<std::string, std::string> calls_made_; // text by id; empty without a dispatcher
    int handles_ = 0;
    int calls_ = 0;
    int messages_sent_ = 0;
    std::uint64_t repeats_ = 0;
    int unanswered_setups_ = 0, internal_errors_ = 0, refused_setups_ = 0, flaps_ = 0,
        go_aways_ = 0;
    fault go_away_fault_{}; // describes the pending go_aways_
    time_point no_handles_until_{};
    bool healed_ = false;
};

} // namespace sim
