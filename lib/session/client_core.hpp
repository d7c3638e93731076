// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/endpoint.hpp"
#include "session/clock.hpp"
#include "session/dial_budget.hpp"
#include "transport/transport.hpp"

#include <gemini/live/client.hpp>

#include <atomic>
#include <functional>
#include <memory>

namespace gemini::live {

/// What a client's sessions stand on: options, and the world as they may see it. Tests give another
/// world.
class client_core {
public:
    client_core(client_options options, std::shared_ptr<transport::connector> connector,
        std::shared_ptr<sessions::clock> clock, std::function<double()> random);

    const client_options options;
    const std::shared_ptr<transport::connector> connector;
    const std::shared_ptr<sessions::clock> clock;
    const std::function<double()> random; ///< Evenly from [0, 1).
    sessions::dial_budget budget;

    /// The upgrade for `options`, with another base URL if one is given, credentials included; with
    /// an ephemeral token by the method for those. Throws errc::missing_credentials when there are
    /// none.
    [[nodiscard]] transport::connect_request request(
        protocol::method what = protocol::method::generate_content,
        const std::string& base_url = {}) const;

    /// Whose models the sessions talk to.
    [[nodiscard]] const protocol::addressing& addressing() const noexcept { return addressing_; }

    /// False once the execution context has been shut down: nothing may be posted to it any more.
    [[nodiscard]] bool context_is_alive() const noexcept { return *alive_; }

private:
    protocol::addressing addressing_;
    std::shared_ptr<const std::atomic<bool>> alive_;
};

} // namespace gemini::live
