// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "auth/token_fetcher.hpp"

#include <gemini/live/log.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_signal.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gemini::live::auth {

using steady_time = std::chrono::steady_clock::time_point;

/// What a source depends on. Tests substitute their own.
struct source_world {
    asio::any_io_executor executor;
    std::function<asio::awaitable<proof>()> fetch;
    std::function<steady_time()> clock;
    std::function<wall_time()> wall_clock;
    std::function<asio::awaitable<void>(steady_time)> sleep_until;
    std::function<double()> random; ///< Uniformly distributed over [0, 1).
    live::logger logger{};
};

/// A client's access tokens. However many callers ask, only one fetch runs at a time. The token is
/// cached and refreshed in the background when requested shortly before it expires. All calls must
/// be made on the executor.
class token_source : public std::enable_shared_from_this<token_source> {
public:
    using self_ptr = std::shared_ptr<token_source>;
    using proof_ptr = std::shared_ptr<const proof>;

    /// Cached tokens are valid for at least `least_left` when they are returned.
    token_source(source_world world, std::chrono::seconds least_left);

    /// Throws what the fetch threw. Failures that a retry may cure are thrown only after several
    /// tries.
    /// Cancellation: total. A fetch that nobody waits for any longer is abandoned.
    [[nodiscard]] static asio::awaitable<proof_ptr> get(self_ptr self);

    /// Called when the service has refused a token, so that it is not returned again.
    void forget(const proof_ptr& refused);

private:
    struct waiter;
    struct flight;

    static asio::awaitable<void> run(self_ptr self, std::shared_ptr<flight> flight);
    static asio::awaitable<void> ring(self_ptr self, std::shared_ptr<flight> flight);
    asio::awaitable<proof> fetch();
    [[nodiscard]] std::chrono::nanoseconds left() const;
    void spawn(asio::awaitable<void> work, std::shared_ptr<flight> flight,
        asio::cancellation_signal& stop) const;
    void begin();
    void keep(proof_ptr got);
    void log(const std::exception_ptr& failure) const;

    const source_world world_;
    const std::chrono::seconds least_left_;
    const std::chrono::seconds ahead_; ///< How long before its expiry a token is replaced.
    proof_ptr held_;
    steady_time ends_{}; ///< The token's expiry, by the clock that cannot be set.
    std::vector<waiter*> waiters_;
    std::shared_ptr<flight> flight_; ///< Null if none is in progress.
};

} // namespace gemini::live::auth
