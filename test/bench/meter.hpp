// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "allocations.hpp"
#include "arguments.hpp"
#include "message.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <vector>

/// What every client shares, so that they differ only in the library under test: when to send, what
/// to do upon a message, what is counted. bench.mjs is the same for Node.js.
namespace bench {

/// CPU time of the process or thread, user and system.
inline double cpu_seconds(int whose)
{
    rusage used{};
    getrusage(whose, &used);
    return double(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * double(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

inline long resident_kb()
{
    long total = 0;
    long resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/// What a client has to do now.
struct orders {
    unsigned sends = 0; ///< Send so many chunks on the session at hand.
    bool open_others = false;
    bool stop = false;
};

/// Counts between the server's marks, and prints the result.
class meter {
public:
    explicit meter(const traffic& given, int whose = RUSAGE_SELF) : given_(given), whose_(whose)
    {
        if (!given_.latency) return;
        latencies_.resize(most_latencies); // so that its memory is not taken for that of sessions
        latencies_.clear();
    }

    /// A session has received setupComplete, for the first time or again.
    [[nodiscard]] orders connected() const { return {.sends = given_.first}; }

    /// A chunk is about to be sent.
    void sending()
    {
        ++sent_;
        if (given_.per_audio > 0 && given_.latency) sent_ns_ = now_ns();
    }

    /// A message with sound has been handed to the reader.
    orders received(header head)
    {
        switch (head.what) {
        case meaning::audio: break;
        case meaning::acknowledgment: return {.sends = given_.per_ack};
        case meaning::open_others: resident_one_ = resident_kb(); return {.open_others = true};
        case meaning::begin: begin(); return {};
        case meaning::end: report(); return {.stop = true};
        }
        ++received_;
        if (given_.latency) record(given_.per_audio > 0 ? sent_ns_ : head.sent_ns);
        return {.sends = given_.per_audio};
    }

private:
    static constexpr std::size_t most_latencies = 200'000;

    void record(std::uint64_t from)
    {
        if (!measuring_ || latencies_.size() == most_latencies) return;
        constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
        latencies_.push_back(static_cast<std::uint32_t>(std::min(now_ns() - from, most)));
    }

    /// The system calls between this getrusage and that of `report` are counted by run.py.
    void begin()
    {
        measuring_ = true;
        sent_ = received_ = 0;
        allocations_ = allocations;
        from_ns_ = now_ns();
        cpu_ = cpu_seconds(whose_);
    }

    void report() const
    {
        const double cpu = cpu_seconds(whose_) - cpu_;
        const double wall = 1e-9 * double(now_ns() - from_ns_);
        std::string latencies;
        for (const auto each : latencies_)
            latencies.append(latencies.empty() ? "" : ",").append(std::to_string(each));
        std::printf("{\"received\": %llu, \"sent\": %llu, \"cpu_s\": %.6f, \"wall_s\": %.6f, "
                    "\"news\": %llu, \"mallocs\": %llu, \"resident_one_kb\": %ld, "
                    "\"resident_all_kb\": %ld, "
                    "\"latency_ns\": [%s]}\n",
            static_cast<unsigned long long>(received_), static_cast<unsigned long long>(sent_), cpu,
            wall, static_cast<unsigned long long>(allocations.news - allocations_.news),
            static_cast<unsigned long long>(allocations.mallocs - allocations_.mallocs),
            resident_one_, resident_kb(), latencies.c_str());
        std::fflush(stdout);
    }

    traffic given_;
    int whose_;
    bool measuring_ = false;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    counted_allocations allocations_;
    std::uint64_t sent_ns_ = 0;
    std::uint64_t from_ns_ = 0;
    double cpu_ = 0;
    long resident_one_ = 0;
    std::vector<std::uint32_t> latencies_;
};

/// When which session sends, if chunks are paced: at each whole millisecond those whose turn it is.
class pacer {
public:
    using clock = std::chrono::steady_clock;

    explicit pacer(const traffic& given)
        : period_(given.up_ms), sessions_(given.sessions), tick_(now()), at_(sessions_)
    {
    }

    [[nodiscard]] bool paced() const { return period_ > 0; }

    [[nodiscard]] clock::time_point next_tick() const
    {
        return clock::time_point(std::chrono::milliseconds(tick_ + 1));
    }

    /// The next session that is due by now; nullopt: none until the next tick.
    std::optional<std::size_t> take()
    {
        while (at_ >= sessions_) {
            const auto present = now();
            if (tick_ >= present) return std::nullopt;
            if (present - tick_ > longest_stall) tick_ = present - 1; // what it missed is left out
            at_ = static_cast<std::size_t>(++tick_) % period_;
        }
        const auto due = at_;
        at_ += period_;
        return due;
    }

private:
    static constexpr std::int64_t longest_stall = 100; // ms

    static std::int64_t now()
    {
        return std::chrono::floor<std::chrono::milliseconds>(clock::now().time_since_epoch())
            .count();
    }

    std::size_t period_;
    std::size_t sessions_;
    std::int64_t tick_;
    std::size_t at_;
};

} // namespace bench
