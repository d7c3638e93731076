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

/// Runs golden vectors of the form that README.md describes. The kind of a case is recognized by
/// its members, not by the name of its file.
namespace vectors {

using json_value = gemini::live::protocol::json_value;

/// Returns nothing when a case passes; else the problem, beginning with its JSON path.
using complaint = std::optional<std::string>;

/// Where two values first differ. Members may be in any order; 1 and 1.0 are equal.
[[nodiscard]] complaint difference(
    const json_value& expected, const json_value& actual, const std::string& path = "");

/// The backends of a case. "both" is tried with each.
struct service {
    gemini::live::backend backend;
    bool express; ///< Vertex AI with an API key.
};
[[nodiscard]] std::vector<service> services_of(const json_value& test);
/// A client of that backend, configured like the vectors' recorder.
[[nodiscard]] gemini::live::client_options options_for(const service& to);

// One for each kind of case.
[[nodiscard]] complaint try_client_messages(const json_value& test);
[[nodiscard]] complaint try_server_messages(const json_value& test);
[[nodiscard]] complaint try_connect(const json_value& test);
[[nodiscard]] complaint try_auth_token(const json_value& test);
[[nodiscard]] complaint try_close_code(const json_value& test);
[[nodiscard]] complaint try_resumption(const json_value& test);

} // namespace vectors
