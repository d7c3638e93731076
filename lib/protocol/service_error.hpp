// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::protocol {

/// What the body of a refusal says to a person: the message of an error in JSON, the title of a web
/// page behind the words "web page", or the text that it is. Empty when it says nothing.
[[nodiscard]] std::string words_of_refusal(std::string_view body);

/// The error for a REST call that a Google service answered with `status`, which is not 2xx, in its
/// own words where `body` has them. `what` names the call: "make a token". What is equal to
/// `secret` is blotted out.
[[nodiscard]] error refused_call(std::string_view what, int status, std::string_view body,
    std::optional<std::chrono::seconds> retry_after, std::string_view secret);

} // namespace gemini::live::protocol
