// SPDX-License-Identifier: Apache-2.0
#include "base/private_file.hpp"

#include <gemini/live/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace gemini::live::base {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what)
{
    const auto reason = std::generic_category().message(errno);
    throw error(
        errc::storage_failed, fmt::format("{} cannot be {}: {}.", path.string(), what, reason));
}

/// A temporary file that is removed unless it is kept.
class draft {
public:
    explicit draft(const std::filesystem::path& beside)
        : path_((beside.parent_path() / ".draft-XXXXXX").string()),
          file_(::mkostemp(path_.data(), O_CLOEXEC)) // of mode 0600
    {
        if (file_ < 0) fail(beside, "written");
    }
    draft(const draft&) = delete;
    draft& operator=(const draft&) = delete;
    ~draft()
    {
        if (file_ >= 0) ::close(file_);
        if (!path_.empty()) ::unlink(path_.c_str());
    }

    [[nodiscard]] bool write(std::string_view text)
    {
        while (!text.empty()) {
            const auto written = ::write(file_, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return false;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        const bool is_stored = ::fsync(file_) == 0; // before it is renamed into place
        const int closed = ::close(file_);
        file_ = -1;
        return is_stored && closed == 0;
    }

    [[nodiscard]] bool keep_as(const std::filesystem::path& path)
    {
        if (std::rename(path_.c_str(), path.c_str()) != 0) return false;
        path_.clear();
        return true;
    }

private:
    std::string path_;
    int file_;
};

} // namespace

void replace_private_file(const std::filesystem::path& path, std::string_view text)
{
    draft file(path);
    if (!file.write(text) || !file.keep_as(path)) fail(path, "written");
}

std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t limit)
{
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return std::nullopt;
    if (file < 0) fail(path, "read");
    std::string text(limit + 1, '\0');
    std::size_t size = 0;
    ssize_t got = 1;
    while (size < text.size() && got != 0) {
        got = ::read(file, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break;
        size += static_cast<std::size_t>(got);
    }
    const int reason = errno;
    ::close(file);
    errno = reason;
    if (got < 0) fail(path, "read");
    if (size > limit) {
        throw error(errc::storage_failed,
            fmt::format("{} is longer than {} bytes: another program's?", path.string(), limit));
    }
    text.resize(size);
    return text;
}

file_lock::file_lock(const std::filesystem::path& path)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600))
{
    using namespace std::chrono_literals;
    if (file_ < 0) fail(path, "locked");
    const auto until = std::chrono::steady_clock::now() + 1s;
    // The holder only reads and writes a small file, unless it was stopped in the middle.
    while (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        const bool is_held = reason == EWOULDBLOCK || reason == EINTR;
        if (is_held && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(1ms);
            continue;
        }
        ::close(file_);
        errno = reason;
        fail(path, "locked");
    }
}

file_lock::~file_lock() { ::close(file_); }

private_log::private_log(const std::filesystem::path& path)
{
    constexpr mode_t owner_only = 0600;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, owner_only);
    if (file < 0) fail(path, "written");
    if (::fchmod(file, owner_only) == 0) file_.reset(::fdopen(file, "w"));
    if (file_) return;
    const int reason = errno;
    ::close(file);
    errno = reason;
    fail(path, "written");
}

void private_log::write(std::string_view line) noexcept
{
    std::fwrite(line.data(), 1, line.size(), file_.get());
    std::fputc('\n', file_.get());
    std::fflush(file_.get());
}

} // namespace gemini::live::base
