// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "unit/session/world.hpp"

#include <gemini/live/tool_dispatcher.hpp>

#include <asio/thread_pool.hpp>

#include <stdexcept>
#include <thread>
#include <tuple>

/// Every way in which a function call can end, and what the server hears of it.
namespace tool_dispatcher_test {

using namespace test;

namespace {

struct place {
    std::string city;

    static auto parameters() { return std::tuple(parameter("city", &place::city)); }
};

std::string call(std::string_view id, std::string_view name, std::string_view arguments = "{}")
{
    return R"({"toolCall":{"functionCalls":[{"id":")" + std::string(id) + R"(","name":")" +
           std::string(name) + R"(","args":)" + std::string(arguments) + "}]}}";
}

std::string cancellation(std::string_view id)
{
    return R"({"toolCallCancellation":{"ids":[")" + std::string(id) + R"("]}})";
}

const char* const interrupted = R"({"serverContent":{"interrupted":true}})";

std::string answer(std::string_view id, std::string_view name, std::string_view response,
    std::string_view more = {})
{
    return R"({"toolResponse":{"functionResponses":[{"id":")" + std::string(id) + R"(","name":")" +
           std::string(name) + R"(","response":)" + std::string(response) + std::string(more) +
           "}]}}";
}

/// A session with a dispatcher, and what the server sends.
struct tools_world : world {
    toolset tools{};
    tool_dispatcher_options settings{};
    std::vector<tool_event> events{};
    peer_ptr server{};
    std::optional<tool_dispatcher> dispatcher{};
    int begun = 0;    // handlers that wait for ever
    int canceled = 0; // and have been canceled

    tools_world()
    {
        scripts = {[this](peer_ptr peer) {
            server = peer;
            return listen(*this, std::move(peer));
        }};
        settings.on_event = [this](const tool_event& event) { events.push_back(event); };
        options.quirks = [](std::string_view) {
            model_quirks quirks;
            quirks.calling = calling::blocking_unless_asked;
            return quirks;
        };
    }

    asio::awaitable<void> sleep(std::chrono::milliseconds time)
    {
        return clock->sleep_until(clock->now() + time);
    }
    asio::awaitable<json> hang()
    {
        ++begun;
        try {
            co_await clock->sleep_until(base::time_point::max());
        } catch (const std::system_error&) {
            ++canceled;
            throw;
        }
        co_return json();
    }
    void add_hanging(function_options options)
    {
        tools.add(std::move(options), [this] { return hang(); });
    }

    /// Connects a session with the dispatcher, and plays `work`.
    void converse(std::function<asio::awaitable<void>(session&)> work)
    {
        auto setup = plain;
        setup.functions = tools.declarations();
        converse(setup, std::move(work));
    }
    void converse(const setup& setup, std::function<asio::awaitable<void>(session&)> work)
    {
        session talk(make_client(), setup);
        const auto all =
            [](tools_world& w, session& talk,
                std::function<asio::awaitable<void>(session&)> work) -> asio::awaitable<void> {
            w.dispatcher.emplace(talk, w.tools, w.settings);
            co_await talk.connect();
            co_await work(talk);
        };
        play(all(*this, talk, std::move(work)));
        dispatcher.reset();
    }
    /// Returns when the session has dealt with what the server sends.
    template <class... Messages>
    asio::awaitable<void> receive(const Messages&... messages)
    {
        (server->send(messages), ...);
        return pause();
    }
    /// Responses wait for what the server may have sent together with a call.
    asio::awaitable<void> pause()
    {
        co_await settle();
        co_await sleep(200ms);
        co_await settle();
    }

    /// "started c1, answered c1"
    [[nodiscard]] std::string told() const
    {
        std::string all;
        for (const auto& each : events) {
            if (!all.empty()) all += ", ";
            all += each.what == tool_event::kind::started ? "started" : to_string(each.ending);
            all += " " + each.id;
        }
        return all;
    }
};

using answers = std::vector<std::string>;

std::string what_of(const std::exception_ptr& cause)
{
    if (!cause) return "none";
    try {
        std::rethrow_exception(cause);
    } catch (const std::exception& thrown) {
        return thrown.what();
    } catch (...) {
        return "unknown";
    }
}

} // namespace

TEST_CASE("a call is answered with what its handler returns, whatever kind of handler it is")
{
    tools_world w;
    w.tools
        .add({.name = "later"},
            [&w](place about) -> asio::awaitable<double> {
                co_await w.sleep(1s);
                CHECK(about.city == "Ulm");
                co_return 21.5;
            })
        .add({.name = "now"}, [](const place& about) { return "sunny in " + about.city; })
        .add({.name = "raw"}, [](const json& arguments) { return arguments; })
        .add({.name = "nothing"}, []() -> asio::awaitable<void> { co_return; })
        .add({.name = "itself"},
            [](running_call& call) { return call.request().id + " " + call.request().name; });
    w.converse([&w](session&) -> asio::awaitable<void> {
        const auto* const ulm = R"({"city":"Ulm"})";
        co_await w.receive(call("c1", "later", ulm), call("c2", "now", ulm), call("c3", "raw", ulm),
            call("c4", "nothing"), call("c5", "itself"));
        CHECK(said(w) == answers{answer("c2", "now", R"({"output":"sunny in Ulm"})"),
                             answer("c3", "raw", ulm),
                             answer("c4", "nothing", R"({"output":"done"})"),
                             answer("c5", "itself", R"({"output":"c5 itself"})")});
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w).back() == answer("c1", "later", R"({"output":21.5})"));
    });
    CHECK(w.events.front().what == tool_event::kind::started);
    CHECK(w.events.back().ending == call_ending::answered);
    CHECK(w.events.back().duration == 1s);
    CHECK(w.events.size() == 10);
}

TEST_CASE("what a handler throws is an answer with its words")
{
    tools_world w;
    w.tools.add({.name = "f"}, []() -> asio::awaitable<json> {
        throw std::runtime_error("The line is dead.");
        co_return json();
    });
    w.tools.add({.name = "g"}, []() -> int { throw 5; });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c2", "g"));
        CHECK(said(w) == answers{answer("c1", "f", R"({"error":"The line is dead."})"),
                             answer("c2", "g", R"({"error":"The function has failed."})")});
    });
    CHECK(w.told() == "started c1, started c2, failed c1, failed c2");
    CHECK(what_of(w.events[2].cause) == "The line is dead.");
}

TEST_CASE("arguments that do not match are answered with what is wrong; the handler does not run")
{
    tools_world w;
    w.tools.add({.name = "f"}, [](const place&) { FAIL("it ran"); });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f", R"({"city":5})"));
        CHECK(said(w) ==
              answers{answer("c1", "f",
                  R"({"error":"The arguments of f do not match its parameters. /city a string is )"
                  R"(required, not 5."})")});
    });
    CHECK(w.told() == "invalid_arguments c1");
}

TEST_CASE("arguments are checked against a JSON Schema, in which any value may be allowed")
{
    tools_world w;
    const json schema(R"({"type":"object","properties":{"any":{},"count":{"type":"integer"}}})");
    w.tools.add({.name = "f", .parameters_json_schema = schema}, [] {});
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f", R"({"any":{"a":[null]},"count":1})"),
            call("c2", "f", R"({"count":"one"})"));
    });
    CHECK(w.told() == "started c1, invalid_arguments c2, answered c1");
}

TEST_CASE("a call past its deadline is answered at once, and its handler canceled")
{
    tools_world w;
    w.add_hanging({.name = "f", .deadline = 2s});
    w.add_hanging({.name = "g"});
    w.settings.deadline = 3s;
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c2", "g"));
        CHECK(said(w).empty());
        co_await w.sleep(2s);
        co_await settle();
        CHECK(said(w) ==
              answers{answer("c1", "f", R"({"error":"f has not finished within 2000 ms."})")});
        CHECK(w.canceled == 1);
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w).back() ==
              answer("c2", "g", R"({"error":"g has not finished within 3000 ms."})"));
    });
    CHECK(w.told() == "started c1, started c2, timed_out c1, timed_out c2");
    CHECK(w.canceled == 2);
}

TEST_CASE("a function that nobody has declared is answered with the names of those there")
{
    tools_world w;
    w.tools.add({.name = "f"}, [] {}).add({.name = "g"}, [] {});
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "h"));
        CHECK(said(w) == answers{answer("c1", "h",
                             R"({"error":"There is no function \"h\". There are: f, g."})")});
    });
    CHECK(w.told() == "unknown_function c1");
}

TEST_CASE("a function that only the setup declares is left to the reader")
{
    tools_world w;
    w.tools.add({.name = "f"}, [] {});
    auto setup = plain;
    setup.functions = w.tools.declarations();
    setup.functions.push_back({.name = "own"});
    w.converse(setup, [&w](session& talk) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "own"), call("c2", "f"));
        CHECK(said(w) == answers{answer("c2", "f", R"({"output":"done"})")});
        function_response own("c1", "own", json());
        co_await talk.send_tool_response(std::move(own));
        co_await settle();
        CHECK(said(w).back() == answer("c1", "own", "{}"));
    });
    CHECK(w.told() == "started c2, answered c2");
}

TEST_CASE("functions may be replaced in the middle of a conversation")
{
    tools_world w;
    bool may_end = false;
    w.tools.add({.name = "kept"}, [] { return "old"; });
    w.tools.add({.name = "slow"}, [&]() -> asio::awaitable<std::string> {
        while (!may_end) co_await w.sleep(10ms);
        co_return "slow";
    });
    auto setup = plain;
    setup.functions = w.tools.declarations();
    setup.functions.push_back({.name = "own"});
    w.converse(setup, [&](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "slow"), call("c2", "own"));
        toolset fresh;
        fresh.add({.name = "kept"}, [] { return "new"; }).add({.name = "own"}, [] {});
        w.dispatcher->set_tools(fresh);
        co_await w.receive(call("c3", "slow"), call("c4", "kept"), call("c5", "own"));
        CHECK(said(w) ==
              answers{answer("c3", "slow",
                          R"({"error":"There is no function \"slow\". There are: kept, own."})"),
                  answer("c4", "kept", R"({"output":"new"})"),
                  answer("c5", "own", R"({"output":"done"})")});
        w.dispatcher->set_tools({});
        may_end = true;
        co_await w.receive(call("c6", "kept"));
        CHECK(
            said(w).at(3) ==
            answer("c6", "kept", R"({"error":"There is no function \"kept\". There are: none."})"));
        CHECK(said(w).at(4) == answer("c1", "slow", R"({"output":"slow"})"));
    });
}

TEST_CASE("functions that cannot work replace none")
{
    tools_world w;
    w.tools.add({.name = "f"}, [] { return "old"; });
    w.converse([&](session&) -> asio::awaitable<void> {
        toolset bad;
        bad.add({.name = "f", .scheduling = scheduling::silent}, [] { return "new"; });
        CHECK_THROWS_AS(w.dispatcher->set_tools(bad), error);
        co_await w.receive(call("c1", "f"));
        CHECK(said(w) == answers{answer("c1", "f", R"({"output":"old"})")});
    });
}

TEST_CASE("whether the model waits for a function is as its newest declaration says")
{
    tools_world w;
    const auto work = [&w]() -> asio::awaitable<void> { return w.sleep(1s); };
    w.tools.add({.name = "f"}, work);
    toolset fresh;
    fresh.add({.name = "f", .behavior = behavior::non_blocking}, work);
    w.converse([&](session& talk) -> asio::awaitable<void> {
        w.dispatcher->set_tools(fresh);
        std::vector<tool> tools;
        tools.emplace_back(fresh.declarations());
        context_update update(std::move(tools));
        co_await talk.send_context_update(std::move(update));
        co_await w.receive(call("c1", "f"), interrupted);
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w).back() ==
              answer("c1", "f", R"({"output":"done"})", R"(,"scheduling":"SILENT")"));
    });
}

TEST_CASE("a call whose arguments come in pieces is left to the reader")
{
    tools_world w;
    w.tools.add({.name = "f"}, [] {});
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(R"({"toolCall":{"functionCalls":[{"name":"f","willContinue":true}]}})",
            R"({"toolCall":{"functionCalls":[{"partialArgs":[{"jsonPath":"$.city","stringValue":"Ulm"}],
                "willContinue":true}]}})",
            R"({"toolCall":{"functionCalls":[{}]}})");
    });
    CHECK(w.events.empty());
    CHECK(said(w).empty());
}

TEST_CASE("calls beyond the bounds wait, and beyond those are refused")
{
    tools_world w;
    w.settings.at_once = 2;
    w.settings.waiting = 1;
    w.tools.add({.name = "f"}, [&w]() -> asio::awaitable<void> { return w.sleep(1s); });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c2", "f"), call("c3", "f"), call("c4", "f"));
        CHECK(
            said(w) == answers{answer("c4", "f",
                           R"({"error":"Too many functions are running. Call f again later."})")});
        co_await w.sleep(1s);
        co_await settle();
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w).size() == 4);
    });
    CHECK(w.told() == "started c1, started c2, overloaded c4, answered c1, started c3, "
                      "answered c2, answered c3");
    CHECK(w.events[4].waited == 1s);
}

TEST_CASE("a call that the server cancels is not answered, and its handler is canceled")
{
    tools_world w;
    w.settings.at_once = 1;
    w.add_hanging({.name = "f"});
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c2", "f"));
        co_await w.receive(cancellation("c2"), cancellation("c1"), cancellation("c9"));
        CHECK(w.begun == 1);
        CHECK(w.canceled == 1);
        co_await w.sleep(60s);
    });
    CHECK(said(w).empty());
    CHECK(w.told() == "started c1, canceled c2, canceled c1");
}

TEST_CASE("a call that comes twice with one id runs once and is answered once")
{
    tools_world w;
    w.tools.add({.name = "f"}, [&w]() -> asio::awaitable<void> { return w.sleep(1s); });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c1", "f"));
        co_await w.sleep(1s);
        co_await settle();
        co_await w.receive(call("c1", "f"));
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w).size() == 1);
    });
    CHECK(w.told() == "started c1, repeated c1, answered c1, repeated c1");
}

TEST_CASE("a call that does not come to run is answered once, however often it comes")
{
    tools_world w;
    w.settings.at_once = 1;
    w.settings.waiting = 0;
    w.tools.add({.name = "f"}, [&w]() -> asio::awaitable<void> { return w.sleep(1s); });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c2", "f"), call("c3", "h"));
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w).size() == 3);
        co_await w.receive(call("c2", "f"), call("c3", "h")); // now there is room
        co_await w.dispatcher->shutdown(1s);
        co_await w.receive(call("c4", "f"), call("c4", "f"), call("c1", "f"));
        CHECK(said(w).size() == 4);
    });
    CHECK(w.told() == "started c1, overloaded c2, unknown_function c3, answered c1, repeated c2, "
                      "repeated c3, shut_down c4, repeated c4, repeated c1");
}

TEST_CASE("a call before a loss is answered after it")
{
    tools_world w;
    w.tools.add({.name = "f"}, [&w]() -> asio::awaitable<void> { return w.sleep(1s); });
    w.converse([&w](session& talk) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), new_handle);
        w.server->drop();
        co_await until_connected(w, talk, 2);
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w) == answers{answer("c1", "f", R"({"output":"done"})")});
    });
    CHECK(w.told() == "started c1, answered c1");
}

TEST_CASE("a call that the server has forgotten is not answered, and its handler is canceled")
{
    tools_world w;
    w.add_hanging({.name = "f"});
    w.converse([&w](session& talk) -> asio::awaitable<void> {
        co_await w.receive(new_handle, call("c1", "f"));
        w.server->drop();
        co_await until_connected(w, talk, 2);
        CHECK(w.canceled == 1);
        co_await w.receive(call("c1", "f")); // the server makes it again
        CHECK(w.begun == 2);
    });
    CHECK(w.told() == "started c1, forgotten c1, started c1");
}

TEST_CASE("an answer that waits for room is given up when the server forgets its call")
{
    tools_world w;
    w.options.limits.outbox = 4'000;
    w.tools.add({.name = "f"}, [&]() -> asio::awaitable<void> { return w.sleep(1s); });
    w.options.reconnect.first_delay = 10s;
    w.converse([&w](session& talk) -> asio::awaitable<void> {
        co_await w.receive(new_handle, call("c1", "f"));
        w.server->drop();
        co_await settle();
        co_await talk.send(std::string(3'900, 'x'));
        co_await w.sleep(2s);
        CHECK(w.told() == "started c1"); // and has a result
        co_await until_connected(w, talk, 2);
        CHECK(w.told() == "started c1, forgotten c1");
        co_await w.receive(call("c1", "f")); // the server makes it again
        co_await w.sleep(1s);
        co_await w.pause();
        CHECK(said(w).back() == answer("c1", "f", R"({"output":"done"})"));
        CHECK(said(w).size() == 2);
    });
    CHECK(w.told() == "started c1, forgotten c1, started c1, answered c1");
}

TEST_CASE("what is said on a connection that was left concerns no call of the conversation")
{
    tools_world w;
    w.options.reconnect.handover.overlap = true;
    w.add_hanging({.name = "f", .deadline = 5s});
    peer_ptr first;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     first = peer;
                     co_await greet(w, peer);
                     peer->send(call("c1", "f"));
                     peer->send(new_handle);
                     peer->send(R"({"goAway":{"timeLeft":"1s"}})");
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            first->send(cancellation("c1"));
            first->send(call("c2", "f"));
            first->send(call("c1", "f"));
            co_await settle();
            peer->send(R"({"setupComplete":{}})");
            co_await listen(w, peer);
        }};
    w.converse([&w](session& talk) -> asio::awaitable<void> {
        while (talk.counters().handovers == 0) co_await w.sleep(1s);
        co_await w.sleep(10s);
        co_await settle();
        CHECK(said(w) ==
              answers{answer("c1", "f", R"({"error":"f has not finished within 5000 ms."})")});
    });
    CHECK(w.told() == "started c1, forgotten c2, repeated c1, timed_out c1");
}

TEST_CASE("when the session ends, handlers are canceled")
{
    tools_world w;
    w.settings.at_once = 1;
    w.add_hanging({.name = "f"});
    w.converse([&w](session& talk) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c2", "f"));
        co_await talk.close();
        co_await settle();
    });
    CHECK(w.canceled == 1);
    CHECK(w.told() == "started c1, session_ended c1, session_ended c2");
}

TEST_CASE("a shutdown waits for what runs, refuses what waits, and cuts off what is late")
{
    tools_world w;
    w.settings.at_once = 2;
    w.tools.add({.name = "f"}, [&w]() -> asio::awaitable<void> { return w.sleep(1s); });
    w.add_hanging({.name = "g"});
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"), call("c2", "g"), call("c3", "f"));
        const auto begun = w.clock->now();
        const auto cut_off = co_await w.dispatcher->shutdown(5s);
        CHECK(cut_off == 2);
        CHECK(w.clock->now() - begun == 5s);
        co_await settle();
        const auto* const over = R"({"error":"The application is shutting down."})";
        CHECK(said(w) == answers{answer("c3", "f", over), answer("c1", "f", R"({"output":"done"})"),
                             answer("c2", "g", over)});
        co_await w.receive(call("c4", "f"));
        CHECK(said(w).back() == answer("c4", "f", over));
        const auto again = co_await w.dispatcher->shutdown(5s);
        CHECK(again == 0);
    });
    CHECK(w.canceled == 1);
    CHECK(w.told() == "started c1, started c2, shut_down c3, answered c1, shut_down c2, "
                      "shut_down c4");
}

TEST_CASE("a dispatcher that is destroyed answers what is open, and leaves later calls alone")
{
    tools_world w;
    w.add_hanging({.name = "f"});
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"));
        w.dispatcher.reset();
        co_await settle();
        CHECK(said(w) ==
              answers{answer("c1", "f", R"({"error":"The application is shutting down."})")});
        co_await w.receive(call("c2", "f"));
        CHECK(said(w).size() == 1);
    });
    CHECK(w.canceled == 1);
}

TEST_CASE("an interruption cancels no call; the answer is silent where the model does not wait")
{
    tools_world w;
    const auto work = [&w]() -> asio::awaitable<void> { return w.sleep(1s); };
    w.tools.add({.name = "waits"}, work)
        .add({.name = "goes", .behavior = behavior::non_blocking}, work)
        .add({.name = "loud", .behavior = behavior::non_blocking},
            [&w]() -> asio::awaitable<tool_result> {
                co_await w.sleep(1s);
                tool_result result("now");
                result.scheduling = scheduling::interrupt;
                co_return result;
            });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(
            call("c1", "waits"), call("c2", "goes"), call("c3", "loud"), interrupted);
        co_await w.receive(call("c4", "goes"));
        co_await w.sleep(1s);
        co_await settle();
        const auto* const done = R"({"output":"done"})";
        CHECK(said(w) ==
              answers{answer("c1", "waits", done),
                  answer("c2", "goes", done, R"(,"scheduling":"SILENT")"),
                  answer("c3", "loud", R"({"output":"now"})", R"(,"scheduling":"INTERRUPT")"),
                  answer("c4", "goes", done)});
    });
}

TEST_CASE("a handler may answer in parts")
{
    struct counter : async_generator<int>::source {
        int next_one = 0;
        asio::awaitable<std::optional<int>> next() override
        {
            ++next_one;
            co_return next_one <= 2 ? std::optional(next_one) : std::nullopt;
        }
    };
    tools_world w;
    w.tools
        .add({.name = "f", .behavior = behavior::non_blocking},
            [](running_call& call) -> asio::awaitable<const char*> {
                tool_result part("half");
                part.scheduling = scheduling::silent;
                co_await call.report(std::move(part));
                co_return "whole";
            })
        .add({.name = "g", .behavior = behavior::non_blocking},
            [] { return async_generator<int>(std::make_unique<counter>()); });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"));
        CHECK(said(w) == answers{answer("c1", "f", R"({"output":"half"})",
                                     R"(,"scheduling":"SILENT","willContinue":true)"),
                             answer("c1", "f", R"({"output":"whole"})")});
        co_await w.receive(call("c2", "g"));
        const auto all = said(w);
        REQUIRE(all.size() == 5);
        CHECK(all[2] == answer("c2", "g", R"({"output":1})", R"(,"willContinue":true)"));
        CHECK(all[3] == answer("c2", "g", R"({"output":2})", R"(,"willContinue":true)"));
        CHECK(all[4] == answer("c2", "g", "{}", R"(,"scheduling":"SILENT")"));
    });
}

TEST_CASE("a handler that ignores its cancellation keeps its place until it ends")
{
    tools_world w;
    w.settings.at_once = 1;
    w.settings.deadline = 1s;
    w.tools.add({.name = "f"}, [&w]() -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await w.sleep(10s);
    });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"));
        co_await w.sleep(9s + 500ms);
        co_await w.receive(call("c2", "f"));
        CHECK(w.told() == "started c1, timed_out c1");
        co_await w.sleep(500ms);
        co_await settle();
        CHECK(w.told() == "started c1, timed_out c1, started c2");
        co_await w.sleep(1s);
        co_await settle();
        CHECK(said(w).size() == 2);
    });
}

TEST_CASE("a blocking function runs in a pool of threads")
{
    tools_world w;
    asio::thread_pool pool(1);
    const auto home = std::this_thread::get_id();
    std::thread::id there{};
    w.tools.add({.name = "f", .run_on = pool.get_executor()},
        [&there] { there = std::this_thread::get_id(); });
    w.converse([&](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"));
        while (said(w).empty()) co_await settle();
        CHECK(said(w) == answers{answer("c1", "f", R"({"output":"done"})")});
    });
    CHECK(there != std::thread::id());
    CHECK(there != home);
}

TEST_CASE("a result that cannot be sent is a failure, and the call is answered nevertheless")
{
    tools_world w;
    w.tools.add({.name = "f"}, []() -> tool_result {
        tool_result broken;
        broken.response = json("5"); // no object
        return broken;
    });
    w.converse([&w](session&) -> asio::awaitable<void> {
        co_await w.receive(call("c1", "f"));
        REQUIRE(said(w).size() == 1);
        CHECK(said(w)[0].find(R"("error":"The result cannot be sent: )") != std::string::npos);
    });
    CHECK(w.told() == "started c1, failed c1");
    CHECK(w.events.back().cause);
}

TEST_CASE("turn() returns the answer as a whole, whenever the service closes the calling turn")
{
    const std::string transcribed =
        R"({"serverContent":{"outputTranscription":{"text":"Let me see. "}}})";
    const std::string said_then =
        R"({"serverContent":{"outputTranscription":{"text":"It is sunny."}}})";
    const bool closes_first = GENERATE(false, true); // as Vertex AI does
    CAPTURE(closes_first);
    tools_world w;
    w.tools.add({.name = "f"}, [&w]() -> asio::awaitable<void> { return w.sleep(1s); });
    turn_result turn;
    w.converse([&](session& talk) -> asio::awaitable<void> {
        co_await talk.send("What is the weather?");
        co_await w.pause();
        const auto serve = [](tools_world& w, bool closes_first, std::string before,
                               std::string after) -> asio::awaitable<void> {
            co_await w.receive(before, call("c1", "f"));
            if (closes_first) co_await w.receive(turn_complete);
            co_await w.sleep(1s);
            co_await settle();
            CHECK(said(w).back() == answer("c1", "f", R"({"output":"done"})"));
            co_await w.sleep(2s);
            co_await w.receive(after, turn_complete);
        };
        asio::co_spawn(w.io, serve(w, closes_first, transcribed, said_then), rethrow);
        turn = co_await talk.turn();
    });
    CHECK(turn.end == turn_end::complete);
    CHECK(turn.output_transcription == "Let me see. It is sunny.");
    CHECK(turn.tool_calls.empty());
}

TEST_CASE("turn() ends with a call that is left to the reader")
{
    tools_world w;
    w.tools.add({.name = "f"}, [] {});
    auto setup = plain;
    setup.functions = w.tools.declarations();
    setup.functions.push_back({.name = "own"});
    turn_result turn;
    w.converse(setup, [&](session& talk) -> asio::awaitable<void> {
        co_await w.receive(
            R"({"toolCall":{"functionCalls":[{"id":"c1","name":"f"},{"id":"c2","name":"own"}]}})");
        turn = co_await talk.turn();
    });
    CHECK(turn.end == turn_end::tool_call);
    REQUIRE(turn.tool_calls.size() == 1);
    CHECK(turn.tool_calls[0].name == "own");
}

TEST_CASE("a session has one dispatcher")
{
    tools_world w;
    w.converse([&w](session& talk) -> asio::awaitable<void> {
        const auto again = [&] { tool_dispatcher second(talk, w.tools); };
        CHECK_THROWS_AS(again(), error);
        w.dispatcher.reset();
        CHECK_NOTHROW(again());
        co_return;
    });
}

TEST_CASE("options and functions that cannot work are refused")
{
    tools_world w;
    session talk(w.make_client(), plain);
    const auto refusal = [&](tool_dispatcher_options options) {
        try {
            tool_dispatcher made(talk, w.tools, std::move(options));
        } catch (const error& thrown) {
            CHECK(thrown.value() == errc::invalid_argument);
            return std::string(thrown.what());
        }
        return std::string("none");
    };
    const auto contains = [](const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    };
    CHECK(refusal({}) == "none");
    CHECK(contains(refusal({.at_once = 0}), "at_once is 0"));
    CHECK(contains(refusal({.deadline = 0ms}), "deadline"));
    w.tools.add({.name = "f", .scheduling = scheduling::silent}, [] {});
    CHECK(contains(refusal({}), "but the model waits for it"));
}

} // namespace tool_dispatcher_test
