// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/flavour.hpp>
#include <gemini/live/model_quirks.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gemini::live::protocol {

/// Where a request goes.
struct endpoint {
    bool tls = true;
    std::string host;
    std::uint16_t port = 443;
    std::string target; ///< Path of the request.
};

/// Whose service and models are meant.
struct addressing {
    live::flavour flavour = live::flavour::gemini_api;
    std::string project{};         ///< Vertex AI; empty in express mode.
    std::string location{};        ///< Vertex AI; empty: global.
    std::string universe_domain{}; ///< Vertex AI; empty: googleapis.com.
    /// What a setup is held against. Null: nothing, the service may judge it.
    const std::function<model_quirks(std::string_view model)>* quirks = nullptr;
};
[[nodiscard]] std::string_view domain_of(const addressing& whose) noexcept;

/// What a WebSocket is opened for.
enum class method {
    generate_content,
    generate_content_constrained, ///< With an ephemeral token; Gemini API only.
    generate_music,               ///< Gemini API only.
};

/// Where sessions connect to. `base_url` is "https://host[:port][/path]", also http, ws, wss;
/// empty: the flavour's own, on Vertex AI by location. `api_version` empty: v1beta, for music
/// v1alpha, on Vertex AI v1beta1. Throws errc::invalid_argument for a base URL that is none, has
/// user information, a query or a fragment, or would send a key in the clear to another machine;
/// for what the flavour does not have.
[[nodiscard]] endpoint live_endpoint(
    std::string_view base_url, std::string_view api_version, const addressing& whose, method what);

/// The same for a URL that already leads to the service as a whole, path included.
[[nodiscard]] endpoint whole_endpoint(std::string_view url);

/// Where a REST call to the Gemini API goes: "{path of base_url}/{api_version}/{resource}".
/// Defaults and refusals as above.
[[nodiscard]] endpoint rest_endpoint(
    std::string_view base_url, std::string_view api_version, std::string_view resource);

/// The full name of a model: "gemini-3.8-live" → "models/gemini-3.8-live", on Vertex AI
/// "projects/…/locations/…/publishers/google/models/gemini-3.8-live". Names that are full already
/// stay. Throws errc::invalid_argument for an empty name or one with "..", '?' or '&'.
[[nodiscard]] std::string model_resource(std::string_view model, const addressing& whose);

} // namespace gemini::live::protocol
