// SPDX-License-Identifier: Apache-2.0
#pragma once

#pragma GCC visibility push(default)
namespace gemini::live {

/// How a function call ended.
enum class call_ending {
    answered,          ///< The handler returned a result, which was sent.
    failed,            ///< The handler threw `tool_event::cause`; the answer has an `error`.
    timed_out,         ///< Past its deadline; the answer has an `error`.
    invalid_arguments, ///< They do not match the schema; the answer has an `error` that says why.
    unknown_function, ///< Nobody has declared it; the answer has an `error` that names those there.
    overloaded,       ///< Too many calls waited; the answer has an `error`.
    shut_down,        ///< The dispatcher was shut down or destroyed; the answer has an `error`.
    repeated,         ///< The server made the same call before, by its id. No second answer.
    canceled,         ///< The server gave it up (toolCallCancellation). No answer.
    forgotten,        ///< The server lost it with a connection. No answer.
    session_ended,    ///< The session ended first. No answer.
};
[[nodiscard]] const char* to_string(call_ending) noexcept;

} // namespace gemini::live
#pragma GCC visibility pop
