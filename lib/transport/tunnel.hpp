// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/connect_tunnel_test.cpp
#pragma once

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace gemini::live::transport {

/// The error for a proxy that ended the connection before it had answered.
[[nodiscard]] inline error tunnel_cut(const std::string& proxy, const std::string& target)
{
    return {errc::connection_lost,
        fmt::format("The proxy {} ended the connection before it had opened a tunnel to {}: check "
                    "its URL, and whether it allows this host and port.",
            proxy, target),
        {phase::connect}};
}

/// Asks a proxy for a tunnel to another host: bytes in, bytes out. Pure.
class tunnel {
public:
    enum class state {
        asking,
        refused, ///< There will be none; more of the proxy's words may come.
        failed,  ///< Likewise, and nothing more is wanted.
        open,    ///< What follows comes from the other host.
    };

    tunnel() = default;
    tunnel(const tunnel&) = delete;
    tunnel& operator=(const tunnel&) = delete;
    virtual ~tunnel() = default;

    /// Returns what is to be sent next; empty: nothing before more has been fed.
    [[nodiscard]] virtual std::string output() = 0;
    /// Consumes the proxy's bytes from the front of `bytes`. Not to be called again after `failed`
    /// or `open`.
    [[nodiscard]] virtual state feed(std::string_view& bytes) = 0;
    /// Returns why there is no tunnel, as far as the proxy has said.
    [[nodiscard]] virtual error why() const = 0;
};

} // namespace gemini::live::transport
