// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/refusal.hpp"

#include <fmt/format.h>

#include <utility>

namespace gemini::live::emulator {

refusal invalid_argument(std::string rule)
{
    return {1007, "Request contains an invalid argument.", std::move(rule)};
}

refusal not_json() { return {1007, "Invalid JSON payload received. Unexpected token."}; }

refusal no_such_model(std::string_view name, std::string_view version)
{
    return {
        1008, fmt::format("{} is not found for API version {}, or is not supported for "
                          "bidiGenerateContent. Call ModelService.ListModels to see the list of "
                          "available models and their supported methods.",
                  name, version)};
}

refusal too_late() { return {1011, "Deadline expired before operation could complete."}; }

std::optional<refusal> credentials_fault(const route& route, std::string_view api_key)
{
    const refusal nobody{1008,
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API."};
    switch (route.credential) {
    case credential::none: return nobody;
    case credential::access_token: return std::nullopt;
    case credential::ephemeral_token:
        if (!route.constrained) return nobody;
        return std::nullopt;
    case credential::api_key:
        if (api_key.empty() || route.secret == api_key) return std::nullopt;
        return refusal{1007, "API key not valid. Please pass a valid API key."};
    }
    return nobody;
}

} // namespace gemini::live::emulator
