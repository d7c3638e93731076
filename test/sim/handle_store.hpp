// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/virtual_time.hpp"

#include <gemini/live/resumption_store.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sim {

/// Keeps the handle of one conversation, at the pace of the scenario.
class handle_store final : public gemini::live::resumption_store {
public:
    using record = gemini::live::resumption_record;

    handle_store(std::shared_ptr<test::virtual_clock> clock, std::chrono::milliseconds takes)
        : clock_(std::move(clock)), takes_(takes)
    {
    }

    [[nodiscard]] std::string handle() const { return kept_ ? kept_->handle : std::string(); }

    asio::awaitable<std::optional<record>> load(std::string) override
    {
        co_await work();
        co_return kept_;
    }
    asio::awaitable<void> save(std::string, record newest, std::chrono::milliseconds) override
    {
        co_await work();
        kept_ = std::move(newest);
    }
    asio::awaitable<void> erase(std::string) override
    {
        co_await work();
        kept_.reset();
    }
    asio::awaitable<bool> replace(
        std::string, std::string expected, record newest, std::chrono::milliseconds) override
    {
        co_await work();
        if (handle() != expected) co_return false;
        kept_ = std::move(newest);
        co_return true;
    }
    asio::awaitable<bool> erase_if(std::string, std::string expected) override
    {
        co_await work();
        if (kept_ && handle() != expected) co_return false;
        kept_.reset();
        co_return true;
    }

private:
    asio::awaitable<void> work() { return clock_->sleep_until(clock_->now() + takes_); }

    std::shared_ptr<test::virtual_clock> clock_;
    std::chrono::milliseconds takes_;
    std::optional<record> kept_{};
};

} // namespace sim
