// SPDX-License-Identifier: Apache-2.0
#include "session/client_core.hpp"

#include "async/surroundings.hpp"
#include "auth/environment.hpp"
#include "auth/headers.hpp"
#include "base/access.hpp"
#include "base/excerpt.hpp"
#include "protocol/redact.hpp"
#include "protocol/service_error.hpp"
#include "session/option_rules.hpp"
#include "session/tapping_connector.hpp"
#include "transport/network.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/version.hpp>

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace gemini::live {
namespace {

std::shared_ptr<client_core> make_core(asio::any_io_executor executor, client_options options)
{
    auto [clock, random] = async::surroundings_of(executor);
    return std::make_shared<client_core>(std::move(options),
        transport::make_connector(std::move(executor)), std::move(clock), std::move(random));
}

/// Knows whether its execution context is still running.
class life : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id;

    explicit life(asio::execution_context& context) : service(context) {}
    void shutdown() override { *alive = false; }

    const std::shared_ptr<std::atomic<bool>> alive = std::make_shared<std::atomic<bool>>(true);
};

protocol::addressing addressing_of(const client_options& options)
{
    return {options.backend.value_or(backend::gemini_api), options.project, options.location,
        options.universe_domain};
}

/// Whether the base URL leads to a proxy that adds all that is missing. A token alone does not
/// identify a project.
bool goes_to_a_proxy(const client_options& options)
{
    return options.backend == backend::vertex_ai && !options.base_url.empty() &&
           options.project.empty() && options.location.empty() &&
           (options.credentials.empty() || options.credentials.is<access_token>() ||
               options.credentials.is<token_provider>());
}

protocol::endpoint endpoint_of(const client_options& options, const protocol::addressing& whose,
    const std::string& base_url, protocol::method what)
{
    using protocol::method;
    if (what == method::generate_content && goes_to_a_proxy(options))
        return protocol::whole_endpoint(base_url, allowed_plain_text(options));
    if (options.credentials.is<ephemeral_token>()) {
        if (what == method::generate_music) {
            throw error(errc::invalid_argument,
                "client_options::credentials is an ephemeral token, which opens no music session: "
                "give an api_key.");
        }
        what = method::generate_content_constrained;
    }
    return protocol::live_endpoint(
        base_url, options.api_version, whose, what, allowed_plain_text(options));
}

void check_credentials(const client_options& options)
{
    if (options.backend == backend::vertex_ai && options.credentials.is<access_token>() &&
        options.project.empty() && options.base_url.empty()) {
        throw error(errc::invalid_argument,
            "client_options::project is empty: with an access_token, Vertex AI needs the id of a "
            "project (from_environment takes GOOGLE_CLOUD_PROJECT).");
    }
    auth::check_proof(options.credentials);
    auth::check(auth::headers_of(options.credentials));
}

void require_credentials(const client_options& options)
{
    if (!options.credentials.empty() || goes_to_a_proxy(options) ||
        auth::find(options.headers, "Authorization") ||
        auth::find(options.headers, "x-goog-api-key"))
        return;
    throw error(errc::missing_credentials,
        options.backend == backend::vertex_ai
            ? "Found no credentials for Vertex AI: give client_options::credentials "
              "application_default or a credential_file, an access_token, as `gcloud auth "
              "print-access-token` prints it, or an api_key for express mode."
            : "Found no API key: give client_options::credentials an api_key, or set "
              "GOOGLE_API_KEY or GEMINI_API_KEY and use from_environment.");
}

/// Throws the error for a project that nobody has specified.
[[noreturn]] void refuse_without_project()
{
    throw error(errc::invalid_argument,
        "client_options::project is empty, and the credentials name none: Vertex AI needs the id "
        "of a project (from_environment takes GOOGLE_CLOUD_PROJECT).");
}

bool takes_project_of_credentials(const client_options& options)
{
    return options.backend == backend::vertex_ai && options.project.empty();
}

client_options located(client_options options)
{
    options.credentials = auth::locate(std::move(options.credentials), auth::process_variable);
    return options;
}

/// Chosen so that no token expires between being issued and the upgrade.
std::chrono::seconds time_for_an_upgrade(const deadlines& limits)
{
    constexpr auto spare = std::chrono::seconds(30);
    return spare + std::chrono::ceil<std::chrono::seconds>(
                       limits.resolve + limits.connect + limits.upgrade);
}

/// The secrets as they are, and also without a scheme in front.
std::deque<std::string> secrets_in(const auth::headers& fields)
{
    std::deque<std::string> all;
    for (const auto* const name : {"Authorization", "x-goog-api-key"}) {
        const auto* const value = auth::find(fields, name);
        if (!value) continue;
        if (const auto space = value->rfind(' '); space != std::string::npos)
            all.push_back(value->substr(space + 1));
        all.push_back(*value);
    }
    return all;
}

} // namespace

protocol::plain_text allowed_plain_text(const client_options& options) noexcept
{
    const bool is_allowed = options.allow_plain_text &&
                            (options.allow_plain_text_tokens || !options.credentials.give_tokens());
    return is_allowed ? protocol::plain_text::to_any_machine
                      : protocol::plain_text::to_this_machine;
}

client_core::client_core(client_options options_, std::shared_ptr<transport::connector> connector_,
    std::shared_ptr<async::clock> clock_, std::function<double()> random_)
    : options(located(std::move(options_))),
      connector(tapped(std::move(connector_), options.tap, clock_)), clock(std::move(clock_)),
      random(std::move(random_)), dial_limiter(options.reconnect.attempts_per_second),
      addressing_(addressing_of(options)),
      alive_(asio::use_service<life>(asio::query(connector->executor(), asio::execution::context))
                 .alive)
{
    check(options);
    static_cast<void>(
        endpoint_of(options, addressing_, options.base_url, protocol::method::generate_content));
    check_credentials(options);
    auth::check(options.headers);
    if (options.credentials.give_tokens()) tokens_ = make_source();
    if (options.validate && options.quirks) addressing_.quirks = &options.quirks;
}

std::shared_ptr<auth::token_source> client_core::make_source() const
{
    auth::fetcher_world outside;
    outside.fetch = [to = connector](
                        transport::http_request request) { return to->fetch(std::move(request)); };
    outside.wall_clock = [from = clock] { return from->wall_clock(); };
    outside.trust = options.tls;
    outside.proxy = options.proxy;
    outside.deadlines = options.deadlines;
    const auto fetcher = std::make_shared<auth::token_fetcher>(options.credentials,
        options.universe_domain, takes_project_of_credentials(options), std::move(outside));
    auth::source_world world;
    world.executor = connector->executor();
    world.fetch = [fetcher] { return auth::token_fetcher::fetch(fetcher); };
    world.clock = [from = clock] { return from->now(); };
    world.wall_clock = [from = clock] { return from->wall_clock(); };
    world.sleep_until = [from = clock](base::time_point when) { return from->sleep_until(when); };
    world.random = random;
    world.logger = options.logger;
    return std::make_shared<auth::token_source>(
        std::move(world), time_for_an_upgrade(options.deadlines));
}

std::shared_ptr<const live::setup> client_core::share(live::setup setup)
{
    const std::lock_guard lock(mutex_);
    if (auto latest = latest_setup_.lock(); latest && *latest == setup) return latest;
    auto made = std::make_shared<const live::setup>(std::move(setup));
    latest_setup_ = made;
    return made;
}

protocol::addressing client_core::addressing() const
{
    const std::lock_guard lock(mutex_);
    return addressing_;
}

void client_core::adopt_project(const std::string& project)
{
    if (!takes_project_of_credentials(options)) return;
    if (project.empty() && options.base_url.empty()) refuse_without_project();
    const std::lock_guard lock(mutex_);
    addressing_.project = project;
}

transport::connect_request client_core::request(
    protocol::method what, const std::string& base_url) const
{
    require_credentials(options);
    return request_by(options.credentials, what, base_url);
}

transport::connect_request client_core::request_by(
    const credentials& shown, protocol::method what, const std::string& base_url) const
{
    transport::connect_request request;
    auto [tls, host, port, target] =
        endpoint_of(options, addressing(), base_url.empty() ? options.base_url : base_url, what);
    request.tls = tls;
    request.host = std::move(host);
    request.port = port;
    request.target = std::move(target);
    const std::string agent = std::string("gemini-live-cpp/") + version() + " gl-cpp/20";
    auto ours = auth::headers_of(shown);
    ours.emplace_back("User-Agent", agent);
    ours.emplace_back("x-goog-api-client", agent);
    request.fields = auth::merge(std::move(ours), options.headers);
    request.trust = options.tls;
    request.proxy = options.proxy;
    request.deadlines = options.deadlines;
    request.max_message = options.limits.message;
    request.read_refusal = [secrets = secrets_in(request.fields)](std::string_view body) {
        auto words = protocol::words_of_refusal(body);
        protocol::strike_out(words, secrets); // before the words are cut
        return base::excerpt(std::move(words));
    };
    return request;
}

/// What waits here is small: nothing of its handshake exists yet.
asio::awaitable<std::unique_ptr<transport::connection>> client_core::connect(
    protocol::method what, std::string base_url)
{
    const auto turn = co_await async::semaphore::acquire(handshakes);
    co_return co_await connect_in_turn(what, std::move(base_url));
}

asio::awaitable<std::unique_ptr<transport::connection>> client_core::connect_in_turn(
    protocol::method what, std::string base_url)
{
    if (!tokens_) {
        auto request = this->request(what, base_url);
        co_return co_await connector->connect(std::move(request));
    }
    const auto proof = co_await auth::token_source::get(tokens_);
    try {
        co_return co_await connect_by(proof, what, base_url);
    } catch (const error& refused) { // it may have expired early, or been revoked
        if (refused.value() == errc::proxy_failed) throw; // it has not seen the token
        if (refused.http_status() != 401 && refused.http_status() != 403) throw;
    }
    tokens_->forget(proof);
    auto another = co_await auth::token_source::get(tokens_);
    co_return co_await connect_by(std::move(another), what, std::move(base_url));
}

asio::awaitable<std::unique_ptr<transport::connection>> client_core::connect_by(
    std::shared_ptr<const auth::proof> proof, protocol::method what, std::string base_url)
{
    adopt_project(proof->project);
    auth::check_proof(credentials(proof->token));
    auto request = request_by(proof->token, what, base_url);
    {
        const std::lock_guard lock(mutex_);
        shown_ = std::move(proof);
    }
    auth::check(request.fields);
    co_return co_await connector->connect(std::move(request));
}

std::deque<std::string> client_core::secrets() const
{
    auto shown = auth::headers_of(options.credentials);
    for (const char* name : {"Authorization", "x-goog-api-key"})
        if (const auto* theirs = auth::find(options.headers, name))
            shown.emplace_back(name, *theirs);
    {
        const std::lock_guard lock(mutex_);
        if (shown_) shown.emplace_back("Authorization", shown_->token.reveal());
    }
    std::deque<std::string> all;
    for (auto& [name, value] : shown) {
        if (const auto space = value.rfind(' '); space != std::string::npos)
            all.push_back(value.substr(space + 1));
        all.push_back(std::move(value));
    }
    return all;
}

error client_core::with_origin(error refused) const
{
    const auto* const key = options.credentials.get_if<api_key>();
    if (refused.value() != errc::unauthorized || !key || key->origin().empty()) return refused;
    std::string sentence = refused.what();
    constexpr std::string_view anywhere = "GOOGLE_API_KEY or GEMINI_API_KEY";
    if (const auto at = sentence.find(anywhere); at != std::string::npos)
        sentence.replace(at, anywhere.size(), key->origin());
    else
        sentence += fmt::format(" The key came from {}.", key->origin());
    return {refused.value(), sentence, refused.details()};
}

client access::make_client(std::shared_ptr<client_core> core) noexcept
{
    return client(std::move(core));
}

const std::shared_ptr<client_core>& access::core(const client& of) noexcept { return of.core_; }

client::client(std::shared_ptr<client_core> core) noexcept : core_(std::move(core)) {}

client::client(asio::any_io_executor executor, client_options options)
    : core_(make_core(std::move(executor), std::move(options)))
{
}

client client::from_environment(asio::any_io_executor executor, client_options options)
{
    return {std::move(executor), auth::complete(std::move(options), auth::process_variable)};
}

client::executor_type client::get_executor() const noexcept { return core_->connector->executor(); }

const client_options& client::options() const noexcept { return core_->options; }

} // namespace gemini::live
