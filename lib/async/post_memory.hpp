// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace gemini::live::async {

/// Memory for one posted function, obtained before it is needed. It may be used again once the
/// function has begun to run.
struct post_memory {
    alignas(std::max_align_t) std::array<std::byte, 64> bytes;
};

} // namespace gemini::live::async
