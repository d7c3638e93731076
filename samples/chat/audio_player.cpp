// SPDX-License-Identifier: Apache-2.0
#include "audio_player.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <sstream>
#include <utility>

namespace chat {
namespace {

using pcm_buffer = std::vector<std::byte>;

bool is_installed(const std::string& program)
{
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((std::filesystem::path(folder) / program).c_str(), X_OK) == 0) return true;
    }
    return false;
}

} // namespace

/// One run of the program, whose standard input is a socket. Unlike a pipe, a socket can be written
/// to without the risk of SIGPIPE after the program has exited.
class audio_player::process {
public:
    process(asio::any_io_executor executor, const std::vector<std::string>& program)
        : to_(executor), more_(executor)
    {
        asio::local::stream_protocol::socket from(executor);
        asio::local::connect_pair(to_, from);
        from.native_non_blocking(false);
        ::fcntl(to_.native_handle(), F_SETFD, FD_CLOEXEC);
        std::vector<char*> words;
        for (const auto& word : program) words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_adddup2(&files, from.native_handle(), STDIN_FILENO);
        ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        if (::posix_spawnp(&id_, words[0], &files, nullptr, words.data(), environ) != 0) id_ = -1;
        ::posix_spawn_file_actions_destroy(&files);
    }
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() { kill(); }

    void kill()
    {
        std::error_code ignored;
        to_.close(ignored);
        queue_.clear();
        whole_ = true;
        more_.cancel();
        if (id_ <= 0) return;
        ::kill(id_, SIGTERM);
        ::waitpid(id_, nullptr, 0);
        id_ = -1;
    }

    enum class state { playing, ended, failed };
    state look()
    {
        int status = 0;
        if (id_ <= 0) return state::failed;
        if (::waitpid(id_, &status, WNOHANG) == 0) return state::playing;
        id_ = -1;
        const bool failed = WIFEXITED(status) && WEXITSTATUS(status) != 0;
        return failed ? state::failed : state::ended;
    }

    asio::local::stream_protocol::socket to_;
    asio::steady_timer more_; ///< Canceled when there is more in the queue, or `whole_`.
    std::deque<pcm_buffer> queue_;
    bool whole_ = false;
    pid_t id_ = -1;
};

std::optional<std::vector<std::string>> audio_player::find_program()
{
    const std::vector<std::vector<std::string>> programs{
        {"aplay", "-q", "-t", "raw", "-f", "S16_LE", "-r", "24000", "-c", "1"},
        {"paplay", "--raw", "--format=s16le", "--rate=24000", "--channels=1"},
        {"ffplay", "-loglevel", "quiet", "-nodisp", "-autoexit", "-f", "s16le", "-ar", "24000",
            "-i", "pipe:0"},
    };
    for (const auto& program : programs) {
        if (is_installed(program.front())) return program;
    }
    return std::nullopt;
}

audio_player::audio_player(asio::any_io_executor executor, std::vector<std::string> program)
    : executor_(std::move(executor)), program_(std::move(program))
{
}

audio_player::~audio_player() { stop(); }

void audio_player::play(std::span<const std::byte> pcm)
{
    if (pcm.empty()) return;
    if (!present_) {
        present_ = std::make_shared<process>(executor_, program_);
        processes_.push_back(present_);
        asio::co_spawn(executor_, feed(present_), asio::detached);
    }
    present_->queue_.emplace_back(pcm.begin(), pcm.end());
    present_->more_.cancel();
}

void audio_player::finish()
{
    if (!present_) return;
    present_->whole_ = true;
    present_->more_.cancel();
    present_.reset();
}

void audio_player::stop()
{
    for (const auto& each : processes_) each->kill();
    processes_.clear();
    present_.reset();
}

bool audio_player::has_failed()
{
    bool failed = false;
    std::erase_if(processes_, [&failed](const auto& each) {
        const auto now = each->look();
        failed = failed || now == process::state::failed;
        return now != process::state::playing;
    });
    return failed;
}

bool audio_player::is_playing()
{
    static_cast<void>(has_failed()); // removes those that have ended
    return !processes_.empty();
}

asio::awaitable<void> audio_player::feed(std::shared_ptr<process> to)
{
    std::error_code failed;
    while (!failed) {
        if (to->queue_.empty()) {
            if (to->whole_) break;
            std::error_code woken;
            to->more_.expires_at(asio::steady_timer::time_point::max());
            co_await to->more_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            continue;
        }
        const auto next = std::move(to->queue_.front());
        to->queue_.pop_front();
        const auto samples = asio::buffer(next);
        co_await asio::async_write(
            to->to_, samples, asio::redirect_error(asio::use_awaitable, failed));
    }
    to->to_.close(failed); // the program plays what it has, and exits
}

} // namespace chat
