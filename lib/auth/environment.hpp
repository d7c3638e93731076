// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>

#include <functional>
#include <string>

namespace gemini::live::auth {

/// The value of an environment variable; empty when it is not set.
using variables = std::function<std::string(const char* name)>;

/// Those of this process.
[[nodiscard]] std::string process_variable(const char* name);

/// `given`, with what it leaves open taken from the environment; what it says wins:
///
/// - Flavour: GOOGLE_GENAI_USE_ENTERPRISE, else GOOGLE_GENAI_USE_VERTEXAI ("true" or "1").
/// - Key: GOOGLE_API_KEY, else GEMINI_API_KEY. On Vertex AI not beside a project or location: given
///   ones beat a key of the environment, a given key beats theirs, and among those of the
///   environment they win.
/// - Vertex AI: GOOGLE_CLOUD_PROJECT; GOOGLE_CLOUD_LOCATION, else GOOGLE_CLOUD_REGION.
/// - Base URL: GOOGLE_GEMINI_BASE_URL or GOOGLE_VERTEX_BASE_URL.
/// - Version: GOOGLE_GENAI_API_VERSION; "beta" is the flavour's beta.
/// - Who pays for a given access token: GOOGLE_CLOUD_QUOTA_PROJECT.
[[nodiscard]] client_options complete(client_options given, const variables& variable);

} // namespace gemini::live::auth
