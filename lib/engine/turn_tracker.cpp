// SPDX-License-Identifier: Apache-2.0
#include "engine/turn_tracker.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace gemini::live::engine {
namespace {

using namespace std::chrono_literals;

/// A turnComplete that comes this soon after a response, with nothing said in between, was sent
/// before the response had arrived.
constexpr auto longest_crossing = 1s;

/// The words of an answer precede its sound by less than this. Late words of a turn that is over
/// precede the next turn by more.
constexpr auto longest_lead = 1s;

/// What the user has said is recognized within this time after the answer to it has ended.
constexpr auto longest_recognition = 2s;
/// Words recognized that late follow one another within this time.
constexpr auto longest_pause = 500ms;

/// The model answers speech within this time after the last of its words was recognized.
constexpr auto longest_hearing = 10s;

bool has_content(const part& each)
{
    if (each.text) return !each.text->empty();
    if (each.inline_data) return !each.inline_data->data.empty();
    auto rest = each; // members about other parts say nothing by themselves
    rest.thought = {};
    rest.thought_signature = {};
    rest.part_metadata = {};
    return !(rest == part{});
}

/// Whether it has sound, written words, or anything else that only an answer has. Transcriptions do
/// not count, since they may be late.
bool has_sound(const server_content& content)
{
    if (!content.audio_chunks.empty()) return true;
    const auto& turn = content.model_turn;
    return turn && std::any_of(turn->parts.begin(), turn->parts.end(), has_content);
}

bool has_words(const boxed<transcription>& words) { return words && !words->text.empty(); }

bool tells_of_speech(const server_message_members& all)
{
    const auto& activity = all.voice_activity;
    const auto& signal = all.voice_activity_detection_signal;
    return (activity && activity->type == voice_activity_type::activity_start) ||
           (signal && signal->vad_signal_type == vad_signal_type::sos);
}

} // namespace

turn_mark turn_tracker::heard(const server_message& message, base::time_point now, bool is_asking,
    round_trip::duration crossing)
{
    settle(now);
    crossing_ = crossing;
    const auto& all = message.members();
    turn_mark mark;
    mark.turn = mark.asked_in = turn_;
    if (all.server_content) begun_ = true;
    const bool answers_early = is_asking && !asked_;
    if (tells_of_speech(all)) user_heard_ = true;
    if (const auto& content = all.server_content) {
        hear_user(*content, mark, now);
        const bool may_follow = unanswered_ > 0 && now - asked_at_ < longest_hearing;
        const bool is_asked = asked_ || hearing_until_ || user_heard_;
        const bool is_expected = !ended_ || is_asked || is_asking || may_follow;
        const bool is_late =
            cut_in_ || (!open_ && !is_expected) || (calling_ && closed_ && !responded_ && open_);
        if (has_sound(*content)) {
            hear_model(true, mark, now);
            if (answering_) mark.is_answer = std::exchange(asked_alone_, false);
        } else if (has_words(content->output_transcription)) {
            if (!is_late) {
                const bool is_guess = !open_ && ended_ && !is_asked;
                hear_model(false, mark, now);
                guessed_ = is_guess;
                if (is_guess && !is_asking) doubt_until_ = now + longest_doubt;
            } else if (cut_in_ || has_media_) {
                mark.undecided = true;
                undecided_since_ = now;
            }
        }
    }
    if (all.tool_call && !all.tool_call->function_calls.empty())
        hear_calls(*all.tool_call, mark, now);
    if (all.tool_call_cancellation) {
        const auto& ids = all.tool_call_cancellation->ids;
        close(ids);
        for (const auto& id : ids)
            if (!id.empty()) forgotten_.add(id);
        if (!ids.empty() && calling_ && open_calls_.empty() && !responded_)
            calling_ = closed_ = false;
    }
    if (const auto& content = all.server_content) {
        if (content->interrupted) hear_interruption(mark, now);
        // An interrupted turn has no generationComplete: what was said since belongs to another
        // turn.
        if (content->generation_complete && cut_in_ && undecided_since_) {
            begin_turn(mark, now);
            mark.begins = answering_ = true;
            asked_ = false;
        }
        if (content->generation_complete && open_) generated_ = true;
        if (message.turn_complete() && (is_asking || !is_said_twice())) hear_end(mark, now);
    }
    if (all.error) {
        over();
        asked_ = ended_ = false;
        failed_ = true;
    }
    const bool answers = mark.begins || (mark.is_empty && mark.was_cut);
    if (answers) {
        unanswered_ = std::max(0, unanswered_ - 1);
        if (answers_early) ++begun_early_;
    }
    if (const auto& update = all.session_resumption_update;
        update && update->resumable && !update->new_handle.empty()) {
        fresh_handle_ = true;
        for (const auto& id : calls_since_handle_.take()) calls_in_handle_.add(id);
    }
    return mark;
}

/// Words said before the last turn ended may be recognized only after its end.
void turn_tracker::hear_user(const server_content& content, turn_mark& mark, base::time_point now)
{
    if (!has_words(content.input_transcription) && !has_words(content.interim_input_transcription))
        return;
    const bool is_late = is_late_for_user(now);
    if (is_late)
        words_until_ = std::min(words_until_, now + longest_pause);
    else
        recognized_ = true;
    if (is_late || (open_ && !cut_in_)) return;
    mark.asked_in = turn_ + 1;
    hearing_until_ = now + longest_hearing;
    fresh_handle_ = false;
}

/// With an open microphone, sound is always being sent. It does not make late words part of another
/// question: the previous question has not had its own words yet.
bool turn_tracker::is_late_for_user(base::time_point now) const
{
    if (open_ || !ended_ || asked_ || user_heard_ || cut_in_) return false;
    return !has_media_ || now < words_until_;
}

void turn_tracker::begin_turn(turn_mark& mark, base::time_point now)
{
    const bool empty_turn_owes_its_end = cut_in_ && !spoke_;
    if (empty_turn_owes_its_end) unanswered_ = std::max(0, unanswered_ - 1);
    is_spoken_to_ = has_media_;
    over();
    mark.turn = ++turn_;
    mark.claims = undecided_since_ && now - *undecided_since_ <= longest_lead;
    undecided_since_.reset();
    open_ = spoke_ = true;
}

void turn_tracker::hear_model(bool is_sound, turn_mark& mark, base::time_point now)
{
    mark.speaks = true;
    fresh_handle_ = failed_ = stalled_ = guessed_ = false;
    doubt_until_.reset();
    if (cut_in_ && is_sound) {
        begin_turn(mark, now);
        owed_end_ = true;
    } else if (!open_ || (calling_ && (responded_ || closed_))) {
        begin_turn(mark, now);
    }
    spoke_ = true;
    if (calling_) {
        talks_on_ = true;
    } else if (!std::exchange(answering_, true)) {
        mark.begins = true;
        asked_ = false;
    }
}

bool turn_tracker::is_settled(const function_call& call) const
{
    return answered_.contains(call.id) && !forgotten_.contains(call.id) && answers_once_ &&
           answers_once_(call);
}

void turn_tracker::hear_calls(const tool_call& calls, turn_mark& mark, base::time_point now)
{
    const auto& all = calls.function_calls;
    const auto settled = [this](const function_call& call) { return is_settled(call); };
    if (!all.empty() && std::all_of(all.begin(), all.end(), settled)) return;
    begun_ = mark.speaks = true;
    fresh_handle_ = failed_ = stalled_ = guessed_ = false;
    doubt_until_.reset();
    if (!open_ || cut_in_ || (calling_ && (responded_ || closed_))) {
        const bool interrupted = cut_in_;
        begin_turn(mark, now);
        owed_end_ = interrupted;
    }
    if (!answering_ && !calling_) unanswered_ = std::max(0, unanswered_ - 1); // by the call
    spoke_ = calling_ = true;
    closed_ = talks_on_ = false;
    responded_.reset();
    for (const auto& call : all) {
        if (is_settled(call)) continue;
        open_calls_.add(call.id);
        if (waits_for_(call.name)) waited_for_.add(call.id);
        if (!calls_in_handle_.contains(call.id)) calls_since_handle_.add(call.id);
        forgotten_.erase(call.id);
        answered_.erase(call.id);
    }
}

void turn_tracker::hear_interruption(turn_mark& mark, base::time_point now)
{
    fresh_handle_ = false;
    give_up_stalled(now);
    if (failed_ && !open_) return;
    if (!open_) { // nothing was interrupted: an empty turn
        mark.turn = ++turn_;
        open_ = true;
        spoke_ = false;
        doubt_until_ = now + longest_hearing;
    }
    cut_in_ = true;
    answering_ = owed_end_ = false;
}

/// Once the user has asked something else, a turn that fell silent is expected to do nothing but
/// end.
void turn_tracker::give_up_stalled(base::time_point now)
{
    if (!stalled_ || !asked_ || cut_in_ || calling_) return;
    end_turn(now);
    failed_ = true;
}

/// Whether the turn has ended, and nobody has said or sent anything since.
bool turn_tracker::is_said_twice() const noexcept
{
    const bool is_quiet = !open_ && !calling_ && !has_media_ && !user_heard_ && !hearing_until_;
    return ended_ && is_quiet && !asked_ && unanswered_ == 0 && !failed_;
}

void turn_tracker::hear_end(turn_mark& mark, base::time_point now)
{
    fresh_handle_ = false;
    if (std::exchange(owed_end_, false) && !generated_) {
        mark.turn = turn_ - 1;
        mark.unsure = true;
        doubt_until_ = now + longest_doubt;
        return;
    }
    give_up_stalled(now);
    if (failed_ && !open_) {
        failed_ = false;
        ended_ = true;
        mark.unsure = asked_; // else this is the end of an empty answer
        if (asked_) doubt_until_ = now + longest_doubt;
        return;
    }
    if (calling_ && !cut_in_) {
        const auto longest = std::max<std::chrono::nanoseconds>(longest_crossing, crossing_);
        const bool crosses = responded_ && !closed_ && now - *responded_ < longest;
        if (!responded_ || crosses) {
            mark.ends = turn_mark::end::calls;
            mark.unsure = crosses;
            if (crosses) doubt_until_ = now + longest_doubt;
            closed_ = true;
            if (crosses || is_waited_for() || open_calls_.empty()) return;
            // The model does not wait: it says nothing more for now.
            mark.begins = mark.began_earlier = talks_on_;
            asked_ = false;
            end_turn(now);
            return;
        }
    }
    const bool has_nothing = !open_ || calling_; // to say, or to say to the responses
    if (has_nothing && !cut_in_) {
        mark.turn = ++turn_;
        spoke_ = false;
    }
    mark.ends = turn_mark::end::turn;
    mark.is_empty = !spoke_;
    mark.was_cut = cut_in_;
    mark.begins = mark.begins || (!answering_ && !cut_in_);
    if (mark.begins) asked_ = false;
    end_turn(now);
    user_heard_ = mark.was_cut; // the interruption is going to be answered
}

void turn_tracker::end_turn(base::time_point now) noexcept
{
    const bool lacks_words = (is_spoken_to_ || has_media_) && !recognized_;
    words_until_ = lacks_words ? now + longest_recognition : now;
    is_spoken_to_ = recognized_ = false;
    ended_ = true;
    over();
}

/// Resets whatever was open.
void turn_tracker::over() noexcept
{
    open_ = answering_ = spoke_ = generated_ = cut_in_ = owed_end_ = false;
    calling_ = closed_ = talks_on_ = stalled_ = guessed_ = false;
    has_media_ = user_heard_ = false;
    responded_.reset();
    doubt_until_.reset();
    hearing_until_.reset();
}

void turn_tracker::heard_nonsense(base::time_point now)
{
    if (open_ || asked_) doubt_until_ = now + longest_doubt;
}

void turn_tracker::settle(base::time_point now)
{
    if (hearing_until_ && now >= *hearing_until_) hearing_until_.reset();
    if (!doubt_until_ || now < *doubt_until_) return;
    asked_ = false;
    end_turn(now);
}

std::optional<base::time_point> turn_tracker::unsure_until() const noexcept
{
    if (doubt_until_ && hearing_until_) return std::min(*doubt_until_, *hearing_until_);
    return doubt_until_ ? doubt_until_ : hearing_until_;
}

void turn_tracker::close(const std::vector<std::string>& ids)
{
    for (const auto& id : ids) {
        open_calls_.erase(id);
        waited_for_.erase(id);
    }
}

void turn_tracker::told(said what, base::time_point now)
{
    const bool is_quiet =
        !open_ && !calling_ && unanswered_ == 0 && !hearing_until_ && !user_heard_ && !doubt_until_;
    has_media_ = has_media_ || what.has_media;
    if (has_media_) asked_alone_ = false;
    if (!what.is_durable) return;
    begun_ = true;
    fresh_handle_ = false;
    if (what.responds && what.asks) responding(now);
    if (what.responds && calling_ && !what.asks && open_calls_.empty()) {
        // The model says nothing to a silent response.
        calling_ = asked_ = false;
        if (closed_) over();
    }
    if (!what.asks) return;
    const int open = what.questions - std::exchange(begun_early_, 0);
    if (open <= 0) {
        guessed_ = false; // an answer is due now
        return;
    }
    unanswered_ += open;
    asked_alone_ = is_quiet && !has_media_ && open == 1;
    asked_at_ = now;
    if (doubt_until_ && !cut_in_) { // whatever has ended: this asks for another turn
        failed_ = !guessed_;
        over();
    }
    asked_ = true;
}

void turn_tracker::responded(
    const std::vector<std::string>& calls, const std::vector<std::string>& going_on)
{
    const std::unordered_set<std::string_view> open(going_on.begin(), going_on.end());
    auto done = calls;
    std::erase_if(done, [&open](const std::string& id) { return open.contains(id); });
    close(done);
    for (const auto& id : done)
        if (!id.empty()) answered_.add(id);
}

const std::string* turn_tracker::answered_before(const std::vector<std::string>& calls) const
{
    const auto found = std::find_if(calls.begin(), calls.end(),
        [this](const std::string& id) { return answered_.contains(id); });
    return found == calls.end() ? nullptr : &*found;
}

std::vector<std::string> turn_tracker::forget(const tool_call& calls)
{
    std::vector<std::string> ids;
    for (const auto& call : calls.function_calls) {
        if (call.id.empty() || calls_in_handle_.contains(call.id)) continue;
        forgotten_.add(call.id);
        ids.push_back(call.id);
    }
    return ids;
}

std::vector<std::string> turn_tracker::lost(forgets how_much)
{
    over();
    asked_ = asked_alone_ = ended_ = failed_ = fresh_handle_ = false;
    recognized_ = is_spoken_to_ = false;
    unanswered_ = begun_early_ = 0;
    undecided_since_.reset();
    if (how_much == forgets::nothing) return {};
    auto forgotten = calls_since_handle_.take();
    if (how_much == forgets::everything) {
        for (const auto& id : forgotten) open_calls_.erase(id);
        for (auto& id : open_calls_.take()) forgotten.push_back(std::move(id));
        for (const auto& id : calls_in_handle_.take()) forgotten_.add(id);
    }
    close(forgotten);
    for (const auto& id : forgotten) forgotten_.add(id);
    return forgotten;
}

bool turn_tracker::has_forgotten(const std::vector<std::string>& calls) const
{
    return std::all_of(calls.begin(), calls.end(),
        [this](const std::string& id) { return forgotten_.contains(id); });
}

} // namespace gemini::live::engine
