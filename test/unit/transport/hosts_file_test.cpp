// SPDX-License-Identifier: Apache-2.0
#include "transport/hosts_file.hpp"

#include "support/catch.hpp"

namespace hosts_file_test {

using namespace gemini::live::transport;

TEST_CASE("a hosts file is read as hosts(5) says")
{
    constexpr auto text = "# 9.9.9.9 gateway\n"
                          "127.0.0.1\tlocalhost\n"
                          "\n"
                          "  10.0.0.1   gateway.example  Gateway # gate\r\n"
                          "fd00::1 gateway\n"
                          "not-an-address gateway\n"
                          "10.0.0.2\n"
                          "10.0.0.3 gateway2 my-gateway\n"
                          "10.0.0.4 last";
    struct row {
        const char* host;
        std::vector<const char*> expected;
    };
    const auto [host, expected] =
        GENERATE(row{"gateway", {"10.0.0.1", "fd00::1"}}, row{"GATEWAY.example", {"10.0.0.1"}},
            row{"gateway2", {"10.0.0.3"}}, row{"my-gateway", {"10.0.0.3"}},
            row{"last", {"10.0.0.4"}}, row{"gate", {}}, row{"10.0.0.2", {}}, row{"", {}});
    std::vector<asio::ip::address> addresses;
    for (const auto* each : expected) addresses.push_back(asio::ip::make_address(each));
    INFO(host);
    CHECK(find_in_hosts(text, host) == addresses);
    CHECK(find_in_hosts("", host).empty());
}

} // namespace hosts_file_test
