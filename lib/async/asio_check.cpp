// SPDX-License-Identifier: Apache-2.0
// Tested by: test/install/install.py
#include <asio/version.hpp>

#define GEMINI_LIVE_JOIN_EXPANDED(a, b) a##b
#define GEMINI_LIVE_JOIN(a, b) GEMINI_LIVE_JOIN_EXPANDED(a, b)

#define GEMINI_LIVE_SYMBOL                                                                         \
    GEMINI_LIVE_JOIN(gemini_live_needs_the_asio_it_was_compiled_with_not_asio_, ASIO_VERSION)

// What programs refer to; see gemini/live/asio_check.hpp.
extern "C" {
[[gnu::visibility("default")]] extern const int GEMINI_LIVE_SYMBOL;
const int GEMINI_LIVE_SYMBOL = 1;
}
