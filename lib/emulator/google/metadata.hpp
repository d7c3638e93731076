// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/google/request.hpp"

namespace gemini::live::emulation {

/// The metadata server, which a machine in Google Cloud asks for its identity. It returns the same
/// token until that has five minutes left.
[[nodiscard]] emulator_verdict answer_metadata_call(
    const google_request& call, google_state& google);

} // namespace gemini::live::emulation
