// SPDX-License-Identifier: Apache-2.0
#include "session/history.hpp"

#include <fmt/format.h>

namespace gemini::live::sessions {
namespace {

/// Not the first byte of a character, in UTF-8.
bool is_continuation(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

} // namespace

void history::heard(const server_message& message)
{
    add("user", message.input_transcription());
    add("model", message.text());
    add("model", message.output_transcription());
    // As words: without its context a bare function call is refused.
    for (const auto& call : message.function_calls())
        add("model", fmt::format("[called {} with {}]", call.name, call.args.text()));
    if (message.interrupted() || message.turn_complete()) closed_ = true;
}

void history::add(std::string_view role, std::string_view words)
{
    if (words.empty()) return;
    if (closed_ || turns_.empty() || turns_.back().role != role)
        turns_.push_back({std::string(role), {}});
    closed_ = false;
    turns_.back().words += words;
    size_ += words.size();
    while (size_ > limit_ && turns_.size() > 1) {
        size_ -= turns_.front().words.size();
        turns_.pop_front();
    }
    if (size_ <= limit_) return;
    auto& only = turns_.front().words;
    auto gone = size_ - limit_;
    while (gone < only.size() && is_continuation(only[gone])) ++gone;
    only.erase(0, gone);
    size_ -= gone;
}

std::vector<content> history::turns() const
{
    std::vector<content> all;
    for (const auto& each : turns_) all.emplace_back(each.role, each.words);
    return all;
}

} // namespace gemini::live::sessions
