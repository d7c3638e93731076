// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/flavour.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace gemini::live::protocol {

/// Where a Live connection goes.
struct endpoint {
    bool tls = true;
    std::string host;
    std::uint16_t port = 443;
    std::string target; ///< Path of the upgrade.
};

/// The Live endpoint of the Gemini API behind `base_url` ("https://host[:port][/path]", also http,
/// ws, wss). Throws errc::invalid_argument for a URL that is none, has user information, a query or
/// a fragment, or would send a key in the clear to another machine.
[[nodiscard]] endpoint gemini_endpoint(std::string_view base_url, std::string_view api_version);

/// Whose models are meant.
struct addressing {
    live::flavour flavour = live::flavour::gemini_api;
    std::string project{};  ///< Vertex AI; empty in express mode.
    std::string location{}; ///< Vertex AI; empty in express mode.
};

/// The full name of a model: "gemini-3.8-live" → "models/gemini-3.8-live", on Vertex AI
/// "projects/…/locations/…/publishers/google/models/gemini-3.8-live". Names that are full already
/// stay. Throws errc::invalid_argument for an empty name or one with "..", '?' or '&'.
[[nodiscard]] std::string model_resource(std::string_view model, const addressing& whose);

/// How a model takes a user's text turn.
enum class text_path { client_content, realtime_input };
/// By a dated table of models; unknown ones take realtimeInput.text.
[[nodiscard]] text_path text_path_of(std::string_view model) noexcept;

} // namespace gemini::live::protocol
