// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/route.hpp"
#include "protocol/json_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::emulation {

/// What the service says about the first member of a client message that it does not know or whose
/// value it does not take; nothing when all is well. `message` is the whole client message.
[[nodiscard]] std::optional<std::string> find_fault(
    const protocol::json_value& message, flavour flavour);
/// The same for a message of a music session.
[[nodiscard]] std::optional<std::string> find_music_fault(const protocol::json_value& message);

/// Member of an object in camelCase or, as proto3 JSON allows, in snake_case.
[[nodiscard]] std::optional<protocol::json_value> find_member(
    const protocol::json_value& object, std::string_view camel_case);
/// The same along a path: "generationConfig.responseModalities".
[[nodiscard]] std::optional<protocol::json_value> find_path(
    const protocol::json_value& object, std::string_view path);

/// The text at a path, empty when there is none; whether a flag is set there.
[[nodiscard]] std::string text_at(const protocol::json_value& object, std::string_view path);
[[nodiscard]] bool flag_at(const protocol::json_value& object, std::string_view path);
/// The value of an enumeration at a path, in upper case: the service takes both.
[[nodiscard]] std::string name_at(const protocol::json_value& object, std::string_view path);
[[nodiscard]] std::string upper(std::string text);
/// "responseModalities" as "response_modalities".
[[nodiscard]] std::string snake_case(std::string_view camel_case);

} // namespace gemini::live::emulation
