// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace sim {

/// A seeded generator (splitmix64) that returns the same numbers on every platform. Each part of
/// the simulation has a stream of its own: one more draw in one part changes nothing in the others.
/// The name of the part is part of the seed. Renaming it changes the meaning of every seed.
class rng {
public:
    rng(std::uint64_t seed, std::string_view part) noexcept : state_(seed)
    {
        for (const char each : part)
            state_ = (state_ ^ static_cast<unsigned char>(each)) * 0x100000001b3;
        static_cast<void>(next());
    }

    std::uint64_t next() noexcept
    {
        auto mixed = state_ += 0x9e3779b97f4a7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    /// Uniform in [0, 1).
    double real() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }
    /// Uniform in [least, most].
    std::int64_t between(std::int64_t least, std::int64_t most) noexcept
    {
        return least +
               static_cast<std::int64_t>(next() % (static_cast<std::uint64_t>(most - least) + 1));
    }
    std::chrono::milliseconds between(
        std::chrono::milliseconds least, std::chrono::milliseconds most) noexcept
    {
        return std::chrono::milliseconds(between(least.count(), most.count()));
    }
    /// Log-uniform in [least, most]; both must be positive.
    std::chrono::milliseconds magnitude(
        std::chrono::milliseconds least, std::chrono::milliseconds most) noexcept
    {
        const double low = std::log(static_cast<double>(least.count()));
        const double high = std::log(static_cast<double>(most.count()));
        return std::chrono::milliseconds(
            static_cast<std::int64_t>(std::exp(low + (high - low) * real())));
    }
    bool percent(int likely) noexcept { return between(0, 99) < likely; }
    template <class T>
    T one_of(std::initializer_list<T> choices) noexcept
    {
        const auto last = static_cast<std::int64_t>(choices.size()) - 1;
        return choices.begin()[between(0, last)];
    }

private:
    std::uint64_t state_;
};

} // namespace sim
