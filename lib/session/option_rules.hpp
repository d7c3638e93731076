// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>
#include <gemini/live/session_group.hpp>

namespace gemini::live {

// Each throws errc::invalid_argument for a number outside the option's valid range, naming the
// option, the range and the value.
void check(const client_options& options);
void check(const session_group_options& options);
void check(const restart_policy& policy);

} // namespace gemini::live
