// SPDX-License-Identifier: Apache-2.0
#include "support/client_codec.hpp"
#include "vectors/driver.hpp"
#include "vectors/official_client.hpp"
#include "vectors/stage.hpp"

#include "protocol/decode.hpp"
#include "protocol/encode.hpp"

#include <gemini/live/music_session.hpp>
#include <gemini/live/session.hpp>

#include <fmt/format.h>

namespace live = gemini::live;

namespace vectors {
namespace {

using message_list = std::vector<live::protocol::client_message>;

asio::awaitable<void> say(live::session& session, live::protocol::client_message message)
{
    if (message.client_content) {
        auto& content = *message.client_content;
        co_await session.send_client_content(
            std::move(content.turns), content.turn_complete.value_or(false));
    } else if (message.realtime_input) {
        live::realtime_input input(std::move(*message.realtime_input));
        co_await session.send_realtime_input(std::move(input));
    } else if (message.tool_response) {
        co_await session.send_tool_response(std::move(message.tool_response->function_responses));
    } else if (message.context_update) {
        co_await session.send_context_update(std::move(*message.context_update));
    }
}

asio::awaitable<void> say(live::music_session& session, live::protocol::client_message message)
{
    if (message.client_content)
        co_await session.set_weighted_prompts(std::move(message.client_content->weighted_prompts));
    else if (message.music_generation_config)
        co_await session.set_music_generation_config(std::move(*message.music_generation_config));
    else if (const auto control = message.playback_control.known())
        co_await session.playback(*control);
}

/// Connects, sends everything, and lets it arrive.
template <class Session>
asio::awaitable<void> converse(Session& session, const json_value& sdk)
{
    co_await session.connect();
    if (const auto calls = sdk.find("calls")) {
        for (const auto& call : calls->elements()) {
            auto message = to_message(call.find("method")->string().value(), call.find("args"));
            co_await say(session, std::move(message));
        }
    }
    co_await session.drain();
    co_await stage::settle();
    co_await session.close();
}

struct exchange {
    std::vector<json_value> frames{}; // sent by the client
    std::optional<std::string> refusal{};
};

exchange play(const json_value& sdk, const service& to)
{
    stage here(options_for(to));
    exchange seen;
    try {
        const auto client = here.client();
        const auto model = sdk.find("model")->string().value_or("");
        if (sdk.find("music")) {
            live::music_session session(client, model);
            here.play(converse(session, sdk));
        } else {
            live::session session(client, to_setup(model, sdk.find("config")));
            here.play(converse(session, sdk));
        }
    } catch (const live::error& refused) {
        seen.refusal = refused.what();
    }
    for (const auto& each : here.heard) seen.frames.push_back(json_value::parse(each));
    return seen;
}

complaint try_refusal(const json_value& test, const exchange& seen)
{
    if (!seen.refusal) return "error: the call was not refused";
    const auto sent = test.find("frames_sent");
    if (!sent || sent->integer() == static_cast<std::int64_t>(seen.frames.size()))
        return std::nullopt;
    return fmt::format(
        "frames_sent: {} are expected, there were {}", sent->text(), seen.frames.size());
}

std::vector<json_value> shown_by(const json_value& test)
{
    if (const auto one = test.find("json")) return {*one};
    if (const auto text = test.find("text")) return {json_value::parse(text->string().value())};
    return test.find("frames").value().elements();
}

/// What the case checks: the setup, or what followed it, or both.
complaint try_frames(const json_value& test, std::vector<json_value> frames)
{
    const auto expected = shown_by(test);
    const bool with_setup = !expected.empty() && expected.front().find("setup");
    if (!with_setup && !frames.empty()) frames.erase(frames.begin());
    if (!with_setup || test.find("frames")) {
        if (frames.size() != expected.size())
            return fmt::format(
                "frames: {} are expected, there were {}", expected.size(), frames.size());
    } else {
        frames.resize(1, json_value::parse("{}"));
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto path = test.find("frames") ? fmt::format("frames[{}]", i) : std::string();
        if (auto found = difference(expected[i], frames[i], path)) return found;
    }
    return std::nullopt;
}

/// A message of another client: decoding and encoding it must preserve it.
complaint try_reading(const json_value& test, const service& from)
{
    for (const auto& each : shown_by(test)) {
        const auto message = test::decode_client_message(each.text());
        const auto again = test::encode_client_message(message, from.backend);
        if (test::decode_client_message(again.view()) != message)
            return "the whole: what was read is written otherwise: " + std::string(again.view());
    }
    return std::nullopt;
}

} // namespace

complaint try_client_messages(const json_value& test)
{
    for (const auto& to : services_of(test)) {
        const auto sdk = test.find("sdk");
        if (!sdk) {
            if (auto found = try_reading(test, to)) return found;
            continue;
        }
        auto seen = play(*sdk, to);
        auto found = test.find("error") ? try_refusal(test, seen)
                     : seen.refusal     ? complaint("the whole: refused: " + *seen.refusal)
                                        : try_frames(test, std::move(seen.frames));
        if (found) return found;
    }
    return std::nullopt;
}

} // namespace vectors
