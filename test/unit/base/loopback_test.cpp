// SPDX-License-Identifier: Apache-2.0
#include "base/loopback.hpp"

#include "support/catch.hpp"

namespace loopback_test {

using gemini::live::base::is_loopback;

TEST_CASE("loopback is recognized by each of its names and addresses, and by nothing else")
{
    for (const auto* host : {"localhost", "LOCALHOST", "LocalHost", "localhost.", "LOCALHOST.",
             "a.localhost", "a.b.LocalHost.", "127.0.0.1", "127.0.0.0", "127.255.255.255",
             "127.9.9.9", "::1", "[::1]", "0:0:0:0:0:0:0:1", "0000:0000::0001", "::0:1",
             "::ffff:127.0.0.1", "::FFFF:127.1.2.3", "[::ffff:127.0.0.1]", "::ffff:7f00:1",
             "0:0:0:0:0:ffff:127.0.0.1", "::0.0.0.1"}) {
        INFO(host);
        CHECK(is_loopback(host));
    }
    for (const auto* host : {"", ".", "[]", "[", "localhost.com", "notlocalhost", ".localhost",
             "localhost..", "localhost:80", "127.1", "127.0.1", "127", "2130706433", "0x7f.0.0.1",
             "0177.0.0.1", "127.0.0.01", "127.0.0.1.", "127.0.0.256", "127.0.0.1.1", "127.0.0.",
             "127.a.0.1", "127.example.com", "127.0.0.1.example.com", "10.0.0.1", "0.0.0.0",
             "1127.0.0.1", "::", "::2", "::1:1", "1::", "1::1", ":1", "::1:", ":::1",
             "::1::", "[::1x", "[::1]x", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:127.1", "::1%lo",
             "[::1", "::1]", "[127.0.0.1]", "[localhost]", "0:0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0::1",
             "::00001", "example.com", " localhost", "127.0.0.1 "}) {
        INFO(host);
        CHECK_FALSE(is_loopback(host));
    }
}

} // namespace loopback_test
