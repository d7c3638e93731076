// SPDX-License-Identifier: Apache-2.0
/// Makes the linker refuse a program that was compiled with another Asio than the library, or
/// without its definitions. Such a program would link otherwise, and crash.
#pragma once

#include <asio/version.hpp>

#ifndef GEMINI_LIVE_BUILDS_ITSELF

#define GEMINI_LIVE_JOIN_EXPANDED(a, b) a##b
#define GEMINI_LIVE_JOIN(a, b) GEMINI_LIVE_JOIN_EXPANDED(a, b)

// What follows is defined by the library with the version of its own Asio. What is missing at link
// time says what to do.
extern "C" const int GEMINI_LIVE_JOIN(
    gemini_live_needs_the_asio_it_was_compiled_with_not_asio_, ASIO_VERSION);
#ifndef ASIO_DISABLE_STD_ALIGNED_ALLOC
extern "C" const int
    compile_with_ASIO_DISABLE_STD_ALIGNED_ALLOC_as_pkg_config_cflags_gemini_live_says;
#endif

namespace gemini::live::detail {

[[gnu::used]] inline const int* const same_asio =
    &GEMINI_LIVE_JOIN(gemini_live_needs_the_asio_it_was_compiled_with_not_asio_, ASIO_VERSION);
#ifndef ASIO_DISABLE_STD_ALIGNED_ALLOC
[[gnu::used]] inline const int* const same_definitions =
    &compile_with_ASIO_DISABLE_STD_ALIGNED_ALLOC_as_pkg_config_cflags_gemini_live_says;
#endif

} // namespace gemini::live::detail

#endif
