// SPDX-License-Identifier: Apache-2.0
#include "protocol/redact.hpp"

#include "support/catch.hpp"
#include "world.hpp"

#include <gemini/live/json.hpp>

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>

namespace wire_tap_test {

using namespace test;

namespace {

std::string redacted(std::string_view message, bool with_media = false)
{
    return protocol::redact(message, with_media).text;
}

/// A world whose client records what goes over the wire.
struct tapped_world : world {
    std::vector<std::string> lines{};

    explicit tapped_world(bool with_media = false)
    {
        options.tap.sink = [this](std::string_view line) { lines.emplace_back(line); };
        options.tap.with_media = with_media;
    }

    [[nodiscard]] std::size_t count(std::string_view part) const
    {
        return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(),
            [part](const std::string& line) { return line.find(part) != std::string::npos; }));
    }
};

} // namespace

TEST_CASE("handles, tokens, keys and headers are redacted from a recording, wherever they appear")
{
    CHECK(redacted(R"({"setup":{"sessionResumption":{"handle":"h-1"}}})") ==
          R"({"setup":{"sessionResumption":{"handle":"[redacted]"}}})");
    CHECK(redacted(R"({"sessionResumptionUpdate":{"newHandle":"h-2","resumable":true}})") ==
          R"({"sessionResumptionUpdate":{"newHandle":"[redacted]","resumable":true}})");
    CHECK(
        redacted(R"({"a":[{"api_key":"k"},{"apiKey":"k"},{"ACCESS_TOKEN":"t"}]})") ==
        R"({"a":[{"api_key":"[redacted]"},{"apiKey":"[redacted]"},{"ACCESS_TOKEN":"[redacted]"}]})");
    CHECK(redacted(R"({"headers":{"X-Any":"v"},"authConfig":{"user":{"name":"n"}}})") ==
          R"({"headers":{"X-Any":"[redacted]"},"authConfig":{"user":{"name":"[redacted]"}}})");
    CHECK(
        redacted(
            R"({"headers":{"X-Any":["v","w"]},"token":["t",["u"]],"apiAuth":[{"key":"k"}]})") ==
        R"({"headers":{"X-Any":["[redacted]","[redacted]"]},"token":["[redacted]",["[redacted]"]],)"
        R"("apiAuth":[{"key":"[redacted]"}]})");
    const auto counts = R"({"usageMetadata":{"totalTokenCount":7},"triggerTokens":"25600"})";
    CHECK(redacted(counts) == counts);
    CHECK(protocol::redact(R"({"handle":"h-1","apiKey":"k"})", false).secrets ==
          std::vector<std::string>{"h-1", "k"});
}

TEST_CASE("media is recorded by its size, or in full if requested")
{
    const auto* const message =
        R"({"realtimeInput":{"audio":{"data":"AAAAAAA=","mimeType":"audio/pcm;rate=16000"}}})";
    CHECK(redacted(message) ==
          R"({"realtimeInput":{"audio":{"data":{"bytes":5},"mimeType":"audio/pcm;rate=16000"}}})");
    CHECK(redacted(message, true) == message);
    CHECK(redacted(R"({"args":{"data":"no blob"}})") == R"({"args":{"data":"no blob"}})");
}

TEST_CASE("a quoted secret is redacted, names of members are kept")
{
    const std::deque<std::string> known{"abcdefgh", "received", "short"};
    std::string line = "key abcdefgh, again abcdefgh, short";
    protocol::strike_out(line, known);
    CHECK(line == "key [redacted], again [redacted], short");
    const auto quoted = R"({"received":"It is \"abcdefgh\"."})";
    CHECK(protocol::redact(quoted, false, known).text == R"({"received":"It is \"[redacted]\"."})");
    const error failure(
        errc::rejected, "abcdefgh is no key.", {phase::upgrade, 0, "No key: abcdefgh"});
    const auto told = protocol::strike_out(failure, known);
    CHECK(told.what() == std::string("[redacted] is no key."));
    CHECK(told.reason() == "No key: [redacted]");
}

namespace {

asio::awaitable<void> talk_twice(world& w)
{
    session session{w.make_client(), plain};
    co_await session.connect();
    co_await session.send("How are you?");
    const auto first = co_await session.turn();
    CHECK(first.text == "Fine.");
    auto events = session.events();
    while (auto event = co_await events.next()) {
        const auto* change = std::get_if<status_change>(&*event);
        if (change && change->to == session_status::connected && change->outage.count() != 0) break;
    }
    co_await session.close();
}

asio::awaitable<void> answer_and_fail(world& w, peer_ptr peer)
{
    co_await greet(w, peer);
    peer->send(R"({"sessionResumptionUpdate":{"newHandle":"secret-handle","resumable":true}})");
    co_await peer->receive();
    co_await w.clock->sleep_until(w.clock->now() + 250ms);
    peer->send(text_message("Fine."));
    peer->send(turn_complete);
    peer->send("{broken");
    peer->close(1011, "The key test-key-0123 and secret-handle are not to be told.");
}

} // namespace

TEST_CASE("a tap records both directions of every connection with times, and no secrets")
{
    tapped_world w;
    w.options.credentials = api_key("test-key-0123");
    w.scripts = {[&w](peer_ptr peer) { return answer_and_fail(w, std::move(peer)); },
        [&w](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.decide = [&w](const transport::connect_request&) {
        if (w.dials == 1) {
            throw error(
                errc::unavailable, "Down.", {phase::upgrade, 0, {}, 503, std::chrono::seconds(2)});
        }
        if (w.dials == 2) throw error(errc::resolve_failed, "No such host.");
    };
    w.play(talk_twice(w));

    CHECK(w.lines.at(0) == R"({"at":0,"connection":1,"refused":503,"retry_after":2})");
    CHECK(w.count(R"("connection":2,"failed":"resolve_failed"})") == 1);
    CHECK(w.count(R"("connection":3,"opened":true})") == 1);
    CHECK(w.count(R"("connection":3,"sent":{"setup":)") == 1);
    CHECK(w.count(R"("connection":3,"received":{"setupComplete":{}}})") == 1);
    CHECK(w.count("How are you?") == 1);
    CHECK(w.count("Fine.") == 1);
    CHECK(w.count(R"("connection":3,"malformed":7})") == 1);
    CHECK(w.count(R"("connection":3,"closed":1011,"reason":"The key [redacted] and [redacted] )") ==
          1);
    CHECK(w.count(R"("connection":4,"sent":{"setup":)") == 1);
    CHECK(w.count(R"("sessionResumption":{"handle":"[redacted]")") == 1);
    CHECK(w.count(R"("connection":4,"left":1000})") == 1);
    CHECK(w.count("secret-handle") == 0);
    CHECK(w.count("test-key-0123") == 0);

    std::int64_t last = 0;
    std::int64_t asked = 0;
    for (const auto& line : w.lines) {
        const json entry(line);
        const auto at = entry.at<std::int64_t>("/at");
        CHECK(at >= last);
        last = at;
        if (line.find("How are you?") != std::string::npos) asked = at;
        if (line.find("Fine.") != std::string::npos) CHECK(at == asked + 250);
    }
}

TEST_CASE("a tap records the end of a connection once")
{
    tapped_world w;
    w.scripts = {[&w](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->stall(true);
                     co_await settle(); // until a send is in progress
                     co_await w.clock->sleep_until(w.clock->now() + 1s);
                     peer->drop();
                 },
        [&w](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto work = [&]() -> asio::awaitable<void> {
        session session{w.make_client(), plain};
        co_await session.connect();
        co_await session.send("one");
        co_await session.drain();
        co_await session.close();
    };
    w.play(work());
    CHECK(w.count(R"("connection":1,"lost")") == 1);
}

TEST_CASE("of a message with too many elements a tap records the size")
{
    tapped_world w;
    w.options.limits.message = 1 << 20;
    std::string many = R"({"unknown":[1)";
    while (many.size() < 500'000) many += ",1";
    many += "]}";
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"unknown":[1,1]})");
        peer->send(many);
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        co_await session.close();
    });
    CHECK(w.count(fmt::format(R"("malformed":{}}})", many.size())) == 1);
    CHECK(w.count(R"("received":{"unknown":[1,1]})") == 1);
}

TEST_CASE("a file tap writes one line for each event into a file that only its owner can read")
{
    auto path = (std::filesystem::temp_directory_path() / "gemini-live-tap-XXXXXX").string();
    const int made = ::mkstemp(path.data());
    REQUIRE(made >= 0);
    ::close(made);
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    {
        const auto tap = file_tap(path, true);
        CHECK(tap.with_media);
        tap.sink("{\"at\":0}");
        tap.sink("{\"at\":1}");
        std::ifstream file(path);
        std::string first;
        std::string second;
        std::getline(file, first);
        std::getline(file, second);
        CHECK(first == "{\"at\":0}");
        CHECK(second == "{\"at\":1}");
        CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0600));
    }
    std::filesystem::remove(path);
    try {
        static_cast<void>(file_tap("/nowhere/at/all"));
        FAIL("it must not work");
    } catch (const error& failure) {
        CHECK(failure.value() == errc::storage_failed);
    }
}

} // namespace wire_tap_test
