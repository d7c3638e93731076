// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/schema_node.hpp"

#include <gemini/live/tool.hpp>

#include <vector>

namespace gemini::live::protocol {

/// Returns what of `value` does not fit `schema`, as `schema::check`.
[[nodiscard]] std::vector<schema_mismatch> check_value(
    const schema_node& schema, const json& value);

} // namespace gemini::live::protocol
