// SPDX-License-Identifier: Apache-2.0
// A script is read, with everything in it within its bounds, or refused by line and member.
#include "emulator/script/script.hpp"
#include "fuzz/pieces.hpp"

#include <gemini/live/error.hpp>

#include <string_view>

using namespace gemini::live;
using namespace gemini::live::emulator;

namespace {

std::size_t count(const std::vector<step>& steps, int repeats_around);

struct counter {
    int repeats_around;

    std::size_t operator()(const repeat_step& each) const
    {
        fuzz::require(!each.steps.empty() && repeats_around < script::max_repeats_inside);
        return 1 + count(each.steps, repeats_around + 1);
    }
    std::size_t operator()(const expect_step& each) const
    {
        fuzz::require(each.pattern.is_object());
        return 1;
    }
    std::size_t operator()(const close_step& each) const
    {
        fuzz::require(each.code >= 1000 && each.code < 5000 && each.reason.size() <= 123);
        return 1;
    }
    std::size_t operator()(const wait_step& each) const
    {
        fuzz::require(each.time >= each.time.zero() && each.time <= std::chrono::hours(1));
        return 1;
    }
    std::size_t operator()(const drain_step& each) const
    {
        fuzz::require(each.bytes_per_second >= 1);
        return 1;
    }
    template <class Other>
    std::size_t operator()(const Other&) const
    {
        return 1;
    }
};

std::size_t count(const std::vector<step>& steps, int repeats_around)
{
    std::size_t sum = 0;
    for (const auto& each : steps) {
        fuzz::require(each.line > 0);
        sum += std::visit(counter{repeats_around}, each.what);
    }
    return sum;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const auto read = script::parse(text);
        for (const std::size_t connection : {1, 2, 3, 1'000'000}) {
            const auto* part = read.part_of(connection);
            const auto* steps = part ? std::get_if<std::vector<step>>(part) : nullptr;
            if (steps) fuzz::require(count(*steps, 0) <= script::max_steps);
        }
    } catch (const error& refused) {
        fuzz::require(refused.value() == errc::invalid_argument);
        fuzz::require(std::string_view(refused.what()).starts_with("Line "));
    }
    return 0;
}
