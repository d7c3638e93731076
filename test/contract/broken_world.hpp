// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/loud.hpp"
#include "support/quirks.hpp"
#include "support/relay.hpp"
#include "support/run.hpp"
#include "support/server_record.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/io_context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test {

namespace live = gemini::live;

/// One execution context with an emulator of Vertex AI, a relay in front of it, and clients of the
/// relay.
struct broken_world {
    asio::io_context io;
    live::testing::emulator_options serving{};
    live::client_options calling{};
    server_record record;
    std::optional<live::testing::emulator> server{};
    std::optional<test::relay> relay{};

    broken_world()
    {
        using namespace std::chrono_literals;
        serving.pace = 0;
        serving.quirks = quirks_of_this_run();
        serving.on_message = [this](const live::testing::emulator_message& message) {
            record.note(message);
        };
        calling.backend = live::backend::vertex_ai;
        calling.project = "a-project";
        calling.location = "us-central1";
        test::make_loud(calling);
        calling.credentials = live::access_token(test::secret_token);
        calling.reconnect.first_delay = 1ms;
        calling.reconnect.max_attempts = std::nullopt;
        calling.reconnect.attempts_per_second = std::nullopt;
    }

    void use_tls()
    {
        serving.tls = live::testing::tls_identity::self_signed();
        calling.tls.ca_pem = serving.tls->certificate_pem;
        calling.tls.system_store = false;
    }

    /// A client that connects through the relay.
    live::client start()
    {
        server.emplace(io.get_executor(), serving);
        relay.emplace(io, server->port());
        calling.base_url = (serving.tls ? "https://localhost:" : "http://127.0.0.1:") +
                           std::to_string(relay->port());
        return {io.get_executor(), calling};
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        return test::run(io, std::move(work));
    }
};

/// A text model, so that answers are short.
inline live::setup written()
{
    live::setup setup;
    setup.model = "gemini-emulator-text";
    setup.response_modalities = {live::modality::text};
    setup.functions = {{"get_weather", "Tells the weather in a city.",
        live::json(R"({"type":"object","properties":{"city":{"type":"string"}}})")}};
    setup.functions[0].behavior = live::behavior::blocking;
    setup.session_resumption->transparent = true;
    return setup;
}

/// The steps of a session's life, as a reader sees them.
inline std::string steps(const std::vector<live::status_change>& changes)
{
    std::string all;
    for (const auto& each : changes) {
        if (!all.empty()) all += ", ";
        all += to_string(each.to);
    }
    return all;
}

} // namespace test
