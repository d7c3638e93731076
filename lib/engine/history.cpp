// SPDX-License-Identifier: Apache-2.0
#include "engine/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gemini::live::engine {
namespace {

/// The most turns kept. Many turns of one word each must not take more memory than their words.
constexpr std::size_t most_turns = 1024;

/// Whether this is not the first byte of a character, in UTF-8.
bool is_continuation(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

} // namespace

/// Returns the turn of this number, creating it if needed. A turn that has been dropped for lack of
/// room comes back as the first.
history::turn& history::at(std::uint64_t number)
{
    auto place = turns_.end();
    while (place != turns_.begin() && std::prev(place)->number >= number) --place;
    if (place != turns_.end() && place->number == number) return *place;
    return *turns_.insert(place, turn{number});
}

void history::add_user(std::string_view words, std::uint64_t turn)
{
    if (!words.empty()) add(at(turn).user, words);
}

void history::add_model(std::string_view words, std::uint64_t turn)
{
    if (!words.empty()) add(at(turn).model, words);
}

void history::heard(const server_message& message, const turn_mark& mark)
{
    add_user(message.input_transcription(), mark.asked_in);
    const auto spoken = message.output_transcription();
    if (mark.undecided) {
        undecided_turn_ = mark.turn;
        undecided_ += spoken;
        if (undecided_.size() > limit_) place_undecided(mark.turn);
        return;
    }
    const bool has_words = !message.text().empty() || !spoken.empty();
    if (mark.claims)
        place_undecided(mark.turn);
    else if (has_words)
        place_undecided(undecided_turn_);
    add_model(message.text(), mark.turn);
    add_model(spoken, mark.turn);
    // As words: the service refuses a bare function call without its context.
    for (const auto& call : message.function_calls())
        add_model(fmt::format("[called {} with {}]", call.name, call.args.text()), mark.turn);
}

void history::place_undecided(std::uint64_t turn)
{
    add_model(std::exchange(undecided_, {}), turn);
}

void history::add(std::string& to, std::string_view words)
{
    to += words;
    size_ += words.size();
    shorten();
}

/// Drops the oldest words. Of the last ones left, it drops the beginning.
void history::shorten()
{
    while (size_ > limit_ || turns_.size() > most_turns) {
        auto& oldest = turns_.front();
        auto& words = oldest.user.empty() ? oldest.model : oldest.user;
        const bool is_last = turns_.size() == 1 && (oldest.user.empty() || oldest.model.empty());
        if (is_last) {
            auto gone = size_ - limit_;
            while (gone < words.size() && is_continuation(words[gone])) ++gone;
            words.erase(0, gone);
            size_ -= gone;
            return;
        }
        size_ -= words.size();
        words.clear();
        if (oldest.model.empty()) turns_.erase(turns_.begin());
    }
}

std::vector<content> history::turns() const
{
    std::vector<content> all;
    const auto add_content = [&all](const char* role, const std::string& words) {
        if (!words.empty()) all.emplace_back(role, words);
    };
    for (const auto& each : turns_) {
        add_content("user", each.user);
        const bool is_undecided = each.number == undecided_turn_ && !undecided_.empty();
        add_content("model", is_undecided ? each.model + undecided_ : each.model);
    }
    return all;
}

} // namespace gemini::live::engine
