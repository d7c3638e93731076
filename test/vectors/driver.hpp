// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/json_reader.hpp"

#include <gemini/live/backend.hpp>
#include <gemini/live/client.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Runs golden vectors of the form that README.md describes. What a case is shows in its members,
/// not in the name of its file.
namespace vectors {

using json_value = gemini::live::protocol::json_value;

/// Nothing when a case passes; else what is the matter, beginning with the JSON path where it is.
using complaint = std::optional<std::string>;

/// Where two values first differ. Members may stand in any order; 1 and 1.0 are equal.
[[nodiscard]] complaint difference(
    const json_value& expected, const json_value& actual, const std::string& path = "");

/// The Live API that a case speaks to. "both" is tried with each.
struct service {
    gemini::live::backend backend;
    bool express; ///< Vertex AI with an API key.
};
[[nodiscard]] std::vector<service> services_of(const json_value& test);
/// A client of it as the vectors' recorder had.
[[nodiscard]] gemini::live::client_options options_for(const service& to);

// One for each kind of case.
[[nodiscard]] complaint try_client_messages(const json_value& test);
[[nodiscard]] complaint try_server_messages(const json_value& test);
[[nodiscard]] complaint try_connect(const json_value& test);
[[nodiscard]] complaint try_auth_token(const json_value& test);
[[nodiscard]] complaint try_close_code(const json_value& test);
[[nodiscard]] complaint try_resumption(const json_value& test);

} // namespace vectors
