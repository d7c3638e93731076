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

/// The Live API as the scenario has it. It keeps the record of each conversation: all that it has
/// consumed, cut off at the handle at each resume.
class server : public service {
public:
    server(const scenario& scenario, ledger& ledger, std::shared_ptr<virtual_clock> clock);

    void accepted(const wire_ptr& from) override;
    void consumed(const wire_ptr& from, const client_message& message) override;
    void gone(const wire_ptr& from) override;
    void suffer(const fault& one) override;

    /// From now on nothing new goes wrong.
    void heal();

    struct entry {
        message_kind kind;
        int serial;
    };
    struct conversation {
        int id = 0;
        std::vector<entry> record{};
        std::set<int> remembered{}; ///< Of an earlier one, as history.
        std::vector<std::string> known_calls{};
        std::vector<std::string> open_calls{};
        std::set<std::string> cancelled_calls{};
        bool is_left{}; ///< Of a connection that has been left, which goes its own way.
    };
    [[nodiscard]] const conversation& conversation_of(int id) const
    {
        return conversations_.at(static_cast<std::size_t>(id) - 1);
    }
    /// Durable messages that a record held already when they came again; starts of speech aside.
    [[nodiscard]] std::uint64_t repeats() const noexcept { return repeats_; }
    /// The conversation that consumed this message last, if it is in its record, and is still one
    /// of the session's.
    [[nodiscard]] const conversation* holder_of(int serial) const;

private:
    struct snapshot {
        int conversation;
        std::size_t length;
        std::vector<std::string> known_calls;
        std::vector<std::string> open_calls;
        bool forgotten = false;
    };
    struct line {
        wire_ptr wire;
        int conversation = 0; // 0: no setup yet
        bool transparent = false;
        bool complete = false;
        std::int64_t index = 0;
        int since_handle = 0;
        std::uint64_t turn = 0; // a step of an older one does nothing
        bool speaking = false;
        bool waiting = false;      // for answers to calls
        int asked = 0;             // questions consumed
        bool owes_end = false;     // that of an interrupted turn
        bool begins_aloud = false; // what is said next, since that has not ended
    };

    void set_up(line& on, const client_message& setup);
    void part(int conversation, line& newcomer);
    void complete(int number);
    void append(line& on, const client_message& message);
    void react(line& on, const client_message& message);
    void begin_turn(line& on);
    void step(int number, std::uint64_t turn, int left);
    void later(milliseconds most, int number, int left);
    using meaning = ledger::meaning;
    void say(line& on, std::string member, meaning what = meaning::none,
        std::optional<milliseconds> time_left = std::nullopt);
    void ask_to_leave(line& on, milliseconds left, milliseconds linger);
    void call(line& on, int number);
    void close_calls(line& on);
    void end_turn(line& on);
    void say_more(line& on);
    void update(line& on);
    [[nodiscard]] std::string spoilt(std::string message);
    struct notice {
        std::string text;
        milliseconds left; ///< As the client is to take it.
    };
    [[nodiscard]] notice notice_of(milliseconds left);
    void close(line& on, int code, std::string reason);
    void fires(fault_kind kind);
    [[nodiscard]] bool takes(int& times);
    [[nodiscard]] conversation& of(const line& on);
    [[nodiscard]] line* newest();

    const scenario& scenario_;
    ledger& ledger_;
    std::shared_ptr<virtual_clock> clock_;
    rng rng_;
    rng behavior_rng_;
    rng malformed_rng_;
    rng go_away_rng_;
    std::vector<conversation> conversations_;
    std::map<int, line> lines_;
    std::map<std::string, snapshot> snapshots_;
    int handles_ = 0;
    int calls_ = 0;
    int sayings_ = 0;
    std::uint64_t repeats_ = 0;
    int mute_ = 0, internal_errors_ = 0, refused_setups_ = 0, flaps_ = 0, sent_away_ = 0;
    fault departure_{}; // of those that are sent away
    time_point no_handles_until_{};
    bool healed_ = false;
};

} // namespace sim
