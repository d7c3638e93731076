// SPDX-License-Identifier: Apache-2.0
#include "transport/address_order.hpp"

#include "support/catch.hpp"

namespace address_order_test {

using namespace gemini::live::transport;

TEST_CASE("addresses are tried alternately by family")
{
    const auto address = [](const char* text) { return asio::ip::make_address(text); };
    const std::vector v6{address("::1"), address("::2"), address("::3")};
    const std::vector v4{address("1.1.1.1"), address("2.2.2.2")};
    CHECK(interleaved(v6, v4) == std::vector{v6[0], v4[0], v6[1], v4[1], v6[2]});
    CHECK(interleaved(v4, v6) == std::vector{v4[0], v6[0], v4[1], v6[1], v6[2]});
    CHECK(interleaved(v6, {}) == v6);
    CHECK(interleaved({}, v4) == v4);
}

TEST_CASE("IPv6 comes first where it leads to the internet, and not where it is a makeshift")
{
    struct row {
        const char* target;
        const char* source; // null: no route
        bool expected;
    };
    const auto [target, source, expected] = GENERATE(row{"2a00:1450::1", "2003::5", true},
        row{"2a00:1450::1", nullptr, false}, row{"2a00:1450::1", "fd00::5", false}, // unique local
        row{"fd00::1", "fd00::5", false},                  // so is the target
        row{"2a00:1450::1", "2002:c000:204::1", false},    // 6to4
        row{"2a00:1450::1", "2001:0:4136:e378::1", false}, // Teredo
        row{"2a00:1450::1", "2001:db8::1", true},          // not Teredo
        row{"::ffff:1.2.3.4", "::ffff:1.2.3.5", false},
        row{"64:ff9b::1.2.3.4", "2003::5", true}, // NAT64
        row{"::1", "::1", true});
    std::optional<asio::ip::address_v6> from;
    if (source) from = asio::ip::make_address_v6(source);
    INFO(target << " from " << (source ? source : "nowhere"));
    CHECK(prefers_ipv6(asio::ip::make_address_v6(target), from) == expected);
}

} // namespace address_order_test
