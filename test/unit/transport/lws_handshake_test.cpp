// SPDX-License-Identifier: Apache-2.0
#include "transport/http_fields.hpp"
#include "transport/lws_handshake.hpp"

#include "support/catch.hpp"

namespace lws_handshake_test {

using namespace gemini::live;
using namespace gemini::live::transport;
using namespace std::chrono_literals;

TEST_CASE("Retry-After is a number of seconds or a date, and at most a day")
{
    const auto now =
        std::chrono::system_clock::from_time_t(784'111'777); // Sun, 06 Nov 1994 08:49:37
    struct row {
        const char* value;
        std::optional<std::chrono::seconds> expected;
    };
    const auto [value, expected] =
        GENERATE(row{"0", 0s}, row{"120", 120s}, row{"-5", 0s}, row{"99999999999999999999", 24h},
            row{"86401", 24h}, row{"Sun, 13 Nov 1994 08:49:37 GMT", 24h},
            row{"Sun, 06 Nov 1994 08:50:37 GMT", 60s}, row{"Sun, 06 Nov 1994 08:40:00 GMT", 0s},
            row{"Fri, 31 Dec 9999 23:59:59 GMT", 24h}, row{"Mon, 01 Jan 0001 00:00:00 GMT", 0s},
            row{"", std::nullopt}, row{"soon", std::nullopt}, row{"12 s", std::nullopt});
    CHECK(parse_retry_after(value, now) == expected);
}

TEST_CASE("the Host header has brackets and a port where it needs them")
{
    struct row {
        const char* host;
        std::uint16_t port;
        bool tls;
        const char* expected;
    };
    const auto [host, port, tls, expected] =
        GENERATE(row{"a.com", 443, true, "a.com"}, row{"a.com", 80, false, "a.com"},
            row{"a.com", 80, true, "a.com:80"}, row{"a.com", 443, false, "a.com:443"},
            row{"::1", 443, true, "[::1]"}, row{"::1", 8443, true, "[::1]:8443"});
    connect_request request;
    request.host = host;
    request.port = port;
    request.tls = tls;
    CHECK(lws_handshake(request, std::nullopt).host_header() == expected);
}

TEST_CASE("a refused upgrade reports what to do, and whether to retry")
{
    CHECK(refused_upgrade(401, "", {}).condition() == condition::credentials);
    CHECK(refused_upgrade(403, "", {}).condition() == condition::credentials);
    CHECK(refused_upgrade(429, "", 5s).condition() == condition::quota);
    CHECK(refused_upgrade(429, "", 5s).retry_after() == 5s);
    CHECK(refused_upgrade(503, "", {}).condition() == condition::retryable);
    CHECK(refused_upgrade(404, "Not Found", {}).condition() == condition::invalid_request);
    CHECK(refused_upgrade(404, "Not Found", {}).reason() == "Not Found");
}

} // namespace lws_handshake_test
