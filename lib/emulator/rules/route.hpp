// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/emulator.hpp>
#include <gemini/live/flavour.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulation {

enum class credential { none, api_key, ephemeral_token, access_token };

/// Who is served.
struct guest_list {
    bool loopback_only = true;             ///< By the name that they have for this machine.
    std::vector<std::string> host_names{}; ///< Further such names.
    std::vector<std::string> origins{};    ///< Of web pages: "https://example.com"; "*" for any.
};

/// What an upgrade request asks for, and in whose name.
struct route {
    live::flavour flavour = live::flavour::gemini_api;
    std::string version;      ///< "v1beta"
    bool constrained = false; ///< The method for ephemeral tokens.
    bool music = false;       ///< The method for music sessions.
    emulation::credential credential = emulation::credential::none;
    std::string secret; ///< The key or token as it was sent.
};

/// Reads every form of URL that clients use: v1, v1beta, v1alpha, one slash or two, a path before
/// `/ws/`, the key in the query or in a header, Vertex AI, music. Else gives the refusal.
struct routing {
    std::optional<emulation::route> route{};
    emulator_verdict verdict{};
};
[[nodiscard]] routing find_route(const emulator_request& request, const guest_list& guests);
/// The same for a call that makes an ephemeral token: "/v1alpha/auth_tokens", whatever path stands
/// before it.
[[nodiscard]] routing find_token_call(
    const emulator_request& request, std::string_view method, const guest_list& guests);

/// The refusal of what a web page has sent, or who thinks that this is another machine.
[[nodiscard]] std::optional<emulator_verdict> refuse_place(
    const emulator_request& request, const guest_list& guests);

} // namespace gemini::live::emulation
