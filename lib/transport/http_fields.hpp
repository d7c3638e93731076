// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_handshake_test.cpp, test/unit/transport/http_fields_test.cpp
#pragma once

#include "transport/transport.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Reading the heads of HTTP messages. Pure.
namespace gemini::live::transport {

/// The value of a field, by its name in lower case; empty when absent.
[[nodiscard]] std::string_view header_of(const headers& fields, std::string_view name) noexcept;

/// Returns `Retry-After` as seconds from `now`, given as a number of seconds or an HTTP date; at
/// least 0, at most a day. Returns nullopt when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

/// Returns, for an error message, where the Location field of a redirect leads: "to
/// https://other.example/path?next=…", "to /login on the same server", or "nowhere" when it is
/// empty. On one line, bounded, and without what may be secret: user information, the values of a
/// query, a fragment.
[[nodiscard]] std::string where_it_leads(std::string_view location);

} // namespace gemini::live::transport
