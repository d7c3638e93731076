// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario_set.hpp"
#include "sim/shrink.hpp"
#include "sim/simulation.hpp"

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

constexpr std::string_view help =
    R"(usage: sim [--seeds A..B | --cuts [A..B] | --interruptions [A..B] | --days A..B] [--jobs N]
       sim --seed N | --cut N | --interruption N | --day N [--trace]

Deterministic simulation: runs whole sessions in virtual time against a simulated network and
server, and checks the promises of docs/sessions.md. Exits with 1 if one is broken.

  --seeds A..B   random scenarios (default: 1..1000). A seed determines the actions of the user, the
                 faults and their times. In a quarter of them, two rare conditions coincide.
  --cuts [A..B]  one conversation, cut after each message, in each way and mode of resumption; with
                 transparent resumption also twice, after each pair of messages (default: all)
  --interruptions [A..B]
                 cancels a call, or closes or destroys the session, after each step of a coroutine
                 in nine scenarios (default: all)
  --days A..B    24 hours each, with goAway every ten minutes
  --jobs N       number of processes (default: number of processors)
  --seed N, --cut N, --interruption N, --day N
                 replays one scenario; shrinks it if it fails, and prints the end of the trace
  --trace        prints the whole trace and does not shrink
)";

struct arguments {
    const sim::scenario_set* which = &sim::scenario_sets().front();
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

/// Returns the scenario set that an option names, or null.
const sim::scenario_set* find_set(
    std::string_view option, std::string_view sim::scenario_set::*name)
{
    for (const auto& each : sim::scenario_sets())
        if (option.starts_with("--") && option.substr(2) == each.*name) return &each;
    return nullptr;
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
        } else if (const auto* one = find_set(*word, &sim::scenario_set::singular)) {
            read.which = one;
            read.first = read.last = number(value());
            read.one = true;
        } else if (const auto* many = find_set(*word, &sim::scenario_set::plural)) {
            read.which = many;
            const bool whole = std::next(word) == words.end() || std::next(word)->starts_with("--");
            if (whole && many->size != 0) {
                read.last = many->size;
                continue;
            }
            const auto range = value();
            const auto dots = range.find("..");
            if (dots == range.npos) throw std::runtime_error(fmt::format("{} needs A..B", *word));
            read.first = number(range.substr(0, dots));
            read.last = number(range.substr(dots + 2));
        } else {
            throw std::runtime_error(fmt::format("unknown argument '{}'", *word));
        }
    }
    if (read.last < read.first) throw std::runtime_error("the last number comes before the first");
    if (read.first == 0) throw std::runtime_error("the first number is 1");
    if (read.which->size != 0 && read.last > read.which->size)
        throw std::runtime_error(
            fmt::format("there are {} {}", read.which->size, read.which->plural));
    return read;
}

/// Totals of all processes, in shared memory.
struct totals {
    std::atomic<std::uint64_t> done{};
    std::atomic<std::uint64_t> failed{};
    std::atomic<std::uint64_t> events{};
    std::atomic<std::uint64_t> sends{};
    std::atomic<std::uint64_t> connections{};
    std::array<std::atomic<std::uint64_t>, sim::fault_kinds> fault_counts{};
    std::array<std::atomic<std::uint64_t>, 100> failures{}; ///< The first that failed.
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

void work(const arguments& what, unsigned job, totals& all)
{
    for (auto seed = what.first + job; seed <= what.last; seed += what.jobs) {
        const auto result = sim::simulate(what.which->draw(seed));
        all.events += result.events;
        all.sends += result.sends;
        all.connections += result.connections;
        for (std::size_t i = 0; i != result.fault_counts.size(); ++i)
            all.fault_counts[i] += result.fault_counts[i];
        if (!result.violations.empty()) {
            const auto index = all.failed++;
            if (index < all.failures.size()) all.failures[index] = seed;
        }
        ++all.done;
    }
}

/// Prints the shrunk scenario of a failure, its trace and its violations.
void explain(const sim::scenario_set& which, std::uint64_t seed, bool shrinks, bool traces)
{
    auto scenario = which.draw(seed);
    if (shrinks) scenario = sim::shrink(std::move(scenario));
    const auto result = sim::simulate(scenario, true);
    fmt::print("\nsim --{} {}\n{}", which.singular, seed, sim::describe(scenario));
    constexpr std::size_t enough = 60;
    const auto& trace = result.trace;
    const auto skipped = traces || trace.size() <= enough ? 0 : trace.size() - enough;
    if (skipped != 0) fmt::print("(… {} lines skipped)\n", skipped);
    for (auto line = skipped; line != trace.size(); ++line) fmt::print("{}\n", trace[line]);
    for (const auto& each : result.violations) fmt::print("violation: {}\n", each);
    if (result.violations.empty()) fmt::print("passed\n");
}

int run_one(const arguments& what)
{
    const bool fails = !sim::simulate(what.which->draw(what.first)).violations.empty();
    explain(*what.which, what.first, fails && !what.traces, what.traces);
    return fails ? 1 : 0;
}

int run_many(const arguments& what)
{
    auto* memory =
        mmap(nullptr, sizeof(totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory");
    auto& all = *new (memory) totals;
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
    auto reported = seconds();
    while (!children.empty()) {
        int status = 0;
        const auto child = waitpid(-1, &status, WNOHANG);
        if (child > 0) {
            std::erase(children, child);
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) crashed = true;
            continue;
        }
        if (seconds() - reported >= 10) {
            reported = seconds();
            fmt::print(stderr, "{} of {} {}, {:.0f} a second, {} failed\n", all.done.load(), count,
                what.which->plural, static_cast<double>(all.done) / reported, all.failed.load());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto took = seconds();

    fmt::print("faults that took effect:\n");
    bool complete = true;
    for (int i = 0; i != sim::fault_kinds; ++i) {
        const auto times = all.fault_counts[static_cast<std::size_t>(i)].load();
        if (times != 0 || what.which->has_all_faults)
            fmt::print("  {:<28}{:>10}\n", sim::name_of(static_cast<sim::fault_kind>(i)), times);
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
            explain(*what.which, failures[i], true, false);
        else
            fmt::print("sim --{} {}: {}\n", what.which->singular, failures[i],
                sim::simulate(what.which->draw(failures[i])).violations.front());
    }
    complete = complete || !what.which->has_all_faults || count < 10'000;
    if (!complete) fmt::print("a kind of fault never took effect\n");
    if (crashed) fmt::print("a process crashed\n");
    fmt::print("{} {} in {:.1f} s, {:.0f} a second; {} failed\n", all.done.load(),
        what.which->plural, took, static_cast<double>(all.done) / took, all.failed.load());
    return all.failed == 0 && !crashed && complete ? 0 : 1;
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
