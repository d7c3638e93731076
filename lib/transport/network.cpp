// SPDX-License-Identifier: Apache-2.0
#include "transport/network.hpp"

#include "transport/lws_connector.hpp"

#include <utility>

namespace gemini::live::transport {
namespace {

/// Holds what has been put in place of sockets.
class replacement : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id; // NOLINT(readability-identifier-naming)

    explicit replacement(asio::execution_context& owner) : service(owner) {}

    std::shared_ptr<network> other;

private:
    void shutdown() override {}
};

} // namespace

void replace_network(asio::execution_context& context, std::shared_ptr<network> other)
{
    asio::use_service<replacement>(context).other = std::move(other);
}

std::shared_ptr<network> replaced_network(const asio::any_io_executor& executor)
{
    auto& context = asio::query(executor, asio::execution::context);
    if (!asio::has_service<replacement>(context)) return nullptr;
    return asio::use_service<replacement>(context).other;
}

std::shared_ptr<connector> make_connector(asio::any_io_executor executor)
{
    if (const auto other = replaced_network(executor))
        return other->make_connector(std::move(executor));
    return make_lws_connector(std::move(executor));
}

} // namespace gemini::live::transport
