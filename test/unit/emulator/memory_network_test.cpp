// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.hpp"
#include "transport/listener.hpp"
#include "transport/network.hpp"

#include "support/catch.hpp"

#include <gemini/live/testing/virtual_time.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace memory_network_test {

// The same clients and servers over sockets and in memory: each end must be told the same.
using namespace gemini::live;
using namespace std::chrono_literals;

namespace {

enum class kind { sockets, memory };

/// A server and a client, and what both were told, in words.
struct world {
    explicit world(kind of)
    {
        if (of == kind::memory) time.emplace(io);
    }

    void listen()
    {
        serving.max_message = 1000;
        front = transport::listen(io.get_executor(), serving);
        connector = transport::make_connector(io.get_executor());
    }

    template <class Request = transport::connect_request>
    [[nodiscard]] Request request() const
    {
        Request to;
        to.tls = false;
        to.host = "127.0.0.1";
        to.port = front->port();
        to.target = "/a/path?a=1";
        return to;
    }

    void run(asio::awaitable<void> work) { testing::run(io, std::move(work), 10min); }
    void note(const std::string& what) { told += what + '\n'; }
    void note(const std::string& who, const error& what)
    {
        auto sentence = std::string(what.what());
        const auto port = std::to_string(front->port());
        if (const auto at = sentence.find(port); at != std::string::npos)
            sentence.replace(at, port.size(), "PORT");
        note(fmt::format("{}: {} in {}, code {}, reason {}, status {}, retry {}: {}", who,
            to_string(what.value()), to_string(what.phase()), what.close_code(), what.reason(),
            what.http_status(), what.retry_after().value_or(-1s).count(), sentence));
    }

    asio::io_context io{1};
    std::optional<testing::virtual_time> time{};
    transport::listen_options serving{};
    std::unique_ptr<transport::listener> front;
    std::shared_ptr<transport::connector> connector;
    std::unique_ptr<transport::connection> client;
    std::unique_ptr<transport::server_connection> server;
    std::string told{};
};

/// A brace list in an awaited call would be miscompiled by g++ 12.
template <class... Texts>
std::vector<std::string> list(const Texts&... texts)
{
    return {std::string(texts)...};
}

std::vector<base::frame> batch(const std::vector<std::string>& texts)
{
    std::vector<base::frame> frames;
    for (const auto& each : texts) frames.emplace_back(each);
    return frames;
}

asio::awaitable<void> join(world& w)
{
    auto request = w.request();
    request.max_message = 2000;
    request.deadlines.close = 1s;
    w.client = co_await w.connector->connect(std::move(request));
    w.server = co_await w.front->accept();
}

/// Reads until the connection has ended.
asio::awaitable<void> read_to_end(world& w, std::string who, transport::connection& from)
{
    try {
        for (;;) {
            const auto got = co_await from.receive();
            const auto* const kind = got.kind == transport::opcode::text ? "text" : "binary";
            w.note(fmt::format("{} got {}: {}", who, kind, got.payload.view().substr(0, 20)));
        }
    } catch (const error& end) {
        w.note(who, end);
    }
}

asio::awaitable<void> send(
    world& w, std::string who, transport::connection& to, std::vector<std::string> texts)
{
    try {
        auto frames = batch(texts);
        co_await to.send(std::move(frames));
    } catch (const error& end) {
        w.note(who + " sends", end);
    }
}

/// Both ends, read to their ends, then used once more.
asio::awaitable<void> read_both(world& w)
{
    co_await read_to_end(w, "client", *w.client);
    co_await read_to_end(w, "server", *w.server);
    co_await send(w, "client", *w.client, list("too late"));
    co_await send(w, "server", *w.server, list("too late"));
    co_await read_to_end(w, "client again", *w.client);
    co_await read_to_end(w, "server again", *w.server);
}

using story = asio::awaitable<void> (*)(world&);

asio::awaitable<void> talk(world& w)
{
    co_await join(w);
    w.note("path " + w.server->request().path + ", query " + w.server->request().query);
    co_await send(w, "client", *w.client, list("one", "two", ""));
    co_await send(w, "server", *w.server, list("three", std::string(1999, 'x')));
    auto text = batch(list("four", std::string(200, 'y')));
    co_await w.server->send_text(std::move(text));
    for (int i = 0; i < 3; ++i) {
        const auto got = co_await w.server->receive();
        w.note(fmt::format("server got {}", got.payload.view()));
    }
    for (int i = 0; i < 4; ++i) {
        const auto got = co_await w.client->receive();
        w.note(fmt::format("client got {} bytes, {}", got.payload.size(),
            got.kind == transport::opcode::text ? "text" : "binary"));
    }
}

asio::awaitable<void> server_closes(world& w)
{
    co_await join(w);
    co_await send(w, "server", *w.server, list("the last"));
    auto closing = w.server->close(1011, "Internal error encountered.");
    asio::co_spawn(w.io, std::move(closing), asio::detached);
    co_await read_both(w);
}

asio::awaitable<void> server_closes_without_a_valid_code(world& w)
{
    co_await join(w);
    asio::co_spawn(w.io, w.server->close(999, "what?"), asio::detached);
    co_await read_both(w);
}

asio::awaitable<void> client_closes(world& w)
{
    co_await join(w);
    co_await send(w, "client", *w.client, list("the last"));
    asio::co_spawn(w.io, w.client->close(1000, "bye"), asio::detached);
    co_await read_both(w);
}

asio::awaitable<void> server_drops(world& w)
{
    co_await join(w);
    co_await send(w, "server", *w.server, list("the last"));
    w.server->abort();
    co_await read_both(w);
}

asio::awaitable<void> client_drops(world& w)
{
    co_await join(w);
    w.client->abort();
    co_await read_both(w);
}

asio::awaitable<void> client_is_destroyed(world& w)
{
    co_await join(w);
    w.client.reset();
    co_await read_to_end(w, "server", *w.server);
}

asio::awaitable<void> server_sends_too_much(world& w)
{
    co_await join(w);
    co_await send(w, "server", *w.server, list("small", std::string(2001, 'x')));
    co_await read_both(w);
}

asio::awaitable<void> server_sends_no_text(world& w)
{
    co_await join(w);
    auto broken = batch(list("\xff\xfe"));
    co_await w.server->send_text(std::move(broken));
    co_await read_both(w);
}

asio::awaitable<void> client_sends_too_much(world& w)
{
    co_await join(w);
    co_await send(w, "client", *w.client, list("small", std::string(1001, 'x')));
    co_await read_both(w);
}

asio::awaitable<void> client_sends_no_text(world& w)
{
    co_await join(w);
    co_await send(w, "client", *w.client, list("\xff\xfe"));
    co_await read_both(w);
}

asio::awaitable<void> pings(world& w)
{
    co_await join(w);
    const auto first = w.client->ping();
    co_await send(w, "client", *w.client, list("one"));
    static_cast<void>(co_await w.server->receive()); // the pings have come before it
    co_await send(w, "server", *w.server, list("two"));
    const auto got = co_await w.client->receive();
    w.note(fmt::format("ping {}, answered up to {}", first, got.pongs));
    w.client->abort();
    w.note(fmt::format("afterwards {}", w.client->ping()));
}

asio::awaitable<void> try_to_connect(world& w, transport::connect_request request)
{
    try {
        w.client = co_await w.connector->connect(std::move(request));
        w.note("connected");
    } catch (const error& why) {
        w.note("connect", why);
    }
}

asio::awaitable<void> refusals(world& w)
{
    for (const auto* const path :
        {"/429", "/503", "/403", "/throw", "/302", "/a%2fb%20c//d?k=%C3%A4&l=a%26b"}) {
        auto request = w.request();
        request.target = path;
        request.read_refusal = [](std::string_view body) { return "said: " + std::string(body); };
        co_await try_to_connect(w, std::move(request));
    }
    auto nowhere = w.request();
    const auto port = nowhere.port;
    w.front->close();
    w.front.reset();
    co_await sleep_for(1ms);
    w.front = transport::listen(w.io.get_executor(), w.serving);
    REQUIRE(w.front->port() != port);
    nowhere.port = port;
    try {
        w.client = co_await w.connector->connect(std::move(nowhere));
        w.note("connected");
    } catch (const error& why) {
        w.note(fmt::format("nowhere: {} {}", to_string(why.value()),
            std::string(why.what()).find(std::to_string(port)) != std::string::npos));
    }
}

asio::awaitable<void> calls(world& w)
{
    struct row {
        const char* path;
        const char* method;
        std::size_t body;
    };
    for (const auto& each :
        {row{"/whole", "GET", 0}, row{"/whole", "POST", 10}, row{"/429", "GET", 0},
            row{"/throw", "GET", 0}, row{"/whole", "POST", 200}, row{"/long", "GET", 0},
            row{"/half", "GET", 0}, row{"/nothing", "GET", 0}, row{"/silence", "GET", 0}}) {
        auto request = w.request<transport::http_request>();
        request.target = each.path;
        request.method = each.method;
        request.body.assign(each.body, 'b');
        request.max_body = 100;
        request.deadlines.upgrade = 300ms;
        request.fields = {{"X-Goog-Api-Key", "k"}};
        try {
            const auto answer = co_await w.connector->fetch(std::move(request));
            auto fields = answer.fields;
            std::sort(fields.begin(), fields.end());
            w.note(fmt::format("{} {}: {}", each.path, answer.status, answer.body));
            for (const auto& [name, value] : fields) w.note(fmt::format("  {}: {}", name, value));
        } catch (const error& why) {
            w.note(each.path, why);
        }
    }
}

/// A server that reads nothing holds up its client; a cancellation loses nothing.
asio::awaitable<void> fill(world& w)
{
    co_await join(w);
    std::size_t sent = 0;
    try {
        for (;; ++sent) {
            auto one = w.client->send(batch(list(fmt::format("{:900}", sent))));
            co_await within(200ms, std::move(one));
        }
    } catch (const error& late) {
        w.note("send", late);
    }
    CHECK(sent > 100);
    for (std::size_t i = 0; i < sent; ++i) {
        const auto got = co_await w.server->receive();
        if (got.payload.view() != fmt::format("{:900}", i)) w.note("out of order");
    }
    co_await send(w, "client", *w.client, list("after"));
    auto last = co_await w.server->receive();
    if (last.payload.size() == 900)
        last = co_await w.server->receive(); // begun before the cancellation
    w.note(fmt::format("server got {}", last.payload.view()));
}

transport::upgrade_verdict decide(const transport::upgrade_request& request)
{
    if (request.path == "/429") return {429, {{"Retry-After", "7"}}, "slowly"};
    if (request.path == "/503") return {503, {}, ""};
    if (request.path == "/403") return {403, {}, "no"};
    if (request.path == "/302") return {302, {{"Location", "/elsewhere"}}, ""};
    if (request.path == "/throw") throw std::runtime_error("cannot decide");
    if (request.query.starts_with("k=")) return {400, {}, request.path + '?' + request.query};
    return {};
}

transport::plain_answer answer(const transport::plain_request& request)
{
    using fate = transport::plain_answer::fate;
    transport::plain_answer given;
    given.status = request.path == "/429" ? 429 : 200;
    given.fields = {{"Retry-After", "3"}};
    given.body = fmt::format("{} {} {}", request.method, request.body.size(), request.path);
    if (request.path == "/throw") throw std::runtime_error("cannot answer");
    if (request.path == "/long") given.body.assign(101, 'x');
    if (request.path == "/half") given.sent = fate::half;
    if (request.path == "/nothing") given.sent = fate::nothing;
    if (request.path == "/silence") given.sent = fate::silence;
    return given;
}

std::string told_in(kind of, story play)
{
    world w(of);
    w.serving.decide = &decide;
    w.serving.answer = &answer;
    w.serving.max_request = 100;
    w.listen();
    w.run(play(w));
    return w.told;
}

} // namespace

TEST_CASE("in memory, both ends are told the same as over sockets")
{
    const auto [name, play] =
        GENERATE(table<const char*, story>({{"talk", &talk}, {"server closes", &server_closes},
            {"server closes without a valid code", &server_closes_without_a_valid_code},
            {"client closes", &client_closes}, {"server drops", &server_drops},
            {"client drops", &client_drops}, {"client is destroyed", &client_is_destroyed},
            {"server sends too much", &server_sends_too_much},
            {"server sends no text", &server_sends_no_text},
            {"client sends too much", &client_sends_too_much},
            {"client sends no text", &client_sends_no_text}, {"pings", &pings},
            {"refusals", &refusals}, {"calls", &calls}, {"a full connection", &fill}}));
    INFO(name);
    const auto in_memory = told_in(kind::memory, play);
    CHECK(in_memory == told_in(kind::sockets, play));
    CHECK_FALSE(in_memory.empty());
}

TEST_CASE("what virtual time does not have is refused, not ignored")
{
    const auto refused = [](const std::function<void()>& what) {
        try {
            what();
        } catch (const error& why) {
            return why.value();
        }
        return errc::closed;
    };
    world w(kind::memory);
    w.listen();
    const auto connect = [&](transport::connect_request request) {
        return refused([&] {
            const auto work = [&]() -> asio::awaitable<void> {
                co_await w.connector->connect(std::move(request));
            };
            w.run(work());
        });
    };
    auto request = w.request();
    CHECK(connect(request) == errc::closed); // it works
    request.tls = true;
    CHECK(connect(request) == errc::invalid_argument);
    request = w.request();
    request.proxy.url = "http://127.0.0.1:3128";
    CHECK(connect(request) == errc::invalid_argument);
    request = w.request();
    request.host = "example.com";
    CHECK(connect(request) == errc::connect_failed);

    transport::listen_options options;
    options.identity.emplace("certificate", "key");
    CHECK(refused([&] { static_cast<void>(transport::listen(w.io.get_executor(), options)); }) ==
          errc::invalid_argument);
    options.identity.reset();
    options.port = w.front->port();
    CHECK(refused([&] { static_cast<void>(transport::listen(w.io.get_executor(), options)); }) ==
          errc::connect_failed);
    options.port = 0;
    options.address = "nowhere";
    CHECK(refused([&] { static_cast<void>(transport::listen(w.io.get_executor(), options)); }) ==
          errc::invalid_argument);
}

TEST_CASE("a port is free again once its listener has closed")
{
    world w(kind::memory);
    w.listen();
    transport::listen_options options;
    options.port = w.front->port();
    w.front->close();
    const auto again = transport::listen(w.io.get_executor(), options);
    CHECK(again->port() == options.port);
    const auto another = transport::listen(w.io.get_executor(), {});
    CHECK(another->port() != options.port);
}

TEST_CASE("a frozen network answers no request, and is given up at the deadline")
{
    world w(kind::memory);
    w.listen();
    const auto work = [](world& in) -> asio::awaitable<void> {
        in.time->freeze();
        auto request = in.request();
        request.deadlines.upgrade = 4s;
        co_await try_to_connect(in, request);
        CHECK(in.time->elapsed() == 4s);
        auto call = in.request<transport::http_request>();
        call.deadlines.upgrade = 2s;
        try {
            co_await in.connector->fetch(std::move(call));
        } catch (const error& why) {
            in.note("fetch", why);
        }
        CHECK(in.time->elapsed() == 6s);
        asio::co_spawn(in.io, try_to_connect(in, request), asio::detached);
        co_await sleep_for(3s);
        in.time->thaw();
        co_await sleep_for(1ms);
        CHECK(in.told.ends_with("connected\n"));
    };
    w.run(work(w));
    CHECK(w.told.find("connect: timed_out in " + std::string(to_string(phase::upgrade))) == 0);
    CHECK(w.told.find("has not answered the request within 4000 ms") != std::string::npos);
    CHECK(w.told.find("fetch: timed_out") != std::string::npos);
}

TEST_CASE("what is sent while the network is frozen arrives when it thaws, in order")
{
    world w(kind::memory);
    w.listen();
    const auto work = [](world& in) -> asio::awaitable<void> {
        co_await join(in);
        in.time->freeze();
        co_await send(in, "client", *in.client, list("one", "two"));
        co_await send(in, "server", *in.server, list("three"));
        in.server->abort();
        bool is_early = true;
        try {
            co_await within(10s, in.client->receive());
        } catch (const error& late) {
            is_early = late.value() != errc::timed_out;
        }
        CHECK_FALSE(is_early);
        in.time->thaw();
        co_await read_to_end(in, "client", *in.client);
    };
    w.run(work(w));
    CHECK(w.told.starts_with("client got binary: three\nclient: connection_lost"));
}

TEST_CASE("a connection whose pings stay unanswered is given up when the deadlines say so")
{
    world w(kind::memory);
    w.listen();
    const auto work = [](world& in) -> asio::awaitable<void> {
        auto request = in.request();
        request.deadlines.ping_after = 20s;
        request.deadlines.silence = 60s;
        in.client = co_await in.connector->connect(std::move(request));
        in.server = co_await in.front->accept();
        co_await sleep_for(50s); // pings at 20 s and 40 s are answered
        in.time->freeze();
        co_await sleep_for(5s);
        in.time->thaw(); // in time: nothing happens
        co_await sleep_for(10s);
        in.time->freeze(); // at 65 s; the next ping is due at 80 s
        co_await read_to_end(in, "client", *in.client);
        in.note(fmt::format("at {} s", in.time->elapsed().count() / 1000));
        in.time->thaw();
        co_await read_to_end(in, "server", *in.server);
    };
    w.run(work(w));
    INFO(w.told);
    CHECK(w.told.find("client: timed_out") == 0);
    CHECK(w.told.find("The server has been silent for 60000 ms after a ping") != std::string::npos);
    CHECK(w.told.find("at 140 s") != std::string::npos);
    CHECK(w.told.find("server: connection_lost") != std::string::npos);
}

TEST_CASE("a close that the other end does not answer ends at its deadline")
{
    world w(kind::memory);
    w.listen();
    const auto work = [](world& in) -> asio::awaitable<void> {
        co_await join(in);
        in.time->freeze();
        co_await in.client->close(1000, "");
        CHECK(in.time->elapsed() == 1s);
        co_await in.server->close(1011, "too late");
        CHECK(in.time->elapsed() == 6s);
        in.time->thaw();
    };
    w.run(work(w));
}

} // namespace memory_network_test
