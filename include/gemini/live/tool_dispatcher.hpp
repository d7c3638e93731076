// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/call_ending.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/session_ref.hpp>
#include <gemini/live/toolset.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#pragma GCC visibility push(default)
namespace gemini::live {

/// The beginning or the end of a function call. Each call has one of each, except one that does not
/// come to run, which has only an end.
struct tool_event {
    /// The kinds of events.
    enum class kind {
        started, ///< The handler begins to run.
        ended,   ///< The call is answered, or needs no answer any more.
    };
    kind what = kind::started;                  ///< What happened.
    std::string id{};                           ///< `function_call::id`
    std::string name{};                         ///< `function_call::name`
    call_ending ending = call_ending::answered; ///< Of `ended`: how.
    std::chrono::milliseconds waited{0};        ///< From the call to the handler's start.
    std::chrono::milliseconds duration{0};      ///< Of `ended`: from the call.
    /// Of `ended`: what the handler has thrown, or why the answer could not be sent.
    std::exception_ptr cause{};
};

/// Options of a tool_dispatcher. Every member has a default.
struct tool_dispatcher_options {
    std::size_t at_once = 16; ///< Number of calls that run at a time, of all functions; 1 or more.
    std::size_t waiting = 64; ///< Number of calls that wait to run. More are refused.
    /// The time from a call to its answer, for functions without one of their own; above zero.
    std::chrono::milliseconds deadline = std::chrono::seconds(30);
    /// Where handlers run that have no `function_options::run_on`. Empty: the session's executor,
    /// which all sessions of a client share.
    asio::any_io_executor executor{};
    /// Called on the session's executor, one call at a time. Must not throw.
    std::function<void(const tool_event&)> on_event{};
    gcc12_guard<tool_dispatcher_options> guard{}; ///< Do not touch.
};

/// Runs the functions that a session's model calls, and answers each call exactly once:
///
///     live::tool_dispatcher dispatcher(session, tools);
///     co_await session.send("What is the weather in Lisbon?");
///     auto turn = co_await session.turn(); // the answer, with the weather in it
///
/// It sees calls as they arrive, whoever reads the session's stream, by `messages()`, `events()` or
/// `turn()`, or nobody; while `limits::inbox` is full, nothing arrives. The reader sees them too
/// and must not answer them, except those of functions that the setup declares and the toolset
/// lacks: they are left to the reader. `turn()` ends with `turn_end::tool_call` only for those.
///
/// The answer is what the handler returns, or an `error` for whatever else may happen; see
/// `call_ending`. The calls of one message run at once, and answers leave as they become ready,
/// also during an outage. When the user interrupts the model, its calls go on, and the answers of
/// functions for which the model does not wait are silent, unless the handler says otherwise.
///
/// A handler is canceled (`terminal`) when its call needs no answer any more: at its deadline, when
/// the server cancels or forgets the call, when the session ends, and by `shutdown`. What it then
/// throws or returns is dropped. It keeps its place in `at_once` until it ends.
///
/// Threads: all functions may be called from any thread.
/// Lifetime: may be destroyed before its session and after it. Destroying it answers what is open
/// as `shutdown` does with a deadline of zero, without waiting.
class tool_dispatcher {
public:
    /// Begins to answer calls. Throws errc::misuse if the session has a dispatcher, and
    /// errc::invalid_argument for options out of their range and for functions that the session's
    /// model does not accept, such as one with `scheduling` for a model that always waits.
    tool_dispatcher(
        const session_ref& session, toolset tools, tool_dispatcher_options options = {});
    tool_dispatcher(tool_dispatcher&&) noexcept;
    tool_dispatcher& operator=(tool_dispatcher&&) noexcept;
    ~tool_dispatcher();

    /// Replaces the functions, such as when an MCP server has others now. Calls that have come go
    /// on as they are; a later call of a function that is gone is answered with an `error`. The
    /// model is not told: send it a `context_update` with the new declarations. Throws
    /// errc::invalid_argument as the constructor does, and changes nothing then.
    void set_tools(const toolset& tools);

    /// Accepts no more calls, waits for those that run, and answers the rest with an `error`:
    /// those that wait at once, and those that still run at `deadline`. New calls are answered with
    /// an `error`. Returns how many calls were cut off. Idempotent.
    ///
    /// Completion: when every call has been answered.
    /// Errors: none.
    /// Cancellation: ends the wait, as `deadline` would.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<std::size_t> shutdown(std::chrono::milliseconds deadline);

private:
    class [[gnu::visibility("hidden")]] impl;
    std::shared_ptr<impl> impl_;
};

} // namespace gemini::live
#pragma GCC visibility pop
