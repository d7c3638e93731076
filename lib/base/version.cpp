// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/emulator_program_test.py
#include <gemini/live/version.hpp>

namespace gemini::live {

const char* version() noexcept { return GEMINI_LIVE_VERSION; }

} // namespace gemini::live
