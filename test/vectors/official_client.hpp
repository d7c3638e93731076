// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/client_message.hpp"
#include "protocol/json_reader.hpp"

#include <optional>
#include <string_view>

/// Translates calls of the official JavaScript client to what our users would write. That client
/// accepts short forms (a string for a turn), and members of generationConfig at the top of its
/// configuration; nothing else is changed.
namespace vectors {

/// Throws live::error for a configuration that our types cannot express.
[[nodiscard]] gemini::live::setup to_setup(
    std::string_view model, const std::optional<gemini::live::protocol::json_value>& config);

/// For a method that sends something, by its name there. `arguments` may be absent.
[[nodiscard]] gemini::live::protocol::client_message to_message(
    std::string_view method, const std::optional<gemini::live::protocol::json_value>& arguments);

} // namespace vectors
