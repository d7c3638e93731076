// SPDX-License-Identifier: Apache-2.0
#include "session/received_message.hpp"

#include "async/spawn.hpp"
#include "base/complaint.hpp"
#include "base/excerpt.hpp"
#include "protocol/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace gemini::live {
namespace {

/// The error for a setup that the server answered with an error instead of setupComplete.
error refusal_of_setup(const server_error& refused)
{
    const auto message = base::excerpt(refused.message);
    const auto words = base::excerpt(refused.status) + ' ' + message;
    return error(base::cause_of_refusal(std::max(refused.code, 400), words),
        fmt::format("The server refused the setup: {}", message),
        {phase::setup, 0, message, refused.code});
}

} // namespace

received_message decode(transport::message received, const client_options& options)
{
    const bool strictly = options.malformed == malformed_policy::fail;
    const auto size = received.payload.size();
    const engine::session_fsm::signs with{received.pongs, received.round_trip};
    try {
        auto message = protocol::decode_server_message(
            std::move(received.payload), protocol::limits_of_message(options.limits.message));
        const auto& omitted = message.members().omitted;
        if (strictly && !omitted.empty()) throw protocol::malformed_by(omitted.front());
        return {std::move(message), size, with};
    } catch (const error& refused) {
        if (strictly || refused.value() == errc::message_too_big) throw;
        return {malformed_message{refused}, size, with};
    }
}

asio::awaitable<std::vector<received_message>> await_setup_complete(
    std::shared_ptr<transport::connection> link, const client_options& options)
{
    const auto limit = options.limits.message;
    std::vector<received_message> early;
    std::size_t cost = 0;
    for (bool complete = false; !complete;) {
        auto received = co_await link->receive();
        auto next = decode(std::move(received), options);
        cost += sizeof(received_message);
        if (const auto* const message = std::get_if<server_message>(&next.what)) {
            const auto& all = message->members();
            if (all.error) throw refusal_of_setup(*all.error);
            complete = all.setup_complete.has_value();
            cost += message->footprint();
        }
        if (!complete && cost > limit) {
            throw error(errc::message_too_big,
                fmt::format("The server has sent more than {} bytes before setupComplete.", limit),
                {phase::setup});
        }
        if (const auto* const unread = std::get_if<malformed_message>(&next.what))
            cost += std::string_view(unread->why.what()).size() + unread->why.reason().size();
        early.push_back(std::move(next));
        if (early.size() % messages_per_turn == 0) co_await async::yield();
    }
    co_return early;
}

} // namespace gemini::live
