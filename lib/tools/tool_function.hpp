// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/toolset.hpp>

#include <optional>

namespace gemini::live::detail {

/// A function of a toolset.
struct tool_function {
    function_options options;
    std::optional<schema> accepts; ///< What arguments are checked against.
    erased_handler handler;
};

} // namespace gemini::live::detail
