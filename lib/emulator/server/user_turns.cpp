// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/user_turns.hpp"

#include "emulator/persona/persona.hpp"
#include "emulator/rules/text_util.hpp"

#include <utility>

namespace gemini::live::emulator {
namespace {

constexpr std::size_t most_history = 50;

bool says_something(std::string_view words)
{
    return words.find_first_not_of(" \t\r\n.") != std::string_view::npos;
}

} // namespace

bool is_placeholder(std::string_view words)
{
    return !says_something(words) && words.find('.') != std::string_view::npos;
}

user_turns::user_turns(std::vector<std::string> history, std::string pending)
    : history_(std::move(history)), pending_(std::move(pending))
{
}

void user_turns::add(const std::string& text)
{
    if (is_placeholder(text) && !pending_.empty()) return;
    if (pending_.starts_with('/')) pending_.clear(); // a command in replayed history
    pending_ = shortened(pending_ + text, most_words);
}

void user_turns::add_model_turn()
{
    if (!says_something(pending_)) return;
    unanswered_ = std::exchange(pending_, {});
    remember(unanswered_);
}

void user_turns::complete_history()
{
    remember(std::exchange(pending_, {}));
    unanswered_.clear();
}

std::string user_turns::take_question()
{
    auto last = std::exchange(pending_, {});
    auto before = std::exchange(unanswered_, {});
    if (says_something(last) || before.empty()) return last;
    if (!history_.empty() && history_.back() == before) history_.pop_back(); // asked again
    return before;
}

void user_turns::remember(std::string_view words)
{
    if (words.empty()) return;
    history_.push_back(shortened(words, most_words));
    if (history_.size() > most_history) history_.erase(history_.begin());
}

} // namespace gemini::live::emulator
