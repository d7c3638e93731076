// SPDX-License-Identifier: Apache-2.0
// Prints the page of metrics after a conversation with the emulator, for `promtool check metrics`.
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio.hpp>

#include <cstdio>
#include <memory>
#include <utility>

namespace live = gemini::live;

namespace {

asio::awaitable<void> converse(live::client client)
{
    live::session session{client, {.model = "gemini-3.8-live"}};
    co_await session.send("Hello");
    static_cast<void>(co_await session.turn());
    co_await session.close();
}

} // namespace

int main()
{
    asio::io_context io;
    live::testing::emulator emulator(io);
    live::client_options options;
    options.base_url = emulator.url();
    options.credentials = live::api_key("key");
    options.telemetry.metrics = std::make_shared<live::metrics>();
    const auto metrics = options.telemetry.metrics;
    live::client client(io, std::move(options));
    const auto done = [&io](std::exception_ptr failure) {
        io.stop();
        live::rethrow(failure);
    };
    asio::co_spawn(io, converse(client), done);
    io.run();
    const auto page = metrics->prometheus_text();
    std::fwrite(page.data(), 1, page.size(), stdout);
}
