// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace gemini::live::protocol {

/// The error for a REST call that a Google service answered with `status`, which is not 2xx, in its
/// own words where `body` has them. `what` names the call: "make a token". What is equal to
/// `secret` is blotted out.
[[nodiscard]] error refused_call(std::string_view what, int status, std::string_view body,
    std::optional<std::chrono::seconds> retry_after, std::string_view secret);

} // namespace gemini::live::protocol
