// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/endpoint_test.cpp
#pragma once

#include "protocol/endpoint.hpp"

#include <string_view>

/// Parses URLs that users write. Pure.
namespace gemini::live::protocol {

/// Reads "https://host[:port][/path][?query]", or the same with http, ws or wss. The target is kept
/// as written and may be empty. Throws errc::invalid_argument for anything else, including user
/// information and fragments: "{name} {why}: {advice}".
[[nodiscard]] endpoint read_url(
    std::string_view url, std::string_view name, std::string_view advice);

} // namespace gemini::live::protocol
