// SPDX-License-Identifier: Apache-2.0
// The SDK through its public interface. It receives, decodes the JSON and the base64, and owns the
// message; it sends samples, which the SDK encodes.
//
// A thread with an io_context for each port, pinned to a CPU: port=4001 cpu=1, port=4001,4002
// cpu=0,1.
#include "meter.hpp"

#include <gemini/live.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <sched.h>

#include <deque>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

namespace {

namespace live = gemini::live;

live::client_options options_for(
    const bench::arguments& arguments, const bench::traffic& given, const std::string& port)
{
    live::client_options options;
    options.credentials = live::api_key("benchmark");
    options.base_url = (given.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + port;
    options.proxy.from_environment = false;
    if (given.tls) {
        std::ifstream file(arguments.text("ca"));
        options.tls.ca_pem.assign(std::istreambuf_iterator<char>(file), {});
        options.tls.system_store = false;
    }
    if (arguments.number("telemetry") != 0) { // all of it
        options.telemetry.turn_records = true;
        options.telemetry.metrics = std::make_shared<live::metrics>();
        options.telemetry.on_spans = [](std::string) {};
    }
    if (given.storm == "reconnect") { // at once, as the other clients do
        options.reconnect.first_delay = std::chrono::milliseconds(0);
        options.reconnect.attempts_per_second = std::nullopt;
    }
    return options;
}

void end(std::exception_ptr failure)
{
    try {
        if (failure) std::rethrow_exception(failure);
        std::fprintf(stderr, "sdk: a session ended early\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sdk: a session failed: %s\n", error.what());
    }
    std::_Exit(1);
}

class program {
public:
    program(const bench::arguments& arguments, const bench::traffic& given, const std::string& port,
        int whose)
        : given_(given), meter_(given, whose), pacer_(given),
          pcm_(bench::chunk_pcm(given.chunk_ms)), client_(io_, options_for(arguments, given, port))
    {
    }

    /// Returns at the end of the measurement.
    void run()
    {
        open();
        if (pacer_.paced()) asio::co_spawn(io_, send_due(), end);
        io_.run();
    }

private:
    struct conversation {
        explicit conversation(const live::client& client)
            : session(client, live::setup{.model = "gemini-3.8-live"})
        {
        }

        live::session session;
        bool streaming = false;
    };

    void open()
    {
        auto& self = conversations_.emplace_back(client_);
        asio::co_spawn(io_, converse(self), [this](std::exception_ptr failure) {
            if (failure || !over_) end(failure);
        });
    }

    asio::awaitable<void> converse(conversation& self)
    {
        co_await self.session.connect();
        self.streaming = true;
        bench::orders todo = meter_.connected();
        auto messages = self.session.messages();
        for (;;) {
            for (; todo.sends > 0; --todo.sends) co_await send(self);
            const auto message = co_await messages.next();
            if (!message) co_return;
            if (message->audio().empty()) continue; // setupComplete
            todo = meter_.received(bench::header::of(message->audio()));
            if (todo.stop) {
                over_ = true;
                io_.stop();
            }
            if (todo.open_others)
                while (conversations_.size() < given_.sessions) open();
        }
    }

    asio::awaitable<void> send(conversation& self)
    {
        meter_.sending();
        const std::span<const std::byte> pcm = std::as_bytes(std::span(pcm_));
        co_await self.session.send_audio(pcm);
    }

    asio::awaitable<void> send_due()
    {
        asio::steady_timer timer(io_);
        for (;;) {
            timer.expires_at(pacer_.next_tick());
            co_await timer.async_wait(asio::use_awaitable);
            while (const auto due = pacer_.take())
                if (*due < conversations_.size() && conversations_[*due].streaming)
                    co_await send(conversations_[*due]);
        }
    }

    bench::traffic given_;
    bench::meter meter_;
    bench::pacer pacer_;
    std::string pcm_;
    asio::io_context io_{1};
    live::client client_;
    std::deque<conversation> conversations_;
    bool over_ = false;
};

void pin_to(const std::string& cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(std::atoi(cpu.c_str()), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) std::perror("sched_setaffinity");
}

std::vector<std::string> list(const std::string& text)
{
    std::vector<std::string> items;
    std::istringstream from(text);
    for (std::string item; std::getline(from, item, ',');) items.push_back(item);
    return items;
}

} // namespace

int main(int argc, char** argv)
{
    const bench::arguments arguments(argc, argv);
    const bench::traffic given(arguments);
    bench::prepare_client();
    const auto ports = list(arguments.text("port"));
    const auto cpus = list(arguments.text("cpu"));
    const bool alone = ports.size() == 1;
    std::deque<program> programs; // never destroyed
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        programs.emplace_back(arguments, given, ports[i], alone ? RUSAGE_SELF : RUSAGE_THREAD);
        threads.emplace_back([&self = programs.back(), &cpu = cpus.at(i)] {
            pin_to(cpu);
            self.run();
        });
    }
    for (auto& thread : threads) thread.join();
    std::_Exit(0); // an orderly end of the sessions is not part of the measurement
}
