// SPDX-License-Identifier: Apache-2.0
#include "connect_support.hpp"
#include "support/proxy_peer.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <libwebsockets.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>

namespace lws_connect_test {

using namespace test;
using live::errc;
using live::phase;

namespace {

// by this thread, since other tests of this program have several
thread_local std::optional<lws_retry_bo_t> last_policy;
thread_local std::string last_alpn;
thread_local int stores_loaded = 0;

asio::awaitable<void> greet(pair& both)
{
    co_await send_text(*both.client, "hello");
    const auto heard = co_await both.server->read_frame();
    CHECK(heard.payload() == "hello");
    CHECK(heard.is_masked());
    co_await both.server->write(raw_frame::binary("welcome").bytes());
    const auto answered = co_await receive_text(*both.client);
    CHECK(answered == "welcome");
}

asio::awaitable<void> open_and_greet(bench& on, transport::connect_request request)
{
    auto both = co_await on.open(std::move(request));
    co_await greet(both);
}

std::string headers_of(const http_head& request)
{
    std::string names;
    for (const auto& [name, value] : request.fields) names += name + ' ';
    return names;
}

} // namespace

/// Shadows libwebsockets' own, to see its arguments.
extern "C" lws* lws_client_connect_via_info(const lws_client_connect_info* info)
{
    static const auto real = reinterpret_cast<lws* (*)(const lws_client_connect_info*)>(
        ::dlsym(RTLD_NEXT, "lws_client_connect_via_info"));
    last_policy =
        info->retry_and_idle_policy ? std::optional(*info->retry_and_idle_policy) : std::nullopt;
    last_alpn = info->alpn ? info->alpn : "";
    return real(info);
}

/// Shadows OpenSSL's own, to see whether the system's certificates are read.
extern "C" [[gnu::visibility("default")]] int SSL_CTX_set_default_verify_paths(SSL_CTX* context)
{
    static const auto real =
        reinterpret_cast<int (*)(SSL_CTX*)>(::dlsym(RTLD_NEXT, "SSL_CTX_set_default_verify_paths"));
    ++stores_loaded;
    return real(context);
}

TEST_CASE(
    "the system's certificates are read for the first encrypted connection, not for plain ones")
{
    stores_loaded = 0;
    bench on;
    on.run(open_and_greet(on, on.request()));
    CHECK(stores_loaded == 0);
    bench encrypted(true);
    auto request = encrypted.request();
    encrypted.run(open_and_greet(encrypted, request));
    CHECK(stores_loaded == 0);
    request.trust.system_store = true;
    encrypted.run(open_and_greet(encrypted, request));
    CHECK(stores_loaded == 1);
    encrypted.run(open_and_greet(encrypted, request));
    CHECK(stores_loaded == 1);
}

TEST_CASE("a connection carries messages both ways, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    on.run(open_and_greet(on, on.request()));
}

TEST_CASE("the upgrade request is as specified, without further fields")
{
    bench on;
    auto request = on.request();
    request.target = "//ws/google.ai?key=a%20b&x=1";
    request.fields.emplace_back("X-Goog-Api-Key", "secret");
    request.fields.emplace_back("x-empty", "");
    on.run(open_and_greet(on, request));
    const auto& seen = on.peer.request();
    CHECK(seen.target() == "//ws/google.ai?key=a%20b&x=1");
    CHECK(seen.header("x-goog-api-key") == "secret");
    CHECK(seen.header("host") == "127.0.0.1:" + std::to_string(on.peer.port()));
    CHECK(headers_of(seen).find("user-agent") == std::string::npos);
    CHECK(headers_of(seen).find("origin") == std::string::npos);
    CHECK(headers_of(seen).find("sec-websocket-extensions") == std::string::npos);
}

TEST_CASE("pitfall 3.16: 6 KB of headers pass")
{
    bench on;
    auto request = on.request();
    const std::string token(6000, 't');
    request.fields.emplace_back("authorization", token);
    on.run(open_and_greet(on, request));
    CHECK(on.peer.request().header("authorization") == token);
}

TEST_CASE("what cannot be sent unchanged is refused before anything is dialed")
{
    bench on;
    auto request = on.request();
    request.port = closed_port(on.io);
    SECTION("a line break in a value") { request.fields.emplace_back("x", "a\r\nb: c"); }
    SECTION("a NUL in a value") { request.fields.emplace_back("x", std::string("a\0b", 3)); }
    SECTION("a broken name") { request.fields.emplace_back("x y", "a"); }
    SECTION("no name") { request.fields.emplace_back("", "a"); }
    SECTION("a line break in the target") { request.target = "/x\nGET /y"; }
    SECTION("a blank in the target") { request.target = "/x y"; }
    SECTION("a relative target") { request.target = "x"; }
    SECTION("no host") { request.host.clear(); }
    SECTION("pitfall 3.13: a host that libwebsockets would cut") { request.host.assign(120, 'h'); }
    SECTION("a target of more than 2,000 bytes") { request.target = '/' + std::string(2100, 'x'); }
    SECTION("more than 24 KB of headers")
    {
        request.fields.emplace_back("x", std::string(30'000, 'x'));
    }
    SECTION("a proxy of an unsupported kind") { request.proxy.url = "socks4://localhost:1"; }
    CHECK(failure(on, request).code() == errc::invalid_argument);
}

TEST_CASE("pitfall 3.14: a refused port is reported once, and leaks nothing")
{
    bench on;
    auto request = on.request();
    request.port = closed_port(on.io);
    for (int i = 0; i < 20; ++i) {
        const auto why = failure(on, request);
        CHECK(why.code() == errc::connect_failed);
        CHECK(why.phase() == phase::connect);
    }
    on.io.restart();
    on.io.run();
}

TEST_CASE("an unknown host is reported as such")
{
    bench on;
    auto request = on.request();
    request.host = "no-such-host.invalid";
    const auto why = failure(on, request);
    CHECK(why.code() == errc::resolve_failed);
    CHECK(why.phase() == phase::resolve);
    CHECK(std::string(why.what()).find("no-such-host.invalid") != std::string::npos);
}

namespace {

/// A server on [::1], the second address of localhost, on the port of one on 127.0.0.1.
class second_address {
public:
    second_address(asio::io_context& io, std::uint16_t port)
        : acceptor_(io, {asio::ip::address_v6::loopback(), port})
    {
    }
    asio::awaitable<void> serve()
    {
        auto accepted = co_await acceptor_.async_accept(asio::use_awaitable);
        raw_socket socket(std::move(accepted));
        const auto head = co_await socket.read_head();
        co_await socket.write(switching_protocols(head));
        co_await socket.read_to_end();
    }

private:
    asio::ip::tcp::acceptor acceptor_;
};

std::size_t open_sockets()
{
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::count_if(begin(all), end(all), [](const auto& each) {
        std::error_code closed_meanwhile;
        const auto what = std::filesystem::read_symlink(each, closed_meanwhile).string();
        return what.starts_with("socket:");
    }));
}

transport::connect_request to_localhost(std::uint16_t port)
{
    auto request = request_to(port);
    request.host = "localhost";
    request.deadlines.connect = 30s;
    return request;
}

} // namespace

TEST_CASE("pitfall 3.12: the next address is tried at once when one refuses")
{
    bench on;
    const auto port = closed_port(on.io);
    second_address v6(on.io, port);
    const auto connect = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        auto opened = co_await with.connector->connect(std::move(to));
        opened->abort();
    };
    on.run(side_by_side(connect(on, to_localhost(port)), v6.serve()));
}

TEST_CASE("an address that does not answer does not hold up the next, and is given up")
{
    bench on;
    const silent_port silent(on.io);
    second_address v6(on.io, silent.port());
    on.run(open_and_greet(on, on.request())); // whatever is made once is there now
    const auto before = open_sockets();
    const auto begun = std::chrono::steady_clock::now();
    const auto connect = [&](transport::connect_request to) -> asio::awaitable<void> {
        auto opened = co_await on.connector->connect(std::move(to));
        CHECK(std::chrono::steady_clock::now() - begun < 10s); // of 30
        while (open_sockets() != before + 2) co_await asio::post(asio::use_awaitable);
        opened->abort();
    };
    on.run(side_by_side(connect(to_localhost(silent.port())), v6.serve()));
    on.io.restart();
    on.io.run();
}

TEST_CASE("when no address of a host can be connected to, that is reported with their number")
{
    bench on;
    const auto why = failure(on, to_localhost(closed_port(on.io)));
    CHECK(why.code() == errc::connect_failed);
    CHECK(why.phase() == phase::connect);
    CHECK(std::string(why.what()).find("2 addresses, of which 2 were tried") != std::string::npos);
}

TEST_CASE("what makes every attempt impossible is reported without a number of addresses")
{
    bench on;
    auto request = to_localhost(on.peer.port());
    request.tls = true;
    request.trust.ca_pem = "not PEM";
    const auto why = failure(on, request);
    CHECK(why.code() == errc::tls_failed);
    CHECK(std::string(why.what()).find("addresses") == std::string::npos);
}

TEST_CASE("a connect that is canceled while addresses are raced leaves nothing behind")
{
    bench on;
    const silent_port silent(on.io);
    on.run(open_and_greet(on, on.request()));
    on.io.restart();
    on.io.run();
    const auto before = open_sockets();
    asio::cancellation_signal cancel;
    bool over = false;
    const auto connect = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        co_await with.connector->connect(std::move(to));
    };
    asio::co_spawn(on.io, connect(on, to_localhost(silent.port())),
        asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr thrown) {
            CHECK_THROWS_AS(std::rethrow_exception(thrown), std::system_error);
            over = true;
        }));
    const auto dialed = [&]() -> asio::awaitable<void> {
        while (open_sockets() == before) co_await asio::post(asio::use_awaitable);
    };
    on.run(dialed());
    cancel.emit(asio::cancellation_type::terminal);
    on.io.restart();
    on.io.run();
    CHECK(over);
    CHECK(open_sockets() == before);
}

TEST_CASE("pitfall 3.2: a host that drops packets fails at the deadline")
{
    bench on;
    const silent_port silent(on.io);
    auto request = on.request();
    request.port = silent.port();
    request.deadlines.connect = 50ms;
    const auto why = failure(on, request);
    CHECK(why.code() == errc::timed_out);
    CHECK(why.phase() == phase::connect);
}

TEST_CASE("a server that falls silent during connect fails at the deadline, with its phase")
{
    bench on;
    auto request = on.request();
    request.deadlines.upgrade = 50ms;
    SECTION("pitfall 3.15: in the upgrade")
    {
        const auto why = failure(on, request, hold(on.peer));
        CHECK(why.code() == errc::timed_out);
        CHECK(why.phase() == phase::upgrade);
    }
    SECTION("in the TLS handshake")
    {
        request.tls = true;
        request.trust.ca_pem = authority().pem();
        const auto why = failure(on, request, hold(on.peer));
        CHECK(why.code() == errc::timed_out);
        CHECK(why.phase() == phase::tls);
    }
}

TEST_CASE("a server that disconnects during connect is reported with its phase")
{
    bench on;
    const auto hang_up = [](raw_peer& peer, bool after_request) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        if (after_request) co_await socket.read_head();
    };
    auto request = on.request();
    SECTION("in the upgrade")
    {
        const auto why = failure(on, request, hang_up(on.peer, true));
        CHECK(why.code() == errc::connection_lost);
        CHECK(why.phase() == phase::upgrade);
    }
    SECTION("in the TLS handshake")
    {
        request.tls = true;
        request.trust.ca_pem = authority().pem();
        const auto why = failure(on, request, hang_up(on.peer, false));
        CHECK(why.code() == errc::connection_lost);
        CHECK(why.phase() == phase::tls);
    }
    SECTION("in the TLS handshake, after reading everything available")
    {
        request.tls = true;
        const auto finish = [](raw_peer& peer) -> asio::awaitable<void> {
            auto socket = co_await peer.accept();
            co_await socket.read_some();
            socket.finish();
            co_await socket.read_to_end();
        };
        const auto why = failure(on, request, finish(on.peer));
        CHECK(why.code() == errc::connection_lost);
        CHECK(why.phase() == phase::tls);
    }
}

TEST_CASE("an answer that is not an upgrade is reported as such")
{
    bench on;
    SECTION("not HTTP")
    {
        auto request = on.request();
        request.deadlines.upgrade = 50ms;
        const auto why = failure(on, request, answer(on.peer, "SSH-2.0-OpenSSH_9.2\r\n\r\n"));
        CHECK(why.condition() == live::condition::retryable);
    }
    SECTION("a wrong key")
    {
        const auto why = failure(on, on.request(),
            answer(on.peer, http_response(101, {{"Upgrade", "websocket"}, {"Connection", "Upgrade"},
                                                   {"Sec-WebSocket-Accept", "AAAA"}})));
        CHECK(why.code() == errc::protocol_violation);
        CHECK(why.phase() == phase::upgrade);
    }
}

TEST_CASE("pitfall 3.17: a refused upgrade reports its status and Retry-After")
{
    const bool tls = GENERATE(false, true);
    struct row {
        int status;
        header_fields fields;
        errc expected;
        std::optional<std::chrono::seconds> retry_after;
    };
    const auto [status, fields, expected, retry_after] = GENERATE(
        row{401, {{"WWW-Authenticate", "Bearer"}}, errc::unauthorized, std::nullopt},
        row{403, {}, errc::unauthorized, std::nullopt}, row{400, {}, errc::rejected, std::nullopt},
        row{404, {}, errc::rejected, std::nullopt}, row{200, {}, errc::rejected, std::nullopt},
        row{429, {{"Retry-After", "17"}}, errc::quota_exceeded, 17s},
        row{503, {{"Retry-After", "3"}}, errc::unavailable, 3s},
        row{500, {}, errc::unavailable, std::nullopt});
    bench on(tls);
    const auto why =
        failure(on, on.request(), answer(on.peer, http_response(status, fields, "the body")));
    CHECK(why.code() == expected);
    CHECK(why.http_status() == status);
    CHECK(why.retry_after() == retry_after);
    CHECK(why.phase() == phase::upgrade);
}

TEST_CASE("a redirect is not followed, since that would expose the credentials, and the error says "
          "where it leads")
{
    bench on;
    const raw_peer elsewhere(on.io);
    const auto place = "127.0.0.1:" + std::to_string(elsewhere.port());
    struct row {
        int status;
        header_fields fields;
        std::string told;
    };
    const auto [status, fields, told] = GENERATE_COPY(
        row{301, {{"Location", "http://user:secret@" + place + "/v1?key=secret"}},
            "to http://" + place + "/v1?key=…"},
        row{302, {{"Location", "/login"}}, "to /login on the same server"}, row{307, {}, "nowhere"},
        row{308, {{"Location", "/" + std::string(10'000, 'x')}}, "to /xxx"});
    const auto why = failure(on, on.request(), answer(on.peer, http_response(status, fields)));
    CHECK(why.code() == errc::rejected);
    CHECK(why.http_status() == status);
    const std::string sentence = why.what();
    INFO(sentence);
    CHECK(sentence.find(told) != std::string::npos);
    CHECK(sentence.find("secret") == std::string::npos);
    CHECK(sentence.size() < 500);
}

TEST_CASE("a handshake that comes byte by byte is understood")
{
    bench on(GENERATE(false, true));
    const auto serve = [](raw_peer& peer) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        const auto head = co_await socket.read_head();
        co_await socket.drip(switching_protocols(head));
        co_await socket.read_to_end();
    };
    const auto connect = [](bench& with) -> asio::awaitable<void> {
        auto opened = co_await with.connector->connect(with.request());
        opened->abort();
    };
    on.run(side_by_side(connect(on), serve(on.peer)));
}

TEST_CASE("pitfall 3.18: only the right certificate is trusted, and the reason is reported")
{
    bench on;
    auto request = on.request();
    request.tls = true;
    request.host = "localhost";
    request.trust.ca_pem = authority().pem();
    pem_identity identity = localhost_identity();
    std::string reason;
    SECTION("another authority")
    {
        const certificate_authority other;
        request.trust.ca_pem = other.pem();
        reason = "certificate signature failure"; // even of the same name
    }
    SECTION("another host")
    {
        identity = authority().issue("DNS:example.com");
        reason = "hostname mismatch";
    }
    SECTION("another address")
    {
        identity = authority().issue("IP:10.1.2.3");
        request.host = "127.0.0.1";
        reason = "IP address mismatch";
    }
    SECTION("self-signed")
    {
        identity = self_signed("DNS:localhost");
        reason = "self-signed certificate";
    }
    SECTION("self-signed, with the system's certificates")
    {
        identity = self_signed("DNS:localhost");
        request.trust = {};
        reason = "self-signed certificate";
    }
    SECTION("expired")
    {
        identity = authority().issue("DNS:localhost", validity::expired);
        reason = "certificate has expired";
    }
    SECTION("not yet valid")
    {
        identity = authority().issue("DNS:localhost", validity::not_yet);
        reason = "certificate is not yet valid";
    }
    raw_peer peer(on.io, identity);
    request.port = peer.port();
    const auto why = failure(on, request, fail_handshake(peer));
    CHECK(why.code() == errc::tls_failed);
    CHECK(why.phase() == phase::tls);
    INFO(why.what());
    CHECK(std::string(why.what()).find(reason) != std::string::npos);
}

TEST_CASE("pitfall 3.18: a certificate is trusted by name, by address and by the system's store")
{
    bench on(true);
    auto request = on.request();
    SECTION("by name") { request.host = "localhost"; }
    SECTION("by address") { request.host = "127.0.0.1"; }
    SECTION("by the system's store")
    {
        const temporary_file store(authority().pem());
        const variable pointing_there("SSL_CERT_FILE", store.path());
        request.trust = {};
        on.run(open_and_greet(on, request));
        return;
    }
    on.run(open_and_greet(on, request));
}

TEST_CASE("an intermediate authority may be the only trusted one")
{
    bench on;
    const auto between = authority().issue_authority();
    raw_peer peer(on.io, between.issue("DNS:localhost,IP:127.0.0.1"));
    auto request = request_to(peer.port(), true);
    request.trust.ca_pem = between.pem();
    const auto connect = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        const auto made = co_await with.connector->connect(std::move(to));
        CHECK(made);
    };
    const auto serve = [](raw_peer& from) -> asio::awaitable<void> {
        auto socket = co_await from.accept_websocket();
        co_await socket.read_to_end();
    };
    on.run(side_by_side(connect(on, std::move(request)), serve(peer)));
}

TEST_CASE("a server without TLS 1.2 or later is refused")
{
    bench on;
    auto identity = localhost_identity();
    identity.newest_tls = TLS1_1_VERSION;
    raw_peer peer(on.io, identity);
    const auto why = failure(on, request_to(peer.port(), true), fail_handshake(peer));
    CHECK(why.code() == errc::tls_failed);
}

TEST_CASE("pitfall 3.13: an IPv6 address is verified, although libwebsockets cannot")
{
    asio::io_context io;
    asio::ip::tcp::acceptor v6(io);
    asio::error_code no_ipv6;
    v6.open(asio::ip::tcp::v6(), no_ipv6);
    if (!no_ipv6) v6.bind({asio::ip::address_v6::loopback(), 0}, no_ipv6);
    if (no_ipv6) {
        WARN("this machine has no IPv6");
        return;
    }
    v6.listen();
    const bool right = GENERATE(true, false);
    const auto identity =
        right ? localhost_identity() : authority().issue("IP:::2,DNS:localhost,DNS:[");
    auto request = request_to(v6.local_endpoint().port(), true);
    request.host = "::1";
    const auto connector = transport::make_lws_connector(io.get_executor());
    const auto serve = [](asio::ip::tcp::acceptor& from, pem_identity as) -> asio::awaitable<void> {
        raw_socket socket(co_await from.async_accept(asio::use_awaitable));
        try {
            co_await socket.accept_tls(std::move(as));
        } catch (const std::system_error&) {
            co_return;
        }
        const auto head = co_await socket.read_head();
        const auto port = from.local_endpoint().port();
        CHECK(head.header("host") == "[::1]:" + std::to_string(port));
        co_await socket.write(switching_protocols(head));
        co_await socket.read_to_end();
    };
    const auto connect = [](std::shared_ptr<transport::connector> with,
                             transport::connect_request to, bool trusted) -> asio::awaitable<void> {
        if (trusted) {
            co_await with->connect(std::move(to));
        } else {
            const auto why = co_await error_of(with->connect(std::move(to)));
            CHECK(why.code() == errc::tls_failed);
        }
    };
    test::run(io, side_by_side(connect(connector, request, right), serve(v6, identity)));
}

TEST_CASE("broken PEM, and a server without TLS, are reported as such")
{
    bench on;
    auto request = on.request();
    request.tls = true;
    SECTION("broken PEM")
    {
        request.trust.ca_pem = "not PEM";
        const auto why = failure(on, request);
        CHECK(why.code() == errc::tls_failed);
    }
    SECTION("a server without TLS")
    {
        request.trust.ca_pem = authority().pem();
        const auto talk = [](raw_peer& peer) -> asio::awaitable<void> {
            auto socket = co_await peer.accept();
            co_await socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
            co_await socket.read_to_end();
        };
        const auto why = failure(on, request, talk(on.peer));
        CHECK(why.code() == errc::tls_failed);
        CHECK(std::string(why.what()).find("wrong version number") != std::string::npos);
    }
}

TEST_CASE("pitfall 3.20: a proxy tunnels, with decoded credentials and the host's name")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    const proxy_peer proxy(on.io);
    auto request = on.request();
    request.host = "localhost";
    request.proxy.url = "http://us%40er:p%3Aw@127.0.0.1:" + std::to_string(proxy.port());
    on.run(open_and_greet(on, request));
    REQUIRE(proxy.requests().size() == 1);
    CHECK(proxy.requests()[0].target() == "localhost:" + std::to_string(on.peer.port()));
    CHECK(proxy.credentials(0) == "us@er:p:w");
    CHECK(on.peer.request().header("authorization").empty());
}

TEST_CASE("pitfall 3.20: a proxy that does not tunnel is reported as such")
{
    bench on;
    auto request = on.request();
    const auto [what,
        expected] = GENERATE(table<proxy_answer, errc>({{proxy_answer::refuse, errc::proxy_failed},
        {proxy_answer::authenticate, errc::proxy_failed},
        {proxy_answer::garbage, errc::proxy_failed}, {proxy_answer::silence, errc::timed_out}}));
    const proxy_peer proxy(on.io, what);
    if (what == proxy_answer::silence) request.deadlines.upgrade = 100ms;
    request.proxy.url = "http://user:secret@127.0.0.1:" + std::to_string(proxy.port());
    const auto why = failure(on, request);
    CHECK(why.code() == expected);
    CHECK(std::string(why.what()).find("secret") == std::string::npos);
}

TEST_CASE("pitfall 3.20: a proxy from the environment is not used for loopback")
{
    bench on;
    const variable proxy("http_proxy", "http://127.0.0.1:" + std::to_string(closed_port(on.io)));
    on.run(open_and_greet(on, on.request()));
}

TEST_CASE("a proxy that is down is reported as such")
{
    bench on;
    auto request = on.request();
    request.proxy.url = "127.0.0.1:" + std::to_string(closed_port(on.io));
    const auto why = failure(on, request);
    CHECK(why.code() == errc::connect_failed);
    CHECK(std::string(why.what()).find("proxy") != std::string::npos);
}

TEST_CASE("a canceled connect is abandoned")
{
    bench on;
    const bool in_tls = GENERATE(false, true);
    auto request = on.request();
    if (in_tls) {
        request.tls = true;
        request.trust.ca_pem = authority().pem();
    }
    asio::cancellation_signal cancel;
    std::exception_ptr end;
    const auto connect = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        co_await with.connector->connect(std::move(to));
    };
    asio::co_spawn(on.io, connect(on, request),
        asio::bind_cancellation_slot(
            cancel.slot(), [&](std::exception_ptr thrown) { end = thrown; }));
    const auto give_up = [](raw_peer& peer,
                             asio::cancellation_signal& signal) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        co_await socket.read_some();
        signal.emit(asio::cancellation_type::terminal);
        co_await socket.read_to_end();
    };
    on.run(give_up(on.peer, cancel));
    on.io.restart();
    on.io.run();
    REQUIRE(end);
    CHECK_THROWS_AS(std::rethrow_exception(end), std::system_error);
}

TEST_CASE("7a: a session outlives the default policy's timeout, having a policy without one")
{
    bench on;
    last_policy.reset();
    on.run(open_and_greet(on, on.request()));
    REQUIRE(last_policy);
    CHECK(last_policy->secs_since_valid_ping == 0);
    CHECK(last_policy->secs_since_valid_hangup == 0);
}

TEST_CASE("7i: only HTTP/1.1 is offered, as flow control does nothing on HTTP/2")
{
    bench on(true);
    last_alpn.clear();
    on.run(open_and_greet(on, on.request()));
    CHECK(last_alpn == "http/1.1");
}

// The text of a refusal ---------------------------------------------------------------------------

namespace {

/// Like `failure`, with response bodies read.
live::error refusal(bench& on, asio::awaitable<void> server,
    std::chrono::milliseconds upgrade = std::chrono::seconds(10))
{
    auto request = on.request();
    request.deadlines.upgrade = upgrade;
    request.read_refusal = [](std::string_view body) { return std::string(body); };
    return failure(on, std::move(request), std::move(server));
}

/// Writes the pieces one after the other, and leaves the connection open.
asio::awaitable<void> answer_in_pieces(
    raw_peer& peer, std::vector<std::string> pieces, std::chrono::milliseconds pause)
{
    auto socket = co_await peer.accept();
    co_await socket.read_head();
    for (auto& each : pieces) {
        try {
            co_await socket.write(std::move(each));
        } catch (const std::system_error&) {
            co_return; // the client has heard enough
        }
        asio::steady_timer timer(co_await asio::this_coro::executor, pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_await socket.read_to_end();
}

asio::awaitable<void> answer_and_end(raw_peer& peer, std::string bytes)
{
    auto socket = co_await peer.accept();
    co_await socket.read_head();
    co_await socket.write(std::move(bytes));
    socket.finish();
    co_await socket.read_to_end();
}

std::vector<std::string> byte_by_byte(const std::string& text)
{
    std::vector<std::string> all;
    for (const char c : text) all.emplace_back(1, c);
    return all;
}

const std::string words = "API key not valid. Please pass a valid API key.";
const std::string with_length =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: " + std::to_string(words.size()) + "\r\n\r\n" +
    words;
const std::string in_chunks = "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: Chunked\r\n\r\n"
                              "7;x=y\r\nAPI key\r\n" +
                              std::string("28\r\n") + words.substr(7) + "\r\n0\r\n\r\n";
const std::string up_to_the_end = "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n" + words;

} // namespace

TEST_CASE("a refused upgrade is reported in the server's words, however its body is framed")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    std::optional<live::error> why;
    SECTION("with a length") { why = refusal(on, answer(on.peer, with_length)); }
    SECTION("in chunks") { why = refusal(on, answer(on.peer, in_chunks)); }
    SECTION("up to the end of the connection")
    {
        why = refusal(on, answer_and_end(on.peer, up_to_the_end));
    }
    SECTION("after an interim response")
    {
        why =
            refusal(on, answer(on.peer, "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" + with_length));
    }
    SECTION("the body after the header")
    {
        const auto head = with_length.size() - words.size();
        why = refusal(on, answer_in_pieces(on.peer,
                              {with_length.substr(0, head), with_length.substr(head)}, 30ms));
    }
    SECTION("cut in the middle of header and body")
    {
        why = refusal(on,
            answer_in_pieces(on.peer,
                {in_chunks.substr(0, 20), in_chunks.substr(20, 50), in_chunks.substr(70)}, 20ms));
    }
    REQUIRE(why);
    CHECK(why->code() == errc::unauthorized);
    CHECK(why->http_status() == 400);
    CHECK(why->reason() == words);
    CHECK(why->phase() == phase::upgrade);
    CHECK(std::string(why->what()).find("(HTTP 400: " + words + ")") != std::string::npos);
}

TEST_CASE("a refusal that drips is still read, without TLS")
{
    bench on;
    const auto& bytes = GENERATE_COPY(with_length, in_chunks);
    const auto why = refusal(on, answer_in_pieces(on.peer, byte_by_byte(bytes), 1ms));
    CHECK(why.http_status() == 400);
    CHECK(why.reason() == words);
}

TEST_CASE("a refusal that drips in TLS is reported, at least by its status")
{
    bench on(true);
    const auto why = refusal(on, answer_in_pieces(on.peer, byte_by_byte(with_length), 1ms));
    CHECK(why.http_status() == 400);
}

TEST_CASE("an endless or missing body holds nobody up")
{
    bench on;
    const auto begun = std::chrono::steady_clock::now();
    SECTION("nothing comes")
    {
        const auto why = refusal(on, answer(on.peer, "HTTP/1.1 503 Busy\r\n\r\n"));
        CHECK(why.code() == errc::unavailable);
        CHECK(why.reason() == "Busy");
    }
    SECTION("a part comes")
    {
        const auto why = refusal(
            on, answer(on.peer, "HTTP/1.1 403 No\r\nContent-Length: 1000\r\n\r\nQuota exceeded"));
        CHECK(why.code() == errc::quota_exceeded);
    }
    SECTION("more and more comes")
    {
        const auto why = refusal(on, answer_in_pieces(on.peer,
                                         {"HTTP/1.1 500 Oh\r\n\r\n", std::string(40'000, 'x'),
                                             std::string(40'000, 'x'), std::string(40'000, 'x')},
                                         1ms));
        CHECK(why.code() == errc::unavailable);
        CHECK(why.reason().size() == 64u << 10);
    }
    SECTION("the header does not end")
    {
        const auto why =
            refusal(on, answer(on.peer, "HTTP/1.1 503 Busy\r\nX: " + std::string(70'000, 'x')));
        CHECK(why.code() == errc::unavailable);
    }
    SECTION("the deadline of the upgrade is near")
    {
        const auto why = refusal(on, answer(on.peer, "HTTP/1.1 503 Busy\r\n\r\nPlease"), 100ms);
        CHECK(why.code() == errc::unavailable);
        CHECK(why.reason() == "Please");
        CHECK(std::chrono::steady_clock::now() - begun < 1s);
    }
    CHECK(std::chrono::steady_clock::now() - begun < 4s);
}

TEST_CASE("a server that answers an upgrade with a partial status is waited for until the deadline")
{
    bench on;
    const auto why = refusal(on, answer(on.peer, "HTTP/1."), 100ms);
    CHECK(why.code() == errc::timed_out);
    CHECK(why.phase() == phase::upgrade);
}

TEST_CASE("an upgrade whose answer drips completes, plain and in TLS, with bodies read")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    auto request = on.request();
    request.read_refusal = [](std::string_view body) { return std::string(body); };
    const auto serve = [](raw_peer& peer) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        const auto head = co_await socket.read_head();
        co_await socket.drip(switching_protocols(head));
        const auto heard = co_await socket.read_frame();
        co_await socket.write(raw_frame::text(heard.payload()).bytes());
        co_await socket.read_to_end();
    };
    const auto talk = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        auto opened = co_await with.connector->connect(std::move(to));
        co_await send_text(*opened, "hello");
        const auto answered = co_await receive_text(*opened);
        CHECK(answered == "hello");
        opened->abort();
    };
    on.run(side_by_side(talk(on, request), serve(on.peer)));
}

TEST_CASE("connections open one after the other and together, with bodies read")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    auto request = on.request();
    request.read_refusal = [](std::string_view body) { return std::string(body); };
    for (int i = 0; i < 5; ++i) {
        INFO(i << " " << tls);
        on.run(open_and_greet(on, request));
        UNSCOPED_INFO("done " << i);
    }
    const auto many = [&]() -> asio::awaitable<void> {
        std::vector<pair> all;
        for (int i = 0; i < 10; ++i) {
            auto both = co_await on.open(request);
            UNSCOPED_INFO("opened " << i);
            all.push_back(std::move(both));
        }
        for (auto& each : all) co_await greet(each);
    };
    on.run(many());
}

} // namespace lws_connect_test
