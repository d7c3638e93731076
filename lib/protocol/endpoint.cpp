// SPDX-License-Identifier: Apache-2.0
#include "protocol/endpoint.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace gemini::live::protocol {
namespace {

[[noreturn]] void refuse(std::string why) { throw error(errc::invalid_argument, std::move(why)); }

[[noreturn]] void refuse_url(std::string_view why)
{
    refuse(fmt::format("The base URL {}: client_options::base_url must look like "
                       "https://host[:port][/path].",
        why));
}

/// This machine itself, so that nothing can be overheard.
bool is_loopback(std::string_view host)
{
    if (host == "localhost" || host == "::1") return true;
    const auto is_address = [](char c) { return c == '.' || (c >= '0' && c <= '9'); };
    return host.starts_with("127.") && std::all_of(host.begin(), host.end(), is_address);
}

std::string lowered(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

/// Of letters, digits and `marks`.
bool consists_of(std::string_view text, std::string_view marks)
{
    return std::all_of(text.begin(), text.end(), [marks](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               marks.find(c) != std::string_view::npos;
    });
}

/// Takes the host, in small letters and without the brackets of an IPv6 address, from the front of
/// `rest`.
std::string take_host(std::string_view& rest)
{
    const bool bracketed = rest.starts_with('[');
    const auto end = std::min(bracketed ? rest.find(']') : rest.find(':'), rest.size());
    if (bracketed && end == rest.size()) refuse_url("has a bracket that does not close");
    const auto host = bracketed ? rest.substr(1, end - 1) : rest.substr(0, end);
    rest.remove_prefix(bracketed ? end + 1 : end);
    if (host.empty()) refuse_url("names no host");
    if (bracketed && host.find(':') == std::string_view::npos)
        refuse_url("has something other than an IPv6 address in brackets");
    if (!consists_of(host, bracketed ? ":." : "-._"))
        refuse_url("has a character in its host that no host has");
    return lowered(host);
}

std::uint16_t read_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failed != std::errc() || end != text.data() + text.size() || port == 0)
        refuse_url("has a bad port");
    return port;
}

/// The path is as it stands in the URL.
endpoint read_base_url(std::string_view url)
{
    const auto is_bad = [](unsigned char c) { return c <= 0x20 || c == 0x7f; };
    if (std::any_of(url.begin(), url.end(), is_bad))
        refuse_url("has a space or a control character in it");
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) refuse_url("has no scheme");
    const auto scheme = lowered(url.substr(0, scheme_end));
    endpoint result;
    result.tls = scheme == "https" || scheme == "wss";
    if (!result.tls && scheme != "http" && scheme != "ws") refuse_url("has an unknown scheme");
    auto rest = url.substr(scheme_end + 3);
    if (rest.find_first_of("?#") != std::string_view::npos) refuse_url("has a query or a fragment");
    const auto path = rest.substr(std::min(rest.find('/'), rest.size()));
    result.target = path;
    rest.remove_suffix(path.size());
    if (rest.find('@') != std::string_view::npos) refuse_url("has user information");
    result.host = take_host(rest);
    result.port = result.tls ? 443 : 80;
    if (rest.starts_with(':'))
        result.port = read_port(rest.substr(1));
    else if (!rest.empty())
        refuse_url("has something odd behind its host");
    if (!result.tls && !is_loopback(result.host)) {
        refuse(fmt::format("The base URL would send the key to {} unencrypted: use https://. Plain "
                           "http:// is for this machine (127.0.0.1, ::1, localhost) only.",
            result.host));
    }
    return result;
}

endpoint below(std::string_view base_url, std::string_view path)
{
    auto result = read_base_url(base_url);
    while (result.target.ends_with('/')) result.target.pop_back();
    result.target += path;
    return result;
}

constexpr std::string_view gemini_url = "https://generativelanguage.googleapis.com";

std::string vertex_url(std::string_view location)
{
    if (location.empty() || location == "global") return "https://aiplatform.googleapis.com";
    if (location == "us" || location == "eu")
        return fmt::format("https://aiplatform.{}.rep.googleapis.com", location);
    return fmt::format("https://{}-aiplatform.googleapis.com", location);
}

std::string_view version_or(std::string_view given, std::string_view usual)
{
    if (given.empty()) return usual;
    if (!consists_of(given, {}))
        refuse("client_options::api_version must look like v1beta: letters and digits.");
    return given;
}

void check(const addressing& whose)
{
    if (whose.flavour == flavour::gemini_api) {
        if (!whose.project.empty() || !whose.location.empty()) {
            refuse("client_options::project and client_options::location are for Vertex AI: set "
                   "client_options::flavour to vertex_ai, or leave them empty.");
        }
        return;
    }
    if (!consists_of(whose.location, "-"))
        refuse("client_options::location must look like us-central1: letters, digits and '-'.");
    if (!consists_of(whose.project, "-.:") || whose.project.find("..") != std::string::npos)
        refuse("client_options::project must be the id of a project, such as my-project-42.");
}

endpoint vertex_endpoint(
    std::string_view base_url, std::string_view api_version, std::string_view location, method what)
{
    if (what == method::generate_content_constrained) {
        refuse("client_options::credentials is an ephemeral token, which Vertex AI does not know: "
               "give an access_token or an api_key.");
    }
    if (what == method::generate_music) {
        refuse("Vertex AI has no music sessions: set client_options::flavour to gemini_api.");
    }
    return below(base_url.empty() ? vertex_url(location) : std::string(base_url),
        fmt::format("/ws/google.cloud.aiplatform.{}.LlmBidiService/BidiGenerateContent",
            version_or(api_version, "v1beta1")));
}

endpoint gemini_endpoint(std::string_view base_url, std::string_view api_version, method what)
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
            version_or(api_version, version), name));
}

} // namespace

endpoint live_endpoint(
    std::string_view base_url, std::string_view api_version, const addressing& whose, method what)
{
    check(whose);
    return whose.flavour == flavour::vertex_ai
               ? vertex_endpoint(base_url, api_version, whose.location, what)
               : gemini_endpoint(base_url, api_version, what);
}

endpoint whole_endpoint(std::string_view url)
{
    auto result = read_base_url(url);
    if (result.target.empty()) result.target = "/";
    return result;
}

endpoint rest_endpoint(
    std::string_view base_url, std::string_view api_version, std::string_view resource)
{
    return below(base_url.empty() ? gemini_url : base_url,
        fmt::format("/{}/{}", version_or(api_version, "v1beta"), resource));
}

std::string model_resource(std::string_view model, const addressing& whose)
{
    if (model.empty()) refuse("setup::model is empty: name a model such as gemini-3.8-live.");
    if (model.find("..") != std::string_view::npos ||
        model.find_first_of("?&") != std::string_view::npos)
        refuse("setup::model must not contain \"..\", '?' or '&', which could lead elsewhere.");
    if (whose.flavour == flavour::gemini_api) {
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
