// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace bench {

struct counted_allocations {
    std::uint64_t news = 0;    ///< By operator new, in all C++ code of the process.
    std::uint64_t mallocs = 0; ///< By malloc and its kin: C code, such as OpenSSL.
};

/// Of this thread.
extern constinit thread_local counted_allocations allocations;

} // namespace bench
