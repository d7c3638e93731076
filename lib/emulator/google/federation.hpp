// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/google/request.hpp"

/// Identities that are not Google's, and those that stand in for others.
namespace gemini::live::emulation {

/// sts.googleapis.com/v1/token: a foreign token for one of Google's.
[[nodiscard]] emulator_verdict answer_exchange(const google_request& call, google_state& google);
/// iamcredentials.googleapis.com: a service account's token for a caller who may act for it.
[[nodiscard]] emulator_verdict answer_impersonation(
    const google_request& call, google_state& google);
/// The foreign provider, who hands out such tokens.
[[nodiscard]] emulator_verdict answer_subject_call(
    const google_request& call, const google_state& google);

} // namespace gemini::live::emulation
