// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/frame_kind.hpp"

#include <array>
#include <cstddef>
#include <span>

/// The sending side of an RFC 6455 client. Pure.
namespace gemini::live::transport {

using base::frame_kind;

/// Must be different and unpredictable for each frame.
using masking_key = std::array<unsigned char, 4>;

inline constexpr std::size_t longest_frame_head = 14;

/// Makes a frame of `payload` in place: masks it, and writes the head over the bytes in front of
/// it, at most `longest_frame_head` of them. Returns the frame.
[[nodiscard]] std::span<const char> make_frame(
    frame_kind kind, bool is_final, std::span<char> payload, masking_key key) noexcept;

} // namespace gemini::live::transport
