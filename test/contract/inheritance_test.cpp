// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/loud.hpp"
#include "support/run.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/fake_google.hpp>

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <fcntl.h>
#include <signal.h> // NOLINT(modernize-deprecated-headers): kill
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <optional>
#include <string>

namespace inheritance_test {

// Programs that are started by a user of the library inherit none of its sockets.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// The descriptors that a new program finds open, one per line.
std::string inherited()
{
    std::FILE* const child = ::popen("ls /proc/self/fd", "r"); // NOLINT(cert-env33-c)
    REQUIRE(child);
    std::string all;
    std::array<char, 256> block{};
    while (std::fgets(block.data(), static_cast<int>(block.size()), child)) all += block.data();
    CHECK(::pclose(child) == 0);
    return all;
}

/// A program that runs until it is killed, with what it inherits. Running when the constructor
/// returns.
class sleeper {
public:
    sleeper()
    {
        std::array<int, 2> begun{};
        REQUIRE(::pipe2(begun.data(), O_CLOEXEC) == 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::execlp("sleep", "sleep", "600", nullptr);
            ::_exit(127);
        }
        ::close(begun[1]);
        char none = 0;
        CHECK(::read(begun[0], &none, 1) == 0); // closed by exec
        ::close(begun[0]);
    }
    sleeper(const sleeper&) = delete;
    sleeper& operator=(const sleeper&) = delete;
    ~sleeper()
    {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }

private:
    pid_t child_ = 0;
};

live::testing::emulator_options serving(bool encrypted)
{
    live::testing::emulator_options options;
    options.pace = 0;
    if (encrypted) options.tls = live::testing::tls_identity::self_signed();
    return options;
}

} // namespace

TEST_CASE("what the library opens is not inherited by child processes")
{
    const bool encrypted = GENERATE(false, true);
    const auto before = inherited();
    const int leaked = ::dup(STDIN_FILENO);
    CHECK(inherited() != before); // the check detects inherited descriptors
    ::close(leaked);

    asio::io_context io;
    const auto options = serving(encrypted);
    live::testing::emulator server(io.get_executor(), options);
    live::testing::fake_google google(io.get_executor());
    CHECK(inherited() == before);
    live::client_options calling;
    test::make_loud(calling);
    calling.credentials = live::api_key("any");
    calling.base_url = server.url();
    calling.reconnect.first_delay = 1ms;
    if (encrypted) calling.tls.ca_pem = options.tls->certificate_pem;
    calling.tls.system_store = !encrypted;
    live::client client(io.get_executor(), calling);
    live::setup setup{.model = "gemini-3.8-live"};
    live::session session{client, setup};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        CHECK(inherited() == before); // both ends of the connection are in this process
        for (int i = 0; i < 2; ++i) {
            co_await session.send("Hello");
            const auto turn = co_await session.turn();
            CHECK(turn.is_whole());
            CHECK(inherited() == before);
            server.drop_all(); // another connection is made
        }
        co_await session.close();
    };
    test::run(io, work());
    CHECK(inherited() == before);
}

TEST_CASE("a child process that outlives us does not keep the emulator's port, nor its clients")
{
    asio::io_context io;
    std::optional<live::testing::emulator> server(std::in_place, io.get_executor(), serving(false));
    live::client_options calling;
    test::make_loud(calling);
    calling.credentials = live::api_key("any");
    calling.base_url = server->url();
    calling.reconnect.first_delay = 1ms;
    live::client client(io.get_executor(), calling);
    live::setup setup{.model = "gemini-3.8-live"};
    live::session session{client, setup};
    auto again = serving(false);
    again.port = server->port();
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const sleeper child;
        server->close();
        while (server->connected() != 0) co_await asio::post(asio::use_awaitable);
        server.reset();
        co_await asio::post(asio::use_awaitable);
        server.emplace(io.get_executor(), again);
        co_await session.send("Hello"); // over a connection to the new one
        const auto turn = co_await session.turn();
        CHECK(turn.end != live::turn_end::stalled);
        co_await session.close();
    };
    test::run(io, work());
    CHECK(server->accepted() == 1);
}

} // namespace inheritance_test
