// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>
#include <gemini/live/session_group.hpp>
#include <gemini/live/turn.hpp>

#include <chrono>
#include <string_view>

namespace gemini::live {

// Each throws errc::invalid_argument for an option that can never work: a number outside its valid
// range, a malformed pin, two sources of one certificate. Names the option and the rule.
void check(const client_options& options);
void check(const session_group_options& options);
void check(const restart_policy& policy);
void check(const session_limits& limits);
void check(const turn_options& options);
void check_duration(std::string_view option, std::chrono::milliseconds value);

} // namespace gemini::live
