// SPDX-License-Identifier: Apache-2.0
#include "protocol/endpoint.hpp"

#include "base/ascii.hpp"
#include "base/loopback.hpp"
#include "protocol/url.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace gemini::live::protocol {
namespace {

[[noreturn]] void refuse(std::string why) { throw error(errc::invalid_argument, std::move(why)); }

constexpr std::string_view base_url_form =
    "client_options::base_url must look like https://host[:port][/path].";

/// Reads the base URL, whose path is kept as written.
endpoint read_base_url(std::string_view url, plain_text allowed)
{
    auto result = read_url(url, "The base URL", base_url_form);
    if (result.target.find('?') != std::string::npos)
        refuse(fmt::format("The base URL has a query: {}", base_url_form));
    const bool is_permitted = allowed == plain_text::to_any_machine;
    if (!result.tls && !is_permitted && !base::is_loopback(result.host)) {
        refuse(fmt::format(
            "The base URL would send the key to {} unencrypted: use https://. If you trust all "
            "of the network in between, set client_options::allow_plain_text (for credentials "
            "that renew themselves also client_options::allow_plain_text_tokens): whoever is on "
            "the way can then read the key and the conversation.",
            result.host));
    }
    return result;
}

endpoint below(std::string_view base_url, std::string_view path, plain_text allowed)
{
    auto result = read_base_url(base_url, allowed);
    while (result.target.ends_with('/')) result.target.pop_back();
    result.target += path;
    return result;
}

constexpr std::string_view gemini_url = "https://generativelanguage.googleapis.com";

std::string vertex_url(const addressing& whose)
{
    const auto& location = whose.location;
    const auto domain = domain_of(whose);
    if (location.empty() || location == "global")
        return fmt::format("https://aiplatform.{}", domain);
    if (location == "us" || location == "eu")
        return fmt::format("https://aiplatform.{}.rep.{}", location, domain);
    return fmt::format("https://{}-aiplatform.{}", location, domain);
}

std::string_view version_or(std::string_view given, std::string_view usual)
{
    if (given.empty()) return usual;
    if (!base::consists_of(given, {}))
        refuse("client_options::api_version must look like v1beta: letters and digits.");
    return given;
}

void check(const addressing& whose)
{
    if (whose.backend == backend::gemini_api) {
        if (!whose.project.empty() || !whose.location.empty()) {
            refuse("client_options::project and client_options::location are for Vertex AI: set "
                   "client_options::backend to vertex_ai, or leave them empty.");
        }
        return;
    }
    if (!base::consists_of(whose.location, "-"))
        refuse("client_options::location must look like us-central1: letters, digits and '-'.");
    if (!base::consists_of(whose.project, "-.:") || whose.project.find("..") != std::string::npos)
        refuse("client_options::project must be the id of a project, such as my-project-42.");
    if (!base::consists_of(whose.universe_domain, "-.")) {
        refuse("client_options::universe_domain must be a domain, such as googleapis.com.");
    }
}

endpoint vertex_endpoint(std::string_view base_url, std::string_view api_version,
    const addressing& whose, method what, plain_text allowed)
{
    if (what == method::generate_content_constrained) {
        refuse("client_options::credentials is an ephemeral token, which Vertex AI does not know: "
               "give an access_token or an api_key.");
    }
    if (what == method::generate_music) {
        refuse("Vertex AI has no music sessions: set client_options::backend to gemini_api.");
    }
    return below(base_url.empty() ? vertex_url(whose) : std::string(base_url),
        fmt::format("/ws/google.cloud.aiplatform.{}.LlmBidiService/BidiGenerateContent",
            version_or(api_version, "v1beta1")),
        allowed);
}

endpoint gemini_endpoint(
    std::string_view base_url, std::string_view api_version, method what, plain_text allowed)
{
    std::string_view name = "BidiGenerateContent";
    std::string_view version = "v1beta";
    if (what == method::generate_content_constrained) name = "BidiGenerateContentConstrained";
    if (what == method::generate_music) {
        name = "BidiGenerateMusic";
        version = "v1alpha";
    }
    return below(base_url.empty() ? gemini_url : base_url,
        fmt::format("/ws/google.ai.generativelanguage.{}.GenerativeService.{}",
            version_or(api_version, version), name),
        allowed);
}

} // namespace

std::string_view domain_of(const addressing& whose) noexcept
{
    return whose.universe_domain.empty() ? std::string_view("googleapis.com")
                                         : whose.universe_domain;
}

endpoint live_endpoint(std::string_view base_url, std::string_view api_version,
    const addressing& whose, method what, plain_text allowed)
{
    check(whose);
    return whose.backend == backend::vertex_ai
               ? vertex_endpoint(base_url, api_version, whose, what, allowed)
               : gemini_endpoint(base_url, api_version, what, allowed);
}

endpoint whole_endpoint(std::string_view url, plain_text allowed)
{
    auto result = read_base_url(url, allowed);
    if (result.target.empty()) result.target = "/";
    return result;
}

endpoint rest_endpoint(std::string_view base_url, std::string_view api_version,
    std::string_view resource, plain_text allowed)
{
    return below(base_url.empty() ? gemini_url : base_url,
        fmt::format("/{}/{}", version_or(api_version, "v1beta"), resource), allowed);
}

std::string model_resource(std::string_view model, const addressing& whose)
{
    if (model.empty()) refuse("setup::model is empty: name a model such as gemini-3.8-live.");
    if (model.find("..") != std::string_view::npos ||
        model.find_first_of("?&") != std::string_view::npos)
        refuse("setup::model must not contain \"..\", '?' or '&', which could lead elsewhere.");
    if (whose.backend == backend::gemini_api) {
        const bool full = model.starts_with("models/") || model.starts_with("tunedModels/");
        return full ? std::string(model) : fmt::format("models/{}", model);
    }
    if (model.starts_with("models/") || model.starts_with("projects/")) return std::string(model);
    std::string published(model);
    if (const auto slash = model.find('/'); slash == std::string_view::npos) {
        published = fmt::format("publishers/google/models/{}", model);
    } else if (!model.starts_with("publishers/")) {
        published =
            fmt::format("publishers/{}/models/{}", model.substr(0, slash), model.substr(slash + 1));
    }
    if (whose.project.empty()) return published;
    return fmt::format("projects/{}/locations/{}/{}", whose.project,
        whose.location.empty() ? "global" : whose.location, published);
}

} // namespace gemini::live::protocol
