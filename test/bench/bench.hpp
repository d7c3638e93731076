// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

/// The arguments and the measurement of every benchmarked client, so that they differ only in the
/// library under test.
namespace bench {

/// Arguments: flood|paced plain|tls CPU PORT CA-FILE SESSIONS WARM-UP-SECONDS SECONDS
struct options {
    bool paced = false;
    bool tls = false;
    int cpu = -1;
    std::uint16_t port = 0;
    std::string ca_file;
    std::size_t sessions = 1;
    std::chrono::duration<double> warm_up{0};
    std::chrono::duration<double> window{0};
};

inline void pin_to(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) std::perror("sched_setaffinity");
}

inline void raise_descriptor_limit()
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 20'000 ? limit.rlim_max : 20'000;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// Also pins the process and limits its run time.
inline options start(int argc, char** argv)
{
    if (argc != 9) {
        std::fprintf(stderr,
            "usage: %s flood|paced plain|tls CPU PORT CA SESSIONS WARM-UP SECONDS\n", argv[0]);
        std::exit(2);
    }
    options given;
    given.paced = std::strcmp(argv[1], "paced") == 0;
    given.tls = std::strcmp(argv[2], "tls") == 0;
    given.cpu = std::atoi(argv[3]);
    given.port = static_cast<std::uint16_t>(std::atoi(argv[4]));
    given.ca_file = argv[5];
    given.sessions = static_cast<std::size_t>(std::atoi(argv[6]));
    given.warm_up = std::chrono::duration<double>(std::atof(argv[7]));
    given.window = std::chrono::duration<double>(std::atof(argv[8]));
    pin_to(given.cpu);
    raise_descriptor_limit();
    alarm(120);
    return given;
}

/// CPU time of the whole process, all threads, user and system.
inline double cpu_seconds()
{
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
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

/// Counts messages and measures time. It is driven by the messages alone, so it needs no timer of
/// any event loop: one session first, whose memory is recorded after 25 messages, then all of them,
/// then the warm-up, then the window.
class meter {
public:
    enum class next { go_on, connect_the_rest, stop };

    explicit meter(const options& given) : given_(given) {}

    /// A session has received setupComplete.
    void connected()
    {
        if (++connected_ == given_.sessions) warm_from_ = clock::now();
    }

    /// A message has arrived and has been handed to the reader.
    next message(std::size_t size)
    {
        ++messages_;
        bytes_ += size;
        if (messages_ == messages_before_rest) {
            resident_one_ = resident_kb();
            return given_.sessions > 1 ? next::connect_the_rest : next::go_on;
        }
        if (finished_ || connected_ < given_.sessions || messages_ < look_at_) return next::go_on;
        const auto now = clock::now();
        if (!measuring_) {
            if (now - warm_from_ >= given_.warm_up) begin(now);
            return next::go_on;
        }
        look_at_ = messages_ + (given_.paced ? 1 : 64);
        if (now - from_ < given_.window) return next::go_on;
        report(now);
        finished_ = true;
        return next::stop;
    }

private:
    using clock = std::chrono::steady_clock;
    static constexpr std::uint64_t messages_before_rest = 25;

    void begin(clock::time_point now)
    {
        measuring_ = true;
        from_ = now;
        messages_before_ = messages_;
        bytes_before_ = bytes_;
        cpu_before_ = cpu_seconds();
    }

    void report(clock::time_point now) const
    {
        const double cpu = cpu_seconds() - cpu_before_;
        const double wall = std::chrono::duration<double>(now - from_).count();
        std::printf("{\"messages\": %llu, \"bytes\": %llu, \"cpu_s\": %.6f, \"wall_s\": %.6f, "
                    "\"resident_one_kb\": %ld, \"resident_all_kb\": %ld}\n",
            static_cast<unsigned long long>(messages_ - messages_before_),
            static_cast<unsigned long long>(bytes_ - bytes_before_), cpu, wall, resident_one_,
            resident_kb());
        std::fflush(stdout);
    }

    options given_;
    std::size_t connected_ = 0;
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t look_at_ = 0;
    bool measuring_ = false;
    bool finished_ = false;
    clock::time_point warm_from_{};
    clock::time_point from_{};
    std::uint64_t messages_before_ = 0;
    std::uint64_t bytes_before_ = 0;
    double cpu_before_ = 0;
    long resident_one_ = 0;
};

inline constexpr const char* target =
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
inline constexpr const char* setup = R"({"setup":{"model":"models/gemini-3.8-live"}})";

/// A setupComplete is recognized by its size.
inline constexpr std::size_t longest_setup_complete = 64;

} // namespace bench
