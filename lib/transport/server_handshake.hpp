// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/listener.hpp"

#include <libwebsockets.h>

#include <optional>
#include <span>
#include <string>

/// The server's side of a request: what libwebsockets read, in our terms, and what to answer.
namespace gemini::live::transport {

/// To be called while lws still has the request. `scratch` bounds each of its parts.
[[nodiscard]] upgrade_request read_request(lws* connection, std::span<char> scratch);

/// The refusal of a request that no WebSocket can come of; lws itself would say nothing.
[[nodiscard]] std::optional<upgrade_verdict> fault_in(const upgrade_request& request);

/// The same of a request without an upgrade, but for its body.
[[nodiscard]] plain_request read_plain_request(lws* connection, std::span<char> scratch);
[[nodiscard]] bool has_body(const plain_request& request) noexcept;

/// The refusal of a request whose body is too long, or has no length.
[[nodiscard]] std::optional<http_response> fault_in(
    const plain_request& request, std::size_t max_body);

/// An answer as it goes over the wire.
[[nodiscard]] std::string response_text(const http_response& response);

/// Adds `fields` to lws's 101; false when they do not fit.
[[nodiscard]] bool add_fields(
    lws* connection, lws_process_html_args& answer, const headers& fields);

} // namespace gemini::live::transport
