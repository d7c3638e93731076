// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>

#include <string>
#include <string_view>

namespace gemini::live::transport {

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
