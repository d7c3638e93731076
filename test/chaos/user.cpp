// SPDX-License-Identifier: Apache-2.0
#include "chaos/user.hpp"

#include "support/server_record.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <array>

namespace chaos {

using namespace std::chrono_literals;

namespace {

constexpr auto chunk_length = 20ms;
constexpr std::size_t chunk_samples = 320; // at 16 kHz
constexpr int chunks_a_cycle = 300;
constexpr int chunks_of_speech = 60;

std::vector<std::int16_t> chunk(int number)
{
    const bool loud = number % chunks_a_cycle < chunks_of_speech;
    std::vector<std::int16_t> pcm(chunk_samples);
    for (std::size_t i = 0; loud && i < pcm.size(); ++i)
        pcm[i] = static_cast<std::int16_t>(i / 20 % 2 == 0 ? 8'000 : -8'000);
    return test::numbered_sound(number, std::move(pcm));
}

} // namespace

user::user(asio::any_io_executor executor, live::session& session, std::uint32_t seed)
    : executor_(std::move(executor)), session_(session), random_(seed)
{
}

int user::next_number()
{
    memory_.durable.push_back(++number_);
    return number_;
}

std::chrono::milliseconds user::between(int least, int most)
{
    return std::chrono::milliseconds(std::uniform_int_distribution(least, most)(random_));
}

asio::awaitable<void> user::speak()
{
    asio::steady_timer due(executor_, std::chrono::steady_clock::now());
    for (int number = 1; !silent_; ++number) {
        memory_.sound.push_back(number);
        const auto pcm = chunk(number);
        co_await session_.send_audio(std::span(pcm));
        due.expires_at(due.expiry() + chunk_length);
        co_await due.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<void> user::ask()
{
    constexpr std::array<std::string_view, 6> sayings{"What is the weather in Oslo?", "Hello there",
        "Switch the light on", "Tell me a joke", "What did I say?", "What is the weather in Rome?"};
    asio::steady_timer pause(executor_);
    for (std::size_t i = 0; asks_; ++i) {
        co_await say(sayings[i % sayings.size()], i % 5 == 3);
        pause.expires_after(between(500, 4'000));
        co_await pause.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<void> user::say(std::string_view words, bool as_content)
{
    const auto text = test::numbered(next_number(), words);
    if (!as_content) {
        co_await session_.send(text);
        co_return;
    }
    live::content turn("user", text);
    co_await session_.send_client_content(std::move(turn));
}

asio::awaitable<void> user::answer(live::function_call call)
{
    asio::steady_timer work(executor_, between(0, 800));
    co_await work.async_wait(asio::use_awaitable);
    auto result = live::json::object().add("output", test::numbered(next_number(), "done"));
    live::function_response response(call, std::move(result));
    try {
        co_await session_.send_tool_response(std::move(response));
    } catch (const live::error&) { // the session has ended
        memory_.durable.pop_back();
    }
}

asio::awaitable<void> user::listen()
{
    try {
        auto events = session_.events();
        while (auto event = co_await events.next()) {
            if (const auto* message = std::get_if<live::server_message>(&*event)) hear(*message);
            if (const auto* change = std::get_if<live::status_change>(&*event)) see(*change);
        }
    } catch (const live::error& end) {
        memory_.failure = end.what();
    }
}

void user::hear(const live::server_message& message)
{
    memory_.bytes_heard += message.audio().size();
    if (message.turn_complete()) ++memory_.turns;
    if (const auto& asked = message.members().tool_call) {
        for (const auto& each : asked->function_calls) {
            ++memory_.calls;
            asio::co_spawn(executor_, answer(each), asio::detached);
        }
    }
}

void user::see(const live::status_change& change)
{
    if (change.turn_cut) ++memory_.turns_cut;
    if (change.handover) ++memory_.handovers;
    if (change.from == live::session_status::connected &&
        change.to == live::session_status::reconnecting)
        ++memory_.outages;
}

} // namespace chaos
