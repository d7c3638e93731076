// SPDX-License-Identifier: Apache-2.0
#include "connect_support.hpp"

#include <openssl/ssl.h>

#include <ctime>
#include <dlfcn.h>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// A reconnect resumes the TLS session of its host.
namespace tls_sessions_test {

using namespace test;
using live::errc;

namespace {

std::time_t passed = 0; // s, in addition to what has really passed

/// Opens and ends a connection. Returns whether it has resumed a session.
asio::awaitable<void> note_resumption(
    bench& on, transport::connect_request request, std::optional<bool>& resumed)
{
    auto both = co_await on.open(std::move(request));
    resumed = both.server->has_resumed();
}

bool is_resumed(bench& on, transport::connect_request request)
{
    std::optional<bool> resumed;
    on.run(note_resumption(on, std::move(request), resumed));
    return *resumed;
}

/// A bench whose server has this identity.
struct place : bench {
    explicit place(pem_identity identity) : bench(true)
    {
        peer = raw_peer(io, std::move(identity));
    }
    [[nodiscard]] transport::connect_request request_as(const std::string& host) const
    {
        auto made = request_to(peer.port(), true);
        made.host = host;
        return made;
    }
};

/// Accepts connections until one completes its handshake; serves that one.
asio::awaitable<void> serve_in_the_end(raw_peer& peer, int& attempts)
{
    std::optional<raw_socket> socket;
    while (!socket) {
        ++attempts;
        try {
            socket.emplace(co_await peer.accept_websocket());
        } catch (const std::system_error&) {
            continue;
        }
    }
    co_await socket->read_to_end();
}

} // namespace

/// Shadows that of the C library: OpenSSL reads the time of day by it.
extern "C" [[gnu::visibility("default")]] std::time_t time(std::time_t* to) noexcept
{
    static const auto real =
        reinterpret_cast<std::time_t (*)(std::time_t*)>(::dlsym(RTLD_NEXT, "time"));
    const auto now = real(nullptr) + passed;
    if (to) *to = now;
    return now;
}

TEST_CASE("a reconnect resumes the TLS session of its host, with TLS 1.2 and 1.3")
{
    auto identity = localhost_identity();
    identity.newest_tls = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    CAPTURE(identity.newest_tls);
    place on(identity);
    const auto request = on.request_as("localhost");
    CHECK_FALSE(is_resumed(on, request));
    CHECK(is_resumed(on, request));
    CHECK(is_resumed(on, request));
}

TEST_CASE("connections of one host at the same time resume the same session")
{
    place on(localhost_identity());
    const auto request = on.request_as("localhost");
    CHECK_FALSE(is_resumed(on, request));
    const auto twice = [](place& at, transport::connect_request to) -> asio::awaitable<void> {
        auto one = co_await at.open(to);
        auto other = co_await at.open(to);
        CHECK(one.server->has_resumed());
        CHECK(other.server->has_resumed());
    };
    on.run(twice(on, request));
}

TEST_CASE("a session is resumed after its connection was cut")
{
    place on(localhost_identity());
    const auto request = on.request_as("localhost");
    const auto cut = [](place& at, transport::connect_request to) -> asio::awaitable<void> {
        auto both = co_await at.open(std::move(to));
        both.server->reset();
        co_await error_of(both.client->receive());
    };
    on.run(cut(on, request));
    CHECK(is_resumed(on, request));
}

TEST_CASE("HTTP calls and connections share the sessions of a host")
{
    place on(localhost_identity());
    const auto request = on.request_as("localhost");
    CHECK_FALSE(is_resumed(on, request));
    const auto call = [](place& at, transport::connect_request to) -> asio::awaitable<void> {
        transport::http_request http;
        static_cast<transport::request_head&>(http) = std::move(to);
        const auto answered = co_await at.connector->fetch(std::move(http));
        CHECK(answered.status == 200);
    };
    const auto serve = [](raw_peer& peer) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        CHECK(socket.has_resumed());
        co_await socket.read_head();
        co_await socket.write(http_response(200));
        co_await socket.read_to_end();
    };
    on.run(side_by_side(call(on, request), serve(on.peer)));
}

TEST_CASE("a session is resumed only by who trusts the same certificates, shows the same, and asks "
          "for the same host")
{
    const auto identity = authority().issue("DNS:localhost,DNS:other.localhost");
    place on(identity);
    auto request = on.request_as("localhost");
    CHECK_FALSE(is_resumed(on, request));
    SECTION("another host name") { request.host = "other.localhost"; }
    SECTION("another trust") { request.trust.ca_pem += certificate_authority().pem(); }
    SECTION("a pinned key") { request.trust.pinned_public_keys = {pin_of(identity.certificate)}; }
    SECTION("a client certificate")
    {
        const auto client = authority().issue("DNS:client");
        request.trust.certificate_pem = client.certificate;
        request.trust.private_key_pem = live::secret(client.private_key);
    }
    CHECK_FALSE(is_resumed(on, request));
    CHECK(is_resumed(on, request));
}

TEST_CASE("what is no longer trusted is not resumed")
{
    place on(localhost_identity());
    const auto request = on.request_as("localhost");
    CHECK_FALSE(is_resumed(on, request));
    SECTION("a host whose certificate has expired since")
    {
        CHECK(is_resumed(on, request));
        passed = 2 * 24 * 3600;
        const auto why = failure(on, request, fail_handshake(on.peer));
        passed = 0;
        INFO(why.what());
        CHECK(std::string(why.what()).find("certificate has expired") != std::string::npos);
    }
    SECTION("a host that has shown another certificate since")
    {
        raw_peer impostor(on.io, self_signed("DNS:localhost"));
        auto elsewhere = request;
        elsewhere.port = impostor.port();
        const auto why = failure(on, elsewhere, fail_handshake(impostor));
        CHECK(why.code() == errc::tls_failed);
        CHECK_FALSE(is_resumed(on, request));
    }
}

TEST_CASE("sessions of 16 hosts are kept, and the oldest is forgotten")
{
    place on(authority().issue("DNS:*.many.localhost"));
    const auto at = [&on](int i) {
        return on.request_as("host-" + std::to_string(i) + ".many.localhost");
    };
    for (int i = 0; i < 17; ++i) CHECK_FALSE(is_resumed(on, at(i)));
    CHECK(is_resumed(on, at(1)));
    CHECK(is_resumed(on, at(16)));
    CHECK_FALSE(is_resumed(on, at(0)));
}

TEST_CASE("a server that fails when a session is resumed gets a whole handshake at once")
{
    auto identity = localhost_identity();
    identity.newest_tls = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    identity.fails_to_resume = true;
    CAPTURE(identity.newest_tls);
    place on(identity);
    const auto request = on.request_as("localhost");
    CHECK_FALSE(is_resumed(on, request));
    int attempts = 0;
    on.run(side_by_side(
        connect_and_leave(*on.connector, request), serve_in_the_end(on.peer, attempts)));
    CHECK(attempts == 2);
}

TEST_CASE(
    "a server that does not answer when a session is resumed gets a whole handshake next time")
{
    place on(localhost_identity());
    auto request = on.request_as("localhost");
    CHECK_FALSE(is_resumed(on, request));
    const raw_peer silent(on.io);
    auto unanswered = request;
    unanswered.port = silent.port();
    unanswered.deadlines.upgrade = 50ms;
    CHECK(failure(on, unanswered).code() == errc::timed_out);
    CHECK_FALSE(is_resumed(on, request));
}

TEST_CASE("clients on several threads resume the sessions of one another")
{
    const auto server = make_tls_server(localhost_identity());
    const auto work = [&server] {
        bench on(true);
        const auto serve = [](asio::ip::tcp::acceptor& from, std::shared_ptr<tls_server> as,
                               int& resumed) -> asio::awaitable<void> {
            for (int i = 0; i < 10; ++i) {
                raw_socket socket(co_await from.async_accept(asio::use_awaitable));
                co_await socket.accept_tls(as);
                resumed += socket.has_resumed() ? 1 : 0;
                const auto head = co_await socket.read_head();
                co_await socket.write(switching_protocols(head));
                co_await socket.read_to_end();
            }
        };
        const auto connect = [](bench& by, std::uint16_t port) -> asio::awaitable<void> {
            for (int i = 0; i < 10; ++i) {
                auto request = request_to(port, true);
                request.host = "localhost";
                co_await connect_and_leave(*by.connector, std::move(request));
            }
        };
        asio::ip::tcp::acceptor acceptor(on.io, {asio::ip::address_v4::loopback(), 0});
        int resumed = 0;
        on.run(side_by_side(
            connect(on, acceptor.local_endpoint().port()), serve(acceptor, server, resumed)));
        return resumed >= 9;
    };
    std::vector<char> all(4, 0);
    std::vector<std::thread> threads;
    for (auto& each : all) threads.emplace_back([&each, &work] { each = work(); });
    for (auto& each : threads) each.join();
    CHECK(all == std::vector<char>(4, 1));
}

} // namespace tls_sessions_test
