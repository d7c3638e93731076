// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/access.hpp"
#include "session/client_core.hpp"
#include "support/memory_connector.hpp"

#include "support/loud.hpp"
#include "support/virtual_time.hpp"

#include <gemini/live/session.hpp>

#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A whole session against a scripted server, in virtual time.
namespace test {

using namespace gemini::live;
using namespace std::chrono_literals;
using test::memory_peer;

using peer_ptr = std::shared_ptr<memory_peer>;
using script = std::function<asio::awaitable<void>(peer_ptr)>;
using session_work = std::function<asio::awaitable<void>(session&)>;

struct world;
asio::awaitable<void> listen(world& w, peer_ptr peer);

inline const setup plain{.model = "gemini-3.8-live"};

/// One world per test case: first the server's scripts and the options, then `play_session`.
struct world {
    // Before the context: when the context is destroyed, what still sleeps notifies the clock.
    std::shared_ptr<virtual_clock> clock = std::make_shared<virtual_clock>();
    asio::io_context io{1};
    int dials = 0;
    int served = 0;                   // connections that were accepted
    std::vector<std::string> heard{}; // what the server received, over all connections
    std::vector<script> scripts{};    // one for each connection; the last serves all later ones
    std::function<void(const transport::connect_request&)> decide{};
    client_options options{};

    world()
    {
        make_loud(options);
        options.credentials = api_key(secret_key);
        scripts.emplace_back([this](peer_ptr peer) { return listen(*this, std::move(peer)); });
    }

    client make_client()
    {
        auto connector = test::make_memory_connector(
            io.get_executor(),
            [this](peer_ptr peer) {
                const auto index = std::min(static_cast<std::size_t>(served++), scripts.size() - 1);
                return scripts[index](std::move(peer));
            },
            [this](const transport::connect_request& request) {
                ++dials;
                if (decide) decide(request);
            });
        return access::make_client(std::make_shared<client_core>(
            options, std::move(connector), clock, [] { return 0.5; }));
    }

    void play(asio::awaitable<void> work) { test::play(io, *clock, std::move(work)); }

    /// Plays `work` with a session that has not been connected yet; returns the session.
    session play_session(const setup& setup, const session_work& work)
    {
        session made{make_client(), setup};
        play(work(made));
        return made;
    }
    session play_session(const session_work& work) { return play_session(plain, work); }
};

inline asio::awaitable<void> greet(world& w, peer_ptr peer)
{
    auto first = co_await peer->receive();
    if (!first) co_return;
    w.heard.push_back(*first);
    peer->send(R"({"setupComplete":{}})");
}

/// Completes the setup, then records everything received.
inline asio::awaitable<void> listen(world& w, peer_ptr peer)
{
    co_await greet(w, peer);
    while (auto message = co_await peer->receive()) w.heard.push_back(*message);
}

/// Runs everything that is ready.
inline asio::awaitable<void> settle()
{
    for (int i = 0; i < 50; ++i)
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

/// Returns when the session has connected this many times, or has failed.
inline asio::awaitable<void> until_connected(world& w, session& session, std::uint64_t times)
{
    while (session.counters().connections < times && session.status() != session_status::failed)
        co_await w.clock->sleep_until(w.clock->now() + 100ms);
    co_await settle();
}

template <class Work>
asio::awaitable<std::optional<error>> failure_of(Work work)
{
    try {
        co_await std::move(work);
    } catch (const error& thrown) {
        co_return thrown;
    }
    co_return std::nullopt;
}

inline std::string text_message(std::string_view text)
{
    return R"({"serverContent":{"modelTurn":{"parts":[{"text":")" + std::string(text) + R"("}]}}})";
}

inline constexpr const char* turn_complete = R"({"serverContent":{"turnComplete":true}})";
inline constexpr const char* new_handle =
    R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})";
inline constexpr const char* weather_call =
    R"({"toolCall":{"functionCalls":[{"id":"c1","name":"weather","args":{"city":"Ulm"}}]}})";

/// The messages after the setups.
inline std::vector<std::string> said(const world& w)
{
    std::vector<std::string> all;
    for (const auto& each : w.heard)
        if (each.find(R"("setup")") == std::string::npos) all.push_back(each);
    return all;
}

inline std::string text_input(std::string_view words)
{
    return R"({"realtimeInput":{"text":")" + std::string(words) + R"("}})";
}

/// What a session has reported, by kind.
struct told {
    std::vector<status_change> changes{};
    std::vector<stalled> silences{};
    std::string text{}; ///< Said by the model.

    /// The last change to `to`.
    [[nodiscard]] const status_change* last(session_status to) const
    {
        for (auto each = changes.rbegin(); each != changes.rend(); ++each)
            if (each->to == to) return &*each;
        return nullptr;
    }
};

/// Reads until `done` returns true, or the stream ends.
template <class Done>
asio::awaitable<void> listen_until(session& session, told& all, Done done)
{
    auto events = session.events();
    while (!done()) {
        auto event = co_await events.next();
        if (!event) co_return;
        if (const auto* change = std::get_if<status_change>(&*event))
            all.changes.push_back(*change);
        if (const auto* silence = std::get_if<stalled>(&*event)) all.silences.push_back(*silence);
        if (const auto* message = std::get_if<server_message>(&*event)) all.text += message->text();
    }
}

} // namespace test
