// SPDX-License-Identifier: Apache-2.0
#include "sim/shrink.hpp"

#include <cctype>
#include <string>
#include <utility>

namespace sim {
namespace {

/// Without the numbers, which change when something is taken out.
std::string promise_broken(const scenario& scenario, const mutation& planted)
{
    const auto result = simulate(scenario, false, planted);
    if (result.violations.empty()) return {};
    std::string words = result.violations.front();
    std::erase_if(words, [](unsigned char each) { return std::isdigit(each) != 0; });
    return words.substr(0, 24); // a list may follow
}

/// Takes elements out of `list`, halves first, as long as `still_fails`.
template <class List, class Check>
void thin_out(List& list, const Check& still_fails)
{
    for (auto size = list.size(); size != 0; size /= 2) {
        for (std::size_t from = 0; from + size <= list.size();) {
            const auto whole = list;
            const auto begin = list.begin() + static_cast<std::ptrdiff_t>(from);
            list.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
            if (still_fails()) continue;
            list = whole;
            from += size;
        }
    }
}

} // namespace

scenario shrink(scenario failing, const mutation& planted)
{
    const auto broken = promise_broken(failing, planted);
    const auto still_fails = [&] { return promise_broken(failing, planted) == broken; };
    thin_out(failing.faults, still_fails);
    thin_out(failing.actions, still_fails);
    thin_out(failing.faults, still_fails);
    return failing;
}

} // namespace sim
