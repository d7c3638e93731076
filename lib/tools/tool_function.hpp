// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/schema_node.hpp"

#include <gemini/live/toolset.hpp>

#include <optional>

namespace gemini::live::detail {

/// A function of a toolset.
struct tool_function {
    function_options options;
    std::optional<protocol::schema_node> accepts; ///< What arguments are checked against.
    erased_handler handler;
};

} // namespace gemini::live::detail
