// SPDX-License-Identifier: Apache-2.0
#include "session/inbox_source.hpp"
#include "session/session_core.hpp"

#include "protocol/encode.hpp"
#include "protocol/endpoint.hpp"

#include <utility>

namespace gemini::live {
namespace {

using sessions::worth;

/// Sound and pictures of a moment that has passed are worth nothing; all else is.
worth worth_of(const realtime_input& input)
{
    auto others = input.all();
    const bool media = others.audio || others.video || !others.media_chunks.empty();
    others.audio.reset();
    others.video.reset();
    others.media_chunks.clear();
    return media && others == realtime_input::members{} ? worth::perishable : worth::durable;
}

} // namespace

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

session::session(const client& client, live::setup setup)
    : core_(std::make_shared<session_core>(client.core(), std::move(setup)))
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
    if (protocol::text_path_of(core_->setup().model) == protocol::text_path::realtime_input)
        return send_realtime_input(realtime_input::text(std::string(text)));
    return send_client_content(content(std::string(text)));
}

asio::awaitable<void> session::send_client_content(std::vector<content> turns, bool turn_complete)
{
    return session_core::accept(core_,
        protocol::encode_client_content(turns, turn_complete, core_->flavour()), worth::durable);
}

asio::awaitable<void> session::send_client_content(content turn, bool turn_complete)
{
    return session_core::accept(core_,
        protocol::encode_client_content(std::span(&turn, 1), turn_complete, core_->flavour()),
        worth::durable);
}

asio::awaitable<void> session::send_realtime_input(realtime_input input)
{
    return session_core::accept(
        core_, protocol::encode_realtime_input(input, core_->flavour()), worth_of(input));
}

asio::awaitable<void> session::send_audio(std::span<const std::byte> pcm)
{
    constexpr int rate = 16'000;
    return session_core::accept(
        core_, protocol::encode_realtime_audio(pcm, rate), worth::perishable);
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
    return session_core::accept(
        core_, protocol::encode_tool_response(responses, core_->flavour()), worth::durable);
}

asio::awaitable<void> session::send_tool_response(function_response response)
{
    return session_core::accept(core_,
        protocol::encode_tool_response(std::span(&response, 1), core_->flavour()), worth::durable);
}

asio::awaitable<void> session::send_context_update(context_update update)
{
    return session_core::accept(
        core_, protocol::encode_context_update(update, core_->flavour()), worth::durable);
}

asio::awaitable<void> session::send_raw(json message)
{
    return session_core::accept(core_, base::frame(message.text()), worth::durable);
}

async_generator<server_message> session::messages()
{
    return async_generator<server_message>(
        std::make_unique<sessions::inbox_source<server_message>>(core_));
}

async_generator<session_event> session::events()
{
    return async_generator<session_event>(
        std::make_unique<sessions::inbox_source<session_event>>(core_));
}

live::status session::status() const noexcept { return core_->status(); }

asio::awaitable<void> session::drain() { return session_core::drain(core_); }

asio::awaitable<void> session::close() { return session_core::close(core_); }

} // namespace gemini::live
