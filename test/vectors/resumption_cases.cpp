// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"
#include "vectors/stage.hpp"

#include "protocol/json_writer.hpp"

#include <gemini/live/session.hpp>

#include <fmt/format.h>

namespace live = gemini::live;

namespace vectors {
namespace {

/// What the server received on one connection.
struct connection {
    std::optional<std::string> handle{};
    std::vector<std::string> messages{};
};

/// Transparent resumption, unless the server of the case resumes without an index.
bool is_transparent(const std::vector<json_value>& steps)
{
    for (const auto& step : steps) {
        const auto update = step.find("update");
        if (update && update->find("newHandle") && !update->find("lastConsumedClientMessageIndex"))
            return false;
    }
    return true;
}

/// The cases are about the index, and expect no replay without one.
live::client_options options_without_guesses()
{
    auto options = options_for({live::backend::vertex_ai, false});
    options.reconnect.replay = live::replay::none;
    return options;
}

/// Plays the steps: the user sends, the server updates and disconnects.
class playback {
public:
    explicit playback(std::vector<json_value> steps)
        : steps_(std::move(steps)), here_(options_without_guesses(),
                                        [this](stage::peer peer) { return serve(std::move(peer)); })
    {
    }

    std::vector<connection> run()
    {
        const auto client = here_.client();
        live::setup setup{.model = "gemini-3.8-live"};
        if (is_transparent(steps_)) setup.session_resumption->transparent = true;
        live::session session(client, std::move(setup));
        here_.play(converse(session));
        return connections();
    }

private:
    asio::awaitable<void> serve(stage::peer peer)
    {
        peer_ = std::move(peer);
        co_return;
    }

    asio::awaitable<void> converse(live::session& session)
    {
        auto events = session.events();
        co_await session.connect();
        co_await stage::settle();
        for (const auto& step : steps_) {
            if (const auto words = step.find("send")) {
                co_await session.send_realtime_input(
                    live::realtime_input::text(words->string().value()));
                co_await session.drain();
            } else if (const auto update = step.find("update")) {
                peer_->send(R"({"sessionResumptionUpdate":)" + update->text() + '}');
            } else if (step.find("connection")->string() == "lost") {
                peer_->drop();
                co_await until_connected(events);
            }
            co_await stage::settle();
        }
        co_await session.close();
    }

    static asio::awaitable<void> until_connected(live::async_generator<live::session_event>& events)
    {
        bool lost = false;
        while (auto event = co_await events.next()) {
            const auto* change = std::get_if<live::status_change>(&*event);
            if (!change) continue;
            lost = lost || change->to == live::session_status::reconnecting;
            if (lost && change->to == live::session_status::connected) break;
        }
    }

    [[nodiscard]] std::vector<connection> connections() const
    {
        std::vector<connection> all;
        for (const auto& each : here_.heard) {
            const auto message = json_value::parse(each);
            if (const auto setup = message.find("setup")) {
                all.emplace_back();
                const auto resumption = setup->find("sessionResumption");
                if (const auto handle = resumption->find("handle"))
                    all.back().handle = handle->string();
            } else if (const auto input = message.find("realtimeInput")) {
                all.back().messages.push_back(input->find("text")->string().value());
            }
        }
        return all;
    }

    std::vector<json_value> steps_;
    stage::peer peer_;
    stage here_;
};

json_value list(const std::vector<std::string>& texts)
{
    live::protocol::json_writer out;
    out.begin_array();
    for (const auto& each : texts) out.string(each);
    return json_value::parse(out.end_array().text());
}

} // namespace

complaint try_resumption(const json_value& test)
{
    const auto expected = *test.find("expect");
    const auto last = playback(test.find("steps")->elements()).run().back();
    const auto handle = expected.find("handle") ? expected.find("handle")->string() : std::nullopt;
    if (handle != last.handle) {
        return fmt::format("expect.handle: {} is expected, there is {}", handle.value_or("none"),
            last.handle.value_or("none"));
    }
    const auto* const word = expected.find("replay") ? "replay" : "kept";
    return difference(*expected.find(word), list(last.messages), fmt::format("expect.{}", word));
}

} // namespace vectors
