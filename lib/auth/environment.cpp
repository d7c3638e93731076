// SPDX-License-Identifier: Apache-2.0
#include "auth/environment.hpp"

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

live::flavour flavour_of(const variables& variable)
{
    const bool vertex =
        is_on(first_of(variable, {"GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"}));
    return vertex ? flavour::vertex_ai : flavour::gemini_api;
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
    return api_key(first_of(variable, {"GOOGLE_API_KEY", "GEMINI_API_KEY"}));
}

/// A project beside a key is a contradiction unless the user gave both.
void fill_vertex(client_options& options, const variables& variable)
{
    if (options.credentials.is<api_key>()) return;
    fill(options.project, variable("GOOGLE_CLOUD_PROJECT"));
    fill(options.location, first_of(variable, {"GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"}));
    if (options.credentials.empty() && options.project.empty() && options.location.empty())
        options.credentials = key_of(variable, options.logger);
}

void fill_quota_project(credentials& given, const variables& variable)
{
    const auto* token = given.get_if<access_token>();
    if (!token || !token->quota_project().empty()) return;
    given = access_token(token->reveal(), variable("GOOGLE_CLOUD_QUOTA_PROJECT"));
}

} // namespace

std::string process_variable(const char* name)
{
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value ? value : "";
}

client_options complete(client_options given, const variables& variable)
{
    if (!given.flavour) given.flavour = flavour_of(variable);
    const bool vertex = *given.flavour == flavour::vertex_ai;
    if (vertex)
        fill_vertex(given, variable);
    else if (given.credentials.empty())
        given.credentials = key_of(variable, given.logger);
    fill_quota_project(given.credentials, variable);
    fill(given.base_url, variable(vertex ? "GOOGLE_VERTEX_BASE_URL" : "GOOGLE_GEMINI_BASE_URL"));
    fill(given.api_version, version_of(variable, vertex));
    return given;
}

} // namespace auth

api_key api_key::from_environment() { return auth::key_of(auth::process_variable); }

} // namespace gemini::live
