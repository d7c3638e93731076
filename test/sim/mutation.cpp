// SPDX-License-Identifier: Apache-2.0
#include "sim/mutation.hpp"

#include "async/event.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace sim {
namespace {

namespace async = gemini::live::async;
namespace transport = gemini::live::transport;
using gemini::live::error;

class lying_connection final : public transport::connection {
public:
    lying_connection(
        std::unique_ptr<transport::connection> honest, const mutation& planted, int number)
        : honest_(std::move(honest)), planted_(planted), number_(number)
    {
    }

    asio::awaitable<void> send(std::vector<gemini::live::base::frame> batch) override
    {
        const auto is_late = ++sends_ > 1; // behind the setup
        if (is_late && planted_.sleeps_from != 0 && number_ >= planted_.sleeps_from)
            co_await asleep_.wait();
        if (planted_.sent) planted_.sent(batch, number_);
        if (planted_.pings_too_early) early_ping_ = honest_->ping();
        co_await honest_->send(std::move(batch));
    }
    asio::awaitable<transport::message> receive() override
    {
        while (waiting_.empty()) {
            auto next = co_await honest_->receive();
            if (!planted_.received) co_return next;
            for (auto& each : planted_.received(std::move(next)))
                waiting_.push_back(std::move(each));
        }
        auto first = std::move(waiting_.front());
        waiting_.pop_front();
        co_return first;
    }
    std::uint64_t ping() override
    {
        return planted_.pings_too_early ? early_ping_ : honest_->ping();
    }
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        if (planted_.leaves_connections) co_return;
        co_await honest_->close(code, std::move(reason));
    }
    void abort() noexcept override
    {
        if (!planted_.leaves_connections) honest_->abort();
    }

private:
    std::unique_ptr<transport::connection> honest_;
    const mutation& planted_;
    const int number_;
    int sends_ = 0;
    std::uint64_t early_ping_ = 0;
    async::event asleep_;
    std::deque<transport::message> waiting_;
};

class lying_connector final : public transport::connector {
public:
    lying_connector(std::shared_ptr<transport::connector> honest, const mutation& planted)
        : honest_(std::move(honest)), planted_(planted)
    {
    }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return honest_->executor();
    }
    asio::awaitable<std::unique_ptr<transport::connection>> connect(
        transport::connect_request request) override
    {
        std::optional<error> failure;
        try {
            auto made = co_await honest_->connect(std::move(request));
            co_return std::make_unique<lying_connection>(std::move(made), planted_, ++made_);
        } catch (const error& why) {
            failure.emplace(planted_.refused ? planted_.refused(why) : why);
        }
        throw error(*failure);
    }
    asio::awaitable<transport::http_response> fetch(transport::http_request request) override
    {
        return honest_->fetch(std::move(request));
    }

private:
    std::shared_ptr<transport::connector> honest_;
    const mutation& planted_;
    int made_ = 0;
};

} // namespace

std::shared_ptr<transport::connector> mutated(
    std::shared_ptr<transport::connector> connector, const mutation& planted)
{
    if (!planted.sent && !planted.received && !planted.refused && planted.sleeps_from == 0 &&
        !planted.leaves_connections && !planted.pings_too_early)
        return connector;
    return std::make_shared<lying_connector>(std::move(connector), planted);
}

} // namespace sim
