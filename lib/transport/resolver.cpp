// SPDX-License-Identifier: Apache-2.0
#include "transport/resolver.hpp"

#include "base/loopback.hpp"
#include "transport/address_order.hpp"
#include "transport/hosts_file.hpp"
#include "transport/route.hpp"

#include <fstream>
#include <iterator>
#include <utility>

namespace gemini::live::transport {
namespace {

/// A host has some; a hostile name server could send thousands.
constexpr std::size_t most_addresses = 20;

std::string text_of(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

host_addresses by_family(const std::vector<asio::ip::address>& all)
{
    host_addresses sorted;
    for (const auto& each : all) (each.is_v6() ? sorted.v6 : sorted.v4).push_back(each);
    return sorted;
}

std::vector<asio::ip::address> in_order(host_addresses found)
{
    const bool ipv6_first =
        found.v4.empty() || (!found.v6.empty() && prefers_ipv6(found.v6.front().to_v6(),
                                                      source_for(found.v6.front().to_v6())));
    auto all = ipv6_first ? interleaved(std::move(found.v6), found.v4)
                          : interleaved(std::move(found.v4), found.v6);
    if (all.size() > most_addresses) all.resize(most_addresses);
    return all;
}

} // namespace

asio::awaitable<std::vector<asio::ip::address>> resolve(
    std::string host, std::chrono::milliseconds limit)
{
    return resolve(std::move(host), limit, name_sources{});
}

asio::awaitable<std::vector<asio::ip::address>> resolve(
    std::string host, std::chrono::milliseconds limit, name_sources from)
{
    asio::error_code not_an_address;
    const auto literal = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return std::vector(1, literal);
    if (base::is_loopback(host)) { // by name; no name server is to be trusted with it
        std::vector<asio::ip::address> loopback(1, asio::ip::address_v4::loopback());
        loopback.emplace_back(asio::ip::address_v6::loopback());
        co_return loopback;
    }
    const auto listed = find_in_hosts(text_of(from.hosts), host);
    auto found = by_family(listed);
    if (listed.empty()) found = co_await ask_name_servers(host, limit, std::move(from.servers));
    co_return in_order(std::move(found));
}

} // namespace gemini::live::transport
