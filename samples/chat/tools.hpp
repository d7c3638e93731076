// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/messages.hpp>
#include <gemini/live/setup.hpp>

#include <string>
#include <vector>

/// Functions of this program that the model may call.
namespace chat {

/// Their declarations for the model.
[[nodiscard]] std::vector<gemini::live::function_declaration> tool_declarations();

/// A call that has been run.
struct tool_result {
    gemini::live::function_response response; ///< For the model.
    std::string summary;                      ///< For the user: "get_time() → 14:03".
};

/// Never fails: a call that cannot be run is answered with an error for the model.
[[nodiscard]] tool_result run_tool(const gemini::live::function_call& call);

} // namespace chat
