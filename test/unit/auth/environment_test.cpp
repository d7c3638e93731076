// SPDX-License-Identifier: Apache-2.0
#include "auth/environment.hpp"

#include "support/catch.hpp"

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace environment_test {

using namespace gemini::live;

namespace {

using environment = std::map<std::string, std::string>;

client_options completed(client_options given, const environment& all)
{
    return auth::complete(std::move(given), [&all](const char* name) {
        const auto found = all.find(name);
        return found == all.end() ? std::string() : found->second;
    });
}

std::string shown(const credentials& given)
{
    if (const auto* key = given.get_if<api_key>()) return "key " + key->reveal();
    if (const auto* made = given.get_if<ephemeral_token>()) return "ephemeral " + made->reveal();
    if (const auto* token = given.get_if<access_token>()) return "access " + token->reveal();
    return given.is<application_default>() ? "default" : "none";
}

const client_options vertex{.backend = backend::vertex_ai};

} // namespace

TEST_CASE("the environment selects the service, unless the program does")
{
    struct row {
        environment all;
        bool vertex;
    };
    const std::string enterprise = "GOOGLE_GENAI_USE_ENTERPRISE";
    const std::string vertexai = "GOOGLE_GENAI_USE_VERTEXAI";
    const auto each = GENERATE_COPY(row{{}, false}, row{{{vertexai, "true"}}, true},
        row{{{vertexai, "TRUE"}}, true}, row{{{vertexai, "1"}}, true},
        row{{{vertexai, "false"}}, false}, row{{{vertexai, "yes"}}, false},
        row{{{enterprise, "True"}}, true}, row{{{enterprise, "false"}, {vertexai, "true"}}, false},
        row{{{enterprise, "true"}, {vertexai, "false"}}, true},
        row{{{enterprise, ""}, {vertexai, "true"}}, true});
    CHECK((completed({}, each.all).backend == backend::vertex_ai) == each.vertex);
    CHECK(completed({.backend = backend::gemini_api}, each.all).backend == backend::gemini_api);
    CHECK(completed(vertex, each.all).backend == backend::vertex_ai);
}

TEST_CASE("the Gemini API uses a key from the environment, and no project")
{
    const environment all{{"GOOGLE_API_KEY", "g"}, {"GEMINI_API_KEY", "m"},
        {"GOOGLE_CLOUD_PROJECT", "p"}, {"GOOGLE_CLOUD_LOCATION", "l"}};
    const auto found = completed({}, all);
    CHECK(shown(found.credentials) == "key g");
    CHECK(found.project.empty());
    CHECK(found.location.empty());
    CHECK(shown(completed({}, {{"GEMINI_API_KEY", "m"}}).credentials) == "key m");
    CHECK(shown(completed({}, {{"GOOGLE_API_KEY", ""}, {"GEMINI_API_KEY", "m"}}).credentials) ==
          "key m");
    CHECK(shown(completed({}, {{"GEMINI_API_KEY", "auth_tokens/1"}}).credentials) ==
          "ephemeral auth_tokens/1");
    CHECK(shown(completed({.credentials = api_key("mine")}, all).credentials) == "key mine");
    CHECK(
        shown(completed({.credentials = ephemeral_token("t")}, all).credentials) == "ephemeral t");
    CHECK(shown(completed({}, {}).credentials) == "none");
}

TEST_CASE("on Vertex AI a project and a key in the environment exclude each other")
{
    const environment place{{"GOOGLE_CLOUD_PROJECT", "ep"}, {"GOOGLE_CLOUD_LOCATION", "el"}};
    const environment key{{"GOOGLE_API_KEY", "ek"}};
    environment both = place;
    both.insert(key.begin(), key.end());
    const auto with = [](std::string project, std::string location, credentials given) {
        auto options = vertex;
        options.project = std::move(project);
        options.location = std::move(location);
        options.credentials = std::move(given);
        return options;
    };
    struct row {
        client_options given;
        environment all;
        std::string project, location, credentials;
    };
    const auto each = GENERATE_COPY(row{with("", "", {}), place, "ep", "el", "default"},
        row{with("", "", {}), key, "", "", "key ek"},
        row{with("", "", {}), both, "ep", "el", "default"},
        row{with("p", "l", {}), both, "p", "l", "default"},
        row{with("p", "", {}), both, "p", "el", "default"},
        row{with("", "l", {}), both, "ep", "l", "default"},
        row{with("", "l", {}), key, "", "l", "default"},
        row{with("", "", api_key("k")), both, "", "", "key k"},
        row{with("p", "l", api_key("k")), both, "p", "l", "key k"},
        row{with("p", "", api_key("k")), both, "p", "", "key k"},
        row{with("", "", access_token("t")), both, "ep", "el", "access t"},
        row{with("p", "", access_token("t")), both, "p", "el", "access t"},
        row{with("", "", {}), {{"GOOGLE_CLOUD_REGION", "r"}}, "", "r", "default"},
        row{with("", "", {}), {{"GOOGLE_CLOUD_REGION", "r"}, {"GOOGLE_CLOUD_LOCATION", "l"}}, "",
            "l", "default"});
    const auto found = completed(each.given, each.all);
    CHECK(found.project == each.project);
    CHECK(found.location == each.location);
    CHECK(shown(found.credentials) == each.credentials);
}

TEST_CASE(
    "only its own variable allows plain text to other machines, and none allows it for tokens")
{
    const std::string name = "GEMINI_LIVE_ALLOW_PLAIN_TEXT";
    const environment plain{{"GOOGLE_GEMINI_BASE_URL", "http://gateway"}};
    CHECK_FALSE(completed({}, plain).allow_plain_text);
    CHECK(completed({}, {{name, "true"}}).allow_plain_text);
    CHECK(completed({}, {{name, "1"}}).allow_plain_text);
    for (const auto* other : {"", "0", "false", "yes"})
        CHECK_FALSE(completed({}, {{name, other}}).allow_plain_text);
    CHECK(completed({.allow_plain_text = true}, {{name, "false"}}).allow_plain_text);
    CHECK_FALSE(completed({}, {{name, "true"}}).allow_plain_text_tokens);
}

TEST_CASE("each backend has its own variable for the base URL")
{
    const environment all{
        {"GOOGLE_GEMINI_BASE_URL", "https://g"}, {"GOOGLE_VERTEX_BASE_URL", "https://v"}};
    CHECK(completed({}, all).base_url == "https://g");
    CHECK(completed(vertex, all).base_url == "https://v");
    CHECK(completed({.base_url = "https://mine"}, all).base_url == "https://mine");
    CHECK(completed({}, {{"GOOGLE_VERTEX_BASE_URL", "https://v"}}).base_url.empty());
}

TEST_CASE("the environment sets the version, and beta means the backend's own")
{
    const std::string name = "GOOGLE_GENAI_API_VERSION";
    CHECK(completed({}, {{name, "v1alpha"}}).api_version == "v1alpha");
    CHECK(completed({}, {{name, "beta"}}).api_version == "v1beta");
    CHECK(completed(vertex, {{name, "beta"}}).api_version == "v1beta1");
    CHECK(completed({.api_version = "v1"}, {{name, "beta"}}).api_version == "v1");
    CHECK(completed({}, {}).api_version.empty());
}

TEST_CASE("the environment sets the quota project, unless the program has set it")
{
    const environment all{{"GOOGLE_CLOUD_QUOTA_PROJECT", "q"}};
    const auto payer = [&all](credentials given) -> std::string {
        const auto found = completed({.credentials = std::move(given)}, all).credentials;
        if (const auto* token = found.get_if<access_token>()) return token->quota_project();
        if (const auto* file = found.get_if<credential_file>()) return file->quota_project;
        if (const auto* machine = found.get_if<metadata_server>()) return machine->quota_project;
        if (const auto* all = found.get_if<application_default>()) return all->quota_project;
        return "nobody";
    };
    CHECK(payer(access_token("t")) == "q");
    CHECK(payer(access_token("t", "mine")) == "mine");
    CHECK(payer(credential_file{.path = "f"}) == "q");
    CHECK(payer(credential_file{.path = "f", .quota_project = "mine"}) == "mine");
    CHECK(payer(metadata_server{}) == "q");
    CHECK(payer(metadata_server{.quota_project = "mine"}) == "mine");
    CHECK(payer(application_default{}) == "q");
    CHECK(payer(application_default{.quota_project = "mine"}) == "mine");
    CHECK(payer(api_key("k")) == "nobody");
}

TEST_CASE(
    "application default credentials are searched for where gcloud and the environment put them")
{
    const auto places = [](application_default given, const environment& all) {
        return *completed({.credentials = std::move(given)}, all)
                    .credentials.get_if<application_default>();
    };
    const std::string file = "/application_default_credentials.json";
    const environment home{{"HOME", "/home/me"}};
    CHECK(places({}, home).file.empty());
    CHECK(places({}, home).well_known_file == "/home/me/.config/gcloud" + file);
    CHECK(places({}, home).machine.host == "169.254.169.254");
    CHECK(places({}, {}).well_known_file.empty());

    environment all = home;
    all.insert({{"GOOGLE_APPLICATION_CREDENTIALS", "/key.json"}, {"CLOUDSDK_CONFIG", "/gcloud"},
        {"GCE_METADATA_HOST", "metadata.test"}, {"GCE_METADATA_IP", "10.0.0.1"}});
    CHECK(places({}, all).file == "/key.json");
    CHECK(places({}, all).well_known_file == "/gcloud" + file);
    CHECK(places({}, all).machine.host == "metadata.test");
    CHECK(places({}, {{"GCE_METADATA_IP", "10.0.0.1"}}).machine.host == "10.0.0.1");

    const auto mine =
        places({.file = "/mine", .well_known_file = "/known", .machine = {.host = "here:80"}}, all);
    CHECK(mine.file == "/mine");
    CHECK(mine.well_known_file == "/known");
    CHECK(mine.machine.host == "here:80");

    const auto machine = [](metadata_server given, const environment& found) {
        return completed({.credentials = std::move(given)}, found)
            .credentials.get_if<metadata_server>()
            ->host;
    };
    CHECK(machine({}, all) == "metadata.test");
    CHECK(machine({.host = "mine"}, all) == "mine");
}

TEST_CASE("on Vertex AI other credentials take the place of application default credentials")
{
    const auto what = [](client_options given, const environment& all) {
        given.backend = backend::vertex_ai;
        return shown(completed(std::move(given), all).credentials);
    };
    CHECK(what({}, {}) == "default");
    CHECK(what({.location = "us-central1"}, {}) == "default");
    CHECK(what({.headers = {{"authorization", "Bearer mine"}}}, {}) == "none");
    CHECK(what({.base_url = "https://proxy"}, {}) == "none");
    CHECK(what({}, {{"GOOGLE_VERTEX_BASE_URL", "https://proxy"}}) == "none");
    CHECK(what({.project = "p", .base_url = "https://proxy"}, {}) == "default");
    CHECK(shown(completed({}, {}).credentials) == "none"); // the Gemini API's
}

TEST_CASE("the environment sets the universe")
{
    const environment all{{"GOOGLE_CLOUD_UNIVERSE_DOMAIN", "cloud.example"}};
    CHECK(completed(vertex, all).universe_domain == "cloud.example");
    auto mine = vertex;
    mine.universe_domain = "mine.example";
    CHECK(completed(mine, all).universe_domain == "mine.example");
    CHECK(completed({}, all).universe_domain.empty());
}

TEST_CASE("a second key in the environment is logged, without its value")
{
    std::vector<std::string> lines;
    client_options options;
    options.logger.sink =
        log_lines([&lines](log_level, std::string_view line) { lines.emplace_back(line); });
    completed(options, {{"GOOGLE_API_KEY", "secret-1"}, {"GEMINI_API_KEY", "secret-2"}});
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("GOOGLE_API_KEY is used") != std::string::npos);
    CHECK(lines[0].find("secret") == std::string::npos);
    completed(options, {{"GOOGLE_API_KEY", "secret-1"}});
    CHECK(lines.size() == 1);
}

TEST_CASE("a key from the environment keeps its variable's name, and blanks alone are not a key")
{
    const auto key_of = [](const environment& all) {
        const auto found = completed({}, all).credentials;
        const auto* const key = found.get_if<api_key>();
        return key ? key->origin() + "=" + key->reveal() : std::string("none");
    };
    CHECK(key_of({{"GEMINI_API_KEY", "k\r\n"}}) == "GEMINI_API_KEY=k");
    CHECK(key_of({{"GOOGLE_API_KEY", " "}, {"GEMINI_API_KEY", "\"k\""}}) == "GEMINI_API_KEY=k");
    CHECK(key_of({{"GOOGLE_API_KEY", "a"}, {"GEMINI_API_KEY", "b"}}) == "GOOGLE_API_KEY=a");
    CHECK(key_of({{"GEMINI_API_KEY", "\r\n"}}) == "none");
}

TEST_CASE("white space around a process variable is stripped")
{
    ::setenv("GEMINI_LIVE_TEST_VARIABLE", " us-central1\r\n", 1);
    CHECK(auth::process_variable("GEMINI_LIVE_TEST_VARIABLE") == "us-central1");
    ::unsetenv("GEMINI_LIVE_TEST_VARIABLE");
    CHECK(auth::process_variable("GEMINI_LIVE_TEST_VARIABLE").empty());
}

} // namespace environment_test
