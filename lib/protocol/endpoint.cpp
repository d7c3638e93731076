// SPDX-License-Identifier: Apache-2.0
#include "protocol/endpoint.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gemini::live::protocol {
namespace {

[[noreturn]] void refuse(std::string_view why)
{
    throw error(errc::invalid_argument,
        fmt::format("The base URL {}: it must look like https://host[:port][/path].", why));
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
    if (bracketed && end == rest.size()) refuse("has a bracket that does not close");
    const auto host = bracketed ? rest.substr(1, end - 1) : rest.substr(0, end);
    rest.remove_prefix(bracketed ? end + 1 : end);
    if (host.empty()) refuse("names no host");
    if (bracketed && host.find(':') == std::string_view::npos)
        refuse("has something other than an IPv6 address in brackets");
    if (!consists_of(host, bracketed ? ":." : "-._"))
        refuse("has a character in its host that no host has");
    return lowered(host);
}

std::uint16_t read_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failed != std::errc() || end != text.data() + text.size() || port == 0)
        refuse("has a bad port");
    return port;
}

} // namespace

endpoint gemini_endpoint(std::string_view base_url, std::string_view api_version)
{
    const auto has_bad_byte = [](std::string_view text) {
        return std::any_of(
            text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
    };
    if (has_bad_byte(base_url)) refuse("has a space or a control character in it");
    const auto scheme_end = base_url.find("://");
    if (scheme_end == std::string_view::npos) refuse("has no scheme");
    const auto scheme = lowered(base_url.substr(0, scheme_end));
    endpoint result;
    result.tls = scheme == "https" || scheme == "wss";
    if (!result.tls && scheme != "http" && scheme != "ws") refuse("has an unknown scheme");
    auto rest = base_url.substr(scheme_end + 3);
    if (rest.find_first_of("?#") != std::string_view::npos) refuse("has a query or a fragment");
    auto path = rest.substr(std::min(rest.find('/'), rest.size()));
    rest.remove_suffix(path.size());
    if (rest.find('@') != std::string_view::npos) refuse("has user information");
    result.host = take_host(rest);
    result.port = result.tls ? 443 : 80;
    if (rest.starts_with(':'))
        result.port = read_port(rest.substr(1));
    else if (!rest.empty())
        refuse("has something odd behind its host");
    if (!result.tls && !is_loopback(result.host)) {
        throw error(errc::invalid_argument,
            fmt::format("The base URL would send the key to {} unencrypted: use https://. Plain "
                        "http:// is for this machine (127.0.0.1, ::1, localhost) only.",
                result.host));
    }
    if (api_version.empty() || !consists_of(api_version, {})) {
        throw error(
            errc::invalid_argument, "The API version must look like v1beta: letters and digits.");
    }
    while (path.ends_with('/')) path.remove_suffix(1);
    result.target =
        fmt::format("{}/ws/google.ai.generativelanguage.{}.GenerativeService.BidiGenerateContent",
            path, api_version);
    return result;
}

std::string model_resource(std::string_view model, const addressing& whose)
{
    if (model.empty()) {
        throw error(
            errc::invalid_argument, "setup::model is empty: name a model such as gemini-3.8-live.");
    }
    if (model.find("..") != std::string_view::npos ||
        model.find_first_of("?&") != std::string_view::npos) {
        throw error(errc::invalid_argument, "setup::model must not contain \"..\", '?' or '&'.");
    }
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
    return fmt::format("projects/{}/locations/{}/{}", whose.project, whose.location, published);
}

text_path text_path_of(std::string_view model) noexcept
{
    // State of 2026-11: these take turns at any time; newer models take them as history only.
    constexpr std::array<std::string_view, 4> by_turns{"gemini-live-2.5-flash",
        "gemini-2.5-flash-native-audio", "gemini-2.5-flash-live", "gemini-2.0-flash-live"};
    if (model.starts_with("models/")) model.remove_prefix(7);
    const bool turns = std::any_of(by_turns.begin(), by_turns.end(),
        [model](std::string_view each) { return model.starts_with(each); });
    return turns ? text_path::client_content : text_path::realtime_input;
}

} // namespace gemini::live::protocol
