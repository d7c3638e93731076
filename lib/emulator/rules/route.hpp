// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/backend.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulator {

enum class credential { none, api_key, ephemeral_token, access_token };

/// Which clients are served.
struct guest_list {
    bool loopback_only = true;             ///< Judged by the host name that they address.
    std::vector<std::string> host_names{}; ///< Further acceptable names.
    std::vector<std::string> origins{};    ///< Of web pages: "https://example.com"; "*" for any.
};

/// What an upgrade request asks for, and with which credentials.
struct route {
    live::backend backend = live::backend::gemini_api;
    std::string version;      ///< "v1beta"
    bool constrained = false; ///< The method for ephemeral tokens.
    bool music = false;       ///< The method for music sessions.
    emulator::credential credential = emulator::credential::none;
    std::string secret; ///< The key or token as sent.
};

/// The route of a request, or the refusal. Every form of URL that clients use is accepted: v1,
/// v1beta, v1alpha, one slash or two, a path before `/ws/`, the key in the query or in a header,
/// Vertex AI, music.
struct routing {
    std::optional<emulator::route> route{};
    testing::emulator_verdict verdict{};
};
[[nodiscard]] routing find_route(
    const testing::emulator_request& request, const guest_list& guests);
/// Likewise, for a call that creates an ephemeral token: "/v1alpha/auth_tokens", after any path.
[[nodiscard]] routing find_token_call(
    const testing::emulator_request& request, std::string_view method, const guest_list& guests);

/// Refuses a request from a web page that is not allowed, or from a client that addresses another
/// host.
[[nodiscard]] std::optional<testing::emulator_verdict> refuse_place(
    const testing::emulator_request& request, const guest_list& guests);

} // namespace gemini::live::emulator
