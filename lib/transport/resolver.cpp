// SPDX-License-Identifier: Apache-2.0
#include "transport/resolver.hpp"

#include "async/event.hpp"
#include "base/loopback.hpp"

#include <gemini/live/error.hpp>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace gemini::live::transport {
namespace {

/// Outlives the coroutine: Asio calls back when the system's lookup returns, however late.
struct lookup {
    explicit lookup(const asio::any_io_executor& executor) : resolver(executor), timer(executor) {}

    asio::ip::tcp::resolver resolver;
    asio::steady_timer timer;
    async::event changed;
    bool expired = false;
    std::optional<asio::error_code> outcome;
    std::vector<asio::ip::address> found;
};

void start(
    const std::shared_ptr<lookup>& state, const std::string& host, std::chrono::milliseconds limit)
{
    state->resolver.async_resolve(host, "",
        [state](asio::error_code failed, const asio::ip::tcp::resolver::results_type& results) {
            state->outcome = failed;
            for (const auto& each : results) state->found.push_back(each.endpoint().address());
            state->changed.set();
        });
    if (limit.count() == 0) return;
    state->timer.expires_after(limit);
    state->timer.async_wait([weak = std::weak_ptr(state)](asio::error_code cancelled) {
        const auto state = weak.lock();
        if (cancelled || !state) return;
        state->expired = true;
        state->changed.set();
    });
}

struct give_up {
    lookup& state;
    ~give_up()
    {
        state.timer.cancel();
        state.resolver.cancel();
    }
};

} // namespace

std::vector<asio::ip::address> alternate_families(std::vector<asio::ip::address> addresses)
{
    if (addresses.empty()) return addresses;
    std::vector<asio::ip::address> other;
    const auto in_first_family = [first_is_v6 = addresses.front().is_v6()](
                                     const auto& each) { return each.is_v6() == first_is_v6; };
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(other),
        [&](const auto& each) { return !in_first_family(each); });
    std::erase_if(addresses, [&](const auto& each) { return !in_first_family(each); });
    for (std::size_t i = 0; i < other.size(); ++i) {
        const auto place = std::min(2 * i + 1, addresses.size());
        addresses.insert(addresses.begin() + static_cast<std::ptrdiff_t>(place), other[i]);
    }
    return addresses;
}

asio::awaitable<std::vector<asio::ip::address>> resolve(
    std::string host, std::chrono::milliseconds limit)
{
    asio::error_code not_an_address;
    const auto literal = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return std::vector(1, literal);
    if (base::is_loopback(host)) { // by name; no name server is to be trusted with it
        std::vector<asio::ip::address> loopback(1, asio::ip::address_v4::loopback());
        loopback.emplace_back(asio::ip::address_v6::loopback());
        co_return loopback;
    }
    const auto state = std::make_shared<lookup>(co_await asio::this_coro::executor);
    const give_up at_the_end{*state};
    start(state, host, limit);
    while (!state->outcome && !state->expired) co_await state->changed.wait();
    if (!state->outcome) {
        throw error(errc::timed_out,
            fmt::format("Looking up {} took more than {} ms: check the network and its name "
                        "servers.",
                host, limit.count()),
            {phase::resolve});
    }
    if (*state->outcome || state->found.empty()) {
        throw error(errc::resolve_failed,
            fmt::format("The host {} could not be found{}{}: check its name and the network.", host,
                *state->outcome ? ", " : "", *state->outcome ? state->outcome->message() : ""),
            {phase::resolve});
    }
    co_return alternate_families(std::move(state->found));
}

} // namespace gemini::live::transport
