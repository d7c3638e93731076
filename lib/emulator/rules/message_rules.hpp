// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/rules_test.cpp, test/unit/emulator/quirks_test.cpp
#pragma once

#include "emulator/rules/models.hpp"
#include "emulator/rules/refusal.hpp"
#include "emulator/rules/setup_rules.hpp"
#include "emulator/rules/tools.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/backend.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <variant>

/// Further requirements on well-formed messages after the setup. They depend on that setup.
namespace gemini::live::emulator {

[[nodiscard]] std::optional<refusal> turns_fault(std::span<const protocol::json_value> turns,
    const model& model, const testing::emulator_quirks& quirks);
[[nodiscard]] std::optional<refusal> realtime_input_fault(
    const protocol::json_value& input, const accepted_setup& setup);
[[nodiscard]] std::optional<refusal> function_response_fault(
    const protocol::json_value& response, const model& model, live::backend backend);

/// Returns the new tools. Returns nothing if the update leaves them as they are.
[[nodiscard]] std::variant<std::optional<toolbox>, refusal> read_context_update(
    const protocol::json_value& update, const model& model);

/// Whether the MIME type of a blob is one of `type`: "audio".
[[nodiscard]] bool has_media_type(const protocol::json_value& blob, std::string_view type);

} // namespace gemini::live::emulator
