// SPDX-License-Identifier: Apache-2.0
#include "protocol/endpoint.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <string>

using namespace gemini::live;
using namespace gemini::live::protocol;

namespace {

const std::string api_path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.";

template <class Work>
std::string refusal_of(Work work)
{
    try {
        static_cast<void>(work());
    } catch (const error& refused) {
        REQUIRE(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return "taken";
}

endpoint endpoint_at(std::string_view base_url, std::string_view version = "v1beta")
{
    return live_endpoint(base_url, version, {}, method::generate_content);
}

} // namespace

TEST_CASE("a base URL says where the connection goes")
{
    struct row {
        const char* url;
        bool tls;
        const char* host;
        std::uint16_t port;
        std::string path;
    };
    const auto each = GENERATE(row{"https://generativelanguage.googleapis.com", true,
                                   "generativelanguage.googleapis.com", 443, ""},
        row{"https://generativelanguage.googleapis.com/", true, "generativelanguage.googleapis.com",
            443, ""},
        row{"wss://proxy.example:8443/live//", true, "proxy.example", 8443, "/live"},
        row{"HTTPS://Proxy.Example/A/b", true, "proxy.example", 443, "/A/b"},
        row{"http://localhost", false, "localhost", 80, ""},
        row{"http://LocalHost:4711", false, "localhost", 4711, ""},
        row{"ws://127.0.0.1:65535/x", false, "127.0.0.1", 65535, "/x"},
        row{"http://127.1.2.3", false, "127.1.2.3", 80, ""},
        row{"http://[::1]:80", false, "::1", 80, ""},
        row{"https://[2001:DB8::1]", true, "2001:db8::1", 443, ""});
    const auto found = endpoint_at(each.url);
    CHECK(found.tls == each.tls);
    CHECK(found.host == each.host);
    CHECK(found.port == each.port);
    CHECK(found.target == each.path + api_path + "BidiGenerateContent");
}

TEST_CASE("the version is part of the path")
{
    CHECK(endpoint_at("https://a.example", "v1alpha").target ==
          "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContent");
    for (const auto* version : {"v1/", "v1.2", "v 1", "../x", "v1\r\n"})
        CHECK(refusal_of([&] { return endpoint_at("https://a.example", version); }) != "taken");
}

TEST_CASE("what is no base URL is refused")
{
    const std::string url = GENERATE(as<std::string>(), "", "a.example", "://a", "ftp://a",
        "https://", "https:///x", "https://:443", "https://a:0", "https://a:65536", "https://a:b",
        "https://a:", "https://a:1:2", "https://a?q", "https://a/x?q", "https://a#f",
        "https://u:secret@a", "https://[::1", "https://[::1]x", "https://[]", "https://[a]",
        "https://::1", "https://a b", "https://a\n", "https://a/\x7f", "https://a[b",
        "https://a%62");
    const auto told = refusal_of([&] { return endpoint_at(url); });
    CHECK(told.starts_with("The base URL "));
    CHECK(told.find("secret") == std::string::npos);
}

TEST_CASE("a key is never sent in the clear to another machine")
{
    const std::string url =
        GENERATE(as<std::string>(), "http://a.example", "ws://10.0.0.1", "http://[2001:db8::1]",
            "http://localhost.example", "http://127.a.example", "http://128.0.0.1");
    const auto told = refusal_of([&] { return endpoint_at(url); });
    CHECK(told.find("unencrypted: use https://") != std::string::npos);
}

TEST_CASE("a model becomes a resource")
{
    CHECK(model_resource("gemini-3.8-live", {}) == "models/gemini-3.8-live");
    CHECK(model_resource("models/x", {}) == "models/x");
    CHECK(model_resource("tunedModels/x", {}) == "tunedModels/x");
    CHECK(model_resource("pub/x", {}) == "models/pub/x");
    CHECK(model_resource("projects/p", {}) == "models/projects/p");
    for (const auto* bad : {"", "a?x=1", "a&b", "../a", "models/.."})
        CHECK(refusal_of([&] { return model_resource(bad, {}); }).starts_with("setup::model "));
}

TEST_CASE("each model takes text in its own way")
{
    for (const auto* model : {"gemini-live-2.5-flash-preview", "gemini-2.0-flash-live-001",
             "models/gemini-2.5-flash-native-audio-preview-12-2025",
             "gemini-live-2.5-flash-native-audio"})
        CHECK(text_path_of(model) == text_path::client_content);
    for (const auto* model : {"gemini-3.8-live", "models/gemini-3.1-flash-live-preview",
             "gemini-3.8-live-extended-thinking", "somebody's-own", ""})
        CHECK(text_path_of(model) == text_path::realtime_input);
}
