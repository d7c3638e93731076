// SPDX-License-Identifier: Apache-2.0
// A call of ten minutes in virtual time, as in docs/virtual_time.md. Prints what it took.
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/virtual_time.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <string>

namespace {

namespace live = gemini::live;
using namespace std::chrono_literals;

void require(bool is_so, const char* what)
{
    if (!is_so) throw std::runtime_error(what);
}

// doc:begin ten_minute_call
/// Ten minutes with a slow tool, interruptions, and a goAway at 9:10.
asio::awaitable<void> ten_minutes(live::client client, live::testing::virtual_time time)
{
    const live::setup setup{.model = "gemini-3.8-live",
        .functions = {{"get_weather", "Tells the weather in a city."}},
        .output_audio_transcription = live::on};
    live::session session{client, setup};
    co_await session.connect();
    for (int minute = 0; minute < 10; ++minute) {
        co_await session.send("What is the weather in Oslo?");
        const auto asked = co_await session.turn();
        require(asked.end == live::turn_end::tool_call, "the model calls the function");
        co_await live::sleep_for(8s); // the tool is slow
        const live::function_response answer(
            asked.tool_calls.at(0), live::json::object().add("output", "rain"));
        co_await session.send_tool_response(answer);
        const auto told = co_await session.turn();
        require(told.is_whole(), "the answer is whole");

        co_await session.send("/story");
        co_await live::sleep_for(1500ms);
        co_await session.send("That is enough."); // the caller interrupts
        const auto cut = co_await session.turn();
        require(cut.end == live::turn_end::interrupted, "the model stops");
        const auto after = co_await session.turn();
        require(after.is_whole(), "the answer after it is whole");
        co_await live::sleep_for(1min * (minute + 1) - time.elapsed());
    }
    require(session.counters().handovers == 1, "the goAway was followed");
    require(session.counters().losses == 0, "nothing was lost");
    co_await session.close();
}
// doc:end

void hold_the_call()
{
    asio::io_context io;
    const live::testing::virtual_time time(io);
    live::testing::emulator_options serving;
    serving.lifetime = 10min;
    const live::testing::emulator emulator(io, serving);
    const live::client client(
        io, {.credentials = live::api_key("any"), .base_url = emulator.url()});
    const auto begin = std::clock(); // of the processor: others may be busy, too
    live::testing::run(io, ten_minutes(client, time), 15min);
    const auto took = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    std::printf("%.1f s of conversation took %.1f ms\n",
        std::chrono::duration<double>(time.elapsed()).count(), took);
}

} // namespace

int main()
try {
    hold_the_call();
} catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}
