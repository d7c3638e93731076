// SPDX-License-Identifier: Apache-2.0
#pragma once

#pragma GCC visibility push(default)
namespace gemini::live {

/// Google's two Live APIs. They differ in endpoint, version, the form of model names, the names of
/// some members, defaults, and what is refused before it is sent.
enum class backend {
    gemini_api, ///< generativelanguage.googleapis.com, with an API key or an ephemeral token.
    vertex_ai,  ///< aiplatform.googleapis.com, with an access token, or an API key (express mode).
};

} // namespace gemini::live
#pragma GCC visibility pop
