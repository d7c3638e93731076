// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/json_reader.hpp"

#include <gemini/live/mcp.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What MCP says in the messages of JSON-RPC. Pure.
namespace gemini::live::mcp {

/// The newest version first.
inline constexpr std::string_view known_versions[]{
    "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};

[[nodiscard]] std::string initialize_params();
/// Throws errc::rejected for a version that is not known, errc::malformed_message for an answer
/// without one.
[[nodiscard]] server_info read_server_info(const protocol::json_value& result);

struct tool_page {
    tool_list list{};
    std::string next_cursor{}; ///< Empty: this is the last page.
};
/// `cursor` is empty for the first page.
[[nodiscard]] std::string list_params(const std::string& cursor);
/// Throws errc::malformed_message if there is no list.
[[nodiscard]] tool_page read_tool_page(const protocol::json_value& result);

/// `progress_token`: requests reports of progress under this number.
[[nodiscard]] std::string call_params(
    std::string_view name, const json& arguments, std::optional<std::int64_t> progress_token);
/// Throws errc::malformed_message for what is not a result.
[[nodiscard]] call_result read_call_result(const protocol::json_value& result);

struct progress_report {
    std::int64_t token = 0;
    mcp::progress progress{};
};
/// Returns nothing for a report of something else, or without a number.
[[nodiscard]] std::optional<progress_report> read_progress(const protocol::json_value& params);

[[nodiscard]] std::string cancel_params(std::int64_t id, std::string_view reason);

} // namespace gemini::live::mcp
