// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/testing/fake_google.hpp>

#include "async/surroundings.hpp"
#include "emulator/google/federation.hpp"
#include "emulator/google/metadata.hpp"
#include "emulator/google/oauth.hpp"
#include "emulator/google/planned_fault.hpp"
#include "emulator/rules/route.hpp"
#include "transport/listener.hpp"

#include <fmt/format.h>

#include <array>
#include <mutex>
#include <utility>

namespace gemini::live::testing {
namespace {

using live::emulator::google_request;
using live::emulator::google_state;
using transport::plain_answer;
using transport::plain_request;

constexpr std::size_t endpoints = 5;

std::size_t index_of(google_endpoint endpoint) { return static_cast<std::size_t>(endpoint); }

std::string_view name_of(google_endpoint endpoint)
{
    switch (endpoint) {
    case google_endpoint::token: return "an OAuth token";
    case google_endpoint::sts: return "a token exchange";
    case google_endpoint::impersonation: return "impersonation";
    case google_endpoint::metadata: return "metadata";
    case google_endpoint::subject: break;
    }
    return "a subject token";
}

/// Covers all endpoints except the metadata server, which has its own port.
std::optional<google_endpoint> find_endpoint(const plain_request& request)
{
    const bool post = request.method == "POST";
    if (post && request.path == "/token") return google_endpoint::token;
    if (post && request.path == "/v1/token") return google_endpoint::sts;
    if (post && request.path.starts_with("/v1/projects/-/serviceAccounts/") &&
        request.path.ends_with(":generateAccessToken"))
        return google_endpoint::impersonation;
    if (request.method == "GET" && request.path == "/subject") return google_endpoint::subject;
    return std::nullopt;
}

/// State shared by the listeners and the owner.
class desk {
public:
    desk(const asio::any_io_executor& executor, fake_google_options given)
        : options(std::move(given)), google_{live::emulator::google_accounts(options), {}}
    {
        if (options.clock) return;
        options.clock = [clock = async::surroundings_of(executor).clock] {
            return clock->wall_clock();
        };
    }

    plain_answer answer(std::optional<google_endpoint> endpoint, const plain_request& plain)
    {
        const emulator_request request{plain.path, plain.query, plain.fields};
        plain_answer given;
        if (auto refused = live::emulator::refuse_place(request, {})) {
            given = transport::http_response{
                refused->status, std::move(refused->headers), std::move(refused->body)};
        } else if (!endpoint) {
            given = transport::http_response{404, {}, "There is no such call here.\n"};
        } else {
            given = answer_call(*endpoint, request, plain, options.clock());
        }
        tell(endpoint, plain.path, given);
        return given;
    }

    /// Passes the state to `use`, and locks it meanwhile.
    template <class Use>
    auto with(Use use) const
    {
        const std::lock_guard lock(mutex_);
        return use(google_);
    }
    template <class Use>
    auto with(Use use)
    {
        const std::lock_guard lock(mutex_);
        return use(google_);
    }

    void plan(google_endpoint endpoint, google_outcome outcome, std::size_t times)
    {
        const std::lock_guard lock(mutex_);
        outcomes_[index_of(endpoint)].push(std::move(outcome), times);
    }
    void plan_default(google_endpoint endpoint, google_outcome outcome)
    {
        const std::lock_guard lock(mutex_);
        outcomes_[index_of(endpoint)].set_default(std::move(outcome));
    }
    [[nodiscard]] std::size_t requests(google_endpoint endpoint) const
    {
        const std::lock_guard lock(mutex_);
        return requests_[index_of(endpoint)];
    }

    fake_google_options options;

private:
    plain_answer answer_call(google_endpoint endpoint, const emulator_request& request,
        const plain_request& plain, std::chrono::system_clock::time_point now)
    {
        const std::lock_guard lock(mutex_);
        ++requests_[index_of(endpoint)];
        const auto proper = [&](std::chrono::seconds lifetime, bool tells_expiry) {
            const google_request call{
                request, plain.method, plain.body, now, lifetime, tells_expiry};
            switch (endpoint) {
            case google_endpoint::token: return answer_token_call(call, google_);
            case google_endpoint::sts: return answer_exchange(call, google_);
            case google_endpoint::impersonation: return answer_impersonation(call, google_);
            case google_endpoint::metadata: return answer_metadata_call(call, google_);
            case google_endpoint::subject: break;
            }
            return answer_subject_call(call, google_);
        };
        const auto outcome = outcomes_[index_of(endpoint)].take();
        return live::emulator::meet(outcome, endpoint, options.token_lifetime, proper);
    }

    void tell(std::optional<google_endpoint> endpoint, std::string_view path,
        const plain_answer& given) const
    {
        if (!options.on_event) return;
        const auto what = endpoint ? fmt::format("A call for {}", name_of(*endpoint))
                                   : fmt::format("A request for {}", path);
        switch (given.sent) {
        case plain_answer::fate::whole:
            options.on_event(fmt::format("{} was answered with {}.", what, given.status));
            break;
        case plain_answer::fate::half:
        case plain_answer::fate::nothing:
            options.on_event(fmt::format("{} was cut off.", what));
            break;
        case plain_answer::fate::silence:
            options.on_event(fmt::format("{} is not answered.", what));
            break;
        }
    }

    mutable std::mutex mutex_;
    google_state google_;
    std::array<live::emulator::planned_faults, endpoints> outcomes_;
    std::array<std::size_t, endpoints> requests_{};
};

transport::listen_options to_listen(std::function<plain_answer(const plain_request&)> answer)
{
    transport::listen_options listening;
    listening.answer = std::move(answer);
    listening.decide = [](const transport::upgrade_request&) {
        return transport::upgrade_verdict{404, {}, "There are no WebSockets here.\n"};
    };
    return listening;
}

} // namespace

class fake_google::impl {
public:
    impl(const asio::any_io_executor& executor, fake_google_options options)
        : desk_(std::make_shared<desk>(executor, std::move(options)))
    {
        const auto& given = desk_->options;
        auto front = to_listen([desk = desk_](const plain_request& request) {
            return desk->answer(find_endpoint(request), request);
        });
        front.port = given.port;
        if (given.tls)
            front.identity.emplace(given.tls->certificate_pem, given.tls->private_key_pem);
        front_ = transport::listen(executor, std::move(front));
        metadata_ =
            transport::listen(executor, to_listen([desk = desk_](const plain_request& request) {
                return desk->answer(google_endpoint::metadata, request);
            }));
        const auto* const base = given.tls ? "https://localhost" : "http://127.0.0.1";
        const live::emulator::google_urls urls{fmt::format("{}:{}", base, front_->port()),
            fmt::format("127.0.0.1:{}", metadata_->port())};
        desk_->with([&](google_state& google) { google.urls = urls; });
        urls_ = urls;
    }

    [[nodiscard]] const live::emulator::google_urls& urls() const noexcept { return urls_; }
    [[nodiscard]] desk& shared() const noexcept { return *desk_; }

    void close() noexcept
    {
        front_->close();
        metadata_->close();
    }

private:
    std::shared_ptr<desk> desk_;
    std::unique_ptr<transport::listener> front_;
    std::unique_ptr<transport::listener> metadata_;
    live::emulator::google_urls urls_;
};

fake_google::fake_google(asio::any_io_executor executor, fake_google_options options)
    : impl_(std::make_unique<impl>(executor, std::move(options)))
{
}

fake_google::fake_google(fake_google&&) noexcept = default;
fake_google& fake_google::operator=(fake_google&&) noexcept = default;
fake_google::~fake_google() = default;

std::string fake_google::url() const { return impl_->urls().base; }
std::string fake_google::token_url() const { return impl_->urls().token(); }
std::string fake_google::sts_url() const { return impl_->urls().sts(); }
std::string fake_google::subject_url() const { return impl_->urls().subject(); }
std::string fake_google::metadata_host() const { return impl_->urls().metadata_host; }

std::string fake_google::impersonation_url() const
{
    return impl_->shared().with([](const google_state& google) {
        return google.urls.impersonation(google.accounts.service_email);
    });
}

std::string fake_google::service_account_file() const
{
    return impl_->shared().with([](const google_state& google) {
        return service_account_text(google.accounts, google.urls);
    });
}

std::string fake_google::authorized_user_file() const
{
    return impl_->shared().with([](const google_state& google) {
        return authorized_user_text(google.accounts, google.urls);
    });
}

std::string fake_google::external_account_file(const external_account_kind& kind) const
{
    return impl_->shared().with([&](const google_state& google) {
        return external_account_text(google.accounts, google.urls, kind);
    });
}

std::string fake_google::impersonated_service_account_file() const
{
    return impl_->shared().with(
        [](const google_state& google) { return impersonated_text(google.accounts, google.urls); });
}

std::string fake_google::subject_token() const
{
    const auto now = impl_->shared().options.clock();
    return impl_->shared().with([&](const google_state& google) {
        return subject_token_text(google.accounts, google.urls, now);
    });
}

void fake_google::next(google_endpoint endpoint, google_outcome outcome, std::size_t times)
{
    impl_->shared().plan(endpoint, std::move(outcome), times);
}

void fake_google::otherwise(google_endpoint endpoint, google_outcome outcome)
{
    impl_->shared().plan_default(endpoint, std::move(outcome));
}

std::string fake_google::issue()
{
    const auto& options = impl_->shared().options;
    const auto now = options.clock();
    return impl_->shared().with([&](google_state& google) {
        return google.book.issue(google_endpoint::token, now, options.token_lifetime).value;
    });
}

std::size_t fake_google::requests(google_endpoint endpoint) const
{
    return impl_->shared().requests(endpoint);
}

std::vector<google_token> fake_google::issued() const
{
    return impl_->shared().with([](const google_state& google) { return google.book.all(); });
}

bool fake_google::valid(std::string_view bearer) const
{
    return valid(bearer, impl_->shared().options.clock());
}

bool fake_google::valid(std::string_view bearer, time_point at) const
{
    return impl_->shared().with([&](const google_state& google) {
        return google.book.valid(bearer, at) || is_self_signed_bearer(bearer, google.accounts, at);
    });
}

void fake_google::revoke_tokens()
{
    impl_->shared().with([](google_state& google) { google.book.revoke_all(); });
}

void fake_google::log_user_out()
{
    impl_->shared().with([](google_state& google) { google.accounts.logged_out = true; });
}

void fake_google::close() noexcept
{
    if (impl_) impl_->close();
}

} // namespace gemini::live::testing
