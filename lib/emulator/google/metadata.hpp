// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "emulator/google/request.hpp"

namespace gemini::live::emulator {

/// The metadata server, which a machine in Google Cloud asks for its identity. It returns the same
/// token until that has five minutes left.
[[nodiscard]] testing::emulator_verdict answer_metadata_call(
    const google_request& call, google_state& google);

} // namespace gemini::live::emulator
