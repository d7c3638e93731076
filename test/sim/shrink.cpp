// SPDX-License-Identifier: Apache-2.0
#include "sim/shrink.hpp"

#include <cctype>
#include <string>
#include <utility>

namespace sim {
namespace {

/// Returns the first violation without its numbers: those change when something is removed.
std::string promise_broken(const scenario& scenario, const mutation& planted)
{
    const auto result = simulate(scenario, false, planted);
    if (result.violations.empty()) return {};
    std::string violation = result.violations.front();
    std::erase_if(violation, [](unsigned char each) { return std::isdigit(each) != 0; });
    return violation.substr(0, 24); // without the list that may follow
}

/// Removes elements of `list`, halves first, while `still_fails`.
template <class List, class Check>
void remove_elements(List& list, const Check& still_fails)
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
    remove_elements(failing.faults, still_fails);
    remove_elements(failing.actions, still_fails);
    remove_elements(failing.faults, still_fails);
    return failing;
}

} // namespace sim
