// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/mcp/stdio_channel_test.cpp, test/unit/mcp/http_channel_test.cpp
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/log.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gemini::live::mcp {

/// Where what a channel receives goes. Called on the channel's executor, never within a call of the
/// channel.
struct channel_receiver {
    /// One message, or what should be one.
    std::function<void(std::string_view text)> on_message;
    /// Nothing more comes. Called at most once, and not after `close` or `abort`.
    std::function<void(error why)> on_end;
};

/// Carries the messages of one connection to a server. Make all calls on its executor.
class channel {
public:
    channel() = default;
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    /// As `abort`.
    virtual ~channel() = default;

    /// Starts the server, if that is necessary. Throws errc::invalid_argument if it cannot.
    virtual void open() = 0;

    /// Sends a message without an answer. Completes when it has been accepted.
    virtual asio::awaitable<void> send(std::string text) = 0;

    /// Sends a request, whose answer goes to the receiver. May complete before the answer or after
    /// it. `is_answered` says whether it has come. Throws if it cannot come any more, and
    /// errc::context_lost if the server has forgotten the connection and the request can be sent
    /// again on another one. Cancellation: total.
    virtual asio::awaitable<void> send_request(
        std::string text, std::function<bool()> is_answered) = 0;

    /// The server has agreed on a version, and has been told so.
    virtual void initialized(const std::string& version) = 0;

    /// Ends the connection in order. Never throws. Cancellation: total; ends it at once.
    virtual asio::awaitable<void> close() = 0;

    /// Ends the connection without waiting.
    virtual void abort() noexcept = 0;
};

/// Makes a channel on an executor.
using channel_maker = std::function<std::shared_ptr<channel>(
    const asio::any_io_executor& executor, channel_receiver receiver)>;

} // namespace gemini::live::mcp
