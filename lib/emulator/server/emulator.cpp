// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/testing/emulator.hpp>

#include "async/event.hpp"
#include "async/surroundings.hpp"
#include "base/loopback.hpp"
#include "emulator/google/bearer_check.hpp"
#include "emulator/rules/auth_tokens.hpp"
#include "emulator/rules/route.hpp"
#include "emulator/script/recording.hpp"
#include "emulator/script/script.hpp"
#include "emulator/script/script_runner.hpp"
#include "emulator/server/live_server_session.hpp"
#include "emulator/server/music.hpp"
#include "emulator/server/observer.hpp"
#include "emulator/server/scripted_peer.hpp"
#include "emulator/server/server_session_driver.hpp"
#include "emulator/server/token_gate.hpp"
#include "transport/listener.hpp"
#include "transport/self_signed.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/testing/fake_google.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace gemini::live::testing {
namespace {

using transport::server_connection;

constexpr std::size_t most_clients = 4096;

std::string_view name_of(live::emulator::credential credential)
{
    switch (credential) {
    case live::emulator::credential::none: break;
    case live::emulator::credential::api_key: return "an API key";
    case live::emulator::credential::ephemeral_token: return "an ephemeral token";
    case live::emulator::credential::access_token: return "an access token";
    }
    return "no credentials";
}

live::emulator::script script_of(const emulator_options& options)
{
    if (options.replay.empty()) return live::emulator::script::parse(options.script);
    if (!options.script.empty()) {
        throw error(errc::invalid_argument,
            "emulator_options has both a script and a replay: give one of them.");
    }
    return live::emulator::read_recording(options.replay, options.pace);
}

} // namespace

tls_identity tls_identity::self_signed(const std::vector<std::string>& host_names)
{
    auto [certificate, key] = transport::make_self_signed(host_names);
    return {std::move(certificate), std::move(key)};
}

class emulator::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor executor, emulator_options options)
        : options_(std::move(options)), tokens_(std::make_shared<live::emulator::auth_tokens>(
                                            options_.api_key, options_.trusts_any_token)),
          guests_{!options_.allow_remote, options_.host_names, options_.origins},
          script_(script_of(options_))
    {
        if (!options_.clock) {
            options_.clock = [clock = async::surroundings_of(executor).clock] {
                return clock->wall_clock();
            };
        }
        if (!options_.allow_remote && !base::is_loopback(options_.address)) {
            throw error(errc::invalid_argument,
                fmt::format("The emulator would be open to other machines on {}: set "
                            "emulator_options::allow_remote if that is meant.",
                    options_.address));
        }
        transport::listen_options listening;
        listening.address = options_.address;
        listening.port = options_.port;
        if (options_.tls)
            listening.identity.emplace(
                options_.tls->certificate_pem, options_.tls->private_key_pem);
        listening.decide = [this](const transport::upgrade_request& request) {
            return decide(live::emulator::to_request(request));
        };
        listening.answer = [this](const transport::plain_request& request) {
            return answer(live::emulator::to_request(request), request.method, request.body);
        };
        listener_ = transport::listen(std::move(executor), std::move(listening));
    }

    void start()
    {
        asio::co_spawn(listener_->executor(), accept(shared_from_this()), asio::detached);
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_->port(); }
    [[nodiscard]] std::size_t accepted() const noexcept { return accepted_; }
    [[nodiscard]] std::size_t connected() const noexcept { return connected_; }

    [[nodiscard]] std::string url() const
    {
        if (options_.tls) return fmt::format("https://localhost:{}", port());
        const bool v6 = options_.address.find(':') != std::string::npos;
        const auto host = v6 ? '[' + options_.address + ']' : options_.address;
        return fmt::format("http://{}:{}", host, port());
    }

    [[nodiscard]] std::string failure() const
    {
        const std::lock_guard lock(failing_);
        return failure_;
    }

    static asio::awaitable<void> finished(std::shared_ptr<impl> self)
    {
        return asio::co_spawn(self->listener_->executor(), wait_for_end(self), asio::use_awaitable);
    }

    void drop_all()
    {
        asio::post(listener_->executor(), [self = shared_from_this()] {
            for (const auto& [number, each] : self->clients_) each->abort();
        });
    }

    void close()
    {
        if (closed_.exchange(true)) return;
        asio::post(listener_->executor(), [self = shared_from_this()] {
            self->listener_->close();
            for (const auto& [number, each] : self->clients_) each->abort();
            self->is_closed_ = true;
            for (auto* each : self->waiters_) each->set();
        });
    }

private:
    using self_ptr = std::shared_ptr<impl>;

    /// A client in the list of those that `drop_all` disconnects.
    class listed {
    public:
        listed(impl& owner, std::size_t number, server_connection& client)
            : owner_(owner), number_(number)
        {
            owner_.clients_.emplace(number, &client);
            owner_.connected_ = owner_.clients_.size();
        }
        listed(const listed&) = delete;
        listed& operator=(const listed&) = delete;
        ~listed()
        {
            owner_.clients_.erase(number_);
            owner_.connected_ = owner_.clients_.size();
            owner_.count_end();
        }

    private:
        impl& owner_;
        std::size_t number_;
    };

    /// Waits for the end of the script.
    class waiter {
    public:
        explicit waiter(impl& owner) : owner_(owner) { owner_.waiters_.push_back(&ended_); }
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;
        ~waiter() { std::erase(owner_.waiters_, &ended_); }

        [[nodiscard]] asio::awaitable<void> wait() { return ended_.wait(); }

    private:
        impl& owner_;
        async::event ended_;
    };

    void count_end()
    {
        ++ended_;
        for (auto* each : waiters_) each->set();
    }

    static asio::awaitable<void> wait_for_end(self_ptr self)
    {
        const auto all = std::max<std::size_t>(self->script_.connections(), 1);
        waiter ended(*self);
        while (self->ended_ < all && !self->is_closed_) co_await ended.wait();
    }

    void fail(std::size_t client, std::string_view why)
    {
        const std::lock_guard lock(failing_);
        if (failure_.empty()) failure_ = fmt::format("Client {}: {}", client, why);
    }

    transport::upgrade_verdict decide(const emulator_request& request)
    {
        auto found = live::emulator::find_route(request, guests_);
        auto verdict = std::move(found.verdict);
        if (found.route && clients_.size() >= most_clients) verdict.status = 503;
        if (verdict.status == 101 && options_.google)
            if (auto refused = live::emulator::refuse_bearer(*found.route,
                    [&](std::string_view bearer) { return options_.google->valid(bearer); }))
                verdict = std::move(*refused);
        if (verdict.status == 101 && options_.on_upgrade) verdict = options_.on_upgrade(request);
        const auto* const refusal = verdict.status == 101 ? scripted_refusal() : nullptr;
        if (refusal) {
            ++refused_;
            count_end();
            verdict = {refusal->status, refusal->headers, refusal->body};
        }
        if (verdict.status != 101)
            observer_.event("An upgrade of {} was refused with {}.", request.path, verdict.status);
        return {verdict.status, std::move(verdict.headers), std::move(verdict.body)};
    }

    [[nodiscard]] const live::emulator::refuse_upgrade* scripted_refusal() const noexcept
    {
        const auto* part = script_.part_of(accepted_ + refused_ + 1);
        return part ? std::get_if<live::emulator::refuse_upgrade>(part) : nullptr;
    }

    transport::http_response answer(
        const emulator_request& request, std::string_view method, std::string_view body)
    {
        auto found = live::emulator::find_token_call(request, method, guests_);
        auto verdict = std::move(found.verdict);
        if (found.route) {
            verdict = tokens_->issue(*found.route, body, options_.clock());
            observer_.event("A call for an ephemeral token was answered with {}.", verdict.status);
        } else {
            observer_.event("A request for {} was refused with {}.", request.path, verdict.status);
        }
        return {verdict.status, std::move(verdict.headers), std::move(verdict.body)};
    }

    static asio::awaitable<void> accept(self_ptr self)
    {
        try {
            for (;;) {
                auto client = co_await self->listener_->accept();
                const auto number = ++self->accepted_;
                asio::co_spawn(self->listener_->executor(),
                    serve(self, std::shared_ptr<server_connection>(std::move(client)), number),
                    asio::detached);
            }
        } catch (const std::system_error&) { // connection closed
        }
    }

    static asio::awaitable<void> serve(
        self_ptr self, std::shared_ptr<server_connection> client, std::size_t number)
    {
        const listed on_list(*self, number, *client);
        auto found = live::emulator::find_route(
            live::emulator::to_request(client->request()), self->guests_);
        auto route = std::move(*found.route);
        self->observer_.event("Client {} has come: {} {}{}, with {}.", number,
            route.backend == live::backend::vertex_ai ? "Vertex AI" : "Gemini API", route.version,
            route.music ? ", music" : "", name_of(route.credential));
        const auto* part = self->script_.part_of(number + self->refused_);
        const auto* steps = part ? std::get_if<std::vector<live::emulator::step>>(part) : nullptr;
        try {
            if (steps)
                co_await follow(self, client, *steps, number);
            else if (self->options_.behavior)
                co_await behave(self, client, number);
            else
                co_await converse(self, client, std::move(route), number);
        } catch (const std::system_error& gone) {
            self->observer_.event("Client {} is gone. {}", number, gone.what());
        }
    }

    static asio::awaitable<void> behave(
        self_ptr self, std::shared_ptr<server_connection> client, std::size_t number)
    {
        live::emulator::scripted_peer seen(number, client, observer_of(self));
        std::string failure;
        try {
            co_await self->options_.behavior(seen);
        } catch (const std::system_error&) {
            throw; // most likely the client has disconnected
        } catch (const std::exception& thrown) {
            failure = thrown.what();
        }
        if (!failure.empty()) self->fail(number, failure);
        const std::uint16_t code = failure.empty() ? 1000 : 1011;
        co_await client->close(code, std::move(failure));
    }

    static asio::awaitable<void> follow(self_ptr self, std::shared_ptr<server_connection> client,
        const std::vector<live::emulator::step>& steps, std::size_t number)
    {
        auto seen = std::make_shared<live::emulator::scripted_peer>(
            number, std::move(client), observer_of(self));
        const auto* const origin = self->options_.replay.empty() ? "script" : "recording";
        const auto went =
            co_await live::emulator::play(self->listener_->executor(), seen, steps, origin);
        if (!went.failure.empty()) self->fail(number, went.failure);
        if (went.was_sent_away)
            self->observer_.event("Client {} is sent away with 1008: {}", number, went.failure);
        else
            self->observer_.event(
                "Client {} is gone.{}{}", number, went.failure.empty() ? "" : " ", went.failure);
    }

    static asio::awaitable<void> converse(self_ptr self, std::shared_ptr<server_connection> client,
        live::emulator::route route, std::size_t number)
    {
        auto served = std::make_shared<live::emulator::server_session_driver>(number,
            std::move(client), self->make_session(std::move(route)), self->listener_->executor(),
            observer_of(self));
        co_await live::emulator::server_session_driver::run(std::move(served));
    }

    /// Returns the service's side of a session: the default behavior.
    [[nodiscard]] std::unique_ptr<live::emulator::server_session> make_session(
        live::emulator::route route) const
    {
        const bool by_token =
            route.constrained && route.credential == live::emulator::credential::ephemeral_token;
        auto token = by_token ? route.secret : std::string();
        std::unique_ptr<live::emulator::server_session> session;
        if (route.music)
            session = std::make_unique<live::emulator::music>(
                std::move(route), options_.api_key, options_.pace);
        else
            session = std::make_unique<live::emulator::live_server_session>(std::move(route),
                options_.api_key, options_.pace, archive_,
                live::emulator::lifespan{options_.lifetime, options_.notice},
                live::emulator::model_names{options_.model_aliases, options_.any_model},
                options_.quirks);
        if (!by_token) return session;
        return std::make_unique<live::emulator::token_gate>(
            std::move(session), tokens_, std::move(token), options_.clock);
    }

    /// The result keeps `self` alive.
    static std::shared_ptr<const live::emulator::observer> observer_of(const self_ptr& self)
    {
        return {self, &self->observer_};
    }

    emulator_options options_;
    const live::emulator::observer observer_{options_};
    std::unique_ptr<transport::listener> listener_;
    std::shared_ptr<live::emulator::resumption_archive> archive_ =
        std::make_shared<live::emulator::resumption_archive>();
    std::shared_ptr<live::emulator::auth_tokens> tokens_;
    std::map<std::size_t, server_connection*> clients_; // by number
    live::emulator::guest_list guests_;
    live::emulator::script script_;
    std::atomic<std::size_t> accepted_ = 0;
    std::size_t refused_ = 0; // by the script
    std::atomic<std::size_t> connected_ = 0;
    std::atomic<bool> closed_ = false;
    std::size_t ended_ = 0; // connections, including those refused by the script
    bool is_closed_ = false;
    std::vector<async::event*> waiters_;
    mutable std::mutex failing_;
    std::string failure_; // of the first client that failed
};

emulator::emulator(asio::any_io_executor executor, emulator_options options)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(options)))
{
    impl_->start();
}

emulator::emulator(emulator&&) noexcept = default;

emulator& emulator::operator=(emulator&& other) noexcept
{
    if (impl_ && impl_ != other.impl_) impl_->close();
    impl_ = std::move(other.impl_);
    return *this;
}

emulator::~emulator()
{
    if (impl_) impl_->close();
}

std::uint16_t emulator::port() const noexcept { return impl_->port(); }

std::string emulator::url() const { return impl_->url(); }

std::size_t emulator::accepted() const noexcept { return impl_->accepted(); }

std::size_t emulator::connected() const noexcept { return impl_->connected(); }

std::string emulator::failure() const { return impl_->failure(); }

asio::awaitable<void> emulator::finished() { return impl::finished(impl_); }

void emulator::drop_all() noexcept { impl_->drop_all(); }

void emulator::close() noexcept { impl_->close(); }

} // namespace gemini::live::testing
