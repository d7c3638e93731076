// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Files for what only their owner may read: mode 0600. All throw errc::storage_failed.
namespace gemini::live::base {

/// Puts `text` in the place of what the file holds, so that a reader finds the old or the new.
void replace_private_file(const std::filesystem::path& path, std::string_view text);

/// The file's text; nothing when there is no file. It must not have more than `limit` bytes.
[[nodiscard]] std::optional<std::string> read_file(
    const std::filesystem::path& path, std::size_t limit);

/// While it lives, no other of the same path does, of whatever thread or process. Its file is made
/// where it is missing, and stays. Waits for at most a second.
class file_lock {
public:
    explicit file_lock(const std::filesystem::path& path);
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;
    ~file_lock();

private:
    int file_;
};

/// A file that is written line by line.
class private_log {
public:
    /// What it holds is dropped.
    explicit private_log(const std::filesystem::path& path);

    /// Adds the line and a line break. What cannot be written is dropped.
    void write(std::string_view line) noexcept;

private:
    struct closer {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, closer> file_;
};

} // namespace gemini::live::base
