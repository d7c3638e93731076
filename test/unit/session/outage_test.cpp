// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <gemini/live/reconnect_plan.hpp>
#include <gemini/live/resumption_store.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <array>

namespace outage_test {

// What an outage costs: what is sent again, what is forgotten, what the user is told and asked.
using namespace test;

namespace {

constexpr const char* handle = R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})";
constexpr const char* call =
    R"({"toolCall":{"functionCalls":[{"id":"c1","name":"weather","args":{"city":"Ulm"}}]}})";

/// The messages after the setups.
std::vector<std::string> said(const world& w)
{
    std::vector<std::string> all;
    for (const auto& each : w.heard)
        if (each.find(R"("setup")") == std::string::npos) all.push_back(each);
    return all;
}

std::string text_input(std::string_view words)
{
    return R"({"realtimeInput":{"text":")" + std::string(words) + R"("}})";
}

/// Until the session has been connected so many times.
asio::awaitable<void> until_connected(world& w, session& session, std::uint64_t times)
{
    while (session.counters().connections < times)
        co_await w.clock->sleep_until(w.clock->now() + 100ms);
    co_await settle();
}

/// Answers "one", gives a handle, answers "two", takes "three" and hangs up.
asio::awaitable<void> answer_two_of_three(world& w, peer_ptr peer)
{
    co_await greet(w, peer);
    co_await peer->receive();
    peer->send(text_message("1"));
    peer->send(turn_complete);
    peer->send(handle);
    co_await peer->receive();
    peer->send(text_message("2"));
    peer->send(turn_complete);
    co_await peer->receive();
    peer->drop();
}

asio::awaitable<void> say_three(session& session)
{
    co_await session.connect();
    co_await session.send("one");
    auto turn = co_await session.turn();
    co_await session.send("two");
    turn = co_await session.turn();
    co_await session.send("three");
}

std::vector<std::string> again_with(replay replay)
{
    world w;
    w.options.reconnect.replay = replay;
    w.scripts = {[&](peer_ptr peer) { return answer_two_of_three(w, std::move(peer)); },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await say_three(session);
        co_await until_connected(w, session, 2);
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard[1].find(R"("handle":"h")") != std::string::npos);
    return said(w);
}

} // namespace

TEST_CASE("what is sent again is what the user chose")
{
    using texts = std::vector<std::string>;
    CHECK(again_with(replay::unanswered) == texts{text_input("three")});
    CHECK(again_with(replay::all_since_handle) == texts{text_input("two"), text_input("three")});
    CHECK(again_with(replay::none).empty());
}

TEST_CASE("a question that is asked again has not been cut, and is counted")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            auto question = co_await peer->receive();
            CHECK(*question == text_input("Are you there?"));
            peer->send(text_message("I am."));
            peer->send(turn_complete);
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Are you there?");
        const auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.text == "I am.");
        CHECK(session.counters().replayed == 1);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("the answer to a call that the server forgot is not sent, and the call is named")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle);
                     co_await peer->receive();
                     peer->send(call);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    told all;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        co_await session.send("Rain?");
        const auto turn = co_await session.turn();
        REQUIRE(turn.end == turn_end::tool_call);
        function_response response(turn.tool_calls[0], json().add("rain", true));
        co_await session.send_tool_response(std::move(response));
        co_await listen_until(session, all, [&] { return session.counters().connections == 2; });
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    CHECK(said(w) == std::vector<std::string>{text_input("Rain?")}); // it will call again
    CHECK(all.last(session_status::connected)->forgotten_calls == std::vector<std::string>{"c1"});
    CHECK(session.counters().obsolete == 1);
}

TEST_CASE("the rest of a speech belongs to its activity on the next connection, too")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await session.send_realtime_input(realtime_input::activity_start());
        co_await session.send_audio(pcm);
        co_await until_connected(w, session, 2);
        co_await session.send_audio(pcm);
        co_await session.send_realtime_input(realtime_input::activity_end());
        co_await session.drain();
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    const auto all = said(w);
    REQUIRE(all.size() == 3);
    CHECK(all[0] == R"({"realtimeInput":{"activityStart":{}}})");
    CHECK(all[1].find(R"({"realtimeInput":{"audio")") == 0);
    CHECK(all[2] == R"({"realtimeInput":{"activityEnd":{}}})");
}

TEST_CASE("a spoken question that goes down with its connection has been cut")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     for (int i = 0; i < 3; ++i) co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await session.send_realtime_input(realtime_input::activity_start());
        co_await session.send_audio(pcm);
        co_await session.send_realtime_input(realtime_input::activity_end());
        const auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::cut);
        co_await session.close();
    };
    w.play(work());
    CHECK(said(w).empty());
}

TEST_CASE("of pictures only the latest waits, and words do not wait for media")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 1> old_one{std::byte{1}};
        const std::array<std::byte, 1> new_one{std::byte{2}};
        co_await session.send_video(old_one);
        co_await session.send_video(new_one);
        co_await session.send("Look!");
        co_await session.connect();
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().dropped == 1);
        co_await session.close();
    };
    w.play(work());
    const auto all = said(w);
    REQUIRE(all.size() == 2);
    CHECK(all[0] == text_input("Look!"));
    CHECK(all[1].find(R"("data":"Ag==")") != std::string::npos);
}

namespace {

/// A conversation of one turn and one call whose handle is refused after an outage.
struct forgotten {
    world w{};
    told all{};

    std::optional<error> play(context_loss policy)
    {
        w.options.reconnect.on_context_loss = policy;
        w.scripts = {[this](peer_ptr peer) -> asio::awaitable<void> {
                         co_await greet(w, peer);
                         co_await peer->receive();
                         peer->send(call);
                         co_await peer->receive();
                         peer->send(
                             R"({"serverContent":{"outputTranscription":{"text":"It rains."}}})");
                         peer->send(turn_complete);
                         peer->send(handle);
                         co_await settle();
                         peer->drop();
                     },
            [this](peer_ptr peer) -> asio::awaitable<void> {
                w.heard.push_back(*co_await peer->receive());
                peer->close(1008, "BidiGenerateContent session not found");
            },
            [this](peer_ptr peer) { return listen(w, std::move(peer)); }};
        const auto client = w.make_client();
        session session{client, plain};
        std::optional<error> failure;
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            co_await session.send("Rain?");
            auto turn = co_await session.turn();
            function_response response(turn.tool_calls[0], json().add("rain", true));
            co_await session.send_tool_response(std::move(response));
            turn = co_await session.turn();
            const auto reading = [&]() -> asio::awaitable<void> {
                co_await listen_until(
                    session, all, [&] { return session.counters().connections == 2; });
            };
            failure = co_await failure_of(reading());
            co_await settle();
            co_await session.close();
        };
        w.play(work());
        return failure;
    }
};

} // namespace

TEST_CASE("a context that is lost is told, and the session goes on empty")
{
    forgotten story;
    CHECK_FALSE(story.play(context_loss::restart));
    const auto* change = story.all.last(session_status::connected);
    CHECK(change->context_lost);
    CHECK_FALSE(change->restored);
    CHECK_FALSE(change->resumed);
    CHECK(said(story.w).empty());
    CHECK(story.w.heard.back().find("handle") == std::string::npos);
}

TEST_CASE("a context that is lost can be restored from what was said")
{
    forgotten story;
    CHECK_FALSE(story.play(context_loss::restore));
    const auto* change = story.all.last(session_status::connected);
    CHECK(change->context_lost);
    CHECK(change->restored);
    REQUIRE(said(story.w).size() == 1);
    CHECK(said(story.w)[0] ==
          R"({"clientContent":{"turns":[)"
          R"({"role":"user","parts":[{"text":"Rain?"}]},)"
          R"({"role":"model","parts":[{"text":"[called weather with {\"city\":\"Ulm\"}]"}]},)"
          R"({"role":"user","parts":[{"text":"[weather returned {\"rain\":true}]"}]},)"
          R"({"role":"model","parts":[{"text":"It rains."}]}],"turnComplete":true}})");
    CHECK(story.w.heard[2].find(R"("historyConfig":{"initialHistoryInClientContent":true})") !=
          std::string::npos);
}

TEST_CASE("a context that is lost can end the session")
{
    forgotten story;
    const auto failure = story.play(context_loss::fail);
    REQUIRE(failure);
    CHECK(failure->value() == errc::context_lost);
    CHECK(failure->close_code() == 1008);
}

TEST_CASE("the response to a call of a conversation that is lost does not reach the new one")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(call);
                     peer->send(handle);
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            peer->close(1007, "Invalid session handle");
        },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    told all;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await listen_until(session, all, [&] { return all.last(session_status::reconnecting); });
        function_response response("c1", "weather", json());
        co_await session.send_tool_response(std::move(response)); // the handle has the call
        co_await listen_until(
            session, all, [&] { return session.status() == session_status::connected; });
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().contexts_lost == 1);
        CHECK(session.counters().obsolete == 1);
        co_await session.close();
    };
    w.play(work());
    CHECK(said(w).empty());
    CHECK(all.last(session_status::connected)->forgotten_calls == std::vector<std::string>{"c1"});
}

TEST_CASE("two internal errors in answer to a handle are the handle's fault")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle);
                     co_await settle();
                     peer->close(1001, "");
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            w.heard.push_back(*co_await peer->receive());
            if (w.heard.back().find(R"("handle")") != std::string::npos) {
                peer->close(1011, "Internal error encountered.");
                co_return;
            }
            peer->send(R"({"setupComplete":{}})");
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await until_connected(w, session, 2);
        co_await session.close();
    };
    w.play(work());
    CHECK(w.dials == 4); // the first, two with the handle, one without
}

TEST_CASE(
    "while the server may not know yet that a connection has gone, its internal errors are no "
    "reason to give the handle up")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle);
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            w.heard.push_back(*co_await peer->receive());
            if (w.heard.size() < 5) {
                peer->close(1011, "Internal error encountered.");
                co_return;
            }
            peer->send(R"({"setupComplete":{}})");
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await until_connected(w, session, 2);
        CHECK(session.counters().contexts_lost == 0);
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard.back().find(R"("handle")") != std::string::npos);
}

TEST_CASE("a hook that fails ends the session with what it said")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->drop();
    }};
    w.options.on_reconnecting = [](reconnect_plan&) -> asio::awaitable<void> {
        throw std::system_error(std::make_error_code(std::errc::connection_refused));
        co_return;
    };
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto turn = session.turn();
        const auto failed = co_await failure_of(std::move(turn));
        REQUIRE(failed);
        CHECK(failed->value() == errc::misuse);
        CHECK(std::string_view(failed->what()).find("refused") != std::string_view::npos);
        CHECK(session.status() == session_status::failed);
    };
    w.play(work());
}

TEST_CASE("a session that is closed while a hook takes its time ends at once")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->drop();
    }};
    bool is_asked = false;
    bool is_cancelled = false;
    w.options.on_reconnecting = [&](reconnect_plan&) -> asio::awaitable<void> {
        is_asked = true;
        try {
            co_await w.clock->sleep_until(w.clock->now() + 1000h);
        } catch (const std::system_error&) {
            is_cancelled = true;
            throw;
        }
    };
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        while (!is_asked) co_await w.clock->sleep_until(w.clock->now() + 100ms);
        const auto before = w.clock->now();
        co_await session.close();
        co_await settle();
        CHECK(w.clock->now() == before);
        CHECK(is_cancelled);
        CHECK(session.status() == session_status::closed);
    };
    w.play(work());
}

TEST_CASE("a session that is closed while its store looks for a handle ends at once")
{
    class slow_store final : public resumption_store {
    public:
        explicit slow_store(std::shared_ptr<test::virtual_clock> clock) : clock_(std::move(clock))
        {
        }
        asio::awaitable<std::optional<resumption_record>> load(std::string) override
        {
            co_await clock_->sleep_until(clock_->now() + 1000h);
            co_return std::nullopt;
        }
        asio::awaitable<void> save(
            std::string, resumption_record, std::chrono::milliseconds) override
        {
            co_return;
        }
        asio::awaitable<void> erase(std::string) override { co_return; }

    private:
        std::shared_ptr<test::virtual_clock> clock_;
    };
    world w;
    w.options.resumption_store = std::make_shared<slow_store>(w.clock);
    const auto client = w.make_client();
    session session{client, plain, "slow"};
    std::exception_ptr ended;
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        asio::co_spawn(w.io, std::move(connecting), [&](std::exception_ptr how) { ended = how; });
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        const auto before = w.clock->now();
        co_await session.close();
        co_await settle();
        CHECK(w.clock->now() == before);
        CHECK(ended);
    };
    w.play(work());
}

TEST_CASE("a setup that a hook has changed is held against the model as the first one was")
{
    for (const bool validate : {true, false}) {
        world w;
        w.options.validate = validate;
        w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                         co_await greet(w, peer);
                         peer->drop();
                     },
            [&](peer_ptr peer) -> asio::awaitable<void> {
                co_await greet(w, peer);
                co_await peer->receive();
            }};
        w.options.on_reconnecting = [](reconnect_plan& plan) -> asio::awaitable<void> {
            plan.setup.enable_affective_dialog = true;
            co_return;
        };
        const auto client = w.make_client();
        session session{client, plain};
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            if (validate) {
                auto turn = session.turn();
                const auto failed = co_await failure_of(std::move(turn));
                REQUIRE(failed);
                CHECK(failed->value() == errc::invalid_argument);
                CHECK(std::string_view(failed->what())
                          .starts_with("setup.generationConfig.enableAffectiveDialog"));
            } else {
                co_await until_connected(w, session, 2);
                co_await session.close();
            }
        };
        w.play(work());
        CHECK(w.dials == (validate ? 1 : 2));
    }
}

TEST_CASE("a hook may change setup, endpoint and wait of the next attempt, or stop")
{
    world w;
    std::vector<std::string> hosts;
    w.decide = [&](const transport::connect_request& request) { hosts.push_back(request.host); };
    base::time_point lost{};
    base::time_point back{};
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     lost = w.clock->now();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            back = w.clock->now();
            co_await greet(w, peer);
            peer->drop();
        }};
    int asked = 0;
    w.options.on_reconnecting = [&](reconnect_plan& plan) -> asio::awaitable<void> {
        CHECK(plan.cause.value() == errc::connection_lost);
        if (++asked == 2) plan.stop = true;
        plan.delay = 5s;
        plan.base_url = "https://elsewhere.example";
        plan.setup.system_instruction = content("Be brief.");
        co_return;
    };
    const auto client = w.make_client();
    session session{client, plain};
    told all;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto reading = [&]() -> asio::awaitable<void> {
            co_await listen_until(session, all, [] { return false; });
        };
        const auto failure = co_await failure_of(reading());
        REQUIRE(failure);
        CHECK(failure->value() == errc::connection_lost);
    };
    w.play(work());
    CHECK(back - lost == 5s);
    CHECK(hosts ==
          std::vector<std::string>{"generativelanguage.googleapis.com", "elsewhere.example"});
    REQUIRE(w.heard.size() == 2);
    CHECK(w.heard[1].find("Be brief.") != std::string::npos);
    CHECK(session.status() == session_status::failed);
}

TEST_CASE("the judgement of a failure can be overruled")
{
    world w;
    w.options.reconnect.on_failure = [](const error& failure,
                                         failure_context) -> std::optional<reconnect_action> {
        if (failure.close_code() == 1011) return reconnect_action::give_up;
        return std::nullopt;
    };
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->close(1011, "Internal error encountered.");
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto reading = [&]() -> asio::awaitable<void> {
            const auto turn = co_await session.turn();
            CHECK(turn.text.empty());
        };
        const auto failure = co_await failure_of(reading());
        REQUIRE(failure);
        CHECK(failure->value() == errc::unavailable);
    };
    w.play(work());
    CHECK(w.dials == 1);
}

TEST_CASE("the sessions of a client spread their attempts over time")
{
    world w;
    w.options.reconnect.attempts_per_second = 10;
    constexpr int many = 40;
    std::vector<base::time_point> dials;
    bool down = false;
    w.decide = [&](const transport::connect_request&) { dials.push_back(w.clock->now()); };
    std::vector<peer_ptr> peers;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        if (!down) peers.push_back(peer);
        co_await greet(w, peer);
        while (co_await peer->receive()) w.heard.emplace_back();
    }};
    const auto client = w.make_client();
    std::vector<session> sessions;
    for (int i = 0; i < many; ++i) sessions.emplace_back(client, plain);
    const auto work = [&]() -> asio::awaitable<void> {
        for (auto& each : sessions) co_await each.connect();
        dials.clear();
        down = true;
        for (auto& each : peers) each->close(1012, "");
        for (auto& each : sessions) co_await until_connected(w, each, 2);
        for (auto& each : sessions) co_await each.close();
    };
    w.play(work());
    REQUIRE(dials.size() == many);
    for (std::size_t i = 0; i + 25 < dials.size(); ++i)
        CHECK(dials[i + 25] - dials[i] >= 1s); // 10 at once, then 10 a second
}

TEST_CASE("stale speech is not read after an interruption, the rest is")
{
    world w;
    w.options.skip_stale_audio = true;
    const std::string speech =
        R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}})";
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(speech);
        peer->send(turn_complete);
        peer->send(speech);
        peer->send(
            R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]},"outputTranscription":{"text":"Well"}}})");
        peer->send(speech);
        peer->send(R"({"serverContent":{"interrupted":true}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        auto turn = co_await session.turn();
        CHECK(turn.audio.size() == 3); // of the turn before
        auto messages = session.messages();
        auto message = co_await messages.next();
        CHECK(message->audio().empty());
        CHECK(message->output_transcription() == "Well");
        message = co_await messages.next();
        CHECK(message->interrupted());
        CHECK(session.counters().stale == 2);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("stale speech that is dropped makes room for what follows")
{
    world w;
    w.options.skip_stale_audio = true;
    w.options.limits.inbox = 5000;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        while (co_await peer->receive()) {
            for (int i = 0; i < 4; ++i) {
                peer->send(
                    R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}})");
            }
            peer->send(R"({"serverContent":{"interrupted":true}})");
        }
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        co_await messages.next();
        for (int i = 0; i < 10; ++i) {
            co_await session.send("Well?");
            co_await settle();
            const auto message = co_await messages.next();
            CHECK(message->interrupted());
        }
        CHECK(session.counters().stale == 40);
        CHECK(session.counters().inbox == 0);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("a server that is there and says nothing is told of once")
{
    world w;
    w.options.watchdogs.in_turn = 5s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        co_await w.clock->sleep_until(w.clock->now() + 20s);
        peer->send(text_message("Sorry."));
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    told all;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await w.clock->sleep_until(w.clock->now() + 60s); // nothing is asked
        co_await session.send("Hello?");
        co_await listen_until(session, all, [&] { return !all.text.empty(); });
        co_await session.close();
    };
    w.play(work());
    REQUIRE(all.silences.size() == 1);
    CHECK(all.silences[0].silence == 5s);
    CHECK_FALSE(all.silences[0].after_resume);
}

TEST_CASE("a silence lasts from the server's last message, however often one asks")
{
    const bool says_something = GENERATE(false, true);
    world w;
    w.options.watchdogs.in_turn = 5s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        if (says_something) peer->send(text_message("Well, "));
        while (co_await peer->receive()) {
        }
    }};
    const auto client = w.make_client();
    session session{client, plain};
    told all;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto begun = w.clock->now();
        const auto ask = [&]() -> asio::awaitable<void> {
            for (int i = 0; i < 3; ++i) {
                co_await session.send("Hello?");
                co_await w.clock->sleep_until(w.clock->now() + 1500ms);
            }
        };
        asio::co_spawn(w.io, ask(), asio::detached);
        co_await listen_until(session, all, [&] { return !all.silences.empty(); });
        CHECK(w.clock->now() - begun == (says_something ? 6s : 5s));
        co_await session.close();
    };
    w.play(work());
    CHECK(all.silences[0].silence == 5s);
}

TEST_CASE("after a resume a silence has a limit of its own, where there is something to answer")
{
    const bool asks = GENERATE(true, false);
    world w;
    w.options.watchdogs.after_resume = 3s;
    w.options.watchdogs.in_turn = 20s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle);
                     if (asks) co_await peer->receive();
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            co_await w.clock->sleep_until(w.clock->now() + 10s);
            peer->send(text_message("Here I am."));
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    told all;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        if (asks) co_await session.send("Hello?");
        co_await listen_until(session, all, [&] { return !all.text.empty(); });
        co_await session.close();
    };
    w.play(work());
    REQUIRE(all.silences.size() == (asks ? 1 : 0));
    if (!asks) return;
    CHECK(all.silences[0].after_resume);
    CHECK(all.silences[0].silence == 3s);
}

TEST_CASE("another session goes on with the handle of the first")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(handle);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        session first{client, plain};
        CHECK(first.resumption_handle().empty());
        co_await first.connect();
        co_await settle();
        REQUIRE(first.resumption_handle() == "h");
        auto setup = plain;
        setup.session_resumption->handle = first.resumption_handle();
        co_await first.close();
        session second{client, setup};
        told all;
        co_await second.connect();
        co_await listen_until(second, all, [&] { return all.last(session_status::connected); });
        CHECK(all.last(session_status::connected)->resumed);
        co_await second.close();
    };
    w.play(work());
    CHECK(w.heard[1].find(R"("handle":"h")") != std::string::npos);
}

TEST_CASE("the count of what a session has done")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->send(text_message("Yes."));
                     peer->send("{");
                     peer->send(R"({"usageMetadata":{"totalTokenCount":7}})");
                     peer->send(turn_complete);
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        auto turn = co_await session.turn();
        co_await until_connected(w, session, 2);
        co_await session.close();
    };
    w.play(work());
    const auto all = session.counters();
    CHECK(all.messages_sent == 1);
    CHECK(all.bytes_sent == text_input("Hi.").size());
    CHECK(all.messages_received == 5); // two of them setupComplete
    CHECK(all.malformed == 1);
    CHECK(all.connections == 2);
    CHECK(all.attempts == 2);
    CHECK(all.losses == 1);
    CHECK(all.outage == 250ms);
    CHECK(session.usage()->total_token_count == 7);
}

TEST_CASE("speech waits while a model that would not bear it waits for a function")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(call);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    const auto client = w.make_client();
    auto setup = plain;
    setup.model = "gemini-2.5-flash-native-audio-latest";
    session session{client, setup};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await settle();
        co_await session.send_audio(pcm);
        co_await settle();
        CHECK(said(w).empty());
        function_response response("c1", "weather", json());
        co_await session.send_tool_response(std::move(response));
        co_await session.drain();
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    const auto all = said(w);
    REQUIRE(all.size() == 2);
    CHECK(all[0].find("toolResponse") != std::string::npos);
    CHECK(all[1].find(R"("audio")") != std::string::npos);
}

TEST_CASE("speech does not wait for ever for a function that nobody answers, nor for others")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(call);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    const auto client = w.make_client();
    auto setup = plain;
    setup.model = "gemini-2.5-flash-native-audio-latest";
    SECTION("nobody answers")
    {
        session session{client, setup};
        const auto work = [&]() -> asio::awaitable<void> {
            const std::array<std::byte, 4> pcm{};
            co_await session.connect();
            co_await settle();
            co_await w.clock->sleep_until(w.clock->now() + 9s);
            co_await session.send_audio(pcm);
            co_await settle();
            CHECK(said(w).empty());
            co_await session.drain();
            CHECK(said(w).size() == 1);
            co_await session.close();
        };
        w.play(work());
    }
    SECTION("the model does not wait")
    {
        setup.functions = {{.name = "weather", .behavior = behavior::non_blocking}};
        session session{client, setup};
        const auto work = [&]() -> asio::awaitable<void> {
            const std::array<std::byte, 4> pcm{};
            co_await session.connect();
            co_await settle();
            co_await session.send_audio(pcm);
            co_await settle();
            CHECK(said(w).size() == 1);
            co_await session.close();
        };
        w.play(work());
    }
}

TEST_CASE("speech that waits for a function grows old as in an outage")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(call);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    const auto client = w.make_client();
    auto setup = plain;
    setup.model = "gemini-2.5-flash-native-audio-latest";
    session session{client, setup};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await settle();
        co_await session.send_audio(pcm);
        co_await w.clock->sleep_until(w.clock->now() + 3s);
        co_await session.send_audio(pcm);
        function_response response("c1", "weather", json());
        co_await session.send_tool_response(std::move(response));
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().dropped == 1);
        co_await session.close();
    };
    w.play(work());
    CHECK(said(w).size() == 2); // the response, and what was said last
}

TEST_CASE("a session with a name goes on where the last of that name was, and saves its handles")
{
    world w;
    int connections = 0;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"sessionResumptionUpdate":{"newHandle":"h)" + std::to_string(++connections) +
                   R"(","resumable":true}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        for (const auto* name : {"caller 7", "caller 8", "caller 7"}) {
            session session{client, plain, name};
            co_await session.connect();
            co_await settle();
            co_await session.close();
        }
        const auto record = co_await w.options.resumption_store->load("caller 7");
        CHECK(record->handle == "h3");
        CHECK(record->model == plain.model);
    };
    w.play(work());
    REQUIRE(w.heard.size() == 3);
    CHECK(w.heard[1].find("handle") == std::string::npos);
    CHECK(w.heard[2].find(R"("handle":"h1")") != std::string::npos);
}

TEST_CASE("a handle in the store of another model is not used")
{
    world w;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("old", std::chrono::system_clock::now(), "another-model");
        co_await w.options.resumption_store->save(
            "caller 7", std::move(record), std::chrono::hours(2));
        session session{client, plain, "caller 7"};
        co_await session.connect();
        co_await session.close();
    };
    w.play(work());
    REQUIRE(w.heard.size() == 1);
    CHECK(w.heard[0].find("old") == std::string::npos);
}

TEST_CASE("a handle in the store that the server refuses is tried once, and dropped")
{
    world w;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        w.heard.push_back(*co_await peer->receive());
        if (w.heard.back().find("old") != std::string::npos) {
            peer->close(1007, "Invalid session handle");
            co_return;
        }
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("old", std::chrono::system_clock::now(), plain.model);
        co_await w.options.resumption_store->save(
            "caller 7", std::move(record), std::chrono::hours(2));
        session session{client, plain, "caller 7"};
        co_await session.connect();
        co_await settle();
        const auto left = co_await w.options.resumption_store->load("caller 7");
        CHECK_FALSE(left);
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard.size() == 2);
}

TEST_CASE("a handle that the server refuses leaves the store, also when no connection follows")
{
    world w;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->close(1007, "Invalid session handle");
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1) throw error(errc::unauthorized, "No.", {phase::upgrade, 0, "", 401});
    };
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("old", std::chrono::system_clock::now(), plain.model);
        co_await w.options.resumption_store->save("caller 7", std::move(record));
        session session{client, plain, "caller 7"};
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::unauthorized);
        co_await settle();
        const auto left = co_await w.options.resumption_store->load("caller 7");
        CHECK_FALSE(left);
    };
    w.play(work());
}

TEST_CASE("a handle in the setup that the server refuses is tried once, and not sent again")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        w.heard.push_back(*co_await peer->receive());
        if (w.heard.back().find("old") != std::string::npos) {
            peer->close(1007, "Invalid session handle");
            co_return;
        }
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    auto with_handle = plain;
    with_handle.session_resumption.emplace().handle = "old";
    const auto work = [&]() -> asio::awaitable<void> {
        session session{client, with_handle};
        co_await session.connect();
        CHECK(session.resumption_handle().empty());
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard.size() == 2);
}

namespace {

class broken_store : public resumption_store {
public:
    asio::awaitable<std::optional<resumption_record>> load(std::string) override
    {
        throw error(errc::storage_failed, "The disk is on fire.");
        co_return std::nullopt;
    }
    asio::awaitable<void> save(std::string, resumption_record, std::chrono::milliseconds) override
    {
        co_return;
    }
    asio::awaitable<void> erase(std::string) override { co_return; }
};

} // namespace

TEST_CASE("a conversation that cannot be looked for is not begun anew in silence")
{
    world w;
    w.options.resumption_store = std::make_shared<broken_store>();
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain, "caller 7"};
    const auto work = [&]() -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::storage_failed);
    };
    w.play(work());
    CHECK(w.dials == 0);
}

} // namespace outage_test
