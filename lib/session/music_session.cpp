// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/music_session.hpp>

#include "base/access.hpp"
#include "protocol/encode.hpp"
#include "session/inbox_source.hpp"
#include "session/session_core.hpp"

#include <gemini/live/error.hpp>

#include <mutex>
#include <optional>
#include <utility>

namespace gemini::live {

using engine::delivery_class;

/// What a new connection has to be sent.
struct music_session::wishes {
    std::mutex mutex{};
    std::vector<weighted_prompt> prompts{};
    std::optional<music_generation_config> config{};
    std::optional<playback_control> control{};

    std::vector<base::frame> frames()
    {
        const std::lock_guard lock(mutex);
        std::vector<base::frame> all;
        if (!prompts.empty()) all.push_back(protocol::encode_weighted_prompts(prompts));
        if (config) all.push_back(protocol::encode_music_generation_config(*config));
        if (control) all.push_back(protocol::encode_playback_control(*control));
        return all;
    }
};

namespace {

setup music_setup(const client& client, std::string model)
{
    if (access::core(client)->addressing().backend == backend::vertex_ai) {
        throw error(
            errc::invalid_argument, "Music is made by the Gemini API only, not by Vertex AI.");
    }
    setup made;
    made.model = std::move(model);
    made.session_resumption.reset();
    return made;
}

} // namespace

music_session::music_session(const client& client, std::string model)
    : core_(std::make_shared<session_core>(access::core(client),
          music_setup(client, std::move(model)), protocol::method::generate_music)),
      wishes_(std::make_shared<wishes>())
{
    core_->restate = [wishes = wishes_] { return wishes->frames(); };
}

music_session::music_session(music_session&&) noexcept = default;

music_session& music_session::operator=(music_session&& other) noexcept
{
    if (core_ && core_ != other.core_) core_->abandon();
    core_ = std::move(other.core_);
    wishes_ = std::move(other.wishes_);
    return *this;
}

music_session::~music_session()
{
    if (core_) core_->abandon();
}

asio::awaitable<void> music_session::connect() { return session_core::connect(core_); }

// A wish counts from its acceptance: one that was refused or canceled is not sent again.

asio::awaitable<void> music_session::set_weighted_prompts(std::vector<weighted_prompt> prompts)
{
    return session_core::send(core_, [&] {
        engine::outgoing message(
            protocol::encode_weighted_prompts(prompts), delivery_class::durable);
        message.accepted = [all = wishes_, prompts = std::move(prompts)] {
            const std::lock_guard lock(all->mutex);
            all->prompts = prompts;
        };
        return message;
    });
}

asio::awaitable<void> music_session::set_music_generation_config(music_generation_config config)
{
    return session_core::send(core_, [&] {
        engine::outgoing message(
            protocol::encode_music_generation_config(config), delivery_class::durable);
        message.accepted = [all = wishes_, config = std::move(config)] {
            const std::lock_guard lock(all->mutex);
            all->config = config;
        };
        return message;
    });
}

asio::awaitable<void> music_session::playback(playback_control control)
{
    return session_core::send(core_, [&] {
        engine::outgoing message(
            protocol::encode_playback_control(control), delivery_class::durable);
        message.accepted = [all = wishes_, control] {
            const std::lock_guard lock(all->mutex);
            if (control != playback_control::reset_context) all->control = control;
        };
        return message;
    });
}

async_generator<server_message> music_session::messages()
{
    return async_generator<server_message>(std::make_unique<inbox_source<server_message>>(core_));
}

async_generator<session_event> music_session::events()
{
    return async_generator<session_event>(std::make_unique<inbox_source<session_event>>(core_));
}

live::session_status music_session::status() const noexcept { return core_->status(); }

asio::awaitable<void> music_session::drain() { return session_core::drain(core_); }

asio::awaitable<void> music_session::close() { return session_core::close(core_); }

} // namespace gemini::live
