// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// The client's side of RFC 6455, on its way out. Pure.
namespace gemini::live::transport {

enum class frame_kind : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    close = 0x8,
    ping = 0x9,
    pong = 0xa,
};

/// Another one for each frame, not to be guessed.
using masking_key = std::array<unsigned char, 4>;

inline constexpr std::size_t longest_frame_head = 14;

/// Makes a frame of `payload`, in place: masks it, and writes the head over bytes in front of it,
/// `longest_frame_head` at most. Returns the frame.
[[nodiscard]] std::span<const char> make_frame(
    frame_kind kind, bool is_final, std::span<char> payload, masking_key key) noexcept;

} // namespace gemini::live::transport
