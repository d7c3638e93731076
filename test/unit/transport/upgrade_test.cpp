// SPDX-License-Identifier: Apache-2.0
#include "transport/upgrade.hpp"

#include "support/catch.hpp"

namespace upgrade_test {

using namespace gemini::live::transport;

TEST_CASE("the answer to a key is as in RFC 6455")
{
    const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
    http_answer answer;
    std::string_view text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    REQUIRE(answer.feed(text));
    CHECK_FALSE(fault_in_upgrade(answer, key));
    CHECK(fault_in_upgrade(answer, "dGhlIHNhbXBsZSBub25jZg=="));
}

TEST_CASE("the upgrade request names host, key and version, and has the given fields")
{
    const auto text =
        upgrade_request_text("/live?alt=ws", "a.com:8443", {{"X-Key", "secret"}}, "KEY");
    CHECK(text == "GET /live?alt=ws HTTP/1.1\r\nHost: a.com:8443\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Key: KEY\r\nSec-WebSocket-Version: 13\r\n"
                  "X-Key: secret\r\n\r\n");
    std::array<std::byte, 16> bytes{};
    CHECK(websocket_key(bytes) == "AAAAAAAAAAAAAAAAAAAAAA==");
}

TEST_CASE("the header of an answer to an upgrade is bounded")
{
    http_answer answer;
    std::string_view head = "HTTP/1.1 101 Switching Protocols\r\nX: ";
    CHECK_FALSE(answer.feed(head));
    const std::string long_value(http_answer::longest_head, 'x');
    std::string_view rest = long_value;
    REQUIRE(answer.feed(rest));
    const auto fault = fault_in_upgrade(answer, "KEY");
    REQUIRE(fault);
    CHECK(fault->find("65536") != std::string::npos);
}

} // namespace upgrade_test
