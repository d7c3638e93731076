// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/client_test.cpp
#pragma once

#include "async/clock.hpp"
#include "async/semaphore.hpp"
#include "auth/token_source.hpp"
#include "engine/dial_rate_limiter.hpp"
#include "protocol/endpoint.hpp"
#include "transport/transport.hpp"

#include <gemini/live/client.hpp>
#include <gemini/live/setup.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace gemini::live {

/// Where `base_url` may be plain text. Credentials that renew themselves would give whoever listens
/// a valid token at any time, so they need two permissions.
[[nodiscard]] protocol::plain_text allowed_plain_text(const client_options& options) noexcept;

/// What the sessions of a client depend on: its options and the outside world. Tests supply another
/// world.
class client_core {
public:
    client_core(client_options options, std::shared_ptr<transport::connector> connector,
        std::shared_ptr<async::clock> clock, std::function<double()> random);

    const client_options options;
    const std::shared_ptr<transport::connector> connector;
    const std::shared_ptr<async::clock> clock;
    const std::function<double()> random; ///< Uniformly distributed in [0, 1).
    engine::dial_rate_limiter dial_limiter;
    /// Each handshake takes 10 to 40 KB while it lasts. A thousand at once would also keep one
    /// another, and the server, waiting. Deadlines start when a handshake's turn comes.
    const std::shared_ptr<async::semaphore> handshakes = std::make_shared<async::semaphore>(128);

    /// Returns the upgrade request for `options`, to another base URL if one is given. It includes
    /// the credentials unless they issue tokens; with an ephemeral token it uses the method for
    /// those. Throws errc::missing_credentials when there are none.
    [[nodiscard]] transport::connect_request request(
        protocol::method what = protocol::method::generate_content,
        const std::string& base_url = {}) const;

    /// Makes a connection, with an access token if the credentials issue them. Tries a second token
    /// when the service does not accept the first. Call on the connector's executor.
    [[nodiscard]] asio::awaitable<std::unique_ptr<transport::connection>> connect(
        protocol::method what, std::string base_url);

    /// What has been shown to the server as credentials, as it is and also without a scheme in
    /// front.
    [[nodiscard]] std::deque<std::string> secrets() const;

    /// Adds where the key came from, where the error is about the key.
    [[nodiscard]] error with_origin(error refused) const;

    /// Returns the setup of a session, which shares it with the latest one if that has an equal
    /// one.
    [[nodiscard]] std::shared_ptr<const live::setup> share(live::setup setup);

    /// Whose models the sessions talk to. The project may be unknown until there is a connection.
    [[nodiscard]] protocol::addressing addressing() const;

    /// False once the execution context has been shut down: nothing may be posted to it then.
    [[nodiscard]] bool context_is_alive() const noexcept { return *alive_; }

private:
    [[nodiscard]] transport::connect_request request_by(
        const credentials& shown, protocol::method what, const std::string& base_url) const;
    asio::awaitable<std::unique_ptr<transport::connection>> connect_in_turn(
        protocol::method what, std::string base_url);
    asio::awaitable<std::unique_ptr<transport::connection>> connect_by(
        std::shared_ptr<const auth::proof> proof, protocol::method what, std::string base_url);
    void adopt_project(const std::string& project);
    [[nodiscard]] std::shared_ptr<auth::token_source> make_source() const;

    mutable std::mutex mutex_;
    protocol::addressing addressing_;
    std::weak_ptr<const live::setup> latest_setup_;
    std::shared_ptr<auth::token_source> tokens_; // null unless the credentials issue tokens
    std::shared_ptr<const auth::proof> shown_;   // the newest token that a connection was made with
    std::shared_ptr<const std::atomic<bool>> alive_;
};

} // namespace gemini::live
