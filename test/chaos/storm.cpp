// SPDX-License-Identifier: Apache-2.0
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// A thousand sessions of one client and a server that restarts: how they reconnect.
namespace {

namespace live = gemini::live;
using namespace std::chrono_literals;

constexpr auto sample_length = 100ms;
constexpr int samples_a_second = 10;
constexpr auto down_time = 5s;
constexpr auto patience = 60s;

/// An emulator in a thread of its own, always on the same port.
class server {
public:
    server() { begin(); }
    ~server() { end(); }

    void begin()
    {
        live::testing::emulator_options options;
        options.port = port_;
        io_.emplace(1);
        emulator_.emplace(io_->get_executor(), options);
        port_ = emulator_->port();
        thread_ = std::thread([this] { io_->run(); });
    }

    void end()
    {
        emulator_->close();
        if (thread_.joinable()) thread_.join(); // no work is left
    }

    [[nodiscard]] std::string url() const { return emulator_->url(); }

private:
    std::uint16_t port_ = 0;
    std::optional<asio::io_context> io_;
    std::optional<live::testing::emulator> emulator_;
    std::thread thread_;
};

struct sample {
    std::uint64_t attempts = 0; ///< In this time.
    std::size_t connected = 0;  ///< At its end.
};

class crowd {
public:
    crowd(std::size_t size, const server& server)
    {
        live::client_options options;
        options.credentials = live::api_key("any");
        options.base_url = server.url();
        options.reconnect.max_attempts = std::nullopt;
        client_.emplace(io_.get_executor(), options);
        for (std::size_t i = 0; i < size; ++i)
            sessions_.push_back(
                std::make_unique<live::session>(*client_, live::setup{.model = "gemini-3.8-live"}));
    }

    [[nodiscard]] double attempts_per_second() const
    {
        return client_->options().reconnect.attempts_per_second.value();
    }

    void connect()
    {
        for (auto& each : sessions_) asio::co_spawn(io_, each->connect(), live::rethrow);
        while (connected() < sessions_.size()) io_.run_one();
        attempts_seen_ = attempts();
    }

    [[nodiscard]] sample watch()
    {
        asio::steady_timer timer(io_, sample_length);
        bool over = false;
        timer.async_wait([&](std::error_code) { over = true; });
        while (!over) io_.run_one();
        const auto before = std::exchange(attempts_seen_, attempts());
        return {attempts_seen_ - before, connected()};
    }

    [[nodiscard]] bool is_whole() const { return connected() == sessions_.size(); }

private:
    [[nodiscard]] std::size_t connected() const
    {
        return static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(),
            [](const auto& each) { return each->status() == live::session_status::connected; }));
    }

    [[nodiscard]] std::uint64_t attempts() const
    {
        std::uint64_t sum = 0;
        for (const auto& each : sessions_) sum += each->counters().attempts;
        return sum;
    }

    asio::io_context io_{1};
    std::optional<live::client> client_;
    std::vector<std::unique_ptr<live::session>> sessions_;
    std::uint64_t attempts_seen_ = 0;
};

/// Prints attempts per second, with a bar. Returns the highest.
std::uint64_t show(const std::vector<sample>& samples)
{
    std::uint64_t most = 0;
    fmt::print("second  attempts  connected\n");
    for (std::size_t begin = 0; begin < samples.size(); begin += samples_a_second) {
        const auto end = std::min(begin + samples_a_second, samples.size());
        std::uint64_t attempts = 0;
        for (auto i = begin; i < end; ++i) attempts += samples[i].attempts;
        most = std::max(most, attempts);
        fmt::print("{:6}  {:8}  {:9}  {}\n", begin / samples_a_second + 1, attempts,
            samples[end - 1].connected, std::string((attempts + 4) / 5, '#'));
    }
    return most;
}

bool restart_under(std::size_t size)
{
    server serving;
    crowd sessions(size, serving);
    sessions.connect();
    fmt::print("{} sessions are connected; the server goes for {} s and comes back.\n", size,
        down_time.count());
    serving.end();
    std::vector<sample> samples;
    const auto up_again = static_cast<std::size_t>(down_time / sample_length);
    const auto most_samples = static_cast<std::size_t>(patience / sample_length);
    do {
        samples.push_back(sessions.watch());
        if (samples.size() == up_again) serving.begin();
    } while (samples.size() <= up_again || (!sessions.is_whole() && samples.size() < most_samples));

    const auto most = show(samples);
    // The budget allows the same number at once as in one second.
    const auto bound = static_cast<std::uint64_t>(2 * sessions.attempts_per_second());
    fmt::print("All are back: {}. Most attempts in a second: {}, the budget of the client bounds "
               "them to {}.\n",
        sessions.is_whole() ? "yes" : "no", most, bound);
    return sessions.is_whole() && most <= bound;
}

void raise_open_files()
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

int main(int argc, char** argv)
{
    const auto size = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000;
    if (size == 0) {
        std::fputs("usage: storm [SESSIONS]\n", stderr);
        return 2;
    }
    try {
        raise_open_files();
        return restart_under(size) ? 0 : 1;
    } catch (const std::exception& failed) {
        fmt::print(stderr, "storm: {}\n", failed.what());
        return 1;
    }
}
