// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_handshake_test.cpp
#pragma once

#include <cstdint>
#include <string>

/// A host and its port as one text.
namespace gemini::live::transport {

/// The host as it stands in a URL or a header: an IPv6 address gets brackets.
[[nodiscard]] inline std::string bracketed(const std::string& host)
{
    return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

/// "host:port", "[::1]:443".
[[nodiscard]] inline std::string authority(const std::string& host, std::uint16_t port)
{
    return bracketed(host) + ':' + std::to_string(port);
}

} // namespace gemini::live::transport
