// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/productions_test.cpp
#pragma once

#include <gemini/live/content.hpp>

#include <cstdint>
#include <span>

namespace gemini::live::emulator {

inline constexpr const char* avatar_type = R"(video/mp4; codecs="avc1.42c01f, mp4a.40.2")";

/// Returns a piece of fragmented MP4, the format of an avatar's video. The boxes are real, so that
/// a demuxer can parse them, but they hold speech in pcm16 and no picture. `number` counts the
/// pieces of a turn from 0. The first piece opens the file.
[[nodiscard]] bytes avatar_piece(std::uint32_t number, std::span<const std::byte> pcm);

} // namespace gemini::live::emulator
