// SPDX-License-Identifier: Apache-2.0
#include "session/classifier.hpp"

#include <fmt/format.h>

#include <array>

namespace gemini::live::sessions {
namespace {

using enum action;

// Close codes and reasons as they were seen from the service.
// clang-format off
constexpr std::array rows{
    close_row{1007, "API key",                     stage::any,          handle::any,  give_up,  errc::unauthorized,    "The API key was refused: check GOOGLE_API_KEY or GEMINI_API_KEY"},
    close_row{1007, "location is not supported",   stage::any,          handle::any,  give_up,  errc::rejected,        "The Live API is not offered where this machine is"},
    close_row{1007, "Invalid JSON payload",        stage::any,          handle::any,  give_up,  errc::rejected,        "The server does not know a member of the message: check setup::extra and send_raw"},
    close_row{1007, "scheduling is not supported", stage::any,          handle::any,  give_up,  errc::rejected,        "This model takes no scheduling in tool responses"},
    close_row{1007, "",                            stage::before_setup, handle::used, fresh,    errc::rejected,        "The server no longer accepts the resumption handle"},
    close_row{1007, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "The server does not accept a value in the message: check the setup against the model"},
    close_row{1008, "is not found for API version", stage::any,         handle::any,  give_up,  errc::rejected,        "The server has no such model for live conversations: check the model's name"},
    close_row{1008, "unregistered callers",        stage::any,          handle::any,  give_up,  errc::unauthorized,    "The server saw no API key: set GOOGLE_API_KEY or GEMINI_API_KEY"},
    close_row{1008, "failed to close the connection", stage::any,       handle::any,  resume,   errc::connection_lost, "The connection reached its time limit"},
    close_row{1008, "operation was aborted",       stage::any,          handle::any,  resume,   errc::connection_lost, "The server aborted the connection"},
    close_row{1008, "not implemented, or supported", stage::any,        handle::any,  back_off, errc::unavailable,     "The server could not go on"},
    close_row{1008, "",                            stage::any,          handle::used, fresh,    errc::rejected,        "The server no longer knows the conversation"},
    close_row{1008, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "The server refused the request by its policy"},
    close_row{1011, "quota",                       stage::any,          handle::any,  back_off, errc::quota_exceeded,  "The quota is used up: wait, or ask for more"},
    close_row{1011, "exhausted",                   stage::any,          handle::any,  back_off, errc::quota_exceeded,  "The quota is used up: wait, or ask for more"},
    close_row{1011, "Deadline expired",            stage::any,          handle::any,  resume,   errc::connection_lost, "The connection reached its time limit"},
    close_row{1011, "",                            stage::any,          handle::any,  back_off, errc::unavailable,     "The server had an internal error"},
    close_row{1012, "",                            stage::any,          handle::any,  back_off, errc::unavailable,     "The server restarts"},
    close_row{1013, "",                            stage::any,          handle::any,  back_off, errc::unavailable,     "The server is overloaded"},
    close_row{1002, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "The server saw a breach of the WebSocket protocol"},
    close_row{1003, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "The server does not take this kind of message"},
    close_row{1009, "",                            stage::any,          handle::any,  give_up,  errc::rejected,        "A message was too big for the server"},
    close_row{1000, "",                            stage::before_setup, handle::any,  back_off, errc::unavailable,     "The server ended the connection before it had accepted the setup"},
    close_row{0,    "",                            stage::any,          handle::any,  resume,   errc::connection_lost, "The server ended the connection"},
};
// clang-format on

bool fits(const close_row& row, const error& failure, situation when)
{
    return (row.code == 0 || row.code == failure.close_code()) &&
           failure.reason().find(row.reason_part) != std::string::npos &&
           (row.stage == stage::any || (row.stage == stage::open) == when.was_open) &&
           (row.handle == handle::any || when.handle_used);
}

constexpr std::chrono::seconds quota_wait{60};

verdict judge_close(const error& failure, situation when)
{
    const auto* row = rows.data();
    while (!fits(*row, failure, when)) ++row; // the last row fits all
    auto sentence = failure.reason().empty()
                        ? fmt::format("{} (close code {}).", row->advice, failure.close_code())
                        : fmt::format("{} (close code {}: {}).", row->advice, failure.close_code(),
                              failure.reason());
    const auto wait =
        row->code_means == errc::quota_exceeded ? quota_wait : std::chrono::seconds{0};
    return {row->action, wait, error(row->code_means, sentence, failure.details())};
}

} // namespace

std::span<const close_row> close_table() noexcept { return rows; }

verdict classify(const error& failure, situation when)
{
    if (failure.close_code() != 0) return judge_close(failure, when);
    const std::chrono::milliseconds wait = failure.retry_after().value_or(
        failure.value() == errc::quota_exceeded ? quota_wait : std::chrono::seconds{0});
    switch (failure.condition()) {
    case condition::retryable:
        return {failure.value() == errc::connection_lost ? resume : back_off, wait, failure};
    case condition::quota: return {back_off, wait, failure};
    default: return {give_up, wait, failure};
    }
}

} // namespace gemini::live::sessions
