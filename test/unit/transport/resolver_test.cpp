// SPDX-License-Identifier: Apache-2.0
#include "transport/resolver.hpp"

#include "support/catch.hpp"
#include "support/dns_peer.hpp"
#include "support/run.hpp"

#include <gemini/live/error.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/udp.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

namespace resolver_test {

using namespace gemini::live;
using namespace gemini::live::transport;
using namespace std::chrono_literals;
using test::dns_peer;
using addresses = std::vector<std::string>;

namespace {

/// Files of a name service that exist as long as the test.
class name_service {
public:
    explicit name_service(std::uint16_t port)
    {
        std::string folder = "gemini-live-test-XXXXXX";
        folder_ = ::mkdtemp(folder.data());
        from_.hosts = folder_ / "hosts";
        from_.servers.resolv_conf = folder_ / "resolv.conf";
        from_.servers.port = port;
        configure("nameserver 127.0.0.1\n");
    }
    name_service(const name_service&) = delete;
    name_service& operator=(const name_service&) = delete;
    ~name_service() { std::filesystem::remove_all(folder_); }

    void configure(const std::string& resolv_conf)
    {
        std::ofstream(from_.servers.resolv_conf) << resolv_conf;
    }
    void list(const std::string& hosts) { std::ofstream(from_.hosts) << hosts; }
    [[nodiscard]] const name_sources& sources() const { return from_; }

private:
    std::filesystem::path folder_;
    name_sources from_;
};

/// A name server, and an io_context for it and for those who ask.
struct bench {
    asio::io_context io;
    dns_peer server{io};
    name_service names{server.port()};

    addresses look_up(const std::string& host, std::chrono::milliseconds limit = 10s)
    {
        addresses texts;
        for (const auto& each : test::run(io, resolve(host, limit, names.sources())))
            texts.push_back(each.to_string());
        return texts;
    }

    error failure(const std::string& host, std::chrono::milliseconds limit = 10s)
    {
        try {
            look_up(host, limit);
        } catch (const error& expected) {
            CHECK(expected.phase() == phase::resolve);
            return expected;
        }
        throw std::runtime_error("the host was found");
    }
};

/// A look-up that can be canceled.
class running {
public:
    running(asio::io_context& io, const std::string& host, const name_sources& from)
    {
        asio::co_spawn(io, resolve(host, 60s, from),
            asio::bind_cancellation_slot(cancel_.slot(),
                [this](std::exception_ptr thrown, const std::vector<asio::ip::address>& all) {
                    failure_ = thrown;
                    found_ = all.size();
                    over_ = true;
                }));
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

    void cancel() { cancel_.emit(asio::cancellation_type::terminal); }
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] std::size_t found() const { return found_; }
    [[nodiscard]] bool was_canceled() const
    {
        try {
            if (failure_) std::rethrow_exception(failure_);
        } catch (const std::system_error& expected) {
            return expected.code() == asio::error::operation_aborted;
        }
        return false;
    }

private:
    asio::cancellation_signal cancel_;
    std::exception_ptr failure_;
    std::size_t found_ = 0;
    bool over_ = false;
};

/// Runs handlers until `done`.
template <class Condition>
void run_until(asio::io_context& io, Condition done)
{
    const auto latest = std::chrono::steady_clock::now() + 60s;
    while (!done()) {
        io.restart();
        if (io.run_one_until(latest) == 0) throw std::runtime_error("it did not happen");
    }
}

/// A name server that never answers.
class silent_server {
public:
    explicit silent_server(const char* address = "127.0.0.1", std::uint16_t port = 0)
        : socket_(io_, {asio::ip::make_address(address), port})
    {
    }
    [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }
    [[nodiscard]] bool was_asked() const { return socket_.available() != 0; }

private:
    asio::io_context io_;
    asio::ip::udp::socket socket_;
};

std::size_t open_files()
{
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

bool says(const error& why, const std::string& words)
{
    INFO(why.what());
    return std::string(why.what()).find(words) != std::string::npos;
}

} // namespace

TEST_CASE("an address and loopback names are resolved without asking anybody")
{
    bench on;
    CHECK(on.look_up("192.0.2.7") == addresses{"192.0.2.7"});
    CHECK(on.look_up("2001:db8::7") == addresses{"2001:db8::7"});
    CHECK(on.look_up("localhost") == addresses{"127.0.0.1", "::1"});
    CHECK(on.look_up("api.localhost") == addresses{"127.0.0.1", "::1"});
    CHECK(on.server.questions().empty());
}

TEST_CASE("a host's addresses of both families are found")
{
    bench on;
    SECTION("both, alternating, with the family first that can be reached")
    {
        on.server.set("www.example", {{"192.0.2.1", "192.0.2.2", "fd00::1", "fd00::2"}});
        CHECK(
            on.look_up("www.example") == addresses{"192.0.2.1", "fd00::1", "192.0.2.2", "fd00::2"});
    }
    SECTION("IPv6 first if it is the better way")
    {
        on.server.set("www.example", {{"127.0.0.1", "::1"}});
        CHECK(on.look_up("www.example") == addresses{"::1", "127.0.0.1"});
    }
    SECTION("IPv4 alone")
    {
        on.server.set("www.example", {{"192.0.2.1"}});
        CHECK(on.look_up("www.example") == addresses{"192.0.2.1"});
    }
    SECTION("IPv6 alone")
    {
        on.server.set("www.example", {{"2001:db8::1"}});
        CHECK(on.look_up("www.example") == addresses{"2001:db8::1"});
    }
    SECTION("by another name")
    {
        on.server.set("www.example", {{"192.0.2.1", "fd00::1"}, "farm.example"});
        CHECK(on.look_up("www.example") == addresses{"192.0.2.1", "fd00::1"});
    }
    SECTION("in any case")
    {
        on.server.set("www.example", {{"192.0.2.1"}});
        CHECK(on.look_up("WWW.Example") == addresses{"192.0.2.1"});
    }
    CHECK(on.server.questions().size() == 2);
}

TEST_CASE("an answer too long for UDP is fetched over TCP")
{
    bench on;
    on.server.set("www.example", {{"192.0.2.1", "fd00::1"}, {}, true});
    CHECK(on.look_up("www.example") == addresses{"192.0.2.1", "fd00::1"});
    const auto& asked = on.server.questions();
    CHECK(std::count(asked.begin(), asked.end(), "A www.example, by TCP") == 1);
}

TEST_CASE("of very many addresses only some are tried")
{
    bench on;
    test::dns_record many;
    for (int i = 0; i < 90; ++i) many.addresses.push_back("192.0.2." + std::to_string(i));
    many.cut = true;
    on.server.set("www.example", many);
    CHECK(on.look_up("www.example").size() == 20);
}

TEST_CASE("a failed look-up reports what to do")
{
    bench on;
    SECTION("no such host")
    {
        const auto why = on.failure("no-such-host.example");
        CHECK(why.value() == errc::resolve_failed);
        CHECK(says(why, "There is no host no-such-host.example: check its name."));
    }
    SECTION("a host without an address")
    {
        on.server.set("mail.example", {});
        const auto why = on.failure("mail.example");
        CHECK(why.value() == errc::resolve_failed);
        CHECK(says(why, "mail.example has no address"));
    }
    SECTION("a name server that refuses")
    {
        const int rcode = GENERATE(2, 5);
        on.server.fail("A www.example", rcode);
        on.server.fail("AAAA www.example", rcode);
        const auto why = on.failure("www.example");
        CHECK(why.value() == errc::resolve_failed);
        CHECK(says(why, "No name server gave a usable answer for www.example"));
    }
    SECTION("a name server that refuses for one family, and has nothing of the other")
    {
        on.server.set("www.example", {});
        on.server.fail(GENERATE("A www.example", "AAAA www.example"), 2);
        CHECK(says(on.failure("www.example"), "No name server gave a usable answer"));
    }
    SECTION("not a name")
    {
        const auto why = on.failure("www..example");
        CHECK(why.value() == errc::resolve_failed);
        CHECK(says(why, "www..example is not a host's name"));
        CHECK(on.server.questions().empty());
    }
}

TEST_CASE("where no name server runs, that is reported before the deadline")
{
    asio::io_context io;
    std::uint16_t port = 0;
    {
        const silent_server gone;
        port = gone.port();
    }
    const name_service names(port);
    try {
        test::run(io, resolve("www.example", 2s, names.sources()));
        FAIL("the host was found");
    } catch (const error& why) {
        CHECK(why.value() == errc::resolve_failed);
        CHECK(says(why, "No name server gave a usable answer"));
    }
}

TEST_CASE("a network that leads to no name server is reported as such")
{
    bench on;
    on.names.configure("nameserver 255.255.255.255\n"); // no socket may address it
    const auto why = on.failure("www.example");
    CHECK(why.value() == errc::resolve_failed);
    CHECK(says(why, "No name server can be reached to look up www.example: check the network."));
}

TEST_CASE("a name server that does not answer is waited for until the deadline")
{
    asio::io_context io;
    const silent_server silent;
    const name_service names(silent.port());
    try {
        test::run(io, resolve("www.example", 50ms, names.sources()));
        FAIL("the host was found");
    } catch (const error& why) {
        CHECK(why.value() == errc::timed_out);
        CHECK(why.phase() == phase::resolve);
        CHECK(says(why, "No name server has answered for www.example within"));
    }
    io.restart();
    io.run(); // nothing is left
}

TEST_CASE("when there are no descriptors left, that is the reason given")
{
    bench on;
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::dup(0);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
    std::optional<error> why;
    ::setrlimit(RLIMIT_NOFILE, &none);
    try {
        test::run(on.io, resolve("www.example", 10s, on.names.sources()));
    } catch (const error& expected) {
        why = expected;
    }
    ::setrlimit(RLIMIT_NOFILE, &before);
    REQUIRE(why);
    CHECK(why->value() == errc::resolve_failed);
    CHECK(says(*why, "ulimit -n"));
}

TEST_CASE("when the first name server is silent, the second is asked")
{
    asio::io_context io;
    dns_peer server(io, "127.0.0.2");
    server.set("www.example", {{"192.0.2.1", "fd00::1"}});
    const silent_server silent("127.0.0.1", server.port());
    name_service names(server.port());
    names.configure("nameserver 127.0.0.1\nnameserver 127.0.0.2\n");
    const auto found = test::run(io, resolve("www.example", 2s, names.sources()));
    CHECK(found.size() == 2);
    CHECK(silent.was_asked());
}

TEST_CASE("a family that is not answered does not hold up the other")
{
    bench on;
    on.server.set("www.example", {{"192.0.2.1", "fd00::1"}});
    SECTION("IPv6")
    {
        on.server.hold("AAAA www.example");
        CHECK(on.look_up("www.example", 60s) == addresses{"192.0.2.1"});
    }
    SECTION("IPv4")
    {
        on.server.hold("A www.example");
        CHECK(on.look_up("www.example", 60s) == addresses{"fd00::1"});
    }
    CHECK(on.server.questions().size() == 2); // they were not repeated, as after a second
}

TEST_CASE("name servers are not asked after the deadline")
{
    bench on;
    dns_peer second(on.io, "127.0.0.2", on.server.port());
    dns_peer third(on.io, "127.0.0.3", on.server.port());
    on.names.configure("nameserver 127.0.0.1\nnameserver 127.0.0.2\nnameserver 127.0.0.3\n");
    for (auto* each : {&on.server, &second, &third}) {
        each->hold("AAAA www.example");
        each->hold("A www.example");
    }
    CHECK(on.failure("www.example", 200ms).value() == errc::timed_out);
    // each has 50 ms at first, then twice as long, so that the deadline comes in the second round
    for (const auto* each : {&on.server, &second, &third}) CHECK(each->questions().size() <= 4);
}

TEST_CASE("a family that is answered a little later is not left out")
{
    bench on;
    on.server.set("www.example", {{"192.0.2.1", "fd00::1"}});
    const auto [later, first] = GENERATE(table<const char*, const char*>(
        {{"A www.example", "AAAA www.example"}, {"AAAA www.example", "A www.example"}}));
    on.server.hold(later);
    std::optional<addresses> found;
    const auto look = [&]() -> asio::awaitable<void> {
        const auto all = co_await resolve("www.example", 10s, on.names.sources());
        found.emplace();
        for (const auto& each : all) found->push_back(each.to_string());
    };
    asio::co_spawn(on.io, look(), asio::detached);
    run_until(on.io, [&] { return on.server.questions().size() == 2; });
    on.io.poll(); // the first answer arrives
    on.server.release(later);
    run_until(on.io, [&] { return found.has_value(); });
    CHECK(*found == addresses{"192.0.2.1", "fd00::1"});
    INFO(first);
}

TEST_CASE("a name without a dot is completed from the search list")
{
    bench on;
    on.names.configure("nameserver 127.0.0.1\nsearch a.example b.example\n");
    on.server.set("gateway.b.example", {{"192.0.2.1", "fd00::1"}});
    CHECK(on.look_up("gateway") == addresses{"192.0.2.1", "fd00::1"});
}

TEST_CASE("a host's addresses are not mixed with those of another in the search list")
{
    bench on;
    on.names.configure("nameserver 127.0.0.1\nsearch a.example b.example\n");
    on.server.set("gateway.a.example", {{"192.0.2.1"}});
    on.server.set("gateway.b.example", {{"fd00::1"}});
    CHECK(on.look_up("gateway") == addresses{"192.0.2.1"});
}

TEST_CASE("what the hosts file names is not asked of a name server")
{
    bench on;
    on.server.set("www.example", {{"192.0.2.1", "fd00::1"}});
    on.names.list("127.0.0.1 localhost\n192.0.2.9 www.example # an override\n");
    CHECK(on.look_up("www.example") == addresses{"192.0.2.9"});
    CHECK(on.server.questions().empty());
    on.names.list("127.0.0.1 localhost\n"); // read anew
    CHECK(on.look_up("www.example") == addresses{"192.0.2.1", "fd00::1"});
}

TEST_CASE("a failure is not remembered, nor are the name servers")
{
    bench on;
    CHECK(on.failure("www.example").value() == errc::resolve_failed);
    on.server.set("www.example", {{"192.0.2.1"}});
    CHECK(on.look_up("www.example") == addresses{"192.0.2.1"});

    dns_peer other(on.io, "127.0.0.2", on.server.port());
    other.set("www.example", {{"192.0.2.2"}});
    on.names.configure("nameserver 127.0.0.2\n"); // another network
    CHECK(on.look_up("www.example") == addresses{"192.0.2.2"});
}

TEST_CASE("a look-up that hangs does not hold up others")
{
    bench on;
    on.server.set("www.example", {{"192.0.2.1"}});
    const silent_server silent;
    const name_service dead(silent.port());
    running hanging(on.io, "dead.example", dead.sources());
    run_until(on.io, [&] { return silent.was_asked(); });
    CHECK(on.look_up("www.example") == addresses{"192.0.2.1"});
    CHECK_FALSE(hanging.over());
    hanging.cancel();
    run_until(on.io, [&] { return hanging.over(); });
}

TEST_CASE("a canceled look-up leaves nothing that run() would wait for")
{
    asio::io_context io;
    const silent_server silent;
    const name_service names(silent.port());
    asio::ip::udp::socket(io, asio::ip::udp::v4()).close(); // Asio opens what it needs itself
    const auto files = open_files();
    running hanging(io, "www.example", names.sources());
    run_until(io, [&] { return silent.was_asked(); });
    CHECK(open_files() > files);
    hanging.cancel();
    io.restart();
    io.run();
    CHECK(hanging.was_canceled());
    CHECK(open_files() == files);
}

TEST_CASE("a look-up can be canceled at any point")
{
    const bool cut = GENERATE(false, true);
    for (int turns = 0;; ++turns) {
        bench on;
        on.names.configure("nameserver 127.0.0.1\nsearch a.example b.example\n");
        on.server.set("gateway.b.example", {{"192.0.2.1", "fd00::1"}, {}, cut});
        on.io.poll();
        const auto files = open_files();
        running look(on.io, "gateway", on.names.sources());
        for (int i = 0; i < turns && !look.over(); ++i) {
            on.io.restart();
            on.io.run_one_for(10s);
        }
        const bool done = look.over();
        look.cancel();
        run_until(on.io, [&] { return look.over(); });
        INFO("canceled after " << turns << " turns");
        CHECK((look.was_canceled() || look.found() == 2));
        if (!cut) CHECK(open_files() == files); // else the server has a connection
        if (done) break;
    }
}

TEST_CASE("an execution context may be destroyed while a look-up runs")
{
    const silent_server silent;
    const name_service names(silent.port());
    const auto files = open_files();
    {
        asio::io_context io;
        asio::co_spawn(io, resolve("www.example", 60s, names.sources()),
            [](std::exception_ptr, const std::vector<asio::ip::address>&) {});
        run_until(io, [&] { return silent.was_asked(); });
    }
    CHECK(open_files() == files);
}

TEST_CASE("no thread is made")
{
    const auto threads = [] {
        const std::filesystem::directory_iterator all("/proc/self/task");
        return std::distance(begin(all), end(all));
    };
    bench on;
    on.server.set("www.example", {{"192.0.2.1"}});
    const auto before = threads();
    CHECK(on.look_up("www.example") == addresses{"192.0.2.1"});
    CHECK(threads() == before);
}

} // namespace resolver_test
