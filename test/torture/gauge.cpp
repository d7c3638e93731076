// SPDX-License-Identifier: Apache-2.0
#include "torture/gauge.hpp"

#include <pthread.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace torture {

using namespace std::chrono_literals;

loop_gauge::loop_gauge(asio::io_context& io) : timer_(io)
{
    ::pthread_getcpuclockid(::pthread_self(), &clock_);
    last_tick_ = now();
    tick();
}

std::chrono::nanoseconds loop_gauge::longest_hold() const
{
    return std::max(longest_.load(), now() - last_tick_.load());
}

loop_gauge::thread_time loop_gauge::now() const
{
    timespec read{};
    ::clock_gettime(clock_, &read);
    return std::chrono::seconds(read.tv_sec) + std::chrono::nanoseconds(read.tv_nsec);
}

void loop_gauge::tick()
{
    longest_ = longest_hold();
    last_tick_ = now();
    timer_.expires_after(2ms);
    timer_.async_wait([this](std::error_code cancelled) {
        if (!cancelled) tick();
    });
}

memory memory_of_this_process()
{
    memory found;
    std::ifstream from("/proc/self/status");
    for (std::string name; from >> name;) {
        if (name == "VmRSS:") from >> found.resident;
        if (name == "VmHWM:") from >> found.high_water;
        from.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    constexpr std::size_t kilobyte = 1024;
    return {found.resident * kilobyte, found.high_water * kilobyte};
}

} // namespace torture
