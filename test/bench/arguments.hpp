// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

namespace bench {

/// The arguments of a program, all of the form name=value. Server and clients get the same ones,
/// and each reads what concerns it.
class arguments {
public:
    arguments(int argc, char** argv) : program_(argv[0])
    {
        for (int i = 1; i < argc; ++i) {
            const std::string_view argument = argv[i];
            const auto sign = argument.find('=');
            if (sign != std::string_view::npos)
                values_.emplace(argument.substr(0, sign), argument.substr(sign + 1));
        }
    }

    [[nodiscard]] const std::string& text(const std::string& name) const
    {
        const auto found = values_.find(name);
        if (found != values_.end()) return found->second;
        std::cerr << program_ << ": " << name << "=... is missing; test/bench/run.py runs this\n";
        std::exit(2);
    }

    [[nodiscard]] unsigned number(const std::string& name) const
    {
        return static_cast<unsigned>(std::strtoul(text(name).c_str(), nullptr, 10));
    }

private:
    std::string program_;
    std::map<std::string, std::string> values_;
};

/// A scenario: who sends what when. test/bench/scenarios.py has the values.
struct traffic {
    explicit traffic(const arguments& given)
        : tls(given.text("transport") == "tls"), sessions(given.number("sessions")),
          down(given.text("down")), down_ms(given.number("down_ms")), up_ms(given.number("up_ms")),
          chunk_ms(given.number("chunk_ms")), first(given.number("first")),
          per_audio(given.number("per_audio")), per_ack(given.number("per_ack")),
          storm(given.text("storm")), latency(given.number("latency") != 0),
          warm_up(given.number("warm_up_ms")), window(given.number("window_ms"))
    {
    }

    bool tls;
    std::size_t sessions;
    /// What the server sends: none, flood, paced (an audio message every `down_ms`), echo (one for
    /// each chunk) or acks (an acknowledgment of every `per_ack` chunks).
    std::string down;
    unsigned down_ms;
    unsigned up_ms;     ///< The time from a session's chunk to its next one; 0: not paced.
    unsigned chunk_ms;  ///< The sound in one chunk.
    unsigned first;     ///< The chunks that a session sends at once when it is connected.
    unsigned per_audio; ///< The chunks that it sends for each audio message.
    unsigned per_ack;   ///< The chunks that it sends for each acknowledgment.
    std::string storm;  ///< What is measured: none, connect or reconnect.
    bool latency;       ///< Whether clients record the latency of each message.
    std::chrono::milliseconds warm_up;
    std::chrono::milliseconds window;
};

/// Enough descriptors for 1,000 sessions.
inline void raise_descriptor_limit()
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 20'000 ? limit.rlim_max : 20'000;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// A client ends, whatever happens. (The server does when run.py does.)
inline void prepare_client()
{
    raise_descriptor_limit();
    alarm(240);
}

} // namespace bench
