// SPDX-License-Identifier: Apache-2.0
#include "auth/environment.hpp"

#include "auth/headers.hpp"
#include "base/trim.hpp"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace gemini::live {
namespace auth {
namespace {

bool is_on(std::string_view text)
{
    constexpr std::string_view yes = "true";
    const auto same = [](char a, char b) { return a == b || a == b - 'a' + 'A'; };
    return text == "1" || std::equal(text.begin(), text.end(), yes.begin(), yes.end(), same);
}

std::string first_of(const variables& variable, std::initializer_list<const char*> names)
{
    for (const char* name : names)
        if (auto value = variable(name); !value.empty()) return value;
    return {};
}

void fill(std::string& option, std::string value)
{
    if (option.empty()) option = std::move(value);
}

live::backend backend_of(const variables& variable)
{
    const bool vertex =
        is_on(first_of(variable, {"GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"}));
    return vertex ? backend::vertex_ai : backend::gemini_api;
}

std::string version_of(const variables& variable, bool vertex)
{
    auto version = variable("GOOGLE_GENAI_API_VERSION");
    if (version == "beta") version = vertex ? "v1beta1" : "v1beta";
    return version;
}

api_key key_of(const variables& variable, const logger& log = {})
{
    if (log.wants(log_level::warning) && !variable("GOOGLE_API_KEY").empty() &&
        !variable("GEMINI_API_KEY").empty()) {
        log.sink({log_level::warning, "two_keys",
            "GOOGLE_API_KEY and GEMINI_API_KEY are both set: GOOGLE_API_KEY is used."});
    }
    for (const char* name : {"GOOGLE_API_KEY", "GEMINI_API_KEY"})
        if (api_key key(variable(name), name); !key.empty()) return key;
    return {};
}

/// A project next to a key is a contradiction unless the user set both explicitly.
void fill_vertex(client_options& options, const variables& variable)
{
    if (options.credentials.is<api_key>()) return;
    fill(options.project, variable("GOOGLE_CLOUD_PROJECT"));
    fill(options.location, first_of(variable, {"GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"}));
    fill(options.universe_domain, variable("GOOGLE_CLOUD_UNIVERSE_DOMAIN"));
    if (options.credentials.empty() && options.project.empty() && options.location.empty())
        options.credentials = key_of(variable, options.logger);
}

/// Whether the base URL leads to a proxy that supplies the project and the credentials.
bool goes_to_a_proxy(const client_options& options)
{
    return !options.base_url.empty() && options.project.empty() && options.location.empty();
}

void fill_quota_project(credentials& given, const variables& variable)
{
    const auto payer = variable("GOOGLE_CLOUD_QUOTA_PROJECT");
    if (payer.empty()) return;
    if (const auto* token = given.get_if<access_token>()) {
        if (token->quota_project().empty()) given = access_token(token->reveal(), payer);
    } else if (const auto* file = given.get_if<credential_file>()) {
        auto changed = *file;
        fill(changed.quota_project, payer);
        given = std::move(changed);
    } else if (const auto* machine = given.get_if<metadata_server>()) {
        auto changed = *machine;
        fill(changed.quota_project, payer);
        given = std::move(changed);
    } else if (const auto* places = given.get_if<application_default>()) {
        auto changed = *places;
        fill(changed.quota_project, payer);
        given = std::move(changed);
    }
}

void fill_host(metadata_server& machine, const variables& variable)
{
    fill(machine.host, first_of(variable, {"GCE_METADATA_HOST", "GCE_METADATA_IP"}));
    fill(machine.host, "169.254.169.254");
}

std::string well_known_file(const variables& variable)
{
    auto folder = variable("CLOUDSDK_CONFIG");
    if (folder.empty()) {
        folder = variable("HOME");
        if (folder.empty()) return {};
        folder += "/.config/gcloud";
    }
    return folder + "/application_default_credentials.json";
}

} // namespace

std::string process_variable(const char* name)
{
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return std::string(base::trimmed(std::string_view(value ? value : "")));
}

client_options complete(client_options given, const variables& variable)
{
    if (!given.backend) given.backend = backend_of(variable);
    const bool vertex = *given.backend == backend::vertex_ai;
    fill(given.base_url, variable(vertex ? "GOOGLE_VERTEX_BASE_URL" : "GOOGLE_GEMINI_BASE_URL"));
    given.allow_plain_text |= is_on(variable("GEMINI_LIVE_ALLOW_PLAIN_TEXT"));
    fill(given.api_version, version_of(variable, vertex));
    if (vertex)
        fill_vertex(given, variable);
    else if (given.credentials.empty())
        given.credentials = key_of(variable, given.logger);
    const bool by_header = find(given.headers, "Authorization") != nullptr;
    if (vertex && given.credentials.empty() && !by_header && !goes_to_a_proxy(given))
        given.credentials = application_default();
    fill_quota_project(given.credentials, variable);
    given.credentials = locate(std::move(given.credentials), variable);
    return given;
}

credentials locate(credentials given, const variables& variable)
{
    if (const auto* machine = given.get_if<metadata_server>()) {
        auto found = *machine;
        fill_host(found, variable);
        return found;
    }
    if (const auto* places = given.get_if<application_default>()) {
        auto found = *places;
        fill(found.file, variable("GOOGLE_APPLICATION_CREDENTIALS"));
        fill(found.well_known_file, well_known_file(variable));
        fill_host(found.machine, variable);
        return found;
    }
    return given;
}

} // namespace auth

api_key api_key::from_environment() { return auth::key_of(auth::process_variable); }

} // namespace gemini::live
