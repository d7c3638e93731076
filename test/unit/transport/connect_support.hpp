// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lws_support.hpp"

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

/// Shared by the tests that connect, or fail to.
namespace test {

/// Sets an environment variable for a test.
class variable {
public:
    variable(const char* name, const std::string& value) : name_(name)
    {
        ::setenv(name, value.c_str(), 1);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() { ::unsetenv(name_); }

private:
    const char* name_;
};

/// A file that exists as long as the test.
class temporary_file {
public:
    explicit temporary_file(const std::string& text)
    {
        path_ = "gemini-live-test-XXXXXX";
        ::close(::mkstemp(path_.data()));
        std::ofstream(path_) << text;
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { ::unlink(path_.c_str()); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Answers the first request with `bytes`, then waits for the client to disconnect.
inline asio::awaitable<void> answer(raw_peer& peer, std::string bytes)
{
    auto socket = co_await peer.accept();
    co_await socket.read_head();
    co_await socket.write(std::move(bytes));
    co_await socket.read_to_end();
}

inline asio::awaitable<void> hold(raw_peer& peer)
{
    auto socket = co_await peer.accept();
    co_await socket.read_to_end();
}

inline asio::awaitable<void> expect_error(transport::connector& connector,
    transport::connect_request request, std::optional<live::error>& result)
{
    result = co_await error_of(connector.connect(std::move(request)));
}

/// The error of connecting while `server` serves.
inline live::error failure(
    bench& on, transport::connect_request request, asio::awaitable<void> server)
{
    std::optional<live::error> result;
    on.run(
        side_by_side(expect_error(*on.connector, std::move(request), result), std::move(server)));
    return *result;
}

inline live::error failure(bench& on, transport::connect_request request)
{
    std::optional<live::error> result;
    on.run(expect_error(*on.connector, std::move(request), result));
    return *result;
}

inline asio::awaitable<void> connect_and_leave(
    transport::connector& connector, transport::connect_request request)
{
    auto opened = co_await connector.connect(std::move(request));
    opened->abort();
}

} // namespace test
