// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/relay.hpp"
#include "support/server_record.hpp"

#include <gemini/live/testing/emulator.hpp>

#include <asio/awaitable.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace chaos {

namespace live = gemini::live;
using clock = std::chrono::steady_clock;

/// What goes wrong on the way.
enum class misery { reset, hang_up, half_open, stall, closed_port, in_the_middle, server_drops };
constexpr std::size_t miseries = 7;
[[nodiscard]] const char* name_of(misery what) noexcept;

struct server_options {
    bool go_away = false; ///< Instead of any misery.
    std::uint32_t seed = 1;
    std::function<void(std::string_view)> on_event{};
};

/// An emulator behind a relay that breaks every few seconds. In a thread of its own.
class troubled_server {
public:
    explicit troubled_server(server_options options);
    troubled_server(const troubled_server&) = delete;
    troubled_server& operator=(const troubled_server&) = delete;
    ~troubled_server();

    [[nodiscard]] std::string url() const;

    struct report {
        std::array<std::size_t, miseries> suffered{};
        std::size_t connections = 0;
        clock::duration longest_gap{}; ///< Of the audio.
        clock::duration longest_setup{};
    };
    [[nodiscard]] report look() const;
    [[nodiscard]] std::vector<test::server_record::entry> consumed() const;

    /// Ends all failures.
    void heal();

private:
    void note(const live::testing::emulator_message& message);
    asio::awaitable<void> trouble();
    asio::awaitable<void> suffer(misery what);
    asio::awaitable<void> sleep(std::chrono::milliseconds time);
    [[nodiscard]] std::chrono::milliseconds between(int least, int most);

    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::function<void(std::string_view)> on_event_;
    std::mt19937 random_;
    std::optional<live::testing::emulator> emulator_;
    std::optional<test::relay> relay_;
    bool healed_ = false;

    mutable std::mutex mutex_; // guards everything below
    test::server_record record_;
    report report_;
    std::optional<clock::time_point> last_sound_;
    std::optional<clock::time_point> setup_came_;

    std::thread thread_;
};

} // namespace chaos
