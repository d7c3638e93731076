// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "emulator/google/request.hpp"

/// External identities, and impersonation.
namespace gemini::live::emulator {

/// sts.googleapis.com/v1/token: exchanges an external token for one of Google's.
[[nodiscard]] testing::emulator_verdict answer_exchange(
    const google_request& call, google_state& google);
/// iamcredentials.googleapis.com: issues a service account's token to a caller who may impersonate
/// it.
[[nodiscard]] testing::emulator_verdict answer_impersonation(
    const google_request& call, google_state& google);
/// The external identity provider, which issues subject tokens.
[[nodiscard]] testing::emulator_verdict answer_subject_call(
    const google_request& call, const google_state& google);

} // namespace gemini::live::emulator
