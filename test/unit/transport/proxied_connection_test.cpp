// SPDX-License-Identifier: Apache-2.0
#include "lws_support.hpp"
#include "support/proxy_peer.hpp"
#include "support/relay.hpp"
#include "support/socks_peer.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>

#include <openssl/ssl.h>

#include <functional>
#include <memory>

/// Connections and calls through proxies of each kind, to servers with TLS and without.
namespace proxied_connection_test {

using namespace test;
using live::errc;
using live::phase;

namespace {

std::string url(const char* scheme, std::uint16_t port, const std::string& login = {})
{
    return scheme + std::string("://") + login + "127.0.0.1:" + std::to_string(port);
}

std::string percent_encoded(const std::string& text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char each : text) {
        const auto byte = static_cast<unsigned char>(each);
        encoded += {'%', digits[byte / 16], digits[byte % 16]};
    }
    return encoded;
}

bool contains(const live::error& why, const std::string& part)
{
    return std::string(why.what()).find(part) != std::string::npos;
}

/// A proxy of any kind.
struct any_proxy {
    any_proxy(asio::io_context& io, const std::string& scheme)
    {
        if (scheme == "http") http.emplace(io);
        if (scheme == "https") http.emplace(io, proxy_answer::tunnel, localhost_identity());
        if (scheme == "socks5") socks.emplace(io);
        address = url(scheme.c_str(), port());
    }

    [[nodiscard]] std::uint16_t port() const { return http ? http->port() : socks->port(); }
    [[nodiscard]] std::size_t requests() const
    {
        return http ? http->requests().size() : socks->requests().size();
    }

    std::optional<proxy_peer> http;
    std::optional<socks_peer> socks;
    std::string address;
};

transport::connect_request through(const bench& on, const std::string& proxy)
{
    auto request = on.request();
    request.host = "localhost";
    request.proxy.url = proxy;
    request.trust.ca_pem = authority().pem();
    request.read_refusal = [](std::string_view body) { return std::string(body); };
    return request;
}

asio::awaitable<void> greet(pair& both)
{
    co_await send_text(*both.client, "hello");
    const auto heard = co_await both.server->read_frame();
    CHECK(heard.payload() == "hello");
    co_await both.server->write(raw_frame::text("welcome").bytes());
    const auto answered = co_await receive_text(*both.client);
    CHECK(answered == "welcome");
}

asio::awaitable<void> open_and_greet(bench& on, transport::connect_request request)
{
    auto both = co_await on.open(std::move(request));
    co_await greet(both);
}

asio::awaitable<void> expect_error(transport::connector& connector,
    transport::connect_request request, std::optional<live::error>& result)
{
    result = co_await error_of(connector.connect(std::move(request)));
}

/// The error of connecting while somebody serves.
live::error failure(bench& on, transport::connect_request request, asio::awaitable<void> server)
{
    std::optional<live::error> result;
    on.run(
        side_by_side(expect_error(*on.connector, std::move(request), result), std::move(server)));
    return *result;
}

live::error failure(bench& on, transport::connect_request request)
{
    std::optional<live::error> result;
    on.run(expect_error(*on.connector, std::move(request), result));
    return *result;
}

enum class then { hold, finish, reset };

/// A proxy that answers the first request with `bytes`.
asio::awaitable<void> answer(raw_peer& proxy, std::string bytes, then next = then::hold)
{
    auto socket = co_await proxy.accept();
    co_await socket.read_head();
    co_await socket.write(std::move(bytes));
    if (next == then::finish) socket.finish();
    if (next == then::reset) socket.reset();
    if (next != then::reset) co_await socket.read_to_end();
}

const std::string opened = "HTTP/1.1 200 Connection established\r\n\r\n";

/// A peer that does not answer the first thing that it is asked.
asio::awaitable<void> hold(raw_peer& peer, bool& is_asked)
{
    auto socket = co_await peer.accept();
    co_await socket.read(1);
    is_asked = true;
    co_await socket.read_to_end();
}

/// A peer that opens a tunnel and does not answer the first thing that it is asked there.
asio::awaitable<void> hold_in_tunnel(raw_peer& peer, bool completes_tls, bool& is_asked)
{
    auto socket = co_await peer.accept();
    co_await socket.read_head();
    co_await socket.write(opened);
    auto identity = localhost_identity();
    if (completes_tls) co_await socket.accept_tls(std::move(identity));
    co_await socket.read(1);
    is_asked = true;
    co_await socket.read_to_end();
}

/// The timeout of a connection to a peer that falls silent once it is asked.
live::error timeout(bench& on, transport::connect_request request,
    const std::function<asio::awaitable<void>(bool&)>& peer)
{
    std::optional<live::error> result;
    with_growing_deadline([&](std::chrono::milliseconds limit) {
        request.deadlines.upgrade = limit;
        bool is_asked = false;
        result = failure(on, request, until_abandoned(peer(is_asked)));
        CHECK(result->code() == errc::timed_out);
        CHECK(contains(*result, "within " + std::to_string(limit.count()) + " ms"));
        return is_asked;
    });
    return *result;
}

} // namespace

TEST_CASE("messages go through a proxy of each kind, to a server with and without TLS")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    const bool tls = GENERATE(false, true);
    CAPTURE(scheme, tls);
    bench on(tls);
    const any_proxy proxy(on.io, scheme);
    on.run(open_and_greet(on, through(on, proxy.address)));
    CHECK(proxy.requests() == 1);
    CHECK(on.peer.request().header("host") == "localhost:" + std::to_string(on.peer.port()));
    CHECK(on.peer.request().header("proxy-authorization").empty());
}

TEST_CASE("8 MB pass both ways through a proxy of each kind, also in TLS within TLS")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    CAPTURE(scheme);
    bench on(true);
    const any_proxy proxy(on.io, scheme);
    const auto play = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        const std::string large(8u << 20, 'x');
        auto both = co_await with.open(std::move(to));
        const auto serve = [](raw_socket& server,
                               const std::string& text) -> asio::awaitable<void> {
            std::string heard;
            while (heard.size() < text.size()) {
                const auto frame = co_await server.read_frame();
                heard += frame.payload();
            }
            CHECK(heard == text);
            co_await server.write(raw_frame::text(text).bytes());
        };
        co_await side_by_side(send_text(*both.client, large), serve(*both.server, large));
        const auto answered = co_await receive_text(*both.client);
        CHECK(answered == large);
    };
    on.run(play(on, through(on, proxy.address)));
}

TEST_CASE("both directions at once, and a slow reader, pass through TLS within TLS")
{
    bench on(true);
    const any_proxy proxy(on.io, "https");
    const auto play = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        constexpr int count = 200;
        const std::string large(64u << 10, 'x');
        auto both = co_await with.open(std::move(to));
        const auto write = [](raw_socket& server,
                               const std::string& text) -> asio::awaitable<void> {
            for (int i = 0; i < count; ++i) co_await server.write(raw_frame::text(text).bytes());
        };
        const auto send = [](transport::connection& client,
                              const std::string& text) -> asio::awaitable<void> {
            for (int i = 0; i < count; ++i) co_await send_text(client, text);
        };
        const auto read = [](raw_socket& server, const std::string& text) -> asio::awaitable<void> {
            for (std::size_t left = count * text.size(); left != 0;) {
                const auto frame = co_await server.read_frame();
                left -= frame.payload().size();
            }
        };
        const auto receive = [](transport::connection& client,
                                 const std::string& text) -> asio::awaitable<void> {
            const auto executor = co_await asio::this_coro::executor;
            for (int i = 0; i < count; ++i) {
                for (int turn = 0; turn < 20; ++turn)
                    co_await asio::post(executor, asio::use_awaitable);
                const auto heard = co_await receive_text(client);
                CHECK(heard == text);
            }
        };
        auto down = side_by_side(write(*both.server, large), receive(*both.client, large));
        auto up = side_by_side(send(*both.client, large), read(*both.server, large));
        co_await side_by_side(std::move(down), std::move(up));
    };
    on.run(play(on, through(on, proxy.address)));
}

TEST_CASE("a closing handshake completes through TLS within TLS, and the server sees the end")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    const any_proxy proxy(on.io, "https");
    const auto play = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        auto both = co_await with.open(std::move(to));
        const auto serve = [](raw_socket& server) -> asio::awaitable<void> {
            const auto close = co_await server.read_frame();
            CHECK(close.close_code() == 1000);
            co_await server.write(raw_frame::close(1000).bytes());
            const auto rest = co_await server.read_to_end();
            CHECK(rest.empty());
        };
        co_await side_by_side(both.client->close(1000, "done"), serve(*both.server));
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.code() == errc::closed);
    };
    on.run(play(on, through(on, proxy.address)));
}

TEST_CASE("the end of a connection through a proxy is reported as without one")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    const bool tls = GENERATE(false, true);
    const bool by_reset = GENERATE(false, true);
    CAPTURE(scheme, tls, by_reset);
    bench on(tls);
    const any_proxy proxy(on.io, scheme);
    const auto play = [](bench& with, transport::connect_request to,
                          bool reset) -> asio::awaitable<void> {
        auto both = co_await with.open(std::move(to));
        co_await both.server->write(raw_frame::text("last words").bytes());
        const auto heard = co_await receive_text(*both.client);
        CHECK(heard == "last words");
        if (reset)
            both.server->reset();
        else
            both.server->finish();
        const auto why = co_await error_of(both.client->receive());
        CHECK(why.code() == errc::connection_lost);
        CHECK(why.phase() == phase::open);
    };
    on.run(play(on, through(on, proxy.address), by_reset));
}

TEST_CASE("a proxy may answer CONNECT in any form that HTTP allows, byte by byte")
{
    const bool tls = GENERATE(false, true);
    const bool dripping = GENERATE(false, true);
    const auto bytes = GENERATE(as<std::string>(), opened, "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.0 299 Fine\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    CAPTURE(tls, dripping, bytes);
    bench on;
    // the proxy and the server behind it in one
    const auto serve = [](raw_peer& peer, std::string text, bool drip,
                           bool encrypted) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        const auto asked = co_await socket.read_head();
        const auto target = "localhost:" + std::to_string(peer.port());
        CHECK(asked.start_line == "CONNECT " + target + " HTTP/1.1");
        if (drip)
            co_await socket.drip(std::move(text));
        else
            co_await socket.write(std::move(text));
        if (encrypted) {
            auto identity = localhost_identity();
            co_await socket.accept_tls(std::move(identity));
        }
        const auto head = co_await socket.read_head();
        co_await socket.write(switching_protocols(head));
        const auto frame = co_await socket.read_frame();
        co_await socket.write(raw_frame::text(frame.payload()).bytes());
        co_await socket.read_to_end();
    };
    const auto talk = [](bench& with, transport::connect_request to) -> asio::awaitable<void> {
        auto client = co_await with.connector->connect(std::move(to));
        co_await send_text(*client, "hello");
        const auto answered = co_await receive_text(*client);
        CHECK(answered == "hello");
        client->abort();
    };
    auto request = through(on, url("http", on.peer.port()));
    request.tls = tls;
    on.run(side_by_side(talk(on, request), serve(on.peer, bytes, dripping, tls)));
}

TEST_CASE("a proxy's refusal is reported with status, Retry-After and its words")
{
    const bool encrypted = GENERATE(false, true);
    bench on(encrypted); // a proxy here
    auto request = through(on, url(encrypted ? "https" : "http", on.peer.port(), "me:hunter2@"));
    request.host = "example.com";
    request.port = 443;
    struct row {
        int status;
        const char* says;
    };
    const auto [status, says] = GENERATE(row{407, "did not accept the user name and password"},
        row{401, "did not accept the user name and password"}, // tinyproxy 1.11
        row{403, "does not allow a tunnel to example.com:443"},
        row{502, "could not open a tunnel to example.com:443"});
    const auto why = failure(on, request,
        answer(
            on.peer, http_response(status, {{"Retry-After", "9"}, {"Proxy-Authenticate", "Basic"}},
                         "so says hunter2")));
    INFO(why.what());
    CHECK(why.code() == errc::proxy_failed);
    CHECK(why.phase() == phase::connect);
    CHECK(why.http_status() == status);
    CHECK(why.retry_after() == 9s);
    CHECK(why.reason() == "so says …");
    CHECK(contains(why, says));
    CHECK(contains(why, "127.0.0.1:" + std::to_string(on.peer.port())));
    CHECK_FALSE(contains(why, "hunter2"));
}

TEST_CASE("the words of a proxy that never ends them are reported soon")
{
    bench on;
    auto request = through(on, url("http", on.peer.port()));
    SECTION("within two seconds")
    {
        const auto begun = std::chrono::steady_clock::now();
        const auto why =
            failure(on, request, answer(on.peer, "HTTP/1.1 503 Busy\r\n\r\nPlease wait"));
        CHECK(why.http_status() == 503);
        CHECK(why.reason() == "Please wait");
        CHECK(std::chrono::steady_clock::now() - begun < 4s);
    }
    SECTION("within the deadline of the upgrade")
    {
        with_growing_deadline([&](std::chrono::milliseconds limit) {
            request.deadlines.upgrade = limit;
            const auto why = failure(on, request,
                until_abandoned(
                    answer(on.peer, "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nNot you")));
            if (why.code() == errc::timed_out) return false; // before the answer came
            CHECK(why.http_status() == 403);
            CHECK(why.reason() == "Not you");
            return true;
        });
    }
    SECTION("at 64 KB")
    {
        const auto why = failure(
            on, request, answer(on.peer, "HTTP/1.1 403 No\r\n\r\n" + std::string(70'000, 'x')));
        CHECK(why.reason().size() == 64u << 10);
    }
}

TEST_CASE("a proxy that ends the connection is reported as such")
{
    const auto next = GENERATE(then::finish, then::reset);
    const auto bytes = GENERATE(as<std::string>(), "", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nX: y\r\n");
    bench on;
    const auto why =
        failure(on, through(on, url("http", on.peer.port())), answer(on.peer, bytes, next));
    CHECK(why.code() == errc::connection_lost);
    CHECK(why.phase() == phase::connect);
    CHECK(contains(why, "ended the connection before it had opened a tunnel"));
}

TEST_CASE("bytes behind a proxy's answer are refused, since nobody has asked for any")
{
    bench on;
    auto request = through(on, url("http", on.peer.port()));
    request.tls = GENERATE(false, true);
    const auto why = failure(on, request, answer(on.peer, opened + "surprise"));
    CHECK(why.code() == errc::proxy_failed);
    CHECK(contains(why, "more than its answer"));
}

TEST_CASE("a timeout says which step it was, and names the proxy")
{
    bench on;
    raw_peer proxy(on.io);
    raw_peer encrypted(on.io, localhost_identity());
    auto request = through(on, url("http", proxy.port()));
    const auto name = "127.0.0.1:" + std::to_string(proxy.port());
    const auto target = "localhost:" + std::to_string(on.peer.port());
    SECTION("in the tunnel")
    {
        const auto why =
            timeout(on, request, [&](bool& is_asked) { return hold(proxy, is_asked); });
        CHECK(why.phase() == phase::connect);
        CHECK(contains(why, "The proxy " + name + " has not opened a tunnel to " + target));
    }
    SECTION("in the tunnel by SOCKS")
    {
        request.proxy.url = url("socks5", proxy.port());
        const auto why =
            timeout(on, request, [&](bool& is_asked) { return hold(proxy, is_asked); });
        CHECK(why.phase() == phase::connect);
        CHECK(contains(why, "The proxy " + name + " has not opened a tunnel to " + target));
    }
    SECTION("in TLS with the proxy")
    {
        request.proxy.url = url("https", proxy.port());
        const auto why =
            timeout(on, request, [&](bool& is_asked) { return hold(proxy, is_asked); });
        CHECK(why.phase() == phase::tls);
        CHECK(contains(why, "The proxy " + name + " has not completed the TLS handshake"));
    }
    SECTION("in the tunnel within TLS")
    {
        request.proxy.url = url("https", encrypted.port());
        const auto why =
            timeout(on, request, [&](bool& is_asked) { return hold(encrypted, is_asked); });
        CHECK(why.phase() == phase::connect);
        CHECK(contains(why, "has not opened a tunnel to " + target));
    }
    SECTION("in TLS with the server")
    {
        request.tls = true;
        const auto why = timeout(
            on, request, [&](bool& is_asked) { return hold_in_tunnel(proxy, false, is_asked); });
        CHECK(why.phase() == phase::tls);
        CHECK(
            contains(why, target + " (through the proxy " + name + ") has not completed the TLS"));
    }
    SECTION("in the upgrade")
    {
        request.tls = true;
        const auto why = timeout(
            on, request, [&](bool& is_asked) { return hold_in_tunnel(proxy, true, is_asked); });
        CHECK(why.phase() == phase::upgrade);
        CHECK(contains(why, target + " (through the proxy " + name + ") has not answered"));
    }
}

TEST_CASE("a proxy whose certificate is wrong is not asked for anything")
{
    const bool names_another = GENERATE(false, true);
    bench on;
    const certificate_authority stranger;
    raw_peer proxy(on.io,
        names_another ? authority().issue("DNS:example.com") : stranger.issue("IP:127.0.0.1"));
    const auto why = failure(on, through(on, url("https", proxy.port(), "me:hunter2@")),
        until_abandoned(accept_one(proxy)));
    INFO(why.what());
    CHECK(why.code() == errc::tls_failed);
    CHECK(why.phase() == phase::tls);
    CHECK(contains(why, "certificate of 127.0.0.1 "));
}

TEST_CASE("a server is verified through a proxy of each kind, by name and by address")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    const auto host = GENERATE(as<std::string>(), "localhost", "127.0.0.1", "::1");
    CAPTURE(scheme, host);
    bench on;
    const any_proxy proxy(on.io, scheme);
    auto request = through(on, proxy.address);
    request.tls = true;
    request.host = host;
    SECTION("the right one")
    {
        raw_peer server(on.io, localhost_identity());
        request.port = server.port();
        const auto connect = [](bench& with,
                                 transport::connect_request to) -> asio::awaitable<void> {
            const auto client = co_await with.connector->connect(std::move(to));
            CHECK(client);
        };
        const auto serve = [](raw_peer& peer) -> asio::awaitable<void> {
            auto socket = co_await peer.accept_websocket();
            co_await socket.read_to_end();
        };
        on.run(side_by_side(connect(on, request), serve(server)));
    }
    SECTION("one for another name and address")
    {
        raw_peer server(on.io, authority().issue("DNS:example.com,IP:10.1.2.3,IP:::2"));
        request.port = server.port();
        const auto why = failure(on, request, until_abandoned(accept_one(server)));
        CHECK(why.code() == errc::tls_failed);
        CHECK(why.phase() == phase::tls);
        CHECK(contains(why, "certificate of " + host + " "));
        CHECK(contains(why, "mismatch"));
    }
    SECTION("one of another authority")
    {
        const certificate_authority stranger;
        raw_peer server(on.io, stranger.issue("DNS:localhost,IP:127.0.0.1,IP:::1"));
        request.port = server.port();
        const auto why = failure(on, request, until_abandoned(accept_one(server)));
        CHECK(why.code() == errc::tls_failed);
    }
}

TEST_CASE("a pinned key and a client certificate are for the server, not for its proxy")
{
    const auto own = authority().issue("DNS:client", validity::now, "the client");
    auto server = localhost_identity();
    server.client_authority = authority().pem();
    bench on(true);
    on.peer = raw_peer(on.io, server);
    auto request = on.request();
    request.host = "localhost";
    request.trust.pinned_public_keys = {pin_of(server.certificate)};
    request.trust.certificate_pem = own.certificate;
    request.trust.private_key_pem = live::secret(own.private_key);
    auto proxy_identity = authority().issue("IP:127.0.0.1");
    SECTION("a proxy that asks for nothing")
    {
        const proxy_peer proxy(on.io, proxy_answer::tunnel, proxy_identity);
        request.proxy.url = url("https", proxy.port());
        on.run(open_and_greet(on, request));
    }
    SECTION("a proxy that asks for a certificate")
    {
        proxy_identity.client_authority = authority().pem();
        proxy_identity.newest_tls = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
        const proxy_peer proxy(on.io, proxy_answer::tunnel, proxy_identity);
        request.proxy.url = url("https", proxy.port());
        const auto why = failure(on, request);
        CHECK(why.code() == errc::tls_failed);
        CHECK(contains(why, "The proxy 127.0.0.1:"));
        CHECK(contains(why, "only shown to servers"));
    }
    SECTION("a server whose key is not pinned")
    {
        request.trust.pinned_public_keys = {pin_of(proxy_identity.certificate)};
        const proxy_peer proxy(on.io, proxy_answer::tunnel, proxy_identity);
        request.proxy.url = url("https", proxy.port());
        const auto why = failure(on, request, fail_handshake(on.peer));
        CHECK(why.code() == errc::tls_failed);
        CHECK(contains(why, "certificate of localhost "));
    }
}

TEST_CASE("a reconnect through a proxy resumes the TLS session of its host")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    const int newest = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    CAPTURE(scheme, newest);
    auto identity = localhost_identity();
    identity.newest_tls = newest;
    bench on(true);
    on.peer = raw_peer(on.io, identity);
    const any_proxy proxy(on.io, scheme);
    const auto play = [](bench& with, transport::connect_request to,
                          bool expected) -> asio::awaitable<void> {
        auto both = co_await with.open(std::move(to));
        CHECK(both.server->has_resumed() == expected);
        co_await greet(both);
    };
    on.run(play(on, through(on, proxy.address), false));
    on.run(play(on, through(on, proxy.address), true));
}

TEST_CASE("a server without TLS, or that ends it, is reported as such through a proxy")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https");
    bench on;
    const any_proxy proxy(on.io, scheme);
    auto request = through(on, proxy.address);
    request.tls = true;
    SECTION("without TLS")
    {
        const auto talk = [](raw_peer& peer) -> asio::awaitable<void> {
            auto socket = co_await peer.accept();
            co_await socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
            co_await socket.read_to_end();
        };
        const auto why = failure(on, request, talk(on.peer));
        CHECK(why.code() == errc::tls_failed);
        CHECK(contains(why, "wrong version number"));
        CHECK(contains(why, "(through the proxy "));
    }
    SECTION("ending it")
    {
        const auto hang_up = [](raw_peer& peer) -> asio::awaitable<void> {
            auto socket = co_await peer.accept();
            co_await socket.read_some();
        };
        const auto why = failure(on, request, hang_up(on.peer));
        CHECK(why.code() == errc::connection_lost);
        CHECK(why.phase() == phase::tls);
    }
}

TEST_CASE("user and password reach a proxy whatever their length and characters")
{
    bench on;
    const proxy_peer proxy(on.io);
    const std::string user = "us@er%" + std::string(150, 'u');
    const std::string password = ":p@%/\xc3\xa9 " + std::string(150, 'p');
    const auto login = percent_encoded(user) + ':' + percent_encoded(password) + '@';
    on.run(open_and_greet(on, through(on, url("http", proxy.port(), login))));
    CHECK(proxy.credentials(0) == user + ':' + password);
}

TEST_CASE("a SOCKS proxy resolves names, and is shown user and password where it asks")
{
    const auto scheme = GENERATE(as<std::string>(), "socks5", "socks5h");
    bench on;
    const socks_peer proxy(on.io, {"us:er", "p@ss"});
    auto request = through(on, url(scheme.c_str(), proxy.port(), "us%3Aer:p%40ss@"));
    request.host = "no-such-host.invalid";
    on.run(open_and_greet(on, request));
    REQUIRE(proxy.requests().size() == 1);
    const auto& asked = proxy.requests()[0];
    CHECK(asked.type == 3);
    CHECK(asked.host == "no-such-host.invalid");
    CHECK(asked.port == on.peer.port());
    CHECK(asked.user == "us:er");
    CHECK(asked.password == "p@ss");
}

TEST_CASE("a SOCKS proxy's refusal is reported in words")
{
    bench on;
    SECTION("by its code")
    {
        const socks_peer proxy(on.io, {{}, {}, 5});
        const auto why = failure(on, through(on, url("socks5", proxy.port())));
        CHECK(why.code() == errc::proxy_failed);
        CHECK(contains(why, "the host has refused the connection"));
    }
    SECTION("of the password")
    {
        const socks_peer proxy(on.io, {"me", "right"});
        const auto why = failure(on, through(on, url("socks5", proxy.port(), "me:wrong@")));
        CHECK(why.code() == errc::proxy_failed);
        CHECK(contains(why, "did not accept the user name and password"));
        CHECK_FALSE(contains(why, "wrong"));
    }
    SECTION("without a password")
    {
        const socks_peer proxy(on.io, {"me", "right"});
        const auto why = failure(on, through(on, url("socks5", proxy.port())));
        CHECK(contains(why, "wants a user name and password"));
    }
}

TEST_CASE("a name that no proxy can be given is refused before anything is dialed")
{
    bench on;
    const socks_peer proxy(on.io);
    auto request = through(on, url("socks5", proxy.port()));
    request.host = std::string(256, 'a');
    CHECK(failure(on, request).code() == errc::invalid_argument);
    CHECK(proxy.requests().empty());
}

TEST_CASE("a call goes through a proxy of each kind, to a server with and without TLS")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    const bool tls = GENERATE(false, true);
    CAPTURE(scheme, tls);
    bench on(tls);
    const any_proxy proxy(on.io, scheme);
    transport::http_request request;
    static_cast<transport::request_head&>(request) = through(on, proxy.address);
    request.method = "POST";
    request.body = std::string(300'000, 'q');
    const auto large = std::string(500'000, 'a');
    const auto serve = [](raw_peer& peer, const std::string& body,
                           const std::string& answered) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        co_await socket.read_head();
        const auto heard = co_await socket.read(body.size());
        CHECK(heard == body);
        auto bytes = http_response(200, {}, answered);
        co_await socket.write(std::move(bytes));
        co_await socket.read_to_end();
    };
    const auto call = [](bench& with, transport::http_request what,
                          const std::string& expected) -> asio::awaitable<void> {
        const auto got = co_await with.connector->fetch(std::move(what));
        CHECK(got.body == expected);
    };
    on.run(side_by_side(call(on, request, large), serve(on.peer, request.body, large)));
    CHECK(proxy.requests() == 1);
}

TEST_CASE("a body that ends with the connection is cut if TLS within TLS was not ended")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https");
    bench on(true);
    const any_proxy proxy(on.io, scheme);
    transport::http_request request;
    static_cast<transport::request_head&>(request) = through(on, proxy.address);
    const auto call = [](bench& with, transport::http_request what) -> asio::awaitable<void> {
        const auto why = co_await error_of(with.connector->fetch(std::move(what)));
        CHECK(why.code() == errc::connection_lost);
    };
    on.run(side_by_side(
        call(on, request), answer(on.peer, "HTTP/1.1 200 OK\r\n\r\nhal", then::finish)));
}

namespace {

asio::awaitable<void> serve_websocket(raw_peer& peer)
{
    try {
        auto socket = co_await peer.accept_websocket();
        co_await socket.read_to_end();
    } catch (const std::system_error&) {
        // the client has gone
    }
}

/// An attempt to reach a server with TLS through a proxy, one step of the loop after the other.
struct attempt {
    explicit attempt(const std::string& scheme) : on(true), proxy(on.io, scheme)
    {
        asio::co_spawn(on.io, on.connector->connect(through(on, proxy.address)),
            asio::bind_cancellation_slot(cancel.slot(),
                [this](std::exception_ptr, std::unique_ptr<transport::connection> made) {
                    client = std::move(made);
                    is_over = true;
                }));
        asio::co_spawn(on.io, serve_websocket(on.peer), asio::detached);
    }
    void run(int steps, std::chrono::milliseconds patience)
    {
        for (int i = 0; i < steps && !is_over; ++i) on.io.run_one_for(patience);
    }

    asio::cancellation_signal cancel; // lives longer than what waits for it
    std::unique_ptr<transport::connection> client;
    bool is_over = false;
    bench on;
    any_proxy proxy;
};

} // namespace

TEST_CASE("a connect through a proxy may be canceled after every step of the loop")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    CAPTURE(scheme);
    int steps = 0;
    for (bool connected = false; !connected; ++steps) {
        INFO("after " << steps);
        REQUIRE(steps < 2'000);
        attempt one(scheme);
        one.run(steps, 1s);
        connected = one.is_over;
        one.cancel.emit(asio::cancellation_type::terminal);
        one.run(100, 10ms);
        REQUIRE(one.is_over);
    }
    CHECK(steps > 20);
}

namespace {

/// Connects through a proxy whose connection breaks. Returns the error, if there is one.
std::optional<live::error> outcome_of_break(const std::string& scheme, misfortune what)
{
    bench on(true);
    const any_proxy proxy(on.io, scheme);
    relay broken(on.io, proxy.port());
    broken.strike_next(what);
    std::optional<live::error> failure;
    const auto connect = [](bench& with, transport::connect_request to,
                             std::optional<live::error>& why) -> asio::awaitable<void> {
        try {
            const auto client = co_await with.connector->connect(std::move(to));
        } catch (const live::error& thrown) {
            why = thrown;
        }
    };
    asio::co_spawn(on.io, serve_websocket(on.peer), asio::detached);
    on.run(connect(on, through(on, url(scheme.c_str(), broken.port())), failure));
    return failure;
}

} // namespace

TEST_CASE(
    "a proxy's connection that breaks after any byte fails the connect at once, with its step")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    const auto where = GENERATE(way::up, way::down);
    const auto what = GENERATE(trouble::fin, trouble::rst);
    CAPTURE(scheme, where == way::up, what == trouble::rst);
    constexpr std::uint64_t tunnel = 60; // bytes in which each is tried
    for (std::uint64_t at = 0;; at += at < tunnel ? 1 : 97) {
        INFO("after " << at);
        REQUIRE(at < 20'000);
        const auto why = outcome_of_break(scheme, {what, where, at});
        if (!why) break;
        INFO(why->what());
        REQUIRE(why->code() == errc::connection_lost);
        REQUIRE(contains(*why, " proxy "));
    }
}

TEST_CASE("a loop may be destroyed after every step of a connect through a proxy")
{
    const auto scheme = GENERATE(as<std::string>(), "http", "https", "socks5");
    CAPTURE(scheme);
    int steps = 0;
    for (bool connected = false; !connected; ++steps) {
        REQUIRE(steps < 2'000);
        attempt one(scheme);
        one.run(steps, 1s);
        connected = one.is_over;
    }
    CHECK(steps > 20);
}

} // namespace proxied_connection_test
