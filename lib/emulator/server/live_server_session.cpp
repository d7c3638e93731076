// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/live_server_session.hpp"

#include "emulator/rules/quirks.hpp"
#include "emulator/rules/setup_rules.hpp"
#include "emulator/rules/validator.hpp"

#include <gemini/live/error.hpp>

#include <utility>
#include <variant>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;
using protocol::json_value;

constexpr auto overlap = 250ms; // a setup may precede the close of its handle's connection
constexpr auto try_pause = 5ms;

actions refused(refusal why)
{
    actions result;
    result.refuse(std::move(why));
    return result;
}

} // namespace

live_server_session::live_server_session(emulator::route route, std::string api_key, double pace,
    std::shared_ptr<emulator::resumption_archive> archive, lifespan life, model_names names,
    testing::emulator_quirks quirks)
    : route_(std::move(route)), api_key_(std::move(api_key)), pace_(pace),
      archive_(std::move(archive)), life_(life), names_(std::move(names)), quirks_(quirks),
      number_(archive_->number_connection()), deadline_(std::in_place, setup_deadline, too_late())
{
}

live_server_session::~live_server_session() { archive_->close(number_); }

actions live_server_session::on_message(std::string_view text, moment now)
{
    if (over_) return {};
    try {
        const auto message = json_value::parse(text);
        if (auto stranger = credentials_fault(route_, api_key_))
            return remember_end(refused(std::move(*stranger)));
        if (auto fault = find_fault(message, route_.backend))
            return remember_end(refused({1007, std::move(*fault)}));
        return remember_end(hear_message(message, now));
    } catch (const error&) {
        return remember_end(refused(not_json()));
    }
}

/// Remembers whether the connection ends.
actions live_server_session::remember_end(actions what)
{
    over_ = over_ || what.ends_connection();
    return what;
}

actions live_server_session::hear_message(const json_value& message, moment now)
{
    const auto setup = find_member(message, "setup");
    if (setup.has_value() == dialog_.has_value())
        return refused(invalid_argument("setup: the first message, and no other"));
    return setup ? set_up(*setup, now) : dialog_->on_message(message, now);
}

actions live_server_session::set_up(const json_value& setup, moment now)
{
    auto read = read_setup(setup, route_, names_);
    if (auto* const why = std::get_if<refusal>(&read)) return refused(std::move(*why));
    auto accepted = std::get<accepted_setup>(std::move(read));
    if (!accepted.silenced_by.empty()) return fall_silent(std::move(accepted.silenced_by));
    const auto quirks = overlaid(quirks_, quirks_of(*accepted.model, route_.backend));
    if (quirks.unasked_transcriptions == true) accepted.input.on = accepted.output.on = true;
    dialog_.emplace(std::move(accepted), quirks, route_.backend, pace_, life_, archive_, number_);
    deadline_.emplace(now + overlap, refusal{1011, "Internal error occurred."});
    return enter(now);
}

/// Imitates a model that never answers a setup, nor anything after it.
actions live_server_session::fall_silent(std::string rule)
{
    over_ = true;
    actions nothing;
    nothing.rule = std::move(rule);
    return nothing;
}

/// Accepts the setup as soon as its handle may be used.
actions live_server_session::enter(moment now)
{
    next_try_.reset();
    const auto& setup = dialog_->setup();
    const auto* const kept = setup.handle.empty() ? nullptr : archive_->find(setup.handle);
    if (!setup.handle.empty() && (!kept || kept->model != setup.model->name))
        return refused({1007, "Invalid session handle"});
    if (kept && archive_->is_open(kept->connection)) {
        next_try_ = now + try_pause;
        return {};
    }
    deadline_.reset();
    archive_->open(number_);
    return dialog_->begin(kept, now);
}

std::optional<moment> live_server_session::next_timer() const
{
    if (over_) return std::nullopt;
    std::optional<moment> deadline, next;
    if (deadline_) deadline = deadline_->first;
    if (dialog_) next = dialog_->next_timer();
    return earliest({deadline, next_try_, next});
}

actions live_server_session::on_timer(moment now)
{
    if (over_) return {};
    actions out;
    if (next_try_ && *next_try_ <= now)
        out = enter(now);
    else if (dialog_)
        out = dialog_->on_timer(now);
    const bool is_late = deadline_ && deadline_->first <= now;
    if (is_late && !out.ends_connection()) out.refuse(std::move(deadline_->second));
    return remember_end(std::move(out));
}

} // namespace gemini::live::emulator
