// SPDX-License-Identifier: Apache-2.0
#include "viewer/conversation_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <utility>

namespace gemini::live::viewer {
namespace {

constexpr std::size_t most_odd_members = 200;

bool is_message(line_kind kind) { return kind == line_kind::sent || kind == line_kind::received; }

connection_end end_by(line_kind kind)
{
    switch (kind) {
    case line_kind::refused: return connection_end::refused;
    case line_kind::failed: return connection_end::failed;
    case line_kind::closed: return connection_end::closed;
    case line_kind::lost: return connection_end::lost;
    case line_kind::left: return connection_end::left;
    default: return connection_end::open;
    }
}

/// The name and summary of a line that carries no message.
std::pair<std::string, std::string> described(const recording_line& line)
{
    switch (line.kind) {
    case line_kind::opened: return {"opened", ""};
    case line_kind::refused: return {"refused", fmt::format("HTTP status {}", line.code)};
    case line_kind::failed: return {"failed", line.words};
    case line_kind::malformed:
        return {"malformed", fmt::format("{} bytes that are not JSON", line.code)};
    case line_kind::closed: return {"closed", fmt::format("{} {}", line.code, line.words)};
    case line_kind::lost: return {"lost", line.words};
    case line_kind::left:
        return {"left", line.code == 0 ? "without a close frame" : std::to_string(line.code)};
    default: return {"unreadable", line.words};
    }
}

/// Whether the client had this connection before it gave up the one before.
bool takes_over(const connection_life& life, const connection_life& before)
{
    if (!before.ended || *before.ended > life.opened) return true;
    return before.end == connection_end::left && *before.ended == life.opened;
}

/// Finds what a client sends again at the beginning of a connection: what it had sent shortly
/// before the previous one ended, in the same order.
class resend_finder {
public:
    bool is_resent(const connection_life& on, milliseconds at, std::size_t fingerprint)
    {
        if (on.number != connection_) {
            connection_ = on.number;
            earlier_ = std::exchange(sent_, {});
            next_ = 0;
        }
        constexpr milliseconds soon{5000};
        bool found = false;
        if (next_ < earlier_.size() && at <= on.ready.value_or(on.opened) + soon) {
            const auto from = earlier_.begin() + static_cast<std::ptrdiff_t>(next_);
            const auto same = std::find_if(
                from, earlier_.end(), [&](const auto& each) { return each.second == fingerprint; });
            found = same != earlier_.end();
            // Something new: what follows is new as well.
            next_ = found ? static_cast<std::size_t>(same - earlier_.begin()) + 1 : earlier_.size();
        }
        sent_.emplace_back(at, fingerprint);
        constexpr milliseconds window{30'000};
        while (sent_.front().first + window < at) sent_.erase(sent_.begin());
        return found;
    }

private:
    std::int64_t connection_ = 0;
    std::vector<std::pair<milliseconds, std::size_t>> earlier_{};
    std::vector<std::pair<milliseconds, std::size_t>> sent_{};
    std::size_t next_ = 0;
};

} // namespace

void conversation_reader::read(std::size_t number, std::string_view text)
{
    auto line = read_line(text);
    listed_line listed{number, line.kind, line.at, line.connection};
    entry next;
    if (line.kind == line_kind::sent) {
        next.facts = facts_of_sent(*line.message);
        // Media that was not recorded cannot be compared.
        const bool comparable =
            !next.facts.has_media || (next.facts.heard && next.facts.heard->recorded);
        if (comparable) next.fingerprint = std::hash<std::string>()(line.message->text());
    } else if (line.kind == line_kind::received) {
        next.facts = facts_of_received(*line.message);
    }
    if (is_message(line.kind)) {
        listed.name = next.facts.kind;
        listed.summary = std::exchange(next.facts.summary, {});
        listed.only_sound = next.facts.only_sound;
        listed.odd = next.facts.error || !next.facts.unknown.empty() || !next.facts.omitted.empty();
        note_odd(next.facts, all_.lines.size());
    } else {
        std::tie(listed.name, listed.summary) = described(line);
        listed.odd = line.kind == line_kind::malformed || line.kind == line_kind::unreadable;
    }
    if (line.kind == line_kind::unreadable) {
        ++all_.unreadable;
        listed.at = all_.duration; // where it stands in the file
    } else {
        note_connection(line, next);
        all_.duration = std::max(all_.duration, line.at);
    }
    all_.lines.push_back(std::move(listed));
    entries_.push_back(std::move(next));
}

void conversation_reader::note_odd(const message_facts& facts, std::size_t line)
{
    const auto note = [&](const std::string& name, const std::string& why) {
        const auto same = std::find_if(all_.odd.begin(), all_.odd.end(),
            [&](const odd_member& each) { return each.name == name && each.why == why; });
        if (same != all_.odd.end())
            ++same->count;
        else if (all_.odd.size() < most_odd_members)
            all_.odd.push_back({name, why, 1, line});
    };
    for (const auto& each : facts.unknown) note(each, "");
    for (const auto& each : facts.omitted) note(each.path, each.reason);
}

void conversation_reader::note_connection(const recording_line& next, entry& of)
{
    const auto [found, is_new] = by_number_.try_emplace(next.connection, all_.connections.size());
    of.connection = found->second;
    if (is_new) {
        all_.connections.emplace_back();
        all_.connections.back().number = next.connection;
        all_.connections.back().opened = next.at;
    }
    auto& life = all_.connections[of.connection];
    if (of.facts.setup) {
        life.setup = next.at;
        life.resumes = of.facts.resumes;
        life.model = std::exchange(of.facts.model, {});
        life.settings = std::exchange(of.facts.settings, {});
    }
    if (of.facts.setup_complete && !life.ready) life.ready = next.at;
    if (of.facts.resumable) life.resumable = true;
    if (of.facts.go_away && !life.go_away) life.go_away = next.at;
    const auto end = end_by(next.kind);
    if (end == connection_end::open) return;
    life.end = end;
    life.ended = next.at;
    life.code = next.code;
    life.words = next.words;
}

std::size_t conversation_reader::find_resent(const std::vector<std::size_t>& own)
{
    resend_finder finder;
    std::size_t count = 0;
    for (const auto i : own) {
        auto& line = all_.lines[i];
        const auto& [connection, facts, fingerprint] = entries_[i];
        if (line.kind != line_kind::sent || facts.setup || fingerprint == 0) continue;
        line.resent = finder.is_resent(all_.connections[connection], line.at, fingerprint);
        count += line.resent ? 1 : 0;
    }
    return count;
}

std::vector<sent_sound> conversation_reader::sounds_of(const std::vector<std::size_t>& own) const
{
    std::vector<sent_sound> sounds;
    for (const auto i : own) {
        const auto& line = all_.lines[i];
        const auto& heard = entries_[i].facts.heard;
        if (line.kind == line_kind::sent && heard && !line.resent)
            sounds.push_back({line.at, heard->duration});
    }
    return sounds;
}

void conversation_reader::build_session(shown_session& to, const std::vector<std::size_t>& own)
{
    const auto resent = find_resent(own);
    const auto begins = begins_of(sounds_of(own));
    auto begin = begins.begin();
    session_builder builder;
    std::int64_t newest = 0; // number of the connection that became ready last
    for (const auto i : own) {
        const auto& line = all_.lines[i];
        const auto& facts = entries_[i].facts;
        const auto& life = all_.connections[entries_[i].connection];
        if (line.kind == line_kind::sent) {
            const bool sounds = facts.heard && !line.resent;
            builder.sent(i, line.at, facts, line.resent, sounds ? *begin++ : line.at);
        } else if (line.kind == line_kind::received) {
            if (facts.setup_complete) newest = std::max(newest, life.number);
            builder.received(i, line.at, facts);
        } else if (life.ended == line.at && life.number == newest) {
            builder.ended(line.at);
        }
    }
    to = std::move(builder).take(all_.duration);
    to.sum.duration = all_.lines[own.back()].at - all_.lines[own.front()].at;
    to.sum.resent = resent;
}

void conversation_reader::find_outages(shown_session& of)
{
    const connection_life* served = nullptr; // the last connection that was ready
    for (const auto index : of.connections) {
        const auto& life = all_.connections[index];
        if (!life.ready) continue;
        if (served && takes_over(life, *served)) {
            of.handovers.push_back(life.number);
        } else if (served) {
            of.outages.push_back({{*served->ended, *life.ready}, served->number, life.number});
            of.sum.lost += *life.ready - *served->ended;
        }
        served = &life;
    }
    of.sum.handovers = of.handovers.size();
    of.sum.outages = of.outages.size();
}

conversation conversation_reader::take() &&
{
    all_.owners = sessions_of(all_.connections);
    std::size_t sessions = 0;
    for (const auto& each : all_.owners) sessions = std::max(sessions, each.session + 1);
    std::vector<std::vector<std::size_t>> lines(sessions); // of each session
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (all_.lines[i].kind != line_kind::unreadable)
            lines[all_.owners[entries_[i].connection].session].push_back(i);
    all_.sessions.resize(sessions);
    for (std::size_t i = 0; i < sessions; ++i) build_session(all_.sessions[i], lines[i]);
    for (std::size_t i = 0; i < all_.connections.size(); ++i) {
        auto& session = all_.sessions[all_.owners[i].session];
        const auto& life = all_.connections[i];
        session.connections.push_back(i);
        if (life.setup) session.model = life.model;
        if (life.end != connection_end::refused && life.end != connection_end::failed)
            ++session.sum.connections;
    }
    for (auto& each : all_.sessions) find_outages(each);
    return std::move(all_);
}

} // namespace gemini::live::viewer
