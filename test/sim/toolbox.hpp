// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/call_oracle.hpp"
#include "sim/mutation.hpp"
#include "sim/scenario.hpp"

#include <gemini/live/session.hpp>
#include <gemini/live/tool_dispatcher.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <optional>
#include <vector>

namespace sim {

/// The functions of the user, one for each way in which a handler may behave, and the dispatcher
/// that runs them.
class toolbox {
public:
    /// `tell`: accepts the events of the dispatcher.
    toolbox(const tool_settings& settings, virtual_clock& clock, asio::io_context& io,
        call_oracle& oracle, const mutation& planted, mutation::tell tell);

    /// With a function that the toolset does not have: its calls are left to the reader.
    [[nodiscard]] std::vector<live::function_declaration> declarations() const;
    void attach(const live::session& session);
    /// Does with the dispatcher what the user does before it closes the session.
    asio::awaitable<void> put_away();
    /// Destroys the dispatcher.
    void destroy();

private:
    struct work {
        int ms = 0;
        static auto parameters() { return std::tuple(live::parameter("ms", &work::ms)); }
    };
    using milliseconds = std::chrono::milliseconds;
    class running;
    asio::awaitable<live::tool_result> take(work how, live::running_call& call);
    asio::awaitable<live::tool_result> fail(work how, live::running_call& call);
    asio::awaitable<live::tool_result> speak(work how, live::running_call& call);
    asio::awaitable<live::tool_result> ignore(work how, live::running_call& call);
    asio::awaitable<void> pause(milliseconds time);
    [[nodiscard]] live::tool_result result();

    const tool_settings& settings_;
    virtual_clock& clock_;
    asio::io_context& io_;
    call_oracle& oracle_;
    const mutation& planted_;
    const mutation::tell tell_;
    live::toolset tools_;
    std::optional<live::tool_dispatcher> dispatcher_;
    int results_ = 0;
};

} // namespace sim
