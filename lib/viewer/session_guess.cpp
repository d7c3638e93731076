// SPDX-License-Identifier: Apache-2.0
#include "viewer/session_guess.hpp"

#include <algorithm>

namespace gemini::live::viewer {
namespace {

/// Whether a connection that opens at `when` may follow `before` in its session.
bool may_precede(const connection_life& before, const connection_life& next)
{
    if (before.settings != next.settings) return false;
    const bool over = before.ended && *before.ended <= next.opened;
    if (!next.resumes) return over && before.end != connection_end::left;
    return before.resumable && (over || (before.go_away && *before.go_away <= next.opened));
}

} // namespace

std::vector<session_of> sessions_of(const std::vector<connection_life>& all)
{
    std::vector<session_of> found(all.size());
    std::vector<std::size_t> newest; // connection of each session
    std::vector<std::size_t> attempts;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].setup) {
            attempts.push_back(i);
            continue;
        }
        std::vector<std::size_t> candidates;
        for (std::size_t session = 0; session < newest.size(); ++session)
            if (may_precede(all[newest[session]], all[i])) candidates.push_back(session);
        session_of mine{newest.size(), all[i].resumes && !newest.empty()};
        if (!candidates.empty()) {
            // The session that has waited least: most reconnect at once.
            const auto last = std::max_element(
                candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
                    const auto& first = all[newest[a]];
                    const auto& second = all[newest[b]];
                    return first.ended.value_or(first.opened) <
                           second.ended.value_or(second.opened);
                });
            // Without a handle, a session that starts afresh looks like a new one.
            mine = {*last, candidates.size() > 1 || !all[i].resumes};
        }
        if (mine.session == newest.size()) newest.push_back(i);
        newest[mine.session] = i;
        found[i] = mine;
        for (const auto attempt : attempts) found[attempt] = {mine.session, newest.size() > 1};
        attempts.clear();
    }
    const auto last = newest.empty() ? 0 : newest.size() - 1;
    for (const auto attempt : attempts) found[attempt] = {last, newest.size() > 1};
    return found;
}

} // namespace gemini::live::viewer
