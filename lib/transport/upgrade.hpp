// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/http_answer.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// The opening handshake of RFC 6455, as the client sees it. Pure.
namespace gemini::live::transport {

/// Returns the value of `Sec-WebSocket-Key` for 16 random bytes.
[[nodiscard]] std::string websocket_key(const std::array<std::byte, 16>& random);

/// Returns the head of the request, with `fields` after those that every upgrade has.
[[nodiscard]] std::string upgrade_request_text(const std::string& target, const std::string& host,
    const headers& fields, const std::string& key);

/// Returns, for an error message, why an answer with status 101 is not the answer to that request;
/// nullopt when it is. Neither subprotocols nor extensions are asked for.
[[nodiscard]] std::optional<std::string> fault_in_upgrade(
    const http_answer& answer, const std::string& key);

} // namespace gemini::live::transport
