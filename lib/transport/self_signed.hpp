// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/listener_test.cpp
#pragma once

#include "base/exported.hpp"

#include <string>
#include <utility>
#include <vector>

namespace gemini::live::transport {

/// Returns a certificate and its key in PEM, for localhost, 127.0.0.1, ::1 and `host_names`. It is
/// self-signed and valid for a day. Callable from any thread. Throws `live::error` with
/// errc::tls_failed, or with errc::invalid_argument for what is not a host name.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::pair<std::string, std::string> make_self_signed(
    const std::vector<std::string>& host_names = {});

} // namespace gemini::live::transport
