// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/secret.hpp>

#include <cstddef>

namespace gemini::live {

void secret::wipe(std::string& text) noexcept
{
    text.resize(text.capacity()); // an earlier value may have been longer than this one
    volatile char* const bytes = text.data();
    for (std::size_t i = 0; i < text.size(); ++i) bytes[i] = '\0'; // volatile: not optimized away
    text.clear();
}

} // namespace gemini::live
