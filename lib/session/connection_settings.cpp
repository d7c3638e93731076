// SPDX-License-Identifier: Apache-2.0
#include "session/connection_settings.hpp"

#include "protocol/encode.hpp"

#include <gemini/live/reconnect_plan.hpp>

#include <utility>

namespace gemini::live {

connection_settings::connection_settings(std::shared_ptr<const live::setup> setup)
    : setup_(std::move(setup))
{
    // The engine holds the handle, and drops it once the server has refused it.
    if (!setup_->session_resumption || setup_->session_resumption->handle.empty()) return;
    auto without = std::make_shared<live::setup>(*setup_);
    without->session_resumption->handle.clear();
    setup_ = std::move(without);
}

connection_settings::~connection_settings() = default;

asio::awaitable<connection_settings::decision> connection_settings::decide(
    const status_change& change, failure_context when, client_core& client)
{
    reconnect_plan plan{
        *change.cause, change.attempt, change.delay, *setup_, base_url_, false, when};
    co_await client.options.on_reconnecting(plan);
    static_cast<void>(protocol::encode_setup(plan.setup, {}, client.addressing()));
    if (plan.stop) throw plan.cause;
    decision decided{plan.delay, {}, plan.base_url != base_url_};
    if (plan.setup.session_resumption)
        decided.handle = std::exchange(plan.setup.session_resumption->handle, {});
    setup_ = std::make_shared<live::setup>(std::move(plan.setup));
    base_url_ = std::move(plan.base_url);
    co_return decided;
}

base::frame connection_settings::encode_setup(
    const std::string& handle, bool as_history, const protocol::addressing& address) const
{
    if (!as_history) return protocol::encode_setup(*setup_, handle, address);
    auto setup = *setup_;
    setup.history_config.emplace().initial_history_in_client_content = true;
    return protocol::encode_setup(setup, handle, address);
}

} // namespace gemini::live
