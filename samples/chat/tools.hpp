// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/toolset.hpp>

#include <functional>
#include <string>

/// Functions of this program that the model may call.
namespace chat {

/// `show` gets each call with its result, for the user: "get_time() → 14:03".
[[nodiscard]] gemini::live::toolset make_tools(std::function<void(const std::string&)> show);

} // namespace chat
