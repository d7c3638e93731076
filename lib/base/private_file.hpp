// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Files that only their owner may read (mode 0600). All functions throw errc::storage_failed.
namespace gemini::live::base {

/// Atomically replaces the file's contents: a reader sees either the old or the new text.
void replace_private_file(const std::filesystem::path& path, std::string_view text);

/// Returns the file's text, or nothing if there is no file. It must not exceed `limit` bytes.
[[nodiscard]] std::optional<std::string> read_file(
    const std::filesystem::path& path, std::size_t limit);

/// An exclusive lock on a path, among all threads and processes. The lock file is created if
/// missing, and is never removed. Waits for at most one second.
class file_lock {
public:
    explicit file_lock(const std::filesystem::path& path);
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;
    ~file_lock();

private:
    int file_;
};

/// A file written line by line.
class private_log {
public:
    /// Discards any existing contents.
    explicit private_log(const std::filesystem::path& path);

    /// Appends the line and a line break. Silently drops what cannot be written.
    void write(std::string_view line) noexcept;

private:
    struct closer {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, closer> file_;
};

} // namespace gemini::live::base
