// SPDX-License-Identifier: Apache-2.0
#include "session/inbox_source.hpp"
#include "session/session_core.hpp"

#include "protocol/encode.hpp"
#include "protocol/endpoint.hpp"
#include "protocol/lint.hpp"

#include <fmt/format.h>

#include <utility>

namespace gemini::live {
namespace {

using engine::delivery_class;
using engine::outgoing;

delivery_class delivery_class_of(const realtime_input& input)
{
    const auto& all = input.all();
    if (all.text) return delivery_class::durable;
    if (all.activity_start) return delivery_class::activity_start;
    if (all.activity_end) return delivery_class::activity_end;
    if (all.audio_stream_end) return delivery_class::stream_end;
    if (all.video) return delivery_class::video;
    return delivery_class::audio;
}

asio::awaitable<void> nothing() { co_return; }

/// What a history records of these turns.
std::string words_of(const std::vector<content>& turns)
{
    std::string words;
    for (const auto& turn : turns)
        for (const auto& part : turn.parts)
            if (part.text) words += *part.text;
    return words;
}

std::string words_of(const function_response& response)
{
    return fmt::format("[{} returned {}]", response.name, response.response.text());
}

} // namespace

const char* to_string(turn_end value) noexcept
{
    switch (value) {
    case turn_end::complete: return "complete";
    case turn_end::interrupted: return "interrupted";
    case turn_end::tool_call: return "tool_call";
    case turn_end::cut: return "cut";
    case turn_end::closed: return "closed";
    case turn_end::empty: return "empty";
    case turn_end::error: return "error";
    case turn_end::unreadable: return "unreadable";
    case turn_end::stalled: return "stalled";
    case turn_end::unfinished: return "unfinished";
    }
    return "unknown";
}

const char* to_string(status value) noexcept
{
    switch (value) {
    case status::disconnected: return "disconnected";
    case status::connecting: return "connecting";
    case status::connected: return "connected";
    case status::reconnecting: return "reconnecting";
    case status::closed: return "closed";
    case status::error: return "error";
    }
    return "unknown";
}

session::session(const client& client, live::setup setup, std::string name)
    : core_(std::make_shared<session_core>(
          client.core(), std::move(setup), protocol::method::generate_content, std::move(name)))
{
}

session::session(session&&) noexcept = default;

session& session::operator=(session&& other) noexcept
{
    if (core_ && core_ != other.core_) core_->abandon();
    core_ = std::move(other.core_);
    return *this;
}

session::~session()
{
    if (core_) core_->abandon();
}

asio::awaitable<void> session::connect() { return session_core::connect(core_); }

asio::awaitable<void> session::send(std::string_view text)
{
    if (core_->quirks().text_by_turns) return send_client_content(content(std::string(text)));
    return send_realtime_input(realtime_input::text(std::string(text)));
}

asio::awaitable<void> session::send_client_content(std::vector<content> turns, bool turn_complete)
{
    if (core_->lints()) protocol::lint_content(core_->setup(), core_->quirks());
    outgoing message(protocol::encode_client_content(turns, turn_complete, core_->flavour()),
        turn_complete ? delivery_class::durable : delivery_class::context);
    if (core_->keeps_history()) message.words = words_of(turns);
    return session_core::accept(core_, std::move(message));
}

asio::awaitable<void> session::send_client_content(content turn, bool turn_complete)
{
    std::vector<content> turns;
    turns.push_back(std::move(turn));
    return send_client_content(std::move(turns), turn_complete);
}

asio::awaitable<void> session::send_realtime_input(realtime_input input)
{
    if (input.all().audio && input.all().audio->data.empty()) {
        auto others = input.all();
        others.audio.reset();
        if (others == realtime_input::members{}) return nothing();
        input = realtime_input(std::move(others));
    }
    outgoing message(
        protocol::encode_realtime_input(input, core_->flavour()), delivery_class_of(input));
    if (core_->keeps_history() && input.all().text) message.words = *input.all().text;
    return session_core::accept(core_, std::move(message));
}

asio::awaitable<void> session::send_audio(std::span<const std::byte> pcm)
{
    constexpr int rate = 16'000;
    if (pcm.empty()) return nothing();
    return session_core::accept(
        core_, outgoing(protocol::encode_realtime_audio(pcm, rate), delivery_class::audio));
}

asio::awaitable<void> session::send_audio(std::span<const std::int16_t> samples)
{
    return send_audio(std::as_bytes(samples));
}

asio::awaitable<void> session::send_video(std::span<const std::byte> jpeg)
{
    return send_realtime_input(realtime_input::video(jpeg));
}

asio::awaitable<void> session::send_tool_response(std::vector<function_response> responses)
{
    if (core_->lints()) protocol::lint(responses, core_->quirks());
    outgoing message(
        protocol::encode_tool_response(responses, core_->flavour()), delivery_class::durable);
    bool is_silent = !responses.empty();
    for (const auto& each : responses) {
        message.answers.push_back(each.id);
        if (each.will_continue == true) message.continues.push_back(each.id);
        is_silent =
            is_silent && each.scheduling == scheduling::silent && !core_->waits_for(each.name);
        if (core_->keeps_history()) message.words += words_of(each);
    }
    if (is_silent) message.kind = delivery_class::context; // the model does not react to them
    return session_core::accept(core_, std::move(message));
}

asio::awaitable<void> session::send_tool_response(function_response response)
{
    std::vector<function_response> responses;
    responses.push_back(std::move(response));
    return send_tool_response(std::move(responses));
}

asio::awaitable<turn> session::turn() { return session_core::next_turn(core_); }
asio::awaitable<void> session::stop_speaking() { return session_core::stop_speaking(core_); }

asio::awaitable<void> session::send_context_update(context_update update)
{
    if (core_->lints()) protocol::lint(update, core_->quirks());
    return session_core::accept(
        core_, outgoing(protocol::encode_context_update(update, core_->flavour()),
                   delivery_class::context));
}

asio::awaitable<void> session::send_raw(json message)
{
    return session_core::accept(
        core_, outgoing(base::frame(message.text()), delivery_class::durable));
}

async_generator<server_message> session::messages()
{
    return async_generator<server_message>(std::make_unique<inbox_source<server_message>>(core_));
}

async_generator<session_event> session::events()
{
    return async_generator<session_event>(std::make_unique<inbox_source<session_event>>(core_));
}

live::status session::status() const noexcept { return core_->status(); }

std::string session::resumption_handle() const { return core_->resumption_handle(); }

std::optional<usage_metadata> session::usage() const { return core_->usage(); }

live::counters session::counters() const { return core_->counters(); }

asio::awaitable<void> session::drain() { return session_core::drain(core_); }

asio::awaitable<void> session::close() { return session_core::close(core_); }

} // namespace gemini::live
