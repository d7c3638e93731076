// SPDX-License-Identifier: Apache-2.0
#include "connect_support.hpp"
#include "transport/pinned_keys.hpp"
#include "transport/tls_context.hpp"

#include <openssl/ssl.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Whom a client trusts, what it shows of itself, and what it says when either does not suffice.
namespace tls_context_test {

using namespace test;
using live::errc;
using live::phase;

namespace {

/// A bench whose server has this identity, and a request to it.
struct place : bench {
    explicit place(pem_identity identity = localhost_identity()) : bench(true)
    {
        peer = raw_peer(io, std::move(identity));
        request = request_to(peer.port(), true);
        request.host = "localhost";
    }

    void expect_success() { run(connect_once(*this)); }
    live::error expect_failure() { return failure(*this, request, fail_handshake(peer)); }
    /// For what is wrong before there is a connection.
    live::error expect_refusal()
    {
        request.port = closed_port(io);
        return failure(*this, request);
    }

    transport::connect_request request;

private:
    static asio::awaitable<void> connect_once(place& on)
    {
        auto both = co_await on.open(on.request);
        co_await send_text(*both.client, "hello");
        const auto heard = co_await both.server->read_frame();
        CHECK(heard.payload() == "hello");
    }
};

bool mentions(const live::error& why, const std::string& text)
{
    UNSCOPED_INFO(why.what());
    return std::string(why.what()).find(text) != std::string::npos;
}

const pem_identity& client_identity()
{
    static const auto one = authority().issue("DNS:client", validity::now, "the client");
    return one;
}

/// A server that demands a client certificate of our authority.
pem_identity demanding(int newest_tls)
{
    auto identity = localhost_identity();
    identity.client_authority = authority().pem();
    identity.newest_tls = newest_tls;
    return identity;
}

/// With TLS 1.3 a server refuses a client's certificate after the client's handshake.
asio::awaitable<void> refuse_client(raw_peer& peer)
{
    try {
        auto socket = co_await peer.accept();
        co_await socket.read_to_end();
    } catch (const std::system_error&) {
        // as expected
    }
}

asio::awaitable<void> expect_error_of_call(transport::connector& connector,
    transport::http_request request, std::optional<live::error>& result)
{
    result = co_await error_of(connector.fetch(std::move(request)));
}

} // namespace

// Authorities -------------------------------------------------------------------------------------

TEST_CASE("clients share TLS data only when they trust the same certificates")
{
    using transport::client_tls_context;
    live::tls_options ours;
    ours.ca_pem = authority().pem();
    const auto shared = client_tls_context(ours, "");
    CHECK(client_tls_context(ours, "") == shared);
    CHECK(client_tls_context({}, "") != shared);
    CHECK(client_tls_context(ours, "::1") != shared);
    auto pinned = ours;
    pinned.pinned_public_keys = {pin_of(authority().pem())};
    CHECK(client_tls_context(pinned, "") != shared);
    auto known = ours;
    known.certificate_pem = client_identity().certificate + client_identity().private_key;
    CHECK(client_tls_context(known, "") != shared);
}

TEST_CASE("an authority may be in a file, which is read again when it has changed")
{
    place on;
    const certificate_authority other("Another CA");
    const temporary_file file(other.pem());
    on.request.trust.ca_pem.clear();
    on.request.trust.ca_file = file.path();
    CHECK(on.expect_failure().code() == errc::tls_failed);
    const temporary_file renewed(other.pem() + authority().pem());
    std::filesystem::rename(renewed.path(), file.path());
    on.expect_success();
    on.request.trust.ca_pem = other.pem(); // in addition
    on.expect_success();
}

TEST_CASE("what is to be trusted and cannot be read is refused before anything is dialed, by name")
{
    place on;
    auto& trust = on.request.trust;
    SECTION("text that is not PEM")
    {
        trust.ca_pem = "not PEM";
        CHECK(mentions(on.expect_refusal(), "tls_options::ca_pem holds no certificate"));
    }
    SECTION("PEM that is cut after a whole certificate")
    {
        trust.ca_pem += trust.ca_pem.substr(0, trust.ca_pem.size() / 2);
        CHECK(mentions(on.expect_refusal(), "tls_options::ca_pem holds no certificate"));
    }
    SECTION("a file that is not PEM")
    {
        const temporary_file file("not PEM");
        trust.ca_file = file.path();
        const auto why = on.expect_refusal();
        CHECK(mentions(why, "tls_options::ca_file"));
        CHECK(mentions(why, file.path()));
    }
    SECTION("a file that does not exist")
    {
        trust.ca_file = "/nowhere/ca.pem";
        const auto why = on.expect_refusal();
        CHECK(mentions(why, "tls_options::ca_file"));
        CHECK(mentions(why, "/nowhere/ca.pem"));
    }
    SECTION("a folder")
    {
        trust.ca_file = "/tmp";
        CHECK(mentions(on.expect_refusal(), "tls_options::ca_file"));
    }
    const auto why = on.expect_refusal();
    CHECK(why.code() == errc::tls_failed);
    CHECK(why.phase() == phase::tls);
}

TEST_CASE("SSL_CERT_FILE and SSL_CERT_DIR replace the system's certificates")
{
    place on;
    on.request.trust = {};
    SECTION("a file")
    {
        const temporary_file store(authority().pem());
        const variable pointing_there("SSL_CERT_FILE", store.path());
        on.expect_success();
    }
    SECTION("but only where these are trusted")
    {
        const temporary_file store(authority().pem());
        const variable pointing_there("SSL_CERT_FILE", store.path());
        on.request.trust.system_store = false;
        CHECK(on.expect_failure().code() == errc::tls_failed);
    }
    SECTION("a folder")
    {
        const temporary_file folder("");
        std::filesystem::remove(folder.path());
        std::filesystem::create_directory(folder.path());
        std::ofstream(folder.path() + '/' + folder_name_of(authority().pem()) + ".0")
            << authority().pem();
        const variable pointing_there("SSL_CERT_DIR", "/nowhere:" + folder.path());
        on.expect_success();
        std::filesystem::remove_all(folder.path());
    }
}

TEST_CASE("an error about an unknown issuer says that SSL_CERT_FILE or SSL_CERT_DIR cannot be read")
{
    place on;
    on.request.trust = {};
    SECTION("a file that does not exist")
    {
        const variable lost("SSL_CERT_FILE", "/nowhere/ca.pem");
        const auto why = on.expect_failure();
        CHECK(mentions(why, "SSL_CERT_FILE names \"/nowhere/ca.pem\""));
        CHECK(mentions(why, "No such file"));
    }
    SECTION("a file without certificates")
    {
        const temporary_file empty("");
        const variable pointing_there("SSL_CERT_FILE", empty.path());
        CHECK(mentions(on.expect_failure(), "holds no certificate in PEM form"));
    }
    SECTION("a folder that does not exist")
    {
        const variable lost("SSL_CERT_DIR", "/tmp:/nowhere");
        CHECK(mentions(on.expect_failure(), "SSL_CERT_DIR names \"/nowhere\""));
    }
    SECTION("but not when the system's certificates are not used")
    {
        const variable lost("SSL_CERT_FILE", "/nowhere/ca.pem");
        const certificate_authority other;
        on.request.trust.system_store = false;
        on.request.trust.ca_pem = other.pem();
        CHECK_FALSE(mentions(on.expect_failure(), "SSL_CERT_FILE"));
    }
}

// What errors say of certificates -----------------------------------------------------------------

TEST_CASE("an error about a certificate says which one, whose names it has, and until when it is "
          "valid")
{
    const auto year_of_tomorrow = [] {
        const auto tomorrow = std::time(nullptr) + 24 * 3600;
        std::tm parts{};
        ::gmtime_r(&tomorrow, &parts);
        return std::to_string(parts.tm_year + 1900);
    };
    SECTION("another name")
    {
        place on(authority().issue("DNS:one.example,DNS:*.two.example,IP:10.1.2.3,IP:2001:db8::1",
            validity::now, "gateway"));
        const auto why = on.expect_failure();
        CHECK(mentions(why, "localhost is not trusted: hostname mismatch"));
        CHECK(mentions(why, "\"CN=gateway\", issued by \"CN=Throw-away CA of the tests\""));
        CHECK(mentions(why, "for one.example, *.two.example, 10.1.2.3, 2001:db8::1"));
        CHECK(mentions(why, " to " + year_of_tomorrow() + "-"));
        CHECK(mentions(why, "UTC"));
    }
    SECTION("many names")
    {
        std::string names = "DNS:n0.example";
        for (int i = 1; i < 400; ++i) names += ",DNS:n" + std::to_string(i) + ".example";
        place on(authority().issue(names));
        const auto why = on.expect_failure();
        CHECK(mentions(why, "n4.example and 395 more"));
        CHECK(std::string(why.what()).size() < 1'000);
    }
    SECTION("no name")
    {
        place on(authority().issue("email:someone@localhost"));
        CHECK(mentions(on.expect_failure(), "for no host"));
    }
    SECTION("expired")
    {
        place on(authority().issue("DNS:localhost", validity::expired, "gateway"));
        const auto why = on.expect_failure();
        CHECK(mentions(why, "certificate has expired (\"CN=gateway\""));
        CHECK(mentions(why, "Check the clock"));
    }
    SECTION("an expired authority in between")
    {
        const auto between = authority().issue_authority(validity::expired);
        auto identity = between.issue("DNS:localhost");
        identity.certificate += between.pem();
        place on(identity);
        const auto why = on.expect_failure();
        CHECK(mentions(why, "certificate has expired (that of an issuer: "
                            "\"CN=Throw-away CA in between\""));
    }
    SECTION("a subject that is not for people's eyes")
    {
        place on(authority().issue(
            "DNS:one.example", validity::now, "\x1b[31m\r\n\"" + std::string(50, 'x')));
        const auto why = on.expect_failure();
        CHECK_FALSE(mentions(why, "\x1b"));
        CHECK_FALSE(mentions(why, "\n"));
    }
}

// Pinned keys -------------------------------------------------------------------------------------

TEST_CASE("a server with a pinned key, its own or an issuer's, is trusted")
{
    const auto between = authority().issue_authority();
    auto identity = between.issue("DNS:localhost");
    identity.certificate += between.pem();
    place on(identity);
    auto& pins = on.request.trust.pinned_public_keys;
    const auto unknown = pin_of(certificate_authority().pem());
    SECTION("its own") { pins = {pin_of(identity.certificate)}; }
    SECTION("as curl writes it") { pins = {"sha256//" + pin_of(identity.certificate)}; }
    SECTION("that of the authority in between") { pins = {unknown, pin_of(between.pem())}; }
    SECTION("that of the root") { pins = {pin_of(authority().pem()), unknown}; }
    on.expect_success();
}

TEST_CASE("a server without a pinned key is refused, and the error says which key it has")
{
    place on;
    const certificate_authority other;
    on.request.trust.pinned_public_keys = {"sha256//" + pin_of(other.pem())};
    SECTION("whatever its certificate is")
    {
        const auto why = on.expect_failure();
        CHECK(why.code() == errc::tls_failed);
        CHECK(mentions(why, "none of its keys is pinned"));
        CHECK(mentions(why, "sha256//" + pin_of(localhost_identity().certificate)));
        CHECK(mentions(why, "tls_options::pinned_public_keys"));
    }
    SECTION("even if it shows the certificate of the pinned key as well")
    {
        auto identity = localhost_identity();
        identity.certificate += other.pem();
        on.peer = raw_peer(on.io, identity);
        on.request.port = on.peer.port();
        CHECK(mentions(on.expect_failure(), "none of its keys is pinned"));
    }
}

TEST_CASE("a pinned key replaces no other verification")
{
    SECTION("of the issuer")
    {
        const auto identity = self_signed("DNS:localhost");
        place on(identity);
        on.request.trust.pinned_public_keys = {pin_of(identity.certificate)};
        CHECK(mentions(on.expect_failure(), "self-signed certificate"));
    }
    SECTION("of the name")
    {
        const auto identity = authority().issue("DNS:one.example");
        place on(identity);
        on.request.trust.pinned_public_keys = {pin_of(identity.certificate)};
        CHECK(mentions(on.expect_failure(), "hostname mismatch"));
    }
}

TEST_CASE("a pin is base64 of 32 bytes, and otherwise refused by its place")
{
    const auto right = pin_of(authority().pem());
    const auto wrong = GENERATE_COPY(std::string(), std::string("sha256//"), right + right,
        right.substr(4), "sha1//" + right, "sha256//" + right + ";", std::string(5'000, 'A'));
    try {
        static_cast<void>(transport::read_pins({right, wrong}));
        FAIL("taken: " << wrong);
    } catch (const live::error& refused) {
        CHECK(refused.code() == errc::invalid_argument);
        CHECK(mentions(refused, "tls_options::pinned_public_keys[1]"));
    }
    const auto read = transport::read_pins({right, "sha256//" + right});
    CHECK(read.at(0) == read.at(1));
    CHECK(transport::pin_of(read[0]) == "sha256//" + right);
}

// Client certificates -----------------------------------------------------------------------------

TEST_CASE("a client certificate is shown to a server that demands one")
{
    place on(demanding(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION)));
    auto& trust = on.request.trust;
    const auto& ours = client_identity();
    const std::string password = "a password";
    const temporary_file certificate(ours.certificate);
    const temporary_file key(ours.private_key);
    const temporary_file both(ours.private_key + ours.certificate);
    const temporary_file locked(encrypted(ours.private_key, password));
    SECTION("as text")
    {
        trust.certificate_pem = ours.certificate;
        trust.private_key_pem = live::secret(ours.private_key);
    }
    SECTION("as files")
    {
        trust.certificate_file = certificate.path();
        trust.private_key_file = key.path();
    }
    SECTION("as one file") { trust.certificate_file = both.path(); }
    SECTION("as one text") { trust.certificate_pem = ours.certificate + ours.private_key; }
    SECTION("with an encrypted key")
    {
        trust.certificate_file = certificate.path();
        trust.private_key_file = locked.path();
        trust.private_key_password = live::secret(password);
    }
    SECTION("with the authority in between")
    {
        const auto between = authority().issue_authority();
        const auto issued = between.issue("DNS:client");
        trust.certificate_pem = issued.certificate + between.pem();
        trust.private_key_pem = live::secret(issued.private_key);
    }
    on.expect_success();
    on.expect_success();
}

TEST_CASE("a client certificate that has been replaced in its file is used by the next connection")
{
    const certificate_authority other;
    const auto old = other.issue("DNS:client");
    place on(demanding(TLS1_2_VERSION));
    const temporary_file file(old.certificate + old.private_key);
    on.request.trust.certificate_file = file.path();
    CHECK(on.expect_failure().code() == errc::tls_failed);
    const temporary_file renewed(client_identity().certificate + client_identity().private_key);
    std::filesystem::rename(renewed.path(), file.path());
    on.expect_success();
}

TEST_CASE("a client certificate that cannot be used is refused before anything is dialed, by name")
{
    place on;
    auto& trust = on.request.trust;
    const auto& ours = client_identity();
    trust.certificate_pem = ours.certificate;
    trust.private_key_pem = live::secret(ours.private_key);
    std::string named;
    SECTION("no certificate")
    {
        trust.certificate_pem = "not PEM";
        named = "tls_options::certificate_pem holds no usable client certificate";
    }
    SECTION("a certificate file that does not exist")
    {
        trust.certificate_pem.clear();
        trust.certificate_file = "/nowhere/client.pem";
        named = "The file /nowhere/client.pem of tls_options::certificate_file does not exist";
    }
    SECTION("no key at all")
    {
        trust.private_key_pem = {};
        named = "tls_options::certificate_pem holds no private key";
    }
    SECTION("a broken key")
    {
        trust.private_key_pem = live::secret(ours.private_key.substr(0, 100));
        named = "tls_options::private_key_pem holds no private key";
    }
    SECTION("another key")
    {
        trust.private_key_pem = live::secret(authority().issue("DNS:x").private_key);
        named = "tls_options::private_key_pem holds the key of another certificate";
    }
    SECTION("an encrypted key without its password")
    {
        trust.private_key_pem = live::secret(encrypted(ours.private_key, "a password"));
        named = "give tls_options::private_key_password";
    }
    SECTION("an encrypted key with another password")
    {
        trust.private_key_pem = live::secret(encrypted(ours.private_key, "a password"));
        trust.private_key_password = live::secret("another password");
        named = "tls_options::private_key_password is not the password";
    }
    const auto why = on.expect_refusal();
    CHECK(why.code() == errc::tls_failed);
    CHECK(why.phase() == phase::tls);
    CHECK(mentions(why, named));
    CHECK_FALSE(mentions(why, "another password"));
}

TEST_CASE("a server that demands a client certificate is reported as such")
{
    place on(demanding(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION)));
    std::optional<live::error> why;
    SECTION("of a connection") { why = failure(on, on.request, refuse_client(on.peer)); }
    SECTION("of an HTTP call")
    {
        transport::http_request call;
        static_cast<transport::request_head&>(call) = on.request;
        on.run(
            side_by_side(expect_error_of_call(*on.connector, call, why), refuse_client(on.peer)));
    }
    REQUIRE(why);
    CHECK(why->code() == errc::tls_failed);
    CHECK(why->phase() == phase::tls);
    CHECK(mentions(*why, "asks for a client certificate"));
    CHECK(mentions(*why, "tls_options::certificate_file"));
}

TEST_CASE("a server that does not accept the client certificate is reported, with the certificate")
{
    place on(demanding(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION)));
    const certificate_authority other;
    const auto when = GENERATE(validity::now, validity::expired);
    const auto theirs = when == validity::now ? other.issue("DNS:client", when, "a stranger")
                                              : authority().issue("DNS:client", when, "a stranger");
    on.request.trust.certificate_pem = theirs.certificate;
    on.request.trust.private_key_pem = live::secret(theirs.private_key);
    const auto why = failure(on, on.request, refuse_client(on.peer));
    CHECK(why.code() == errc::tls_failed);
    CHECK(why.phase() == phase::tls);
    CHECK(mentions(why, "did not accept the client certificate"));
    CHECK(mentions(why, "CN=a stranger"));
}

} // namespace tls_context_test
