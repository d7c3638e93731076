// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/google/request.hpp"

namespace gemini::live::emulation {

/// The server that a machine in Google Cloud asks who it is. It gives the same token again until
/// that has five minutes left.
[[nodiscard]] emulator_verdict answer_metadata_call(
    const google_request& call, google_state& google);

} // namespace gemini::live::emulation
