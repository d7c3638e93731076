// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"
#include "vectors/stage.hpp"

#include "auth/environment.hpp"
#include "auth/headers.hpp"

#include <gemini/live/music_session.hpp>
#include <gemini/live/session.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace live = gemini::live;

namespace vectors {
namespace {

std::string text_at(const std::optional<json_value>& object, std::string_view name)
{
    const auto value = object ? object->find(name) : std::nullopt;
    return value ? value->string().value_or("") : "";
}

/// "stub OAuth client, token T, quota project P"
live::credentials stub_of(const std::string& auth)
{
    const auto behind = [&auth](std::string_view word) {
        const auto at = auth.find(word);
        if (at == std::string::npos) return std::string();
        const auto begin = at + word.size();
        return auth.substr(begin, auth.find(',', begin) - begin);
    };
    return live::access_token(behind("token "), behind("quota project "));
}

std::string host_of(std::string_view url)
{
    const auto begin = url.find("://") + 3;
    return std::string(url.substr(begin, url.find_first_of(":/", begin) - begin));
}

/// What a user of ours writes for the options of the official client.
live::client_options to_options(const json_value& sdk, std::string_view url)
{
    const auto given = sdk.find("client");
    const auto http = given ? given->find("httpOptions") : std::nullopt;
    live::client_options options;
    if (const auto vertex = given ? given->find("vertexai") : std::nullopt)
        options.backend = *vertex->boolean() ? live::backend::vertex_ai : live::backend::gemini_api;
    options.project = text_at(given, "project");
    options.location = text_at(given, "location");
    options.api_version = text_at(given, "apiVersion");
    if (const auto version = text_at(http, "apiVersion"); !version.empty())
        options.api_version = version;
    options.base_url = text_at(http, "baseUrl");
    // Google is reached by TLS: the recorder pointed its client to this address
    if (url.starts_with("ws://") && options.base_url.empty())
        options.base_url = "http://" + host_of(url);
    if (const auto headers = http ? http->find("headers") : std::nullopt)
        for (const auto& [name, value] : headers->members())
            options.headers.emplace_back(name, value.string().value());
    if (const auto key = text_at(given, "apiKey"); !key.empty())
        options.credentials = live::api_key(key);
    const auto variables = sdk.find("env");
    options = live::auth::complete(
        std::move(options), [&variables](const char* name) { return text_at(variables, name); });
    // the recorder's stub stands for the credentials that are found without a key
    const bool is_key = options.credentials.is<live::api_key>();
    if (const auto auth = sdk.find("auth"); auth && !is_key)
        options.credentials = stub_of(auth->string().value());
    return options;
}

template <class Session>
asio::awaitable<void> open(Session& session)
{
    co_await session.connect();
    co_await session.close();
}

struct upgrade {
    live::transport::connect_request request{};
    std::string setup{};
    std::optional<std::string> refusal{};
};

upgrade connect(const json_value& test)
{
    const auto sdk = *test.find("sdk");
    upgrade seen;
    try {
        stage here(to_options(sdk, text_at(test, "url")));
        const auto client = here.client();
        const auto model = text_at(sdk, "model");
        const bool music = text_at(test, "path").ends_with("Music") || sdk.find("music") ||
                           model.find("lyria") != std::string::npos;
        if (music) {
            live::music_session session(client, model);
            here.play(open(session));
        } else {
            live::session session(client, {.model = model});
            here.play(open(session));
        }
        seen.request = here.dials.at(0);
        seen.setup = here.heard.at(0);
    } catch (const live::error& refused) {
        seen.refusal = refused.what();
    }
    return seen;
}

/// Habits of the official client that the API does not require: a double slash, and v1 where no
/// version of the Gemini API was requested.
std::string usual_path(std::string path, const json_value& sdk)
{
    if (const auto at = path.find("//ws/"); at != std::string::npos) path.erase(at, 1);
    const auto client = sdk.find("client");
    const bool asked = !text_at(client, "apiVersion").empty() ||
                       !text_at(sdk.find("env"), "GOOGLE_GENAI_API_VERSION").empty() ||
                       (client && !text_at(client->find("httpOptions"), "apiVersion").empty());
    constexpr std::string_view v1 = ".generativelanguage.v1.";
    const bool music = path.ends_with("Music");
    if (const auto at = path.find(v1); at != std::string::npos && !asked)
        path.replace(
            at, v1.size(), music ? ".generativelanguage.v1alpha." : ".generativelanguage.v1beta.");
    return path;
}

/// The same secret where we put it: in a header, not in the URL.
void move_query(const std::string& query, live::auth::headers& headers)
{
    constexpr std::string_view key = "key=";
    constexpr std::string_view token = "access_token=";
    if (query.starts_with(key) && !live::auth::find(headers, "x-goog-api-key"))
        headers.emplace_back("x-goog-api-key", query.substr(key.size()));
    if (query.starts_with(token))
        headers.emplace_back("authorization", "Token " + query.substr(token.size()));
}

complaint try_headers(const json_value& test, const live::auth::headers& actual)
{
    constexpr std::array<std::string_view, 1> habits{"content-type"};
    constexpr std::array<std::string_view, 2> free_text{"user-agent", "x-goog-api-client"};
    const auto is_in = [](const auto& list, std::string_view name) {
        return std::find(list.begin(), list.end(), name) != list.end();
    };
    live::auth::headers expected;
    for (const auto& [name, value] : test.find("headers")->members())
        if (!is_in(habits, name)) expected.emplace_back(name, value.string().value());
    move_query(text_at(test, "query"), expected);
    for (const auto& [name, value] : expected) {
        const auto* there = live::auth::find(actual, name);
        if (!there || (is_in(free_text, name) ? there->empty() : *there != value))
            return fmt::format(
                "headers.{}: {} is expected, there is {}", name, value, there ? *there : "none");
    }
    for (const auto& [name, value] : actual)
        if (!live::auth::find(expected, name))
            return fmt::format("headers.{}: {} is there, none is expected", name, value);
    return std::nullopt;
}

} // namespace

complaint try_connect(const json_value& test)
{
    const auto sdk = *test.find("sdk");
    const auto seen = connect(test);
    if (test.find("error"))
        return seen.refusal ? std::nullopt : complaint("error: the client was not refused");
    if (seen.refusal) return "the whole: refused: " + *seen.refusal;
    const auto compare = [](const char* name, const std::string& expected,
                             const std::string& actual) {
        return expected == actual ? std::nullopt
                                  : complaint(fmt::format(
                                        "{}: {} is expected, there is {}", name, expected, actual));
    };
    if (auto found = compare("url", host_of(text_at(test, "url")), seen.request.host)) return found;
    if (auto found = compare("path", usual_path(text_at(test, "path"), sdk), seen.request.target))
        return found;
    if (test.find("headers"))
        if (auto found = try_headers(test, seen.request.fields)) return found;
    const auto setup = json_value::parse(seen.setup).find("setup");
    return compare("model_on_wire", text_at(test, "model_on_wire"), text_at(setup, "model"));
}

} // namespace vectors
