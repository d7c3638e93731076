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

/// What a source stands on; tests give another world.
struct source_world {
    asio::any_io_executor executor;
    std::function<asio::awaitable<proof>()> fetch;
    std::function<steady_time()> clock;
    std::function<wall_time()> wall_clock;
    std::function<asio::awaitable<void>(steady_time)> sleep_until;
    std::function<double()> random; ///< Evenly from [0, 1).
    live::logger logger{};
};

/// A client's access tokens. However many ask, one is fetched at a time; it is kept, and replaced
/// by the way when somebody asks shortly before it ends. All calls on the executor.
class token_source : public std::enable_shared_from_this<token_source> {
public:
    using self_ptr = std::shared_ptr<token_source>;
    using proof_ptr = std::shared_ptr<const proof>;

    /// Kept tokens are valid for at least so long when they are given out.
    token_source(source_world world, std::chrono::seconds least_left);

    /// Throws what the fetch did: what another try may help against only after some.
    /// Cancellation: total; a fetch that nobody waits for any more is given up.
    [[nodiscard]] static asio::awaitable<proof_ptr> get(self_ptr self);

    /// The service did not take it: it is not given out again.
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
    const std::chrono::seconds ahead_; ///< So long before its end a token is replaced.
    proof_ptr held_;
    steady_time ends_{}; ///< Of the token, by the clock that nobody sets.
    std::vector<waiter*> waiters_;
    std::shared_ptr<flight> flight_; ///< Null when there is none.
};

} // namespace gemini::live::auth
