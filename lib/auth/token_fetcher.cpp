// SPDX-License-Identifier: Apache-2.0
#include "auth/token_fetcher.hpp"

#include "base/excerpt.hpp"
#include "base/private_file.hpp"
#include "protocol/service_error.hpp"
#include "transport/http_fields.hpp"

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gemini::live::auth {
namespace {

constexpr std::size_t longest_file = 256u << 10;
constexpr std::string_view usual_universe = "googleapis.com";

/// Wiped when no longer needed.
std::optional<secret> read(const std::string& path)
{
    auto text = base::read_file(path, longest_file);
    if (!text) return std::nullopt;
    return secret(std::move(*text));
}

secret read_existing(const std::string& path, std::string_view name)
{
    auto text = read(path);
    if (!text)
        throw error(errc::missing_credentials, fmt::format("{}: there is no such file.", name));
    return std::move(*text);
}

/// Whether the failure suggests that no server is there.
bool is_absence(const error& failure)
{
    switch (failure.value()) {
    case errc::resolve_failed:
    case errc::connect_failed:
    case errc::timed_out:
    case errc::missing_credentials: return true;
    default: return false;
    }
}

error nothing_found(const application_default& places, const error& machine)
{
    return {errc::missing_credentials,
        fmt::format("Found no credentials for Vertex AI: GOOGLE_APPLICATION_CREDENTIALS is not "
                    "set, there is no file {}, and this is no machine in Google Cloud ({}) Run "
                    "gcloud auth application-default login, or name a credential file.",
            places.well_known_file.empty() ? "of gcloud's" : places.well_known_file,
            machine.what())};
}

} // namespace

token_fetcher::token_fetcher(
    credentials given, std::string universe_domain, bool needs_project, fetcher_world world)
    : given_(std::move(given)),
      universe_domain_(
          universe_domain.empty() ? std::string(usual_universe) : std::move(universe_domain)),
      needs_project_(needs_project), world_(std::move(world))
{
}

asio::awaitable<proof> token_fetcher::fetch(std::shared_ptr<token_fetcher> self)
{
    const auto& given = self->given_;
    if (const auto* file = given.get_if<credential_file>()) co_return co_await self->by_file(*file);
    if (const auto* machine = given.get_if<metadata_server>())
        co_return co_await self->by_machine(*machine);
    if (const auto* places = given.get_if<application_default>())
        co_return co_await self->by_default(*places);
    co_return co_await self->by_provider(*given.get_if<token_provider>());
}

asio::awaitable<proof> token_fetcher::by_provider(const token_provider& provider)
{
    proof got;
    std::string failure;
    try {
        got.token = co_await provider.ask();
        if (got.token.empty()) failure = "it gave an empty token";
    } catch (const error&) {
        throw;
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    }
    if (failure.empty()) co_return got;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw std::system_error(asio::error::make_error_code(asio::error::operation_aborted));
    throw error(
        errc::missing_credentials, fmt::format("The token_provider has failed: {}.", failure));
}

asio::awaitable<proof> token_fetcher::by_default(application_default places)
{
    credential_file file;
    file.quota_project = places.quota_project;
    file.path = places.file;
    if (file.path.empty() && !places.well_known_file.empty() && read(places.well_known_file))
        file.path = places.well_known_file;
    if (!file.path.empty()) co_return co_await by_file(std::move(file));

    auto machine = places.machine;
    if (!places.quota_project.empty()) machine.quota_project = places.quota_project;
    std::optional<error> absent;
    try {
        co_return co_await by_machine(std::move(machine));
    } catch (const error& failure) {
        if (machine_has_answered_ || !is_absence(failure)) throw;
        absent = failure;
    }
    throw nothing_found(places, *absent);
}

asio::awaitable<proof> token_fetcher::by_file(credential_file file)
{
    const auto name = file.text.empty() ? fmt::format("Credential file {}", file.path)
                                        : std::string("The text of a credential_file");
    const auto text = file.text.empty() ? read_existing(file.path, name) : std::move(file.text);
    auto read = std::make_shared<account>(read_account(text.reveal(), name));
    check_universe(*read, name);
    auto payer = file.quota_project.empty() ? read->quota_project : std::move(file.quota_project);
    const auto* robot = std::get_if<service_account>(&read->who);
    if (file.self_signed && (!robot || read->acts_for)) {
        throw error(errc::invalid_argument,
            fmt::format("{}: credential_file::self_signed is for service accounts.", name));
    }
    // Outside googleapis.com there is no endpoint to ask for a token.
    if (robot && !read->acts_for && (file.self_signed || universe_domain_ != usual_universe)) {
        auto got =
            made({self_signed_token(*robot, name, world_.wall_clock()), self_signed_lifetime},
                std::move(payer));
        got.project = read->project;
        co_return got;
    }
    co_return co_await by_account(std::move(read), name, std::move(payer));
}

void token_fetcher::check_universe(const account& account, std::string_view name) const
{
    const auto& theirs =
        account.universe_domain.empty() ? std::string(usual_universe) : account.universe_domain;
    if (theirs == universe_domain_) return;
    throw error(errc::invalid_argument,
        fmt::format("{}: \"universe_domain\" is {}, but that of the client is {}: set "
                    "client_options::universe_domain or GOOGLE_CLOUD_UNIVERSE_DOMAIN.",
            name, theirs, universe_domain_));
}

asio::awaitable<proof> token_fetcher::by_account(
    std::shared_ptr<const account> account, std::string name, std::string quota_project)
{
    std::optional<token_call> call;
    if (const auto* robot = std::get_if<service_account>(&account->who)) {
        call = by_assertion(*robot, name, world_.wall_clock());
    } else if (const auto* user = std::get_if<authorized_user>(&account->who)) {
        call = by_refresh_token(*user, name);
    } else {
        const auto subject = co_await get_subject(account, name);
        call = by_exchange(std::get<external_identity>(account->who), subject, name);
    }
    auto answer = co_await ask(std::move(*call));
    if (account->acts_for) {
        call = by_impersonation(*account->acts_for, answer.token, name);
        answer = co_await ask(std::move(*call));
    }
    auto got = made(std::move(answer), std::move(quota_project));
    got.project = account->project;
    co_return got;
}

asio::awaitable<secret> token_fetcher::get_subject(
    std::shared_ptr<const account> account, std::string name)
{
    const auto& identity = std::get<external_identity>(account->who);
    if (!identity.file.empty()) {
        const auto text = read_existing(identity.file, fmt::format("{}: {}", name, identity.file));
        co_return read_subject(identity, text.reveal(), name);
    }
    const auto call = for_subject(identity, name);
    auto response = co_await send(call);
    auto subject = read_subject(identity, response.body, name);
    secret::wipe(response.body);
    co_return subject;
}

asio::awaitable<proof> token_fetcher::by_machine(metadata_server server)
{
    auto asked = of_machine(server.host, machine_token_path(server.account));
    auto answer = co_await ask(std::move(asked));
    auto got = made(std::move(answer), std::move(server.quota_project));
    if (needs_project_) {
        const auto call = of_machine(server.host, "project/project-id");
        auto response = co_await send(call);
        got.project = std::move(response.body);
    }
    co_return got;
}

asio::awaitable<token_answer> token_fetcher::ask(token_call call)
{
    auto response = co_await send(call);
    auto answer = read_answer(call, response.body, world_.wall_clock());
    secret::wipe(response.body);
    co_return answer;
}

/// Returns the response if its status is 2xx, and throws otherwise.
asio::awaitable<transport::http_response> token_fetcher::send(const token_call& call)
{
    auto request = call.request;
    request.trust = world_.trust;
    request.deadlines = world_.deadlines;
    request.read_refusal = [](std::string_view body) { // that of a proxy
        return base::excerpt(protocol::words_of_refusal(body));
    };
    if (request.tls) {
        request.proxy = world_.proxy;
    } else { // this machine, or a service of its own network
        request.proxy.from_environment = false;
    }
    const bool of_machine = call.grant == grant::machine;
    if (of_machine) { // it is nearby or does not exist
        request.deadlines.connect = std::chrono::seconds(2);
        request.deadlines.upgrade = std::chrono::seconds(5);
    }
    auto response = co_await world_.fetch(std::move(request));
    if (of_machine && response.status < 500) {
        if (transport::header_of(response.fields, "metadata-flavor") != "Google") {
            throw error(errc::missing_credentials,
                fmt::format("{}: what answers there is not Google's, as it does not say "
                            "Metadata-Flavor: Google.",
                    call.name));
        }
        machine_has_answered_ = true;
    }
    if (response.status / 100 != 2) throw refused(call, response, world_.wall_clock());
    co_return response;
}

proof token_fetcher::made(token_answer answer, std::string quota_project) const
{
    std::optional<wall_time> expires;
    if (answer.lifetime) expires = world_.wall_clock() + *answer.lifetime;
    return {access_token(answer.token.reveal(), std::move(quota_project), expires)};
}

} // namespace gemini::live::auth
