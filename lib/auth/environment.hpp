// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>

#include <functional>
#include <string>

namespace gemini::live::auth {

/// The value of an environment variable; empty when it is not set.
using variables = std::function<std::string(const char* name)>;

/// Those of this process, trimmed as files of settings and shells need it.
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
/// - Vertex AI without any of that, and not by way of a proxy: application_default.
/// - Who pays, where the credentials give tokens or are one: GOOGLE_CLOUD_QUOTA_PROJECT.
/// - Vertex AI elsewhere than at googleapis.com: GOOGLE_CLOUD_UNIVERSE_DOMAIN.
/// - Places: as `locate`.
[[nodiscard]] client_options complete(client_options given, const variables& variable);

/// `given`, with the places where tokens come from, as far as they are left open:
/// GOOGLE_APPLICATION_CREDENTIALS; CLOUDSDK_CONFIG, else HOME, for gcloud's file;
/// GCE_METADATA_HOST, else GCE_METADATA_IP, else the usual address. Does no I/O.
[[nodiscard]] credentials locate(credentials given, const variables& variable);

} // namespace gemini::live::auth
