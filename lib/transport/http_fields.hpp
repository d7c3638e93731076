// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_handshake_test.cpp, test/unit/transport/http_call_test.cpp
#pragma once

#include "transport/transport.hpp"

#include <chrono>
#include <optional>
#include <string_view>

/// Reading the heads of HTTP messages. Pure.
namespace gemini::live::transport {

/// The value of a field, by its name in lower case; empty when absent.
[[nodiscard]] std::string_view header_of(const headers& fields, std::string_view name) noexcept;

/// Returns `Retry-After` as seconds from `now`, given as a number of seconds or an HTTP date; at
/// least 0, at most a day. Returns nullopt when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

} // namespace gemini::live::transport
