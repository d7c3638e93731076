// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/server_session_driver.hpp"

#include "async/alarm.hpp"
#include "async/surroundings.hpp"
#include "base/buffer.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <optional>
#include <system_error>
#include <utility>

namespace gemini::live::emulator {
namespace {

constexpr std::size_t most_unsaid = 16; // answers that a client has not read yet

} // namespace

server_session_driver::server_session_driver(std::size_t number,
    std::shared_ptr<transport::server_connection> client, std::unique_ptr<server_session> session,
    const asio::any_io_executor& executor, std::shared_ptr<const observer> observer)
    : number_(number), client_(std::move(client)), session_(std::move(session)),
      observer_(std::move(observer)), executor_(executor),
      clock_(async::surroundings_of(executor).clock)
{
}

asio::awaitable<void> server_session_driver::run(std::shared_ptr<server_session_driver> self)
{
    asio::co_spawn(self->executor_, send_loop(self), asio::detached);
    try {
        while (!self->over_) {
            auto heard = co_await self->client_->receive();
            if (self->over_) break;
            const auto text = heard.payload.view();
            self->observer_->message(self->number_, testing::message_sender::client, text);
            auto said = self->session_->on_message(text, self->now());
            if (!said.empty()) self->unsaid_.push_back(std::move(said));
            self->due_.set();
            while (self->unsaid_.size() >= most_unsaid && !self->over_)
                co_await self->caught_up_.wait();
        }
    } catch (const std::system_error& gone) {
        if (!self->over_)
            self->observer_->event("Client {} is gone. {}", self->number_, gone.what());
    }
    self->end();
}

asio::awaitable<void> server_session_driver::send_loop(std::shared_ptr<server_session_driver> self)
{
    try {
        while (!self->over_) {
            for (auto& each : std::exchange(self->unsaid_, {}))
                co_await self->perform(std::move(each));
            self->caught_up_.set();
            if (self->over_ || !self->unsaid_.empty()) continue;
            const auto next = self->session_->next_timer();
            if (next && *next <= self->now()) {
                auto said = self->session_->on_timer(self->now());
                co_await self->perform(std::move(said));
                continue;
            }
            std::optional<async::alarm> alarm;
            if (next) {
                alarm.emplace(self->executor_, self->clock_, self->begin_ + *next,
                    [self] { self->due_.set(); });
            }
            co_await self->due_.wait();
        }
    } catch (const std::system_error&) {
    }
    self->end();
    self->client_->abort();
}

asio::awaitable<void> server_session_driver::perform(actions said)
{
    std::vector<base::frame> batch;
    for (const auto& each : said.messages) {
        observer_->message(number_, testing::message_sender::server, each);
        batch.emplace_back(each);
    }
    if (!batch.empty()) co_await client_->send(std::move(batch));
    if (!said.ends_connection()) {
        if (!said.rule.empty())
            observer_->event("Client {} gets no answer, as of the service: {}", number_, said.rule);
        co_return;
    }
    over_ = true;
    if (said.close) {
        observer_->event("Client {} is sent away with {}: {}{}{}", number_, said.close->first,
            said.close->second, said.rule.empty() ? "" : " ", said.rule);
        co_await client_->close(said.close->first, std::move(said.close->second));
    } else {
        observer_->event("Client {} is cut off.", number_);
    }
    client_->abort();
}

moment server_session_driver::now() const
{
    return std::chrono::duration_cast<moment>(clock_->now() - begin_);
}

/// Stops all sending and receiving.
void server_session_driver::end()
{
    over_ = true;
    due_.set();
    caught_up_.set();
}

} // namespace gemini::live::emulator
