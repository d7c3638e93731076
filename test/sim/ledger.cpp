// SPDX-License-Identifier: Apache-2.0
#include "sim/ledger.hpp"

#include <fmt/format.h>

#include <utility>

namespace sim {

int ledger::begin_send(message_kind kind, std::vector<std::string> calls)
{
    sends.push_back({kind, std::move(calls), now()});
    return static_cast<int>(sends.size());
}

int ledger::serial_of_response(const client_message& response, int connection)
{
    for (auto serial = static_cast<int>(sends.size()); serial > 0; --serial) {
        const auto& one = of(serial);
        if (!one.by_dispatcher || one.calls != response.calls || one.response != response.response)
            continue;
        if (one.transmissions.back().connection == connection) break; // sent a second time
        return serial;
    }
    const auto made = begin_send(message_kind::tool_response, response.calls);
    auto& one = of(made);
    one.accepted = one.called;
    one.by_dispatcher = true;
    one.continues = response.continues;
    one.response = response.response;
    return made;
}

bool ledger::is_answered(const std::string& id, int connection) const
{
    const auto found = calls.find(id);
    return found != calls.end() && std::any_of(sends.begin(), sends.end(), [&](const send& one) {
        return one.is_final() && one.calls.front() == id &&
               std::any_of(one.transmissions.begin(), one.transmissions.end(),
                   [&](const transmission& each) {
                       return each.begun > found->second.anew &&
                              (connection == 0 || each.connection == connection);
                   });
    });
}

bool ledger::is_ambiguous(int serial) const
{
    static constexpr std::chrono::seconds longest_doubt{10}; // bounds the round trip
    const auto& transmissions = of(serial).transmissions;
    return std::any_of(transmissions.begin(), transmissions.end(), [this](const transmission& one) {
        return std::any_of(receipts.begin(), receipts.end(), [&](const receipt& each) {
            const bool is_sure = each.follows(one) && each.at >= one.done_at + longest_doubt;
            return each.handle && each.connection == one.connection && each.when > one.begun &&
                   !is_sure;
        });
    });
}

void ledger::report(std::string violation)
{
    trace("ORACLE", [&] { return violation; });
    violations_.push_back(std::move(violation));
}

void ledger::write(const char* actor, const std::string& text)
{
    const auto at = std::chrono::duration<double>(now() - virtual_clock::start).count();
    trace_.push_back(fmt::format("{:10.4f} s  {:<7} {}", at, actor, text));
}

} // namespace sim
