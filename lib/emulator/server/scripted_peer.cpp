// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/scripted_peer.hpp"

#include "base/buffer.hpp"

#include <gemini/live/error.hpp>

#include <utility>
#include <vector>

namespace gemini::live::emulator {
namespace {

std::vector<base::frame> batch_of(const std::string& message)
{
    std::vector<base::frame> batch;
    batch.emplace_back(message);
    return batch;
}

} // namespace

testing::emulator_request to_request(const transport::upgrade_request& request)
{
    return {request.path, request.query, request.fields};
}

scripted_peer::scripted_peer(std::size_t number,
    std::shared_ptr<transport::server_connection> client, std::shared_ptr<const observer> observer)
    : number_(number), client_(std::move(client)), observer_(std::move(observer)),
      request_(to_request(client_->request()))
{
}

asio::awaitable<std::optional<std::string>> scripted_peer::receive()
{
    try {
        auto heard = co_await client_->receive();
        observer_->message(number_, testing::message_sender::client, heard.payload.view());
        co_return std::string(heard.payload.view());
    } catch (const error&) {
    }
    co_return std::nullopt;
}

asio::awaitable<void> scripted_peer::send(std::string message)
{
    observer_->message(number_, testing::message_sender::server, message);
    co_await client_->send(batch_of(message));
}

asio::awaitable<void> scripted_peer::send_text(std::string message)
{
    observer_->message(number_, testing::message_sender::server, message);
    co_await client_->send_text(batch_of(message));
}

asio::awaitable<void> scripted_peer::close(std::uint16_t code, std::string reason)
{
    co_await client_->close(code, std::move(reason));
}

} // namespace gemini::live::emulator
