// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/mcp/stdio_channel_test.cpp
#pragma once

#include <gemini/live/mcp.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <chrono>
#include <string>

namespace gemini::live::mcp {

/// A program that runs as our child, in a process group of its own. What it has started in that
/// group ends with it.
class child_process {
public:
    /// Starts it. Throws errc::invalid_argument if it cannot be started, errc::connect_failed if
    /// the system lacks descriptors or memory.
    child_process(const asio::any_io_executor& executor, const stdio_server& what);
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    /// Kills what still runs.
    ~child_process();

    /// Returns whether it exited by itself within `limit`, and then collects it.
    asio::awaitable<bool> exits_within(std::chrono::milliseconds limit);
    /// Sends a signal, unless it was collected.
    void signal(int number) noexcept;
    /// Kills what still runs, and collects it. Does not wait for anything but the kernel.
    void kill() noexcept;
    /// How it ended, e.g. "exited with status 1"; empty as long as it has not been collected.
    [[nodiscard]] std::string ending() const;

    // Its ends of these are its standard input, output and error. Unlike a pipe, a socket can be
    // written to without the risk of SIGPIPE.
    asio::local::stream_protocol::socket input;
    asio::posix::stream_descriptor output;
    asio::posix::stream_descriptor errors;

private:
    [[nodiscard]] bool has_exited() const noexcept;
    void collect() noexcept;

    pid_t id_ = -1; // -1: collected
    int status_ = 0;
};

} // namespace gemini::live::mcp
