// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/emulator_test.cpp, test/contract/script_test.cpp
#pragma once

#include "emulator/server/observer.hpp"
#include "transport/listener.hpp"

#include <gemini/live/testing/emulator.hpp>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gemini::live::emulator {

[[nodiscard]] testing::emulator_request to_request(const transport::upgrade_request& request);

/// A client as a script or a behavior of the program sees it.
class scripted_peer : public testing::emulator_peer {
public:
    /// `number` is the client's, for `observer`.
    scripted_peer(std::size_t number, std::shared_ptr<transport::server_connection> client,
        std::shared_ptr<const observer> observer);

    [[nodiscard]] const testing::emulator_request& request() const noexcept override
    {
        return request_;
    }
    asio::awaitable<std::optional<std::string>> receive() override;
    asio::awaitable<void> send(std::string message) override;
    asio::awaitable<void> send_text(std::string message) override;
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override;
    void drop() noexcept override { client_->abort(); }

private:
    const std::size_t number_;
    const std::shared_ptr<transport::server_connection> client_;
    const std::shared_ptr<const observer> observer_;
    const testing::emulator_request request_;
};

} // namespace gemini::live::emulator
