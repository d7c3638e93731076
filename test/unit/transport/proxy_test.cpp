// SPDX-License-Identifier: Apache-2.0
#include "transport/proxy.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <map>

namespace proxy_test {

using namespace gemini::live;
using namespace gemini::live::transport;

namespace {

environment of(std::map<std::string, std::string> variables)
{
    return [variables = std::move(variables)](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

} // namespace

TEST_CASE("a proxy's URL is parsed")
{
    struct row {
        std::string url;
        proxy_address expected;
    };
    using kind = proxy_kind;
    const auto [url, expected] = GENERATE(row{"http://proxy:3128", {kind::http, "proxy", 3128}},
        row{"proxy:3128", {kind::http, "proxy", 3128}},
        row{"HTTP://proxy/", {kind::http, "proxy", 80}},
        row{"http://u:p@proxy:1", {kind::http, "proxy", 1, "u", "p"}},
        row{"http://u%40x:p%3a%2F@proxy:1/path", {kind::http, "proxy", 1, "u@x", "p:/"}},
        row{"http://u%3Ax:p:q@proxy:1", {kind::http, "proxy", 1, "u:x", "p:q"}},
        row{"http://u:p@ss@proxy:1", {kind::http, "proxy", 1, "u", "p@ss"}},
        row{"http://%C3%A9:%25@proxy", {kind::http, "proxy", 80, "\xc3\xa9", "%"}},
        row{"http://u@proxy", {kind::http, "proxy", 80, "u", ""}},
        row{"http://:p@proxy", {kind::http, "proxy", 80, "", "p"}},
        row{"http://@proxy", {kind::http, "proxy", 80}},
        row{"http://" + std::string(300, 'u') + "@proxy",
            {kind::http, "proxy", 80, std::string(300, 'u')}},
        row{"http://[::1]:8080", {kind::http, "::1", 8080}},
        row{"[fe80::1]", {kind::http, "fe80::1", 80}},
        row{"https://proxy", {kind::https, "proxy", 443}},
        row{"HTTPS://u:p@proxy:8443", {kind::https, "proxy", 8443, "u", "p"}},
        row{"socks5://proxy", {kind::socks5, "proxy", 1080}},
        row{"socks5h://u:p@[::1]:1", {kind::socks5, "::1", 1, "u", "p"}});
    CHECK(parse_proxy(url, "test") == expected);
}

TEST_CASE("a broken proxy URL is refused without showing it")
{
    const std::string url = GENERATE(as<std::string>(), "socks4://proxy:1", "socks://proxy",
        "ftp://u:hunter2@proxy", "http://", "http://u:p@", "proxy:0", "proxy:65536", "proxy:x",
        "http://u%4:hunter2@proxy", "http://u%00:hunter2@proxy", "http://u%0d%0a:hunter2@proxy",
        "http://[::1:80", "http://[::1]x", "http://a b:1", "http://u:hunter2%@proxy",
        "http://" + std::string(120, 'h') + ":1",
        "socks5://hunter2" + std::string(256, 'u') + ":p@proxy",
        "socks5://u:hunter2" + std::string(256, 'p') + "@proxy");
    try {
        static_cast<void>(parse_proxy(url, "proxy_options::url"));
        FAIL("accepted");
    } catch (const error& why) {
        CHECK(why.code() == errc::invalid_argument);
        CHECK(std::string(why.what()).find("hunter2") == std::string::npos);
        CHECK(std::string(why.what()).find("proxy_options::url") != std::string::npos);
    }
}

TEST_CASE("no_proxy exempts hosts")
{
    struct row {
        const char* list;
        const char* host;
        bool expected;
    };
    const auto [list, host, expected] = GENERATE(row{"*", "example.com", true},
        row{"example.com", "example.com", true}, row{"example.com", "a.example.com", true},
        row{".example.com", "a.example.com", true}, row{".example.com", "example.com", true},
        row{"*.example.com", "a.example.com", true}, row{"example.com", "badexample.com", false},
        row{"EXAMPLE.com", "a.Example.COM", true}, row{"a.com, b.com c.com", "b.com", true},
        row{"a.com, b.com c.com", "c.com", true}, row{"", "a.com", false},
        row{" , ,", "a.com", false}, row{".", "a.com", false}, row{".", "a.com.", false},
        row{"a.com:443", "a.com", true}, row{"a.com:80", "a.com", false},
        row{"10.0.0.0/8", "10.1.2.3", true}, row{"10.0.0.0/8", "11.1.2.3", false},
        row{"10.0.0.0/8", "ten.com", false}, row{"10.1.2.3", "10.1.2.3", true},
        row{"0.0.10.1", "10.0.10.1", false}, row{"fd00::/8", "fd12::1", true},
        row{"fd00::/8", "fe80::1", false}, row{"[::2]:443", "::2", true},
        row{"::2", "0:0::2", true}, row{"10.0.0.0/x", "10.0.0.1", false});
    CHECK(exempt_from_proxy(list, host, 443) == expected);
}

TEST_CASE("the proxy is the option's, else the environment's")
{
    const auto host_of = [](const proxy_options& options, bool tls, const char* host,
                             const environment& variables) {
        const auto chosen = choose_proxy(options, tls, host, 443, variables);
        return chosen ? chosen->host : std::string("none");
    };
    const proxy_options given{"given:1", true};
    const proxy_options silent{"", false};
    const auto all = of({{"https_proxy", "secure:1"}, {"HTTPS_PROXY", "loud:1"},
        {"http_proxy", "plain:1"}, {"no_proxy", "intern.com"}});
    CHECK(host_of({}, true, "a.com", all) == "secure");
    CHECK(host_of({}, false, "a.com", all) == "plain");
    CHECK(host_of({}, true, "a.com", of({{"HTTPS_PROXY", "loud:1"}})) == "loud");
    CHECK(
        host_of({}, true, "a.com", of({{"https_proxy", ""}, {"HTTPS_PROXY", "loud:1"}})) == "loud");
    CHECK(host_of({}, false, "a.com", of({{"HTTP_PROXY", "cgi:1"}})) == "none");
    const auto every = of({{"all_proxy", "every:1"}, {"ALL_PROXY", "EVERY:1"}});
    CHECK(host_of({}, true, "a.com", every) == "every");
    CHECK(host_of({}, false, "a.com", every) == "every");
    CHECK(host_of({}, true, "localhost", every) == "none");
    CHECK(host_of({}, false, "a.com", of({{"ALL_PROXY", "every:1"}})) == "every");
    CHECK(host_of({}, true, "a.com", of({{"HTTPS_PROXY", "loud:1"}, {"all_proxy", "every:1"}})) ==
          "loud");
    CHECK(host_of({}, false, "a.com", of({{"http_proxy", "plain:1"}, {"all_proxy", "every:1"}})) ==
          "plain");
    CHECK(host_of({}, true, "a.com", of({{"all_proxy", "every:1"}, {"no_proxy", "a.com"}})) ==
          "none");
    CHECK(host_of({}, true, "x.intern.com", all) == "none");
    CHECK(
        host_of({}, true, "a.com", of({{"https_proxy", "p:1"}, {"NO_PROXY", "a.com"}})) == "none");
    CHECK(host_of({}, true, "localhost", all) == "none");
    CHECK(host_of({}, true, "127.0.0.1", all) == "none");
    CHECK(host_of(silent, true, "a.com", all) == "none");
    CHECK(host_of(given, true, "a.com", all) == "given");
    CHECK(host_of(given, true, "x.intern.com", all) == "given");
    CHECK(host_of(given, true, "localhost", all) == "given");
}

TEST_CASE("a broken variable is named, its value is not shown")
{
    try {
        static_cast<void>(choose_proxy(
            {}, true, "a.com", 443, of({{"https_proxy", "socks4://user:hunter2@proxy"}})));
        FAIL("accepted");
    } catch (const error& why) {
        CHECK(std::string(why.what()).find("https_proxy") != std::string::npos);
        CHECK(std::string(why.what()).find("hunter2") == std::string::npos);
    }
}

} // namespace proxy_test
