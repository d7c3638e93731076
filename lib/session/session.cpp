// SPDX-License-Identifier: Apache-2.0
#include "session/inbox_source.hpp"
#include "session/session_core.hpp"

#include "base/access.hpp"
#include "protocol/encode.hpp"
#include "protocol/endpoint.hpp"
#include "protocol/validate.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>

namespace gemini::live {
namespace {

using engine::delivery_class;
using engine::outgoing;

delivery_class delivery_class_of(const realtime_input& input)
{
    const auto& all = input.members();
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

} // namespace

const char* to_string(session_status value) noexcept
{
    switch (value) {
    case session_status::disconnected: return "disconnected";
    case session_status::connecting: return "connecting";
    case session_status::connected: return "connected";
    case session_status::reconnecting: return "reconnecting";
    case session_status::closed: return "closed";
    case session_status::failed: return "failed";
    }
    return "unknown";
}

session_ref::session_ref(std::shared_ptr<session_core> core) noexcept : core_(std::move(core)) {}

session::session(const client& client, live::setup setup, std::string name)
    : session_ref(std::make_shared<session_core>(access::core(client), std::move(setup),
          protocol::method::generate_content, std::move(name)))
{
}

session::session(session&&) noexcept = default;

const std::shared_ptr<session_core>& access::core(const session_ref& of) noexcept
{
    return of.core_;
}

session_ref::executor_type session_ref::get_executor() const noexcept
{
    return core_->client()->connector->executor();
}

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

asio::awaitable<void> session_ref::send(std::string_view text)
{
    if (core_->quirks().text_by_turns) return send_client_content(content(std::string(text)));
    return send_realtime_input(realtime_input::text(std::string(text)));
}

asio::awaitable<void> session_ref::send_client_content(
    std::vector<content> turns, bool turn_complete)
{
    return session_core::send(core_, [&] {
        if (core_->validates()) protocol::validate_content(core_->setup(), core_->quirks());
        outgoing message(protocol::encode_client_content(turns, turn_complete, core_->backend()),
            turn_complete ? delivery_class::durable : delivery_class::context);
        if (core_->keeps_history()) message.words = words_of(turns);
        return message;
    });
}

asio::awaitable<void> session_ref::send_client_content(content turn, bool turn_complete)
{
    std::vector<content> turns;
    turns.push_back(std::move(turn));
    return send_client_content(std::move(turns), turn_complete);
}

asio::awaitable<void> session_ref::send_realtime_input(realtime_input input)
{
    if (input.members().audio && input.members().audio->data.empty()) {
        auto others = input.members();
        others.audio.reset();
        if (others == realtime_input_members{}) return nothing();
        input = realtime_input(std::move(others));
    }
    return session_core::send(core_, [&] {
        outgoing message(
            protocol::encode_realtime_input(input, core_->backend()), delivery_class_of(input));
        const auto& audio = input.members().audio;
        message.is_loud = audio && core_->records_turns() &&
                          audio->mime_type.starts_with("audio/pcm") && engine::is_loud(audio->data);
        if (core_->keeps_history() && input.members().text) message.words = *input.members().text;
        return message;
    });
}

asio::awaitable<void> session_ref::send_audio(std::span<const std::byte> pcm, int rate)
{
    if (pcm.empty()) return nothing();
    return session_core::send(core_, [&] {
        outgoing message(protocol::encode_realtime_audio(pcm, rate), delivery_class::audio);
        message.is_loud = core_->records_turns() && engine::is_loud(pcm);
        return message;
    });
}

asio::awaitable<void> session_ref::send_audio(std::span<const std::int16_t> samples, int rate)
{
    if constexpr (std::endian::native == std::endian::little)
        return send_audio(std::as_bytes(samples), rate);
    std::vector<std::int16_t> swapped(samples.begin(), samples.end());
    for (auto& each : swapped) each = static_cast<std::int16_t>(__builtin_bswap16(each));
    return send_audio(std::as_bytes(std::span<const std::int16_t>(swapped)), rate);
}

asio::awaitable<void> session_ref::send_video(std::span<const std::byte> jpeg)
{
    return send_realtime_input(realtime_input::video(jpeg));
}

asio::awaitable<void> session_ref::send_tool_response(std::vector<function_response> responses)
{
    return session_core::send_tool_response(core_, std::move(responses));
}

asio::awaitable<void> session_ref::send_tool_response(function_response response)
{
    std::vector<function_response> responses;
    responses.push_back(std::move(response));
    return send_tool_response(std::move(responses));
}

void session_ref::playback_started() const { core_->playback_started(); }

void session_ref::playback_stopped() const { core_->playback_stopped(); }

asio::awaitable<turn_result> session::turn(turn_options options)
{
    return session_core::next_turn(core_, options);
}

asio::awaitable<void> session_ref::stop_speaking() { return session_core::stop_speaking(core_); }

asio::awaitable<void> session_ref::send_context_update(context_update update)
{
    return session_core::send_context_update(core_, std::move(update));
}

asio::awaitable<void> session_ref::send_raw(json message)
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

live::session_status session_ref::status() const noexcept { return core_->status(); }

std::string session_ref::resumption_handle() const { return core_->resumption_handle(); }

std::optional<usage_metadata> session_ref::usage() const { return core_->usage(); }

live::session_counters session_ref::counters() const { return core_->counters(); }

asio::awaitable<void> session_ref::drain() { return session_core::drain(core_); }

asio::awaitable<void> session_ref::close() { return session_core::close(core_); }

asio::awaitable<bool> session_ref::close_after_turn(std::chrono::milliseconds deadline)
{
    return session_core::close_after_turn(core_, deadline);
}

} // namespace gemini::live
