// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace gemini::live::base {

/// Empties a string or a vector and frees its memory, which `= {}` would keep.
template <class Container>
void free_memory(Container& container) noexcept
{
    Container().swap(container);
}

} // namespace gemini::live::base
