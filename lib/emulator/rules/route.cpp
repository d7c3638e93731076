// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/route.hpp"

#include "base/ascii.hpp"
#include "base/loopback.hpp"

#include <algorithm>
#include <array>

namespace gemini::live {

std::string_view testing::emulator_request::header(std::string_view name) const noexcept
{
    const auto found = std::find_if(
        headers.begin(), headers.end(), [name](const auto& each) { return each.first == name; });
    return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

namespace emulator {
namespace {

testing::emulator_verdict refuse(int status, std::string body)
{
    testing::emulator_verdict verdict;
    verdict.status = status;
    verdict.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    verdict.body = std::move(body);
    return verdict;
}

/// Returns the value of a query parameter as sent.
std::string query_parameter(std::string_view query, std::string_view name)
{
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto each = query.substr(0, end);
        if (each.starts_with(name) && each.substr(name.size()).starts_with('='))
            return std::string(each.substr(name.size() + 1));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return {};
}

/// Returns the value of a Host header without its port.
std::string_view without_port(std::string_view host)
{
    const auto address_end = host.starts_with('[') ? host.find(']') : 0;
    return host.substr(0, host.find(':', std::min(address_end, host.size())));
}

bool is_among(std::string_view name, const std::vector<std::string>& list)
{
    return std::any_of(list.begin(), list.end(),
        [name](const std::string& each) { return base::equal_ignoring_case(each, name); });
}

void find_credential(route& route, const testing::emulator_request& request)
{
    const auto take = [&](credential kind, std::string secret) {
        if (secret.empty() || route.credential != credential::none) return;
        route.credential = secret.starts_with("auth_tokens/") ? credential::ephemeral_token : kind;
        route.secret = std::move(secret);
    };
    const auto authorization = request.header("authorization");
    if (authorization.starts_with("Token "))
        take(credential::ephemeral_token, std::string(authorization.substr(6)));
    if (authorization.starts_with("Bearer "))
        take(credential::access_token, std::string(authorization.substr(7)));
    take(credential::api_key, std::string(request.header("x-goog-api-key")));
    take(credential::api_key, query_parameter(request.query, "key"));
    take(credential::ephemeral_token, query_parameter(request.query, "access_token"));
}

/// Firebase puts the location after the method: "…/BidiGenerateContent/locations/us-central1".
std::string_view without_location(std::string_view method)
{
    constexpr std::string_view before = "/locations/";
    const auto at = method.rfind(before);
    const bool has_one = method.starts_with("google.firebase.") && at != std::string_view::npos &&
                         at + before.size() < method.size() &&
                         method.find('/', at + before.size()) == std::string_view::npos;
    return has_one ? method.substr(0, at) : method;
}

/// Finds the method after "/ws/", which any path may precede.
std::optional<route> find_method(std::string_view path)
{
    struct form {
        std::string_view before, version, behind;
        live::backend backend;
        bool constrained = false;
        bool music = false;
    };
    constexpr std::string_view g = "google.ai.generativelanguage.";
    constexpr std::string_view v = "google.cloud.aiplatform.";
    constexpr std::string_view f = "google.firebase.vertexai.";
    constexpr std::string_view call = ".GenerativeService.BidiGenerateContent";
    constexpr std::string_view locked = ".GenerativeService.BidiGenerateContentConstrained";
    constexpr std::string_view music_call = ".GenerativeService.BidiGenerateMusic";
    constexpr std::string_view firebase_call = ".GenerativeService/BidiGenerateContent";
    constexpr std::string_view vertex_call = ".LlmBidiService/BidiGenerateContent";
    constexpr std::array forms{
        form{g, "v1beta", call, backend::gemini_api},
        form{g, "v1alpha", call, backend::gemini_api},
        form{g, "v1", call, backend::gemini_api},
        form{g, "v1beta", locked, backend::gemini_api, true},
        form{g, "v1alpha", locked, backend::gemini_api, true},
        form{g, "v1", locked, backend::gemini_api, true},
        form{g, "v1alpha", music_call, backend::gemini_api, false, true},
        form{v, "v1beta1", vertex_call, backend::vertex_ai},
        form{v, "v1", vertex_call, backend::vertex_ai},
        form{f, "v1beta", firebase_call, backend::gemini_api},
        form{f, "v1beta", vertex_call, backend::vertex_ai},
    };
    const auto at = path.rfind("/ws/");
    if (at == std::string_view::npos) return std::nullopt;
    const auto method = without_location(path.substr(at + 4));
    for (const auto& each : forms) {
        if (method.size() != each.before.size() + each.version.size() + each.behind.size() ||
            !method.starts_with(each.before) || !method.ends_with(each.behind) ||
            method.substr(each.before.size(), each.version.size()) != each.version)
            continue;
        route found;
        found.backend = each.backend;
        found.version = each.version;
        found.constrained = each.constrained;
        found.music = each.music;
        return found;
    }
    return std::nullopt;
}

} // namespace

std::optional<testing::emulator_verdict> refuse_place(
    const testing::emulator_request& request, const guest_list& guests)
{
    const auto origin = request.header("origin");
    if (!origin.empty() && !is_among(origin, guests.origins) && !is_among("*", guests.origins))
        return refuse(403, "The emulator does not serve web pages.\n");
    const auto host = without_port(request.header("host"));
    if (guests.loopback_only && !base::is_loopback(host) && !is_among(host, guests.host_names))
        return refuse(403, "The emulator serves this machine only.\n");
    return std::nullopt;
}

routing find_route(const testing::emulator_request& request, const guest_list& guests)
{
    if (auto refused = refuse_place(request, guests)) return {{}, std::move(*refused)};
    const auto method = find_method(request.path);
    if (!method) return {{}, refuse(404, "There is no such method here.\n")};
    route found = *method;
    find_credential(found, request);
    return {found, {}};
}

routing find_token_call(
    const testing::emulator_request& request, std::string_view method, const guest_list& guests)
{
    if (auto refused = refuse_place(request, guests)) return {{}, std::move(*refused)};
    for (const std::string_view version : {"v1alpha", "v1beta"}) {
        const auto path = '/' + std::string(version) + "/auth_tokens";
        if (method != "POST" || !request.path.ends_with(path)) continue;
        route found;
        found.version = version;
        find_credential(found, request);
        return {found, {}};
    }
    return {{}, refuse(404, "There is no such call here.\n")};
}

} // namespace emulator
} // namespace gemini::live
