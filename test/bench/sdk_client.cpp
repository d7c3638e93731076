// SPDX-License-Identifier: Apache-2.0
// The SDK through its public interface. It receives, decodes the JSON and the base64, and owns the
// message.
#include "bench.hpp"

#include <gemini/live.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <deque>
#include <exception>
#include <fstream>
#include <iterator>

namespace {

namespace live = gemini::live;

live::client_options options_for(const bench::options& given)
{
    live::client_options options;
    options.credentials = live::api_key("benchmark");
    options.base_url =
        (given.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(given.port);
    options.proxy.from_environment = false;
    if (given.tls) {
        std::ifstream file(given.ca_file);
        options.tls.ca_pem.assign(std::istreambuf_iterator<char>(file), {});
        options.tls.system_store = false;
    }
    return options;
}

struct program {
    explicit program(const bench::options& given)
        : options(given), meter(given), client(io.get_executor(), options_for(given))
    {
    }

    void connect();

    bench::options options;
    bench::meter meter;
    asio::io_context io{1};
    live::client client;
    std::deque<live::session> sessions;
};

asio::awaitable<void> converse(program& self, live::session& session)
{
    co_await session.connect();
    self.meter.connected();
    auto messages = session.messages();
    while (const auto message = co_await messages.next()) {
        if (message->audio().empty()) continue; // setupComplete
        switch (self.meter.message(message->audio().size())) {
        case bench::meter::next::go_on: break;
        case bench::meter::next::connect_the_rest:
            for (std::size_t i = 1; i < self.options.sessions; ++i) self.connect();
            break;
        case bench::meter::next::stop: std::_Exit(0);
        }
    }
}

void program::connect()
{
    auto& session = sessions.emplace_back(client, live::setup{.model = "gemini-3.8-live"});
    asio::co_spawn(io, converse(*this, session), [](std::exception_ptr failure) {
        try {
            if (failure) std::rethrow_exception(failure);
            std::fprintf(stderr, "sdk: a session ended early\n");
        } catch (const std::exception& error) {
            std::fprintf(stderr, "sdk: a session failed: %s\n", error.what());
        }
        std::_Exit(1);
    });
}

} // namespace

int main(int argc, char** argv)
{
    program self(bench::start(argc, argv));
    self.connect();
    self.io.run();
    return 1;
}
