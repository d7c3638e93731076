// SPDX-License-Identifier: Apache-2.0
// Functions that the model may call: one takes its time while the model talks on, one fails, one is
// given up when the user speaks. Without a key the emulator calls them.
// doc:begin functions
#include <asio.hpp>
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <iostream>
namespace live = gemini::live;
using namespace std::chrono_literals;

struct place {
    std::string city;

    static auto parameters()
    {
        return std::tuple(live::parameter("city", &place::city, "Where, e.g. Lisbon"));
    }
};

asio::awaitable<std::string> book_table(place where)
{
    co_await live::sleep_for(2s); // the restaurant thinks about it
    co_return "a table at eight in " + where.city;
}

asio::awaitable<double> get_weather(place)
{
    throw std::runtime_error("The weather service does not answer.");
    co_return 0;
}

asio::awaitable<void> search_archive() { return live::sleep_for(60s); }

live::toolset make_tools()
{
    live::toolset tools;
    tools.add({.name = "book_table",
                  .description = "Books a table at a restaurant.",
                  .behavior = live::behavior::non_blocking,
                  .scheduling = live::scheduling::when_idle},
        &book_table);
    tools.add({.name = "get_weather", .description = "The weather in a city now."}, &get_weather);
    tools.add({.name = "search_archive",
                  .description = "Searches the archive.",
                  .behavior = live::behavior::blocking},
        &search_archive);
    return tools;
}

asio::awaitable<void> ask(live::session& session, std::string question)
{
    std::cout << "> " << question << '\n';
    co_await session.send(question);
    const auto answer = co_await session.turn();
    std::cout << answer.output_transcription << '\n';
}

asio::awaitable<void> converse(const live::client& client)
{
    const auto tools = make_tools();
    live::session session{client, {.model = "gemini-3.8-live",
                                      .functions = tools.declarations(),
                                      .output_audio_transcription = live::on}};
    live::tool_dispatcher_options options;
    options.on_event = [](const live::tool_event& event) {
        const bool has_ended = event.what == live::tool_event::kind::ended;
        std::cout << "  [" << event.name << ' ' << (has_ended ? to_string(event.ending) : "runs")
                  << "]\n";
    };
    const live::tool_dispatcher dispatcher(session, tools, options);
    co_await ask(session, "What is the weather in Lisbon?");
    co_await ask(session, "Please book a table in Lisbon.");
    co_await session.send("Please search the archive.");
    co_await live::sleep_for(1s);
    co_await ask(session, "Never mind. Who are you?");
    co_await session.close();
}

int main()
try {
    asio::io_context io;
    live::client_options options{.credentials = live::api_key::from_environment()};
    std::optional<live::testing::emulator> emulator;
    if (options.credentials.empty()) {
        emulator.emplace(io.get_executor());
        options.base_url = emulator->url();
        options.credentials = live::api_key("any");
    }
    const live::client client{io.get_executor(), options};
    asio::co_spawn(io, converse(client), [&](std::exception_ptr failure) {
        io.stop(); // otherwise the emulator keeps listening
        live::rethrow(failure);
    });
    io.run();
} catch (const live::error& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
// doc:end
