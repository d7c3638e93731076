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

class mutated_connection final : public transport::connection {
public:
    mutated_connection(
        std::unique_ptr<transport::connection> inner, const mutation& planted, int number)
        : inner_(std::move(inner)), planted_(planted), number_(number)
    {
    }

    asio::awaitable<void> send(std::vector<gemini::live::base::frame> batch) override
    {
        const bool is_after_setup = ++sends_ > 1;
        if (is_after_setup && planted_.sends_hang_from != 0 && number_ >= planted_.sends_hang_from)
            co_await asleep_.wait();
        if (planted_.sent) planted_.sent(batch, number_);
        if (planted_.pings_before_send) early_ping_ = inner_->ping();
        co_await inner_->send(std::move(batch));
    }
    asio::awaitable<transport::message> receive() override
    {
        while (waiting_.empty()) {
            auto next = co_await inner_->receive();
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
        return planted_.pings_before_send ? early_ping_ : inner_->ping();
    }
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        if (planted_.leaks_connections) co_return;
        co_await inner_->close(code, std::move(reason));
    }
    void abort() noexcept override
    {
        if (!planted_.leaks_connections) inner_->abort();
    }

private:
    std::unique_ptr<transport::connection> inner_;
    const mutation& planted_;
    const int number_;
    int sends_ = 0;
    std::uint64_t early_ping_ = 0;
    async::event asleep_;
    std::deque<transport::message> waiting_;
};

class mutated_connector final : public transport::connector {
public:
    mutated_connector(std::shared_ptr<transport::connector> inner, const mutation& planted)
        : inner_(std::move(inner)), planted_(planted)
    {
    }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return inner_->executor();
    }
    asio::awaitable<std::unique_ptr<transport::connection>> connect(
        transport::connect_request request) override
    {
        std::optional<error> failure;
        try {
            auto made = co_await inner_->connect(std::move(request));
            co_return std::make_unique<mutated_connection>(std::move(made), planted_, ++made_);
        } catch (const error& why) {
            failure.emplace(planted_.refused ? planted_.refused(why) : why);
        }
        throw error(*failure);
    }
    asio::awaitable<transport::http_response> fetch(transport::http_request request) override
    {
        return inner_->fetch(std::move(request));
    }

private:
    std::shared_ptr<transport::connector> inner_;
    const mutation& planted_;
    int made_ = 0;
};

} // namespace

std::shared_ptr<transport::connector> mutated(
    std::shared_ptr<transport::connector> connector, const mutation& planted)
{
    if (!planted.sent && !planted.received && !planted.refused && planted.sends_hang_from == 0 &&
        !planted.leaks_connections && !planted.pings_before_send)
        return connector;
    return std::make_shared<mutated_connector>(std::move(connector), planted);
}

} // namespace sim
