// SPDX-License-Identifier: Apache-2.0
#include "audio_file.hpp"

#include <cerrno>
#include <limits>
#include <string>
#include <system_error>

namespace chat {
namespace {

constexpr std::uint32_t rate = 24'000;
constexpr std::uint16_t sample_bytes = 2;
constexpr std::uint32_t header_bytes = 44;

template <class Number>
void append(std::string& to, Number value) // little endian
{
    for (std::size_t i = 0; i < sizeof value; ++i) to += static_cast<char>(value >> (8 * i) & 0xFF);
}

} // namespace

audio_file::audio_file(const std::filesystem::path& path)
    : file_(path, std::ios::binary | std::ios::trunc)
{
    if (!file_) throw std::system_error(errno, std::generic_category(), path.string());
    write_header();
}

void audio_file::write_header()
{
    std::string header = "RIFF";
    append(header, header_bytes - 8 + size_);
    header += "WAVEfmt ";
    append(header, std::uint32_t{16});
    append(header, std::uint16_t{1}); // PCM
    append(header, std::uint16_t{1}); // channel
    append(header, rate);
    append(header, rate * sample_bytes);
    append(header, sample_bytes);
    append(header, std::uint16_t{8 * sample_bytes});
    header += "data";
    append(header, size_);
    file_.seekp(0);
    file_.write(header.data(), header_bytes);
}

void audio_file::write(std::span<const std::byte> pcm)
{
    const auto room = std::numeric_limits<std::uint32_t>::max() - header_bytes - size_;
    if (pcm.size() > room) return; // 24 hours: the most that a WAV file can hold
    file_.write(
        reinterpret_cast<const char*>(pcm.data()), static_cast<std::streamsize>(pcm.size()));
    size_ += static_cast<std::uint32_t>(pcm.size());
}

void audio_file::flush()
{
    write_header();
    file_.seekp(0, std::ios::end);
    file_.flush();
}

} // namespace chat
