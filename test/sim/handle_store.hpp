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

/// A resumption store for one conversation, with latency.
class handle_store final : public gemini::live::resumption_store {
public:
    using record = gemini::live::resumption_record;

    handle_store(std::shared_ptr<test::virtual_clock> clock, std::chrono::milliseconds latency)
        : clock_(std::move(clock)), latency_(latency)
    {
    }

    [[nodiscard]] std::string handle() const { return record_ ? record_->handle : std::string(); }

    asio::awaitable<std::optional<record>> load(std::string) override
    {
        co_await wait();
        co_return record_;
    }
    asio::awaitable<void> save(std::string, record newest, std::chrono::milliseconds) override
    {
        co_await wait();
        record_ = std::move(newest);
    }
    asio::awaitable<void> erase(std::string) override
    {
        co_await wait();
        record_.reset();
    }
    asio::awaitable<bool> replace(
        std::string, std::string expected, record newest, std::chrono::milliseconds) override
    {
        co_await wait();
        if (handle() != expected) co_return false;
        record_ = std::move(newest);
        co_return true;
    }
    asio::awaitable<bool> erase_if(std::string, std::string expected) override
    {
        co_await wait();
        if (record_ && handle() != expected) co_return false;
        record_.reset();
        co_return true;
    }

private:
    asio::awaitable<void> wait() { return clock_->sleep_until(clock_->now() + latency_); }

    std::shared_ptr<test::virtual_clock> clock_;
    std::chrono::milliseconds latency_;
    std::optional<record> record_{};
};

} // namespace sim
