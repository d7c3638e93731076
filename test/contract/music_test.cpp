// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"
#include "support/loud.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <string>

namespace music_test {

// A music session against the emulator over loopback.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

struct heard {
    live::bytes music{};
    std::string filtered{};
};

asio::awaitable<void> play(
    live::music_session& session, const char* prompt, std::size_t enough, heard& to)
{
    std::vector<live::weighted_prompt> prompts;
    prompts.emplace_back(prompt);
    prompts.emplace_back("piano", 0.3);
    co_await session.connect();
    co_await session.set_weighted_prompts(std::move(prompts));
    co_await session.play();
    auto messages = session.messages();
    while (auto message = co_await messages.next()) {
        const auto piece = message->audio();
        to.music.insert(to.music.end(), piece.begin(), piece.end());
        if (const auto& filtered = message->members().filtered_prompt) to.filtered = filtered->text;
        if (to.music.size() >= enough) break;
    }
}

} // namespace

TEST_CASE("music is requested, played, and continues after an outage")
{
    test::context io;
    live::testing::emulator_options quick;
    quick.pace = 0.01;
    live::testing::emulator emulator(io.get_executor(), quick);
    live::client_options options{
        .credentials = live::api_key(test::secret_key), .base_url = emulator.url()};
    test::make_loud(options);
    options.reconnect.first_delay = 1ms;
    const live::client client(io.get_executor(), options);
    live::music_session session(client);
    heard first;
    test::run(io, play(session, "minimal techno", 400'000, first));
    CHECK(first.music.size() % 4 == 0);
    CHECK(std::any_of(first.music.begin(), first.music.end(),
        [](std::byte each) { return each != std::byte{0}; }));

    emulator.drop_all();
    const auto go_on = [&]() -> asio::awaitable<std::size_t> {
        auto events = session.events();
        std::size_t music = 0;
        bool again = false;
        while (auto event = co_await events.next()) {
            if (const auto* change = std::get_if<live::status_change>(&*event))
                again = again || change->to == live::session_status::reconnecting;
            if (const auto* message = std::get_if<live::server_message>(&*event))
                if (again) music += message->audio().size();
            if (music > 100'000) break;
        }
        co_return music;
    };
    CHECK(test::run(io, go_on()) > 100'000); // nobody asked again
    test::run(io, session.close());
    CHECK(session.status() == live::session_status::closed);
    CHECK(emulator.accepted() == 2);
}

TEST_CASE("music requires a method that only v1alpha of the Gemini API has")
{
    test::context io;
    live::testing::emulator emulator(io.get_executor());
    live::client_options options{
        .credentials = live::api_key(test::secret_key), .base_url = emulator.url()};
    test::make_loud(options);
    options.reconnect.first_connect_attempts = 1;
    options.api_version = "v1beta";
    const live::client client(io.get_executor(), options);
    live::music_session session(client);
    const auto connect = [&]() -> asio::awaitable<live::errc> {
        try {
            co_await session.connect();
        } catch (const live::error& refused) {
            co_return refused.value();
        }
        co_return live::errc::misuse;
    };
    CHECK(test::run(io, connect()) == live::errc::rejected);
    options.api_version.clear();
    options.backend = live::backend::vertex_ai;
    options.project = "p";
    options.credentials = live::access_token("t");
    const live::client elsewhere(io.get_executor(), options);
    CHECK_THROWS_AS(live::music_session(elsewhere), live::error);
}

} // namespace music_test
