// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_connect_test.cpp
#pragma once

#include "transport/transport.hpp"

namespace gemini::live::transport {

/// Connections over libwebsockets on the execution context of `executor`: one libwebsockets context
/// for all of them.
[[nodiscard]] std::shared_ptr<connector> make_lws_connector(asio::any_io_executor executor);

} // namespace gemini::live::transport
