// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>

#include <functional>
#include <string>

namespace gemini::live::auth {

/// Returns the value of an environment variable, or "" if it is not set.
using variables = std::function<std::string(const char* name)>;

/// Reads this process's environment. Values are trimmed of what .env files and shells leave around
/// them.
[[nodiscard]] std::string process_variable(const char* name);

/// Returns `given` with unset options filled from the environment. Options that are set take
/// precedence:
///
/// - Backend: GOOGLE_GENAI_USE_ENTERPRISE, else GOOGLE_GENAI_USE_VERTEXAI ("true" or "1").
/// - Key: GOOGLE_API_KEY, else GEMINI_API_KEY. On Vertex AI, a key excludes a project and location:
///   a given project or location beats a key of the environment, a given key beats a project and
///   location of the environment, and within the environment the project and location win.
/// - Vertex AI: GOOGLE_CLOUD_PROJECT; GOOGLE_CLOUD_LOCATION, else GOOGLE_CLOUD_REGION.
/// - Base URL: GOOGLE_GEMINI_BASE_URL or GOOGLE_VERTEX_BASE_URL. A plain one to another machine
///   also needs GEMINI_LIVE_ALLOW_PLAIN_TEXT ("true" or "1"), so that nothing is sent in the clear
///   because of a URL alone.
/// - Version: GOOGLE_GENAI_API_VERSION; "beta" selects the backend's beta.
/// - Vertex AI without any of the above, and not through a proxy: application_default.
/// - Quota project, where the credentials are or produce tokens: GOOGLE_CLOUD_QUOTA_PROJECT.
/// - Vertex AI outside googleapis.com: GOOGLE_CLOUD_UNIVERSE_DOMAIN.
/// - Token locations: as in `locate`.
[[nodiscard]] client_options complete(client_options given, const variables& variable);

/// Returns `given` with the unset locations of tokens filled in: GOOGLE_APPLICATION_CREDENTIALS;
/// CLOUDSDK_CONFIG, else HOME, for gcloud's file; GCE_METADATA_HOST, else GCE_METADATA_IP, else the
/// usual address. Does no I/O.
[[nodiscard]] credentials locate(credentials given, const variables& variable);

} // namespace gemini::live::auth
