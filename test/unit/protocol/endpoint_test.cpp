// SPDX-License-Identifier: Apache-2.0
#include "protocol/endpoint.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <string>

namespace endpoint_test {

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

TEST_CASE("a base URL determines where the connection goes")
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
        row{"http://app.localhost:80", false, "app.localhost", 80, ""},
        row{"http://[0:0::1]", false, "0:0::1", 80, ""},
        row{"http://[::ffff:127.0.0.1]", false, "::ffff:127.0.0.1", 80, ""},
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

TEST_CASE("an invalid base URL is refused")
{
    const std::string url = GENERATE(as<std::string>(), "a.example", "://a", "ftp://a", "https://",
        "https:///x", "https://:443", "https://a:0", "https://a:65536", "https://a:b",
        "https://a:", "https://a:1:2", "https://a?q", "https://a/x?q", "https://a#f",
        "https://a/x#f", "https://u:secret@a", "https://[::1", "https://[::1]x", "https://[]",
        "https://[a]", "https://::1", "https://a b", "https://a\n", "https://a/\x7f", "https://a[b",
        "https://a%62");
    const auto told = refusal_of([&] { return endpoint_at(url); });
    CHECK(told.starts_with("The base URL "));
    CHECK(told.find("secret") == std::string::npos);
    const auto says = [&told](std::string_view why) { return told.find(why) != std::string::npos; };
    if (url.find('@') != std::string::npos) CHECK(says("has user information"));
    if (url.find('#') != std::string::npos) CHECK(says("has a fragment"));
}

TEST_CASE("a key is never sent in the clear to another machine")
{
    const std::string url =
        GENERATE(as<std::string>(), "http://a.example", "ws://10.0.0.1", "http://[2001:db8::1]",
            "http://localhost.example", "http://127.a.example", "http://128.0.0.1",
            "http://notlocalhost", "http://[::ffff:10.0.0.1]", "http://127.1", "http://127.0.0.1.");
    const auto told = refusal_of([&] { return endpoint_at(url); });
    CHECK(told.find("unencrypted: use https://") != std::string::npos);
    CHECK(told.find("client_options::allow_plain_text ") != std::string::npos);
    CHECK(told.find("client_options::allow_plain_text_tokens") != std::string::npos);
}

TEST_CASE("plain text to another machine can be allowed")
{
    const auto allowed = plain_text::to_any_machine;
    const auto found =
        live_endpoint("ws://gateway:8080/x", "", {}, method::generate_content, allowed);
    CHECK_FALSE(found.tls);
    CHECK(found.host == "gateway");
    CHECK(found.port == 8080);
    const addressing vertex{backend::vertex_ai, "p", ""};
    CHECK(
        live_endpoint("http://10.0.0.1", "", vertex, method::generate_content, allowed).port == 80);
    CHECK(whole_endpoint("http://proxy.example", allowed).host == "proxy.example");
    CHECK(rest_endpoint("http://gateway", "", "auth_tokens", allowed).host == "gateway");
    CHECK(live_endpoint("https://gateway", "", {}, method::generate_content, allowed).tls);
}

TEST_CASE("without a base URL the backend, the location and the method determine the address")
{
    const std::string gemini = "generativelanguage.googleapis.com";
    const std::string vertex = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/";
    struct row {
        addressing whose;
        method what;
        std::string version, host, target;
    };
    const auto each = GENERATE_COPY(
        row{{}, method::generate_content, "", gemini, api_path + "BidiGenerateContent"},
        row{{}, method::generate_content, "v1", gemini,
            "/ws/google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent"},
        row{{}, method::generate_content_constrained, "", gemini,
            api_path + "BidiGenerateContentConstrained"},
        row{{}, method::generate_music, "", gemini,
            "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic"},
        row{{}, method::generate_music, "v1beta", gemini, api_path + "BidiGenerateMusic"},
        row{{backend::vertex_ai, "p", "us-central1"}, method::generate_content, "",
            "us-central1-aiplatform.googleapis.com", vertex + "BidiGenerateContent"},
        row{{backend::vertex_ai, "p", "global"}, method::generate_content, "",
            "aiplatform.googleapis.com", vertex + "BidiGenerateContent"},
        row{{backend::vertex_ai, "p", ""}, method::generate_content, "",
            "aiplatform.googleapis.com", vertex + "BidiGenerateContent"},
        row{{backend::vertex_ai, "p", "us"}, method::generate_content, "",
            "aiplatform.us.rep.googleapis.com", vertex + "BidiGenerateContent"},
        row{{backend::vertex_ai, "p", "eu"}, method::generate_content, "",
            "aiplatform.eu.rep.googleapis.com", vertex + "BidiGenerateContent"},
        row{{backend::vertex_ai, "", ""}, method::generate_content, "v1",
            "aiplatform.googleapis.com",
            "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent"});
    const auto found = live_endpoint("", each.version, each.whose, each.what);
    CHECK(found.tls);
    CHECK(found.host == each.host);
    CHECK(found.port == 443);
    CHECK(found.target == each.target);
}

TEST_CASE("a base URL also replaces the host of Vertex AI, and its path comes first")
{
    const addressing whose{backend::vertex_ai, "p", "us-central1"};
    const auto found =
        live_endpoint("https://proxy.example/v/", "", whose, method::generate_content);
    CHECK(found.host == "proxy.example");
    CHECK(
        found.target == "/v/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent");
}

TEST_CASE("a URL of a service that adds the rest stays unchanged")
{
    CHECK(whole_endpoint("wss://proxy.example/live/").target == "/live/");
    CHECK(whole_endpoint("wss://proxy.example").target == "/");
    CHECK(refusal_of([] { return whole_endpoint("http://proxy.example"); }) != "taken");
}

TEST_CASE("a REST call uses the host of the sessions")
{
    const auto found = rest_endpoint("", "", "auth_tokens");
    CHECK(found.tls);
    CHECK(found.host == "generativelanguage.googleapis.com");
    CHECK(found.port == 443);
    CHECK(found.target == "/v1beta/auth_tokens");
    const auto here = rest_endpoint("http://127.0.0.1:8080/x/", "v1alpha", "auth_tokens");
    CHECK_FALSE(here.tls);
    CHECK(here.host == "127.0.0.1");
    CHECK(here.port == 8080);
    CHECK(here.target == "/x/v1alpha/auth_tokens");
}

TEST_CASE("what the backend does not have is refused, with the option and the reason")
{
    struct row {
        addressing whose;
        method what;
        const char* told;
    };
    const auto each =
        GENERATE(row{{backend::gemini_api, "p", ""}, method::generate_content,
                     "client_options::project and client_options::location are for Vertex AI"},
            row{{backend::gemini_api, "", "us-central1"}, method::generate_content,
                "client_options::project and client_options::location are for Vertex AI"},
            row{{backend::vertex_ai, "p", "a.example/"}, method::generate_content,
                "client_options::location must look like us-central1"},
            row{{backend::vertex_ai, "p/q", ""}, method::generate_content,
                "client_options::project must be"},
            row{{backend::vertex_ai, "..", ""}, method::generate_content,
                "client_options::project must be"},
            row{{backend::vertex_ai, "p", ""}, method::generate_content_constrained,
                "client_options::credentials is an ephemeral token, which Vertex AI does not know"},
            row{{backend::vertex_ai, "p", ""}, method::generate_music,
                "Vertex AI has no music sessions"});
    const auto told = refusal_of([&] { return live_endpoint("", "", each.whose, each.what); });
    CHECK(told.starts_with(each.told));
}

TEST_CASE("a model becomes a resource")
{
    const addressing gemini{};
    const addressing vertex{backend::vertex_ai, "p", "l"};
    const addressing nowhere{backend::vertex_ai, "p", ""};
    const addressing express{backend::vertex_ai, "", ""};
    const std::string mine = "projects/p/locations/l/";
    struct row {
        addressing whose;
        std::string model, resource;
    };
    const auto each = GENERATE_COPY(row{gemini, "gemini-3.8-live", "models/gemini-3.8-live"},
        row{gemini, "models/x", "models/x"}, row{gemini, "tunedModels/x", "tunedModels/x"},
        row{gemini, "pub/x", "models/pub/x"},
        row{gemini, "publishers/pub/models/x", "models/publishers/pub/models/x"},
        row{gemini, "projects/p", "models/projects/p"},
        row{vertex, "gemini-3.8-live", mine + "publishers/google/models/gemini-3.8-live"},
        row{vertex, "models/x", "models/x"}, row{vertex, "pub/x", mine + "publishers/pub/models/x"},
        row{vertex, "publishers/pub/models/x", mine + "publishers/pub/models/x"},
        row{vertex, "projects/q/locations/m/x", "projects/q/locations/m/x"},
        row{nowhere, "x", "projects/p/locations/global/publishers/google/models/x"},
        row{express, "gemini-3.8-live", "publishers/google/models/gemini-3.8-live"},
        row{express, "models/x", "models/x"}, row{express, "pub/x", "publishers/pub/models/x"},
        row{express, "publishers/pub/models/x", "publishers/pub/models/x"},
        row{express, "projects/q", "projects/q"});
    CHECK(model_resource(each.model, each.whose) == each.resource);
    for (const auto* bad : {"", "a?x=1", "a&b", "../a", "models/.."})
        CHECK(refusal_of([&] {
            return model_resource(bad, each.whose);
        }).starts_with("setup::model "));
}

} // namespace endpoint_test
