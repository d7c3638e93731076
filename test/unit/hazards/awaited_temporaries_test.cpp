// SPDX-License-Identifier: Apache-2.0
// g++ 12 destroys some temporaries of a co_await expression twice, without a warning. Here every
// public awaitable is called with temporaries of each public type, as users will write it. The
// bytes must arrive undamaged and every allocation must be freed once; sanitizers detect the rest.
#include "base/access.hpp"
#include "session/client_core.hpp"
#include "support/catch.hpp"
#include "support/memory_connector.hpp"
#include "support/virtual_time.hpp"

#include <gemini/live.hpp>

#include <asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace live = gemini::live;

namespace {

// Number of allocations that have not been freed.
std::atomic<long> alive{0};

} // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    void* block = std::malloc(size == 0 ? 1 : size);
    if (block) ++alive;
    return block;
}

void* operator new(std::size_t size)
{
    if (void* block = operator new(size, std::nothrow)) return block;
    throw std::bad_alloc();
}

void operator delete(void* block) noexcept
{
    if (block) --alive;
    std::free(block);
}

void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace {

// The compiler destroys aggregates twice, so an argument of an awaited call must not be one.
template <class... Types>
constexpr bool none_is_an_aggregate = (!std::is_aggregate_v<Types> && ...);

static_assert(none_is_an_aggregate<live::content, live::part, live::blob, live::function_response,
    live::realtime_input, live::server_message, live::json, live::api_key,
    live::ephemeral_token_request, live::ephemeral_token, live::credentials, live::client,
    live::session, live::error, live::async_generator<live::server_message>>);

// Too long for the small string optimization.
const std::string long_text = "a text that is too long to live inside a string object";
const std::string call_id = "call-0123456789-0123456789-0123456789";

live::function_call weather_call()
{
    return {call_id, "get_weather_for_a_city_far_away", live::json(R"({"city":"Reykjavik"})")};
}

std::vector<std::byte> speech() { return std::vector<std::byte>(300, std::byte{7}); }

const live::setup plain{.model = "gemini-3.8-live"};

using peer_ptr = std::shared_ptr<test::memory_peer>;

asio::awaitable<void> serve(std::string& heard, peer_ptr peer)
{
    co_await peer->receive();
    peer->send(R"({"setupComplete":{}})");
    peer->send(R"({"serverContent":{"modelTurn":{"parts":[{"text":")" + long_text +
               R"("}]},"turnComplete":true}})");
    while (auto message = co_await peer->receive()) heard += *message;
}

/// Runs `work` on a session of its own, against a server that records what it receives.
std::string hear(asio::awaitable<void> (*work)(live::session&))
{
    auto clock = std::make_shared<test::virtual_clock>();
    asio::io_context io{1};
    std::string heard;
    auto connector = test::make_memory_connector(
        io.get_executor(), [&heard](peer_ptr peer) { return serve(heard, std::move(peer)); });
    live::client_options options{.credentials = live::api_key("test-key")};
    const live::client client = live::access::make_client(std::make_shared<live::client_core>(
        std::move(options), std::move(connector), clock, [] { return 0.5; }));
    live::session session(client, plain);
    const auto whole = [work](live::session& one) -> asio::awaitable<void> {
        co_await one.connect();
        co_await work(one);
        co_await one.drain();
        co_await one.close();
    };
    test::play(io, *clock, whole(session));
    io.restart();
    io.poll();
    return heard;
}

void require(bool holds)
{
    if (!holds) throw std::runtime_error("a form of a call gave something else");
}

struct form {
    const char* what;
    asio::awaitable<void> (*work)(live::session&);
    std::string heard;
};

using awaitable = asio::awaitable<void>;
using session = live::session;

const std::vector<form> forms{
    {"send(literal)",
        [](session& s) -> awaitable {
            co_await s.send("a literal that is too long to live inside a string");
        },
        "a literal that is too long to live inside a string"},
    {"send(std::string(…))",
        [](session& s) -> awaitable { co_await s.send(std::string(long_text)); }, long_text},
    {"send(a + b)", [](session& s) -> awaitable { co_await s.send("1" + long_text + "2"); },
        "1" + long_text + "2"},
    {"send_client_content(user(literal))",
        [](session& s) -> awaitable {
            co_await s.send_client_content(
                live::user("a literal that is too long to live inside a string"));
        },
        "a literal that is too long to live inside a string"},
    {"send_client_content(content(literal))",
        [](session& s) -> awaitable {
            co_await s.send_client_content(live::content("one turn of more than a few letters"));
        },
        "one turn of more than a few letters"},
    {"send_client_content(content{role, text}, false)",
        [](session& s) -> awaitable {
            co_await s.send_client_content(live::content{"user", std::string(long_text)}, false);
        },
        long_text},
    {"send_client_content(content(role, vector(n, part)))",
        [](session& s) -> awaitable {
            co_await s.send_client_content(
                live::content("user", std::vector<live::part>(2, live::part(long_text))));
        },
        long_text},
    {"send_client_content(vector(n, content))",
        [](session& s) -> awaitable {
            co_await s.send_client_content(std::vector<live::content>(2, live::content(long_text)));
        },
        long_text},
    {"send_client_content of a blob",
        [](session& s) -> awaitable {
            co_await s.send_client_content(live::content(
                "user", std::vector<live::part>(
                            1, live::part(live::blob("image/png; a long media type", speech())))));
        },
        "image/png; a long media type"},
    {"send_realtime_input(text)",
        [](session& s) -> awaitable {
            co_await s.send_realtime_input(live::realtime_input::text(std::string(long_text)));
        },
        long_text},
    {"send_realtime_input(audio(vector))",
        [](session& s) -> awaitable {
            co_await s.send_realtime_input(live::realtime_input::audio(speech()));
        },
        "audio/pcm;rate=16000"},
    {"send_realtime_input(video(vector, std::string))",
        [](session& s) -> awaitable {
            co_await s.send_realtime_input(
                live::realtime_input::video(speech(), std::string("image/a-very-long-media-type")));
        },
        "image/a-very-long-media-type"},
    {"send_realtime_input(activity_start())",
        [](session& s) -> awaitable {
            co_await s.send_realtime_input(live::realtime_input::activity_start());
        },
        "activityStart"},
    {"send_audio(vector)", [](session& s) -> awaitable { co_await s.send_audio(speech()); },
        "audio/pcm;rate=16000"},
    {"send_audio(vector of samples)",
        [](session& s) -> awaitable { co_await s.send_audio(std::vector<std::int16_t>(160)); },
        "audio/pcm;rate=16000"},
    {"send_video(vector)", [](session& s) -> awaitable { co_await s.send_video(speech()); },
        "image/jpeg"},
    {"send_tool_response({call, json})",
        [](session& s) -> awaitable {
            const auto call = weather_call();
            co_await s.send_tool_response(
                {call, live::json(R"({"output":"rain, then more rain"})")});
        },
        "rain, then more rain"},
    {"send_tool_response(function_response(call(), json))",
        [](session& s) -> awaitable {
            co_await s.send_tool_response(live::function_response(
                weather_call(), live::json(R"({"output":"rain, then more rain"})")));
        },
        call_id},
    {"send_tool_response(function_response{id, name, json})",
        [](session& s) -> awaitable {
            co_await s.send_tool_response(live::function_response{
                std::string(call_id), "a_function_of_a_long_name", live::json("{}")});
        },
        "a_function_of_a_long_name"},
    {"send_tool_response(vector(n, function_response))",
        [](session& s) -> awaitable {
            co_await s.send_tool_response(std::vector<live::function_response>(
                1, live::function_response(weather_call(), live::json("{}"))));
        },
        call_id},
    {"send_raw(json)",
        [](session& s) -> awaitable {
            co_await s.send_raw(live::json(R"({"aMemberOfTheFuture":{"unknownToThisVersion":1}})"));
        },
        R"({"aMemberOfTheFuture":{"unknownToThisVersion":1}})"},
    {"messages().next()",
        [](session& s) -> awaitable {
            bool answered = false;
            while (!answered) answered = (co_await s.messages().next())->text() == long_text;
        },
        ""},
    {"the whole expression of an if",
        [](session& s) -> awaitable {
            if (auto first = co_await s.messages().next(); first) co_await s.send(first->raw());
        },
        "setupComplete"},
    {"events().next()",
        [](session& s) -> awaitable {
            const auto event = co_await s.events().next();
            require(event.has_value());
        },
        ""},
    {"turn()",
        [](session& s) -> awaitable {
            const auto turn = co_await s.turn();
            require(turn.text == long_text);
        },
        ""},
    {"within(time, turn())",
        [](session& s) -> awaitable {
            const auto turn = co_await live::within(std::chrono::seconds(5), s.turn());
            require(turn.text == long_text);
        },
        ""},
    {"within(time, send(a + b))",
        [](session& s) -> awaitable {
            co_await live::within(std::chrono::seconds(5), s.send("1" + long_text + "2"));
        },
        "1" + long_text + "2"},
    {"within(time, within(time, messages().next()))",
        [](session& s) -> awaitable {
            using namespace std::chrono_literals;
            bool answered = false;
            while (!answered) {
                answered =
                    (co_await live::within(5s, live::within(5s, s.messages().next())))->text() ==
                    long_text;
            }
        },
        ""},
    {"a within that runs out of time",
        [](session& s) -> awaitable {
            static_cast<void>(co_await s.turn());
            bool is_late = false;
            try {
                static_cast<void>(co_await live::within(std::chrono::milliseconds(0), s.turn()));
            } catch (const live::error& late) {
                is_late = late.value() == live::errc::timed_out;
            }
            require(is_late);
        },
        ""},
    {"race(turn(), drain())",
        [](session& s) -> awaitable {
            const auto first = co_await live::race(s.turn(), s.drain());
            require(first.index() < 2);
        },
        ""},
    {"std::get of a race(send_client_content(vector), events().next())",
        [](session& s) -> awaitable {
            const auto first = co_await live::race(
                s.send_client_content(std::vector<live::content>(2, live::content(long_text))),
                s.events().next());
            require(first.index() == 0);
        },
        long_text},
};

} // namespace

TEST_CASE("awaited calls with temporaries send what was written and free it once")
{
    for (const auto& each : forms) {
        INFO(each.what);
        // the first run also makes what is made only once
        CHECK(hear(each.work).find(each.heard) != std::string::npos);
        const long before = alive;
        hear(each.work);
        CHECK(alive == before);
    }
}

namespace {

live::ephemeral_token_request long_request()
{
    live::ephemeral_token_request request;
    request.constraints = plain;
    request.lock = live::lock::fields{"aFieldWhoseNameIsTooLongForAString"};
    return request;
}

asio::awaitable<live::transport::http_response> give_token(live::transport::http_request)
{
    live::transport::http_response response;
    response.status = 200;
    response.body = R"({"name":"auth_tokens/0123456789abcdef0123456789abcdef"})";
    co_return response;
}

asio::awaitable<void> make_tokens(const live::client& client)
{
    const auto one = co_await live::create_ephemeral_token(client, long_request());
    const auto other =
        co_await live::create_ephemeral_token(client, live::ephemeral_token_request());
    require(one.reveal() == other.reveal());
}

void make_tokens_once()
{
    auto clock = std::make_shared<test::virtual_clock>();
    asio::io_context io{1};
    auto connector = test::make_memory_connector(io.get_executor(), {}, {}, give_token);
    live::client_options options{.credentials = live::api_key("test-key")};
    const live::client client = live::access::make_client(std::make_shared<live::client_core>(
        std::move(options), std::move(connector), clock, [] { return 0.5; }));
    test::play(io, *clock, make_tokens(client));
}

} // namespace

TEST_CASE("a token that is requested with a temporary leaks nothing")
{
    make_tokens_once();
    const long before = alive;
    make_tokens_once();
    CHECK(alive == before);
}
