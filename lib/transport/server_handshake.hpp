// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/listener_test.cpp, test/unit/transport/listener_http_test.cpp
#pragma once

#include "transport/listener.hpp"

#include <libwebsockets.h>

#include <optional>
#include <span>
#include <string>

/// The server's side of a request: what libwebsockets has read, in our terms, and what to answer.
namespace gemini::live::transport {

/// Call while lws still has the request. `scratch` bounds each of its parts.
[[nodiscard]] upgrade_request read_request(lws* connection, std::span<char> scratch);

/// Returns the refusal of a request that cannot become a WebSocket; lws itself would not answer it.
[[nodiscard]] std::optional<upgrade_verdict> fault_in(const upgrade_request& request);

/// Like `read_request`, for a request without an upgrade. Leaves out the body.
[[nodiscard]] plain_request read_plain_request(lws* connection, std::span<char> scratch);
[[nodiscard]] bool has_body(const plain_request& request) noexcept;

/// Returns the refusal of a request whose body is too long or has no length.
[[nodiscard]] std::optional<http_response> fault_in(
    const plain_request& request, std::size_t max_body);

/// Adds `fields` to lws's 101 answer; returns false when they do not fit.
[[nodiscard]] bool add_fields(
    lws* connection, lws_process_html_args& answer, const headers& fields);

} // namespace gemini::live::transport
