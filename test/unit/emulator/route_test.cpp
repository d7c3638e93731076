// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/route.hpp"

#include "support/catch.hpp"

namespace route_test {

using namespace gemini::live;
using namespace gemini::live::emulator;

namespace {

testing::emulator_request request(std::string path, std::string query = "",
    std::vector<std::pair<std::string, std::string>> headers = {})
{
    headers.emplace_back("host", "127.0.0.1:4711");
    return {std::move(path), std::move(query), std::move(headers)};
}

const std::string g = "/ws/google.ai.generativelanguage.";
const std::string v = "/ws/google.cloud.aiplatform.";
const std::string firebase = "/ws/google.firebase.vertexai.v1beta.";

} // namespace

TEST_CASE("every form of URL that clients use is recognized")
{
    struct row {
        std::string path;
        backend what;
        std::string version;
        bool constrained;
    };
    for (const auto& each : {row{g + "v1beta.GenerativeService.BidiGenerateContent",
                                 backend::gemini_api, "v1beta", false},
             row{g + "v1.GenerativeService.BidiGenerateContent", backend::gemini_api, "v1", false},
             row{g + "v1alpha.GenerativeService.BidiGenerateContent", backend::gemini_api,
                 "v1alpha", false},
             row{"/" + g + "v1.GenerativeService.BidiGenerateContent", backend::gemini_api, "v1",
                 false},
             row{"/proxy/path" + g + "v1beta.GenerativeService.BidiGenerateContent",
                 backend::gemini_api, "v1beta", false},
             row{g + "v1alpha.GenerativeService.BidiGenerateContentConstrained",
                 backend::gemini_api, "v1alpha", true},
             row{g + "v1.GenerativeService.BidiGenerateContentConstrained", backend::gemini_api,
                 "v1", true},
             row{v + "v1beta1.LlmBidiService/BidiGenerateContent", backend::vertex_ai, "v1beta1",
                 false},
             row{v + "v1.LlmBidiService/BidiGenerateContent", backend::vertex_ai, "v1", false},
             row{firebase + "GenerativeService/BidiGenerateContent", backend::gemini_api, "v1beta",
                 false},
             row{firebase + "LlmBidiService/BidiGenerateContent/locations/us-central1",
                 backend::vertex_ai, "v1beta", false}}) {
        INFO(each.path);
        const auto found = find_route(request(each.path), guest_list{});
        REQUIRE(found.route);
        CHECK(found.route->backend == each.what);
        CHECK(found.route->version == each.version);
        CHECK(found.route->constrained == each.constrained);
    }
}

TEST_CASE("music has its own method, on v1alpha of the Gemini API only")
{
    const std::string method = ".GenerativeService.BidiGenerateMusic";
    const auto found = find_route(request(g + "v1alpha" + method), guest_list{});
    REQUIRE(found.route);
    CHECK(found.route->music);
    CHECK_FALSE(
        find_route(request(g + "v1alpha.GenerativeService.BidiGenerateContent"), guest_list{})
            .route->music);
    CHECK_FALSE(find_route(request(g + "v1beta" + method), guest_list{}).route);
    CHECK_FALSE(find_route(request(v + "v1alpha" + method), guest_list{}).route);
}

TEST_CASE("any other URL is not found")
{
    for (const auto& path :
        {std::string("/"), std::string("/ws/"), g + "v2.GenerativeService.BidiGenerateContent",
            g + "v1beta.GenerativeService.BidiGenerateContents",
            g + "v1beta1.LlmBidiService/BidiGenerateContent",
            v + "v1.LlmBidiService.BidiGenerateContent"}) {
        INFO(path);
        const auto found = find_route(request(path), guest_list{});
        CHECK_FALSE(found.route);
        CHECK(found.verdict.status == 404);
    }
}

TEST_CASE("credentials are found in headers and in the query")
{
    const auto path = g + "v1beta.GenerativeService.BidiGenerateContent";
    const auto of = [&](const testing::emulator_request& one) {
        return *find_route(one, guest_list{}).route;
    };
    CHECK(of(request(path)).credential == credential::none);
    CHECK(of(request(path, "key=abc")).secret == "abc");
    CHECK(of(request(path, "alt=x&key=abc&z=1")).secret == "abc");
    CHECK(of(request(path, "", {{"x-goog-api-key", "abc"}})).credential == credential::api_key);
    CHECK(
        of(request(path, "access_token=auth_tokens/t")).credential == credential::ephemeral_token);
    CHECK(of(request(path, "", {{"authorization", "Token auth_tokens/t"}})).secret ==
          "auth_tokens/t");
    CHECK(of(request(path, "", {{"authorization", "Bearer ya29"}})).credential ==
          credential::access_token);
    CHECK(of(request(path, "", {{"x-goog-api-key", "auth_tokens/t"}})).credential ==
          credential::ephemeral_token);
}

TEST_CASE("web pages and other machines are refused")
{
    const auto path = g + "v1beta.GenerativeService.BidiGenerateContent";
    CHECK(find_route(request(path, "", {{"origin", "https://example.com"}}), guest_list{})
              .verdict.status == 403);
    const testing::emulator_request elsewhere{path, "", {{"host", "example.com"}}};
    CHECK(find_route(elsewhere, guest_list{}).verdict.status == 403);
    CHECK(find_route(elsewhere, {.loopback_only = false}).route);
    for (const char* host : {"127.example.com", "localhost.example.com", "[::1].example.com", "",
             "[::2]:8080", "[::1", "127.1", "[localhost]"}) {
        INFO(host);
        CHECK_FALSE(
            find_route(testing::emulator_request{path, "", {{"host", host}}}, guest_list{}).route);
    }
    for (const char* host : {"localhost:1", "LocalHost", "app.localhost:1", "127.0.0.1",
             "127.1.2.3:80", "[::1]:8080", "[0:0::1]", "[::ffff:127.0.0.1]:80"}) {
        INFO(host);
        CHECK(
            find_route(testing::emulator_request{path, "", {{"host", host}}}, guest_list{}).route);
    }
}

TEST_CASE("this machine's names and listed web origins are served")
{
    const auto path = g + "v1beta.GenerativeService.BidiGenerateContent";
    guest_list guests;
    guests.host_names = {"emulator.test"};
    guests.origins = {"https://example.com"};
    const auto status = [&](std::string_view host, std::string_view origin) {
        testing::emulator_request one{path, "", {{"host", std::string(host)}}};
        if (!origin.empty()) one.headers.emplace_back("origin", origin);
        return find_route(one, guests).verdict.status;
    };
    CHECK(status("emulator.test", "") == 101);
    CHECK(status("Emulator.test:4711", "") == 101);
    CHECK(status("localhost:1", "") == 101);
    CHECK(status("other.test", "") == 403);
    CHECK(status("emulator.test.example.com", "") == 403);
    CHECK(status("localhost", "https://example.com") == 101);
    CHECK(status("localhost", "https://example.com:8443") == 403);
    CHECK(status("localhost", "http://example.com") == 403);
    guests.origins = {"*"};
    CHECK(status("localhost", "http://example.com") == 101);
}

} // namespace route_test
