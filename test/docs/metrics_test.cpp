// SPDX-License-Identifier: Apache-2.0
// The examples of docs/metrics.md, run against the emulator.
#include "support/catch.hpp"
#include "support/prometheus_page.hpp"
#include "support/run.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio.hpp>

#include <sstream>
#include <string>
#include <utility>

namespace metrics_test {

namespace live = gemini::live;

namespace {

// doc:begin telemetry
live::client_options with_telemetry(
    std::shared_ptr<live::metrics> metrics, std::function<void(std::string)> send_spans)
{
    live::client_options options;
    options.telemetry.turn_records = true;
    options.telemetry.metrics = std::move(metrics);
    options.telemetry.on_spans = std::move(send_spans);
    return options;
}
// doc:end

// doc:begin turn_record
asio::awaitable<void> report(live::session& session, std::ostream& out)
{
    auto events = session.events();
    while (auto event = co_await events.next()) {
        const auto* record = std::get_if<live::turn_record>(&*event);
        if (!record) continue;
        out << "turn " << record->number << ' ' << to_string(record->end);
        if (record->first_audio) out << ", audio after " << record->first_audio->count() << " us";
        out << '\n';
        if (record->number == 1) co_await session.close();
    }
}
// doc:end

// doc:begin serve_metrics
asio::awaitable<void> serve(asio::ip::tcp::acceptor& acceptor, const live::metrics& metrics)
{
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        std::string request;
        auto until = asio::dynamic_buffer(request, 8192);
        co_await asio::async_read_until(socket, until, "\r\n\r\n", asio::use_awaitable);
        std::string page = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                           "Content-Type: text/plain; version=0.0.4\r\n\r\n";
        page += metrics.prometheus_text();
        co_await asio::async_write(socket, asio::buffer(page), asio::use_awaitable);
    }
}
// doc:end

} // namespace

TEST_CASE("the examples of the page on metrics work")
{
    asio::io_context io;
    live::testing::emulator emulator(io);
    auto metrics = std::make_shared<live::metrics>();
    std::string spans;
    std::ostringstream out;
    std::string page;
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    const auto work = [&]() -> asio::awaitable<void> {
        auto options = with_telemetry(metrics, [&](std::string json) { spans += json; });
        options.base_url = emulator.url();
        options.credentials = live::api_key("key");
        live::client client(io, std::move(options));
        live::session session{client, {.model = "gemini-3.8-live"}};
        co_await session.send("Hello");
        co_await report(session, out);
        asio::co_spawn(io, serve(acceptor, *metrics), asio::detached);
        asio::ip::tcp::socket socket(io);
        co_await socket.async_connect(acceptor.local_endpoint(), asio::use_awaitable);
        co_await asio::async_write(
            socket, asio::buffer("GET /metrics HTTP/1.1\r\n\r\n", 25), asio::use_awaitable);
        asio::error_code end;
        auto all = asio::dynamic_buffer(page);
        co_await asio::async_read(socket, all, asio::redirect_error(asio::use_awaitable, end));
        io.stop();
    };
    test::run(io, work());
    CHECK(out.str().starts_with("turn 1 complete, audio after "));
    CHECK(spans.find("resourceSpans") != std::string::npos);
    const auto body = page.substr(page.find("\r\n\r\n") + 4);
    CHECK(test::prometheus_page(body).value("gemini_live_turns_total", {{"ending", "complete"}}) ==
          1);
}

} // namespace metrics_test
