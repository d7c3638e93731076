// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/transport.hpp"

#include <chrono>
#include <optional>
#include <string_view>

/// What the heads of HTTP messages say. Pure.
namespace gemini::live::transport {

/// The value of a field, by its name in lower case; empty when absent.
[[nodiscard]] std::string_view header_of(const headers& fields, std::string_view name) noexcept;

/// `Retry-After` as seconds from `now`: a number of them, or an HTTP date; at least 0, at most a
/// day. Nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

} // namespace gemini::live::transport
