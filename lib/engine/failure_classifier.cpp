// SPDX-License-Identifier: Apache-2.0
#include "engine/failure_classifier.hpp"

#include "base/complaint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gemini::live::engine {
namespace {

using enum action;
namespace complaint = base::complaint;

/// The longest wait that a server can ask for.
constexpr std::chrono::hours longest_wait{24};

// Close codes and reasons as observed from the service.
// clang-format off
constexpr std::array rows{
    close_row{0,    complaint::of_location,        stage::any,          handle::any,  give_up,  errc::rejected,        "The Live API is not offered where this machine is"},
    close_row{0,    complaint::of_model,           stage::any,          handle::any,  give_up,  errc::rejected,        "The server has no such model for live conversations: check the model's name"},
    close_row{0,    "unregistered callers",        stage::any,          handle::any,  give_up,  errc::unauthorized,    "The server saw no API key: set GOOGLE_API_KEY or GEMINI_API_KEY"},
    close_row{0,    complaint::of_permission,      stage::any,          handle::any,  give_up,  errc::unauthorized,    "The key or token may not do this: check its permissions, and that the API is enabled for its project"},
    close_row{0,    complaint::of_quota,           stage::any,          handle::any,  back_off, errc::quota_exceeded,  "The quota is used up: wait, or ask for more"},
    close_row{0,    "api key",                     stage::any,          handle::any,  give_up,  errc::unauthorized,    "The API key was refused: check GOOGLE_API_KEY or GEMINI_API_KEY"},
    close_row{0,    complaint::of_key,             stage::any,          handle::any,  give_up,  errc::unauthorized,    "The token was refused: it is wrong or has expired"},
    close_row{1007, "invalid json payload",        stage::any,          handle::any,  give_up,  errc::rejected,        "The server does not know a member of the message: check setup::extra and send_raw"},
    close_row{1007, "scheduling is not supported", stage::any,          handle::any,  give_up,  errc::rejected,        "This model takes no scheduling in tool responses"},
    close_row{1007, "",                            stage::before_setup, handle::used, fresh,    errc::rejected,        "The server no longer accepts the resumption handle"},
    close_row{1007, "",                            stage::before_setup, handle::any,  give_up,  errc::rejected,        "The server does not accept a value in the message: check the setup against the model"},
    close_row{1007, "",                            stage::open,         handle::any,  resume,   errc::rejected,        "The server does not accept a value in a message, or what was sent beside it"},
    close_row{1008, "failed to close the connection", stage::any,       handle::any,  resume,   errc::connection_lost, "The connection reached its time limit"},
    close_row{1008, "operation was aborted",       stage::any,          handle::any,  resume,   errc::connection_lost, "The server aborted the connection"},
    close_row{1008, "not implemented or supported", stage::any,         handle::any,  back_off, errc::unavailable,     "The server could not go on"},
    close_row{1008, "",                            stage::before_setup, handle::used, fresh,    errc::rejected,        "The server no longer knows the conversation"},
    close_row{1008, "entity was not found",        stage::before_setup, handle::any,  give_up,  errc::rejected,        "The server has no such model, project or location: check their names"},
    close_row{1008, "",                            stage::before_setup, handle::any,  give_up,  errc::rejected,        "The server refused the request by its policy"},
    close_row{1008, "",                            stage::open,         handle::any,  resume,   errc::rejected,        "The server ended the conversation's connection by its policy"},
    close_row{1011, "deadline expired|deadline exceeded", stage::any,   handle::any,  resume,   errc::connection_lost, "The connection reached its time limit"},
    close_row{1011, "",                            stage::any,          handle::any,  back_off, errc::unavailable,     "The server had an internal error"},
    close_row{1012, "",                            stage::any,          handle::any,  back_off, errc::unavailable,     "The server restarts"},
    close_row{1013, "",                            stage::any,          handle::any,  back_off, errc::unavailable,     "The server is overloaded"},
    close_row{1002, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "The server saw a breach of the WebSocket protocol"},
    close_row{1003, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "The server does not take this kind of message"},
    close_row{1009, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "A message was too big for the server"},
    close_row{1000, "",                            stage::before_setup, handle::any,  back_off, errc::unavailable,     "The server ended the connection before it had accepted the setup"},
    close_row{0,    "",                            stage::any,          handle::any,  resume,   errc::connection_lost, "The server ended the connection"},
};

// A failure that ends a first connection need not end a later one. What has worked before is then
// blocked by a middlebox, a portal or a missing file.
constexpr std::array failure_rows{
    failure_row{errc::connection_lost,     phase::none,    0,   "",         connection::any,   resume},
    failure_row{errc::rejected,            phase::upgrade, 400, "",         connection::later, back_off},
    failure_row{errc::rejected,            phase::upgrade, 0,   "web page", connection::later, back_off},
    failure_row{errc::tls_failed,          phase::none,    0,   "",         connection::later, back_off},
    failure_row{errc::proxy_failed,        phase::none,    0,   "",         connection::later, back_off},
    failure_row{errc::missing_credentials, phase::none,    0,   "",         connection::later, back_off},
    failure_row{errc::storage_failed,      phase::none,    0,   "",         connection::later, back_off},
};
// clang-format on

bool fits(const close_row& row, const error& failure, failure_context when)
{
    return (row.code == 0 || row.code == failure.close_code()) &&
           base::mentions(failure.reason(), row.reason_part) &&
           (row.stage == stage::any || (row.stage == stage::open) == when.was_open) &&
           (row.handle == handle::any || when.handle_used);
}

bool fits(const failure_row& row, const error& failure, failure_context when)
{
    return row.value == failure.value() &&
           (row.phase == phase::none || row.phase == failure.phase()) &&
           (row.below == 0 || failure.http_status() < row.below) &&
           base::mentions(failure.reason(), row.reason_part) &&
           (row.connection == connection::any ||
               (row.connection == connection::later) == when.has_worked);
}

verdict judge_close(
    const error& failure, failure_context when, std::chrono::milliseconds quota_wait)
{
    const auto* row = rows.data();
    while (!fits(*row, failure, when)) ++row; // the last row matches everything
    auto sentence = failure.reason().empty()
                        ? fmt::format("{} (close code {}).", row->advice, failure.close_code())
                        : fmt::format("{} (close code {}: {}).", row->advice, failure.close_code(),
                              failure.reason());
    const auto wait =
        row->code_means == errc::quota_exceeded ? quota_wait : std::chrono::milliseconds{0};
    const bool few_times = row->action == resume && row->code_means == errc::rejected;
    return {row->action, wait, error(row->code_means, sentence, failure.details()), few_times};
}

action action_after(const error& failure, failure_context when)
{
    const auto* const row = std::find_if(failure_rows.begin(), failure_rows.end(),
        [&](const failure_row& each) { return fits(each, failure, when); });
    if (row != failure_rows.end()) return row->action;
    const auto what = failure.condition();
    return what == condition::retryable || what == condition::quota ? back_off : give_up;
}

} // namespace

std::span<const close_row> close_table() noexcept { return rows; }
std::span<const failure_row> failure_table() noexcept { return failure_rows; }

verdict classify(const error& failure, failure_context when, std::chrono::milliseconds quota_wait)
{
    if (failure.close_code() != 0) return judge_close(failure, when, quota_wait);
    using std::chrono::seconds;
    const std::chrono::milliseconds wait =
        std::clamp<seconds>(failure.retry_after().value_or(seconds{0}), seconds{0}, longest_wait);
    const bool waits_for_quota = failure.value() == errc::quota_exceeded && !failure.retry_after();
    return {action_after(failure, when), waits_for_quota ? quota_wait : wait, failure};
}

} // namespace gemini::live::engine
