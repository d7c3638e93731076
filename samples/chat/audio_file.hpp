// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>

namespace chat {

/// A WAV file of the model's speech: mono pcm16 at 24 kHz. Complete after each `flush()`.
class audio_file {
public:
    /// Throws std::system_error when it cannot be written.
    explicit audio_file(const std::filesystem::path& path);

    void write(std::span<const std::byte> pcm);
    void flush();

private:
    void write_header();

    std::ofstream file_;
    std::uint32_t size_ = 0; ///< Of the samples, in bytes.
};

} // namespace chat
