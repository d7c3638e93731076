// SPDX-License-Identifier: Apache-2.0
#include "transport/route.hpp"

#include "support/catch.hpp"

namespace route_test {

using namespace gemini::live::transport;

TEST_CASE("this machine reaches its own addresses, from the same ones")
{
    CHECK(has_route(asio::ip::address_v4::loopback()));
    CHECK(has_route(asio::ip::address_v6::loopback()));
    CHECK(source_for(asio::ip::address_v6::loopback()) == asio::ip::address_v6::loopback());
}

TEST_CASE("an address to which the system does not send has no route")
{
    CHECK_FALSE(has_route(asio::ip::address_v4::broadcast()));
    CHECK_FALSE(source_for(asio::ip::make_address_v6("::ffff:255.255.255.255")));
}

} // namespace route_test
