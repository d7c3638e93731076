// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>

#include <cstdint>
#include <span>

namespace gemini::live::emulation {

inline constexpr const char* avatar_type = R"(video/mp4; codecs="avc1.42c01f, mp4a.40.2")";

/// A piece of fragmented MP4, as an avatar's video comes: the boxes are real, and a demuxer finds
/// its way through them, but what they hold is speech in pcm16 and no picture. `number` counts the
/// pieces of a turn from 0; the first one opens the file.
[[nodiscard]] bytes avatar_piece(std::uint32_t number, std::span<const std::byte> pcm);

} // namespace gemini::live::emulation
