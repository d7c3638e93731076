// SPDX-License-Identifier: Apache-2.0
#include "async/surroundings.hpp"

#include <gemini/live/error.hpp>

#include <random>
#include <utility>

namespace gemini::live::async {
namespace {

/// Holds what has been put in place of time and chance.
class replacement : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id; // NOLINT(readability-identifier-naming)

    explicit replacement(asio::execution_context& owner) : service(owner) {}

    surroundings others;

private:
    void shutdown() override {}
};

double unpredictable()
{
    thread_local std::mt19937_64 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

} // namespace

surroundings surroundings_of(const asio::any_io_executor& executor)
{
    auto& context = asio::query(executor, asio::execution::context);
    if (asio::has_service<replacement>(context))
        return asio::use_service<replacement>(context).others;
    static const auto steady = make_steady_clock();
    return {steady, &unpredictable};
}

void replace_surroundings(asio::execution_context& context, surroundings others)
{
    if (asio::has_service<replacement>(context))
        throw error(errc::misuse, "The execution context has a clock of its own already.");
    asio::use_service<replacement>(context).others = std::move(others);
}

} // namespace gemini::live::async
