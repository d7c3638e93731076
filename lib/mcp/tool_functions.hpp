// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mcp/client_core.hpp"

#include <gemini/live/mcp.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace gemini::live::mcp {

/// Returns the nearest name that a function can have, of any length.
[[nodiscard]] std::string function_name(std::string_view prefix, std::string_view tool);

/// As `client::add_tools`.
added_tools add_functions(toolset& to, const std::shared_ptr<client_core>& core,
    const tool_list& list, const function_rules& rules);

} // namespace gemini::live::mcp
