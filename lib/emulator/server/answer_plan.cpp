// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/answer_plan.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;

constexpr auto first_word = 350ms; // how long the model thinks
constexpr auto word_pause = 60ms;
constexpr auto call_pause = 100ms;         // between a call and the end of its turn
constexpr auto end_pause = 40ms;           // between the last message of a turn and its end
constexpr std::size_t most_planned = 1000; // steps

/// Splits `words` into phrases of `each` words, with their spaces.
std::vector<std::string_view> phrases(std::string_view words, int each)
{
    std::vector<std::string_view> all;
    while (!words.empty()) {
        std::size_t end = 0;
        for (int i = 0; i < each && end != words.size(); ++i)
            end = std::min(words.find(' ', end), words.size() - 1) + 1;
        all.push_back(words.substr(0, end));
        words.remove_prefix(end);
    }
    return all;
}

server_message_members said(part what)
{
    std::vector<part> parts;
    parts.push_back(std::move(what));
    server_message_members message;
    message.server_content.emplace().model_turn = content("model", std::move(parts));
    return message;
}

} // namespace

answer_plan::answer_plan(const accepted_setup& setup, const testing::emulator_quirks& quirks,
    live::backend backend, double pace, usage_counter& usage)
    : setup_(setup), quirks_(quirks), pace_(std::max(0.0, pace)),
      speech_(setup, quirks, backend, usage)
{
}

moment answer_plan::paced(std::chrono::milliseconds pause) const
{
    return std::chrono::duration_cast<moment>(pause * pace_ * slowness_);
}

moment answer_plan::end(moment now) const
{
    return steps_.empty() ? now : std::max(now, steps_.back().at);
}

// ---- planning

void answer_plan::say(reply reply, moment now)
{
    if (steps_.size() > most_planned) return;
    auto at = end(now) + paced(first_word);
    begin_turn(at);
    const bool speaks = setup_.aloud && !reply.words.empty();
    const auto add = [&](server_message_members message) {
        steps_.push_back({.at = at, .message = std::move(message)});
    };
    for (auto& each : reply.work) add(said(std::move(each)));
    plan_words(reply.words, at);
    if (reply.grounding || reply.pages) {
        server_message_members sources;
        sources.server_content.emplace().grounding_metadata = std::move(reply.grounding);
        sources.server_content->url_context_metadata = std::move(reply.pages);
        add(std::move(sources));
    }
    server_message_members last;
    last.server_content.emplace().waiting_for_input = reply.waits;
    last.server_content->generation_complete = !reply.waits && reply.reason.empty();
    if (reply.reason.empty()) add(std::move(last));
    if (reply.waits) return;
    if (speaks && setup_.output.on && quirks_.finished_alone == true) {
        server_message_members finished;
        finished.server_content.emplace().output_transcription.emplace().finished = true;
        add(std::move(finished));
    }
    if (reply.reason.empty()) plan_handles(at);
    turn_is_open_ = false;
    steps_.push_back({.at = at + paced(end_pause),
        .what = step::kind::end_of_turn,
        .reason = std::move(reply.reason)});
}

void answer_plan::call(std::vector<function_call> calls, waiting wait, moment now)
{
    auto at = end(now);
    begin_turn(at + paced(first_word));
    for (auto& each : calls) {
        at += paced(first_word);
        step asked{.at = at, .wait = wait};
        asked.message.tool_call.emplace().function_calls.push_back(std::move(each));
        steps_.push_back(std::move(asked));
    }
    if (wait != waiting::blocked || quirks_.turn_ends_with_call != true) return;
    at += paced(call_pause);
    step generated{.at = at};
    generated.message.server_content.emplace().generation_complete = true;
    steps_.push_back(std::move(generated));
    steps_.push_back({.at = at + paced(end_pause), .what = step::kind::end_of_turn});
    turn_is_open_ = false;
}

void answer_plan::drop_midway()
{
    const auto half = steps_.begin() + static_cast<std::ptrdiff_t>(steps_.size() / 2);
    const auto when = half->at;
    steps_.erase(half, steps_.end());
    steps_.push_back({.at = when, .what = step::kind::drop});
}

/// Does nothing if a turn is open: the report on a function's result may belong to the same turn.
void answer_plan::begin_turn(moment at)
{
    if (std::exchange(turn_is_open_, true)) return;
    if (quirks_.empty_content == true) {
        step nothing{.at = at};
        nothing.message.server_content.emplace();
        steps_.push_back(std::move(nothing));
    }
    if (quirks_.unasked_handles == true) steps_.push_back({.at = at, .what = step::kind::handle});
}

void answer_plan::plan_words(std::string_view words, moment& at)
{
    if (setup_.aloud) {
        for (const auto phrase : phrases(words, 4))
            steps_.push_back({.at = at, .words = std::string(phrase)});
        return;
    }
    for (const auto phrase : phrases(words, 3)) {
        steps_.push_back({.at = at, .message = said(part(std::string(phrase)))});
        at += paced(word_pause);
    }
}

/// Plans four or five handles between the last content and the end of the turn.
void answer_plan::plan_handles(moment at)
{
    if (quirks_.unasked_handles != true) return;
    const int count = 4 + answers_++ % 2;
    for (int i = 0; i < count; ++i) steps_.push_back({.at = at, .what = step::kind::handle});
}

// ---- carrying out

std::optional<moment> answer_plan::next_timer() const
{
    if (steps_.empty()) return std::nullopt;
    return steps_.front().at;
}

std::optional<answer_plan::step> answer_plan::take_due(moment now)
{
    while (!steps_.empty() && steps_.front().at <= now) {
        auto next = std::move(steps_.front());
        steps_.pop_front();
        if (next.words.empty()) return next;
        speak_next(next.words, next.at);
    }
    return std::nullopt;
}

/// Puts the messages of a phrase at the front. What follows is delayed by their duration.
void answer_plan::speak_next(const std::string& words, moment at)
{
    const bool is_last = std::all_of(
        steps_.begin(), steps_.end(), [](const step& each) { return each.words.empty(); });
    std::deque<step> pieces;
    const auto begin = at;
    for (auto& each : speech_.speak_phrase(words, is_last)) {
        pieces.push_back({.at = at, .message = std::move(each.message)});
        at += paced(each.pause);
    }
    for (auto& each : steps_) each.at += at - begin;
    std::move(steps_.begin(), steps_.end(), std::back_inserter(pieces));
    steps_ = std::move(pieces);
}

std::optional<server_message_members> answer_plan::end_turn()
{
    slowness_ = 1.0;
    return speech_.end_turn();
}

void answer_plan::cancel_calls() noexcept
{
    if (steps_.empty()) turn_is_open_ = false;
}

void answer_plan::clear()
{
    steps_.clear();
    speech_.interrupt();
    turn_is_open_ = false;
}

} // namespace gemini::live::emulator
