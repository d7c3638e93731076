// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/backend.hpp>
#include <gemini/live/model_quirks.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gemini::live::protocol {

/// The destination of a request.
struct endpoint {
    bool tls = true;
    std::string host;
    std::uint16_t port = 443;
    std::string target; ///< The path of the request.
};

/// Identifies the service and its models.
struct addressing {
    live::backend backend = live::backend::gemini_api;
    std::string project{};         ///< Vertex AI; empty in express mode.
    std::string location{};        ///< Vertex AI; empty: global.
    std::string universe_domain{}; ///< Vertex AI; empty: googleapis.com.
    /// The quirks against which a setup is checked. Null: no check, the service decides.
    const std::function<model_quirks(std::string_view model)>* quirks = nullptr;
};
[[nodiscard]] std::string_view domain_of(const addressing& whose) noexcept;

/// To which machines requests may go without TLS.
enum class plain_text { to_this_machine, to_any_machine };

/// What a WebSocket is opened for.
enum class method {
    generate_content,
    generate_content_constrained, ///< With an ephemeral token; Gemini API only.
    generate_music,               ///< Gemini API only.
};

/// Returns the endpoint that sessions connect to. `base_url` is "https://host[:port][/path]", or
/// the same with http, ws or wss. If it is empty, the backend's own URL is used, which on Vertex AI
/// depends on the location. An empty `api_version` means v1beta, v1alpha for music, and v1beta1 on
/// Vertex AI. Throws errc::invalid_argument for an invalid base URL, for one that has user
/// information, a query or a fragment or would send a key unencrypted to a machine that `allowed`
/// excludes, and for a method that the backend does not offer.
[[nodiscard]] endpoint live_endpoint(std::string_view base_url, std::string_view api_version,
    const addressing& whose, method what, plain_text allowed = plain_text::to_this_machine);

/// Likewise, for a URL that is already complete, including its path.
[[nodiscard]] endpoint whole_endpoint(
    std::string_view url, plain_text allowed = plain_text::to_this_machine);

/// Returns the endpoint of a REST call to the Gemini API:
/// "{path of base_url}/{api_version}/{resource}". Defaults and errors are those of `live_endpoint`.
[[nodiscard]] endpoint rest_endpoint(std::string_view base_url, std::string_view api_version,
    std::string_view resource, plain_text allowed = plain_text::to_this_machine);

/// Returns the full name of a model: "gemini-3.8-live" → "models/gemini-3.8-live", on Vertex AI
/// "projects/…/locations/…/publishers/google/models/gemini-3.8-live". A name that is already full
/// is returned unchanged. Throws errc::invalid_argument for an empty name or one that contains
/// "..", '?' or '&'.
[[nodiscard]] std::string model_resource(std::string_view model, const addressing& whose);

} // namespace gemini::live::protocol
