// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/route.hpp"
#include "protocol/json_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::emulator {

/// Returns the service's complaint about the first member of a client message that is unknown or
/// has an invalid value, or nothing if all are valid. `message` is the whole client message.
[[nodiscard]] std::optional<std::string> find_fault(
    const protocol::json_value& message, backend backend);
/// Likewise, for a message of a music session.
[[nodiscard]] std::optional<std::string> find_music_fault(const protocol::json_value& message);

/// Finds a member of an object in camelCase or, as proto3 JSON allows, in snake_case.
[[nodiscard]] std::optional<protocol::json_value> find_member(
    const protocol::json_value& object, std::string_view camel_case);
/// Likewise, along a path: "generationConfig.responseModalities".
[[nodiscard]] std::optional<protocol::json_value> find_path(
    const protocol::json_value& object, std::string_view path);

/// Return the text at a path ("" if there is none), and whether a flag is set there.
[[nodiscard]] std::string text_at(const protocol::json_value& object, std::string_view path);
[[nodiscard]] bool flag_at(const protocol::json_value& object, std::string_view path);
/// Returns the enumerator at a path in upper case: the service accepts either case.
[[nodiscard]] std::string name_at(const protocol::json_value& object, std::string_view path);
[[nodiscard]] std::string upper(std::string text);
/// Converts "responseModalities" to "response_modalities".
[[nodiscard]] std::string snake_case(std::string_view camel_case);

} // namespace gemini::live::emulator
