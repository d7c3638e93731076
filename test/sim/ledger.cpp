// SPDX-License-Identifier: Apache-2.0
#include "sim/ledger.hpp"

#include <fmt/format.h>

#include <utility>

namespace sim {

int ledger::begin_send(kind what, std::vector<std::string> calls)
{
    sends.push_back({what, std::move(calls), now()});
    return static_cast<int>(sends.size());
}

void ledger::accuse(std::string what)
{
    trace("CHECK", [&] { return what; });
    violations_.push_back(std::move(what));
}

void ledger::write(const char* who, const std::string& what)
{
    const auto at = std::chrono::duration<double>(now() - timeline::start).count();
    story_.push_back(fmt::format("{:10.4f} s  {:<7} {}", at, who, what));
}

} // namespace sim
