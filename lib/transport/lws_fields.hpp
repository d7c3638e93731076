// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/listener_http_test.cpp, test/unit/transport/listener_test.cpp
#pragma once

#include "transport/transport.hpp"

#include <libwebsockets.h>

#include <span>
#include <string_view>

namespace gemini::live::transport {

/// The fields of a head that lws has read and still holds: those that it knows, and the `custom`
/// ones of the others ("x-name:"). `scratch` bounds each value.
[[nodiscard]] headers read_fields(
    lws* connection, std::span<const std::string_view> custom, std::span<char> scratch);

/// The value of one field; empty when absent.
[[nodiscard]] std::string_view read_field(
    lws* connection, lws_token_indexes which, std::span<char> scratch);

} // namespace gemini::live::transport
