// SPDX-License-Identifier: Apache-2.0
#include "sim/plan.hpp"
#include "sim/shrink.hpp"
#include "sim/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr std::string_view help = R"(usage: sim [--seeds A..B] [--jobs N]
       sim --seed N [--trace]

Whole sessions against a simulated server, in virtual time. A seed decides what the user does, what
goes wrong and when. Each run is held to the promises of docs/sessions.md, against the server's own
record of what it has consumed.

  --seeds A..B   these (1..1000)
  --jobs N       with so many processes (as many as there are processors)
  --seed N       only this one; a failure is shrunk to what it takes
  --trace        with all that happened, as it is
)";

struct arguments {
    std::uint64_t first = 1;
    std::uint64_t last = 1000;
    unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
    bool one = false;
    bool traces = false;
};

std::uint64_t number(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size())
        throw std::runtime_error(fmt::format("'{}' is not a number", text));
    return value;
}

arguments read(const std::vector<std::string_view>& words)
{
    arguments read;
    for (auto word = words.begin(); word != words.end(); ++word) {
        const auto value = [&] {
            if (std::next(word) == words.end())
                throw std::runtime_error(fmt::format("{} needs a value", *word));
            return *++word;
        };
        if (*word == "--trace") {
            read.traces = true;
        } else if (*word == "--jobs") {
            read.jobs = static_cast<unsigned>(std::clamp<std::uint64_t>(number(value()), 1, 256));
        } else if (*word == "--seed") {
            read.first = read.last = number(value());
            read.one = true;
        } else if (*word == "--seeds") {
            const auto range = value();
            const auto dots = range.find("..");
            if (dots == range.npos) throw std::runtime_error("--seeds needs A..B");
            read.first = number(range.substr(0, dots));
            read.last = number(range.substr(dots + 2));
        } else {
            throw std::runtime_error(fmt::format("unknown argument '{}'", *word));
        }
    }
    if (read.last < read.first) throw std::runtime_error("the last seed comes before the first");
    return read;
}

/// What the processes tell each other; in memory that they share.
struct tally {
    std::atomic<std::uint64_t> done{};
    std::atomic<std::uint64_t> failed{};
    std::atomic<std::uint64_t> events{};
    std::atomic<std::uint64_t> sends{};
    std::atomic<std::uint64_t> connections{};
    std::array<std::atomic<std::uint64_t>, sim::troubles> fired{};
    std::array<std::atomic<std::uint64_t>, 100> failures{}; ///< The first of them.
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

void work(const arguments& what, unsigned job, tally& all)
{
    for (auto seed = what.first + job; seed <= what.last; seed += what.jobs) {
        const auto result = sim::play(sim::draw(seed));
        all.events += result.events;
        all.sends += result.sends;
        all.connections += result.connections;
        for (std::size_t i = 0; i != result.fired.size(); ++i) all.fired[i] += result.fired[i];
        if (!result.violations.empty()) {
            const auto index = all.failed++;
            if (index < all.failures.size()) all.failures[index] = seed;
        }
        ++all.done;
    }
}

/// A failure in words: what it takes, and what happened.
void explain(std::uint64_t seed, bool shrinks, bool traces)
{
    auto plan = sim::draw(seed);
    if (shrinks) plan = sim::shrink(std::move(plan));
    const auto result = sim::play(plan, true);
    fmt::print("\nsim --seed {}\n{}", seed, sim::words(plan));
    constexpr std::size_t enough = 60;
    const auto& story = result.story;
    const auto skipped = traces || story.size() <= enough ? 0 : story.size() - enough;
    if (skipped != 0) fmt::print("(… {} lines before)\n", skipped);
    for (auto line = skipped; line != story.size(); ++line) fmt::print("{}\n", story[line]);
    for (const auto& each : result.violations) fmt::print("broken: {}\n", each);
    if (result.violations.empty()) fmt::print("no promise was broken\n");
}

int run_one(const arguments& what)
{
    const bool fails = !sim::play(sim::draw(what.first)).violations.empty();
    explain(what.first, fails && !what.traces, what.traces);
    return fails ? 1 : 0;
}

int run_many(const arguments& what)
{
    auto* memory =
        mmap(nullptr, sizeof(tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory");
    auto& all = *new (memory) tally;
    const auto begun = std::chrono::steady_clock::now();
    const auto seconds = [begun] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    };
    std::vector<pid_t> children;
    for (unsigned job = 0; job != what.jobs; ++job) {
        const auto child = fork();
        if (child == 0) {
            work(what, job, all);
            _exit(0);
        }
        if (child > 0) children.push_back(child);
    }
    const auto count = what.last - what.first + 1;
    bool crashed = children.size() != what.jobs;
    auto told = seconds();
    while (!children.empty()) {
        int status = 0;
        const auto gone = waitpid(-1, &status, WNOHANG);
        if (gone > 0) {
            std::erase(children, gone);
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) crashed = true;
            continue;
        }
        if (seconds() - told >= 10) {
            told = seconds();
            fmt::print(stderr, "{} of {} seeds, {:.0f} seeds/s, {} failed\n", all.done.load(),
                count, static_cast<double>(all.done) / told, all.failed.load());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto took = seconds();

    fmt::print("faults that struck:\n");
    bool complete = true;
    for (int i = 0; i != sim::troubles; ++i) {
        const auto times = all.fired[static_cast<std::size_t>(i)].load();
        fmt::print("  {:<28}{:>10}\n", sim::name_of(static_cast<sim::trouble>(i)), times);
        complete = complete && times != 0;
    }
    fmt::print("{} sends, {} connections, {} events\n", all.sends.load(), all.connections.load(),
        all.events.load());
    std::vector<std::uint64_t> failures;
    for (std::size_t i = 0; i < std::min<std::uint64_t>(all.failed, all.failures.size()); ++i)
        failures.push_back(all.failures[i]);
    std::sort(failures.begin(), failures.end());
    constexpr std::size_t explained = 3;
    for (std::size_t i = 0; i != failures.size(); ++i) {
        if (i < explained)
            explain(failures[i], true, false);
        else
            fmt::print("sim --seed {}: {}\n", failures[i],
                sim::play(sim::draw(failures[i])).violations.front());
    }
    if (count >= 10'000 && !complete) fmt::print("a kind of fault never struck\n");
    if (crashed) fmt::print("a process ended before its time\n");
    fmt::print("{} seeds in {:.1f} s, {:.0f} seeds/s; {} failed\n", all.done.load(), took,
        static_cast<double>(all.done) / took, all.failed.load());
    return all.failed == 0 && !crashed && (complete || count < 10'000) ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    if (std::find(words.begin(), words.end(), "--help") != words.end()) {
        fmt::print("{}", help);
        return 0;
    }
    try {
        const auto what = read(words);
        return what.one ? run_one(what) : run_many(what);
    } catch (const std::exception& failure) {
        fmt::print(stderr, "sim: {}\n{}", failure.what(), help);
        return 2;
    }
}
