// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/endpoint.hpp"

#include <string_view>

/// URLs that people write. Pure.
namespace gemini::live::protocol {

/// Reads "https://host[:port][/path][?query]", also with http, ws and wss. The target is as it
/// stands in the URL, perhaps empty. Throws errc::invalid_argument for anything else, user
/// information and fragments included: "{name} {why}: {advice}".
[[nodiscard]] endpoint read_url(
    std::string_view url, std::string_view name, std::string_view advice);

} // namespace gemini::live::protocol
