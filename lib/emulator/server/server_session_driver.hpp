// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/emulator_test.cpp, test/contract/session_test.cpp
#pragma once

#include "async/clock.hpp"
#include "async/event.hpp"
#include "emulator/server/observer.hpp"
#include "emulator/server/server_session.hpp"
#include "transport/listener.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace gemini::live::emulator {

/// A client whose messages a `server_session` answers: one coroutine listens, another sends what is
/// due. Threads: the executor only.
class server_session_driver {
public:
    /// `number` is the client's, for `observer`.
    server_session_driver(std::size_t number, std::shared_ptr<transport::server_connection> client,
        std::unique_ptr<server_session> session, const asio::any_io_executor& executor,
        std::shared_ptr<const observer> observer);

    /// Serves the client until one side ends the connection.
    [[nodiscard]] static asio::awaitable<void> run(std::shared_ptr<server_session_driver> self);

private:
    static asio::awaitable<void> send_loop(std::shared_ptr<server_session_driver> self);
    [[nodiscard]] asio::awaitable<void> perform(actions said);
    [[nodiscard]] moment now() const;
    void end();

    const std::size_t number_;
    const std::shared_ptr<transport::server_connection> client_;
    const std::unique_ptr<server_session> session_;
    const std::shared_ptr<const observer> observer_;
    const asio::any_io_executor executor_;
    const std::shared_ptr<async::clock> clock_;
    const base::time_point begin_ = clock_->now();
    async::event due_; // something is to be said, or may be
    async::event caught_up_;
    std::vector<actions> unsaid_; // immediate answers to what was received
    bool over_ = false;
};

} // namespace gemini::live::emulator
