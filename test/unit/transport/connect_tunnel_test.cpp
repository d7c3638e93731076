// SPDX-License-Identifier: Apache-2.0
#include "transport/connect_tunnel.hpp"

#include "support/catch.hpp"

#include <string>

namespace connect_tunnel_test {

using namespace gemini::live;
using namespace gemini::live::transport;
using state = tunnel::state;

namespace {

request_head to(const std::string& host, std::uint16_t port)
{
    request_head request;
    request.host = host;
    request.port = port;
    request.read_refusal = [](std::string_view body) { return std::string(body); };
    return request;
}

proxy_address proxy(const std::string& user = {}, const std::string& password = {})
{
    return {proxy_kind::http, "gate", 3128, user, password};
}

/// Fed in pieces of this many bytes, up to the first state other than `asking` or `refused`.
state feed(tunnel& way, std::string_view text, std::size_t piece)
{
    auto now = state::asking;
    while (!text.empty() && (now == state::asking || now == state::refused)) {
        auto next = text.substr(0, piece);
        text.remove_prefix(next.size());
        now = way.feed(next);
    }
    return now;
}

error refusal(const std::string& answer, const proxy_address& by = proxy())
{
    connect_tunnel way(by, to("example.com", 443));
    CHECK(feed(way, answer, answer.size()) != state::open);
    return way.why();
}

bool contains(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a proxy is asked for a tunnel by CONNECT, once")
{
    connect_tunnel plain(proxy(), to("example.com", 443));
    CHECK(plain.output() == "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    CHECK(plain.output().empty());
    connect_tunnel v6(proxy(), to("2001:db8::1", 8443));
    CHECK(v6.output() == "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n");
}

TEST_CASE("user and password are shown by Basic, whatever their length and characters")
{
    struct row {
        std::string user;
        std::string password;
        std::string shown;
    };
    const auto [user, password, shown] =
        GENERATE(row{"Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
            row{"test", "123\xc2\xa3", "dGVzdDoxMjPCow=="}, row{"u", "", "dTo="},
            row{"", "p", "OnA="}, row{"a@b", ":%/", "YUBiOjolLw=="});
    connect_tunnel way(proxy(user, password), to("a", 1));
    CHECK(way.output() ==
          "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nProxy-Authorization: Basic " + shown + "\r\n\r\n");
}

TEST_CASE("any success of CONNECT opens the tunnel at the end of its head, wherever it is cut")
{
    const auto head = GENERATE(as<std::string>(), "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 299 Fine\r\nX: y\r\n\r\n",
        "HTTP/1.1 200 OK\n\n", "HTTP/1.1 204 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    for (std::size_t cut = 0; cut <= head.size(); ++cut) {
        INFO(head << " cut at " << cut);
        connect_tunnel way(proxy(), to("a", 1));
        auto front = std::string_view(head).substr(0, cut);
        if (cut < head.size()) {
            CHECK(way.feed(front) == state::asking);
            CHECK(front.empty());
        }
        const auto rest = head.substr(cut == head.size() ? 0 : cut) + "behind";
        auto back = std::string_view(rest);
        CHECK(way.feed(back) == state::open);
        CHECK(back == "behind");
    }
}

TEST_CASE("an answer to CONNECT may have 60 KB of fields, but not an endless head")
{
    connect_tunnel way(proxy(), to("a", 1));
    std::string large = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 60; ++i) large += "X: " + std::string(1019, 'x') + "\r\n";
    CHECK(feed(way, large + "\r\n", 1000) == state::open);

    const auto endless = refusal("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'));
    CHECK(endless.value() == errc::proxy_failed);
    CHECK(contains(endless.what(), "65536 bytes"));
}

TEST_CASE("a refused CONNECT is told apart by its status, in the proxy's words")
{
    struct row {
        std::string answer;
        int status;
        std::string reason;
        const char* says;
    };
    const auto each =
        GENERATE(row{"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
                     "realm=\"x\"\r\nContent-Length: 6\r\n\r\nlog in",
                     407, "log in", "wants a user name and password (HTTP 407: log in)"},
            row{"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n"
                "Content-Length: 0\r\n\r\n",
                407, "No", "by Negotiate, NTLM (HTTP 407: No)"},
            row{"HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nnot by day", 403, "not by day",
                "does not allow a tunnel to example.com:443 (HTTP 403: not by day)"},
            row{"HTTP/1.1 502\r\nContent-Length: 0\r\n\r\n", 502, "",
                "could not open a tunnel to example.com:443 (HTTP 502)"},
            row{"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlater\r\n0\r\n\r\n",
                503, "later", "(HTTP 503: later)"},
            row{"HTTP/1.1 302 Found\r\nLocation: http://portal\r\n\r\n", 302, "Found",
                "did not open a tunnel to example.com:443 (HTTP 302: Found)"},
            row{"HTTP/1.1 101 Switching\r\n\r\n", 101, "Switching", "(HTTP 101: Switching)"});
    const auto why = refusal(each.answer);
    INFO(why.what());
    CHECK(why.value() == errc::proxy_failed);
    CHECK(why.phase() == phase::connect);
    CHECK(why.http_status() == each.status);
    CHECK(why.reason() == each.reason);
    CHECK(contains(why.what(), "The proxy gate:3128 "));
    CHECK(contains(why.what(), each.says));
}

TEST_CASE("the body of a refused CONNECT is waited for only if somebody reads it")
{
    const std::string head = "HTTP/1.1 403 No\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\n";
    connect_tunnel curious(proxy(), to("a", 1));
    CHECK(feed(curious, head + "bod", 3) == state::refused);
    CHECK(curious.why().reason() == "bod"); // as far as it has come
    CHECK(curious.why().retry_after() == std::chrono::seconds(7));
    CHECK(feed(curious, "y", 1) == state::failed);

    auto request = to("a", 1);
    request.read_refusal = {};
    connect_tunnel incurious(proxy(), request);
    CHECK(feed(incurious, head, head.size()) == state::failed);
    CHECK(incurious.why().reason() == "No");
}

TEST_CASE("a wrong password for the proxy is reported without showing it")
{
    const auto by = proxy("me", "hunter2");
    const auto why = refusal("HTTP/1.1 407 no hunter2\r\nContent-Length: 42\r\n\r\n"
                             "bWU6aHVudGVyMg== is not me with hunter2 !!",
        by);
    CHECK(why.http_status() == 407);
    CHECK(contains(why.what(), "did not accept the user name and password"));
    CHECK_FALSE(contains(why.what(), "hunter2"));
    CHECK_FALSE(contains(why.what(), "bWU6"));
    CHECK_FALSE(contains(why.reason(), "hunter2"));
    CHECK(contains(why.reason(), "is not me with"));
    const auto bare = refusal("HTTP/1.1 407 no hunter2\r\nContent-Length: 0\r\n\r\n", by);
    CHECK_FALSE(contains(bare.what(), "hunter2"));
}

TEST_CASE("what does not answer as an HTTP proxy, or stops answering, is reported as such")
{
    for (const auto* const text : {"SSH-2.0-OpenSSH\r\n", "\x05\x01", "HTTP/1.1 abc\r\n\r\n"}) {
        const auto why = refusal(text);
        CHECK(why.value() == errc::proxy_failed);
        CHECK(why.http_status() == 0);
        CHECK(contains(why.what(), "did not answer as an HTTP proxy does"));
    }
    for (const auto* const text :
        {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nX: y\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        connect_tunnel way(proxy(), to("example.com", 443));
        CHECK(feed(way, text, 5) == state::asking);
        CHECK(contains(way.why().what(), "ended the connection before it had opened a tunnel"));
        CHECK(way.why().value() == errc::connection_lost);
        CHECK(way.why().phase() == phase::connect);
    }
}

} // namespace connect_tunnel_test
