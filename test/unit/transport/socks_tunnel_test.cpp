// SPDX-License-Identifier: Apache-2.0
#include "transport/socks_tunnel.hpp"

#include "support/catch.hpp"

#include <initializer_list>
#include <string>

namespace socks_tunnel_test {

using namespace gemini::live;
using namespace gemini::live::transport;
using state = tunnel::state;

namespace {

request_head to(const std::string& host, std::uint16_t port)
{
    request_head request;
    request.host = host;
    request.port = port;
    return request;
}

proxy_address proxy(const std::string& user = {}, const std::string& password = {})
{
    return {proxy_kind::socks5, "gate", 1080, user, password};
}

std::string bytes(std::initializer_list<int> all)
{
    std::string text;
    for (const int each : all) text += static_cast<char>(each);
    return text;
}

/// Feeds `text` byte by byte; all of it must be consumed.
state feed(tunnel& way, const std::string& text)
{
    auto now = state::asking;
    for (const char each : text) {
        REQUIRE(now == state::asking);
        std::string_view byte(&each, 1);
        now = way.feed(byte);
        CHECK(byte.empty());
    }
    return now;
}

bool contains(const error& why, const std::string& part)
{
    return std::string(why.what()).find(part) != std::string::npos;
}

const std::string accepts = bytes({5, 0});
const std::string opened = bytes({5, 0, 0, 1, 127, 0, 0, 1, 4, 56});

} // namespace

TEST_CASE("a SOCKS proxy is given the name of the host, or its address in binary")
{
    socks_tunnel by_name(proxy(), to("example.com", 443));
    CHECK(by_name.output() == bytes({5, 1, 0}));
    CHECK(by_name.output().empty());
    CHECK(feed(by_name, accepts) == state::asking);
    CHECK(by_name.output() == bytes({5, 1, 0, 3, 11}) + "example.com" + bytes({1, 187}));
    CHECK(by_name.output().empty());
    CHECK(feed(by_name, opened) == state::open);

    socks_tunnel v4(proxy(), to("10.1.2.3", 80));
    CHECK(v4.output() == bytes({5, 1, 0}));
    CHECK(feed(v4, accepts) == state::asking);
    CHECK(v4.output() == bytes({5, 1, 0, 1, 10, 1, 2, 3, 0, 80}));

    socks_tunnel v6(proxy(), to("fd00::1", 0xabcd));
    CHECK(v6.output() == bytes({5, 1, 0}));
    CHECK(feed(v6, accepts) == state::asking);
    CHECK(v6.output() ==
          bytes({5, 1, 0, 4, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xab, 0xcd}));
}

TEST_CASE("user and password are shown to a SOCKS proxy that asks for them, and to no other")
{
    const std::string password(255, '\xff');
    socks_tunnel asked(proxy("m\xc3\xa9", password), to("a", 1));
    CHECK(asked.output() == bytes({5, 2, 0, 2}));
    CHECK(feed(asked, bytes({5, 2})) == state::asking);
    CHECK(asked.output() == bytes({1, 3}) + "m\xc3\xa9" + bytes({255}) + password);
    CHECK(feed(asked, bytes({1, 0})) == state::asking);
    CHECK(asked.output() == bytes({5, 1, 0, 3, 1, 'a', 0, 1}));
    CHECK(feed(asked, opened) == state::open);

    socks_tunnel not_asked(proxy("u", "p"), to("a", 1));
    CHECK(not_asked.output() == bytes({5, 2, 0, 2}));
    CHECK(feed(not_asked, accepts) == state::asking);
    CHECK(not_asked.output() == bytes({5, 1, 0, 3, 1, 'a', 0, 1}));
}

TEST_CASE("the address in a SOCKS reply may be of any kind, and what follows it is left")
{
    const auto reply = GENERATE(as<std::string>(), opened, bytes({5, 0, 0, 3, 0, 0, 0}),
        bytes({5, 0, 0, 3, 4}) + "name" + bytes({0, 1}),
        bytes({5, 0, 0, 4}) + std::string(18, '\0'), bytes({5, 0, 7, 1, 0, 0, 0, 0, 0, 0}));
    socks_tunnel way(proxy(), to("a", 1));
    const auto all = accepts + reply + "behind";
    std::string_view rest = all;
    CHECK(way.feed(rest) == state::open);
    CHECK(rest == "behind");
    socks_tunnel drip(proxy(), to("a", 1));
    CHECK(feed(drip, accepts + reply) == state::open);
}

TEST_CASE("each reply code of a SOCKS proxy is told in words")
{
    const auto [code, words] = GENERATE(
        table<int, std::string>({{1, "failed in general"}, {2, "its rules do not allow it"},
            {3, "the network cannot be reached"}, {4, "the host cannot be found or reached"},
            {5, "the host has refused the connection"}, {6, "TTL expired"},
            {7, "the command CONNECT"}, {8, "this type of address"}, {99, "an unknown reason"}}));
    socks_tunnel way(proxy(), to("example.com", 443));
    CHECK(feed(way, accepts + bytes({5, code})) == state::failed);
    const auto why = way.why();
    INFO(why.what());
    CHECK(why.value() == errc::proxy_failed);
    CHECK(why.phase() == phase::connect);
    CHECK(contains(why, "The proxy gate:1080 did not open a tunnel to example.com:443"));
    CHECK(contains(why, words));
    CHECK(contains(why, "code " + std::to_string(code)));
}

TEST_CASE("a SOCKS proxy that wants another user is reported as such, without the password")
{
    socks_tunnel wrong(proxy("me", "hunter2"), to("a", 1));
    CHECK(feed(wrong, bytes({5, 2, 1, 1})) == state::failed);
    CHECK(contains(wrong.why(), "did not accept the user name and password"));
    CHECK_FALSE(contains(wrong.why(), "hunter2"));

    socks_tunnel none(proxy(), to("a", 1));
    CHECK(feed(none, bytes({5, 0xff})) == state::failed);
    CHECK(contains(none.why(), "wants a user name and password"));

    socks_tunnel other(proxy("me", "hunter2"), to("a", 1));
    CHECK(feed(other, bytes({5, 0xff})) == state::failed);
    CHECK(contains(other.why(), "neither a user name and password nor"));
}

TEST_CASE("what does not answer as a SOCKS proxy, or stops answering, is reported as such")
{
    const auto answer = GENERATE(as<std::string>(), "HT", bytes({4, 0}), bytes({5, 1}),
        bytes({5, 2}), accepts + bytes({4, 0}), accepts + bytes({5, 0, 0, 9, 0}));
    socks_tunnel way(proxy(), to("a", 1));
    CHECK(feed(way, answer) == state::failed);
    CHECK(way.why().value() == errc::proxy_failed);
    CHECK(contains(way.why(), "did not answer as a SOCKS 5 proxy does"));

    for (const auto& begun : {std::string(), bytes({5}), accepts, accepts + opened.substr(0, 9)}) {
        socks_tunnel cut(proxy(), to("a", 1));
        CHECK(feed(cut, begun) == state::asking);
        CHECK(cut.why().value() == errc::connection_lost);
        CHECK(contains(cut.why(), "ended the connection before it had opened a tunnel to a:1"));
    }
}

} // namespace socks_tunnel_test
