// SPDX-License-Identifier: Apache-2.0
#include "mcp/child_process.hpp"

#include "base/excerpt.hpp"

#include <gemini/live/error.hpp>

#include <asio/local/connect_pair.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::mcp {
namespace {

constexpr std::string_view harmless_variables[]{
    "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"};

bool is_called(std::string_view variable, std::string_view name)
{
    return variable.starts_with(name) && variable.substr(name.size()).starts_with('=');
}

std::vector<std::string> environment_for(const stdio_server& server)
{
    std::vector<std::string> all;
    for (char** each = environ; each && *each; ++each) {
        const std::string_view variable = *each;
        const auto matches = [&](const auto& name) { return is_called(variable, name); };
        const auto is_replaced = [&](const auto& own) { return is_called(variable, own.first); };
        if (std::any_of(server.environment.begin(), server.environment.end(), is_replaced))
            continue;
        if (server.inherit_environment ||
            std::any_of(std::begin(harmless_variables), std::end(harmless_variables), matches))
            all.emplace_back(variable);
    }
    for (const auto& [name, value] : server.environment) all.push_back(name + '=' + value);
    return all;
}

/// Pointers to the texts, as system calls want them.
std::vector<char*> pointers_to(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (auto& each : texts) pointers.push_back(each.data());
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void refuse(const stdio_server& what, int why)
{
    const bool is_our_lack = why == EAGAIN || why == ENOMEM || why == EMFILE || why == ENFILE;
    const auto where = what.working_directory.empty()
                           ? std::string()
                           : fmt::format(" in {}", base::excerpt(what.working_directory, 200));
    throw error(is_our_lack ? errc::connect_failed : errc::invalid_argument,
        fmt::format("The MCP server {} cannot be started{}: {}.",
            base::excerpt(what.command.front(), 200), where, std::strerror(why)));
}

/// A pipe whose ends a program that is started meanwhile does not inherit.
struct pipe_ends {
    explicit pipe_ends(const stdio_server& what)
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) refuse(what, errno);
        ours = ends[0];
        theirs = ends[1];
    }
    pipe_ends(const pipe_ends&) = delete;
    pipe_ends& operator=(const pipe_ends&) = delete;
    ~pipe_ends()
    {
        if (ours >= 0) ::close(ours);
        ::close(theirs);
    }
    [[nodiscard]] int take() noexcept { return std::exchange(ours, -1); }

    int ours = -1;
    int theirs = -1;
};

struct spawn_settings {
    spawn_settings()
    {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }
    spawn_settings(const spawn_settings&) = delete;
    spawn_settings& operator=(const spawn_settings&) = delete;
    ~spawn_settings()
    {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }

    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
};

pid_t start(const stdio_server& what, int input, int output, int errors)
{
    spawn_settings with;
    ::posix_spawn_file_actions_adddup2(&with.files, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&with.files, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&with.files, errors, STDERR_FILENO);
    if (!what.working_directory.empty())
        ::posix_spawn_file_actions_addchdir_np(&with.files, what.working_directory.c_str());
    // Ctrl-C in a terminal is for us, and the signals that we block or ignore are not its business
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setpgroup(&with.attributes, 0);
    ::posix_spawnattr_setsigdefault(&with.attributes, &all);
    ::posix_spawnattr_setsigmask(&with.attributes, &none);
    ::posix_spawnattr_setflags(
        &with.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    auto words = what.command;
    auto variables = environment_for(what);
    pid_t id = -1;
    const int failed = ::posix_spawnp(&id, words.front().c_str(), &with.files, &with.attributes,
        pointers_to(words).data(), pointers_to(variables).data());
    if (failed != 0) refuse(what, failed);
    return id;
}

} // namespace

child_process::child_process(const asio::any_io_executor& executor, const stdio_server& what)
    : input(executor), output(executor), errors(executor)
{
    pipe_ends out(what);
    pipe_ends err(what);
    asio::local::stream_protocol::socket theirs(executor);
    asio::error_code failed;
    asio::local::connect_pair(input, theirs, failed);
    if (failed) refuse(what, failed.value());
    for (const int each : {input.native_handle(), theirs.native_handle()})
        ::fcntl(each, F_SETFD, FD_CLOEXEC);
    output.assign(out.take());
    errors.assign(err.take());
    id_ = start(what, theirs.native_handle(), out.theirs, err.theirs);
}

child_process::~child_process() { kill(); }

asio::awaitable<bool> child_process::exits_within(std::chrono::milliseconds limit)
{
    constexpr std::chrono::milliseconds pause(5); // no signal handler of the program's is touched
    const auto end = std::chrono::steady_clock::now() + limit;
    asio::steady_timer timer(input.get_executor());
    while (id_ >= 0 && !has_exited()) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= end) co_return false;
        timer.expires_at(std::min(now + pause, end));
        co_await timer.async_wait(asio::use_awaitable);
    }
    kill();
    co_return true;
}

bool child_process::has_exited() const noexcept
{
    siginfo_t what{};
    const int failed = ::waitid(P_PID, static_cast<id_t>(id_), &what, WEXITED | WNOHANG | WNOWAIT);
    return failed != 0 || what.si_pid == id_;
}

void child_process::signal(int number) noexcept
{
    if (id_ >= 0)
        ::kill(-id_, number); // its group, whose number is not used again before `collect`
}

void child_process::kill() noexcept
{
    signal(SIGKILL);
    collect();
}

void child_process::collect() noexcept
{
    if (id_ < 0) return;
    while (::waitpid(id_, &status_, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
}

std::string child_process::ending() const
{
    if (id_ >= 0) return {};
    if (WIFSIGNALED(status_)) return fmt::format("was ended by signal {}", WTERMSIG(status_));
    return fmt::format("exited with status {}", WEXITSTATUS(status_));
}

} // namespace gemini::live::mcp
