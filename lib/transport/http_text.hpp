// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/listener_test.cpp, test/unit/transport/listener_http_test.cpp
#pragma once

#include "base/exported.hpp"
#include "transport/transport.hpp"

#include <string>
#include <string_view>

/// HTTP as our servers show and write it. Pure.
namespace gemini::live::transport {

/// Appends part of a path or of a query, percent-encoded where a URL cannot do without.
GEMINI_LIVE_FOR_EMULATOR void append_encoded(std::string& to, std::string_view decoded);

/// Returns an answer as it goes over the wire.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string response_text(const http_response& response);

} // namespace gemini::live::transport
