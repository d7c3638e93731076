// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

namespace gemini::live {

/// A key of the Gemini API. Travels in the header `x-goog-api-key`, never in a URL.
class api_key {
public:
    api_key() = default;
    explicit api_key(std::string key) : key_(std::move(key)) {}

    /// From `GOOGLE_API_KEY`, else `GEMINI_API_KEY`; empty when neither is set, and connecting then
    /// fails with errc::missing_credentials.
    [[nodiscard]] static api_key from_environment();

    [[nodiscard]] bool empty() const noexcept { return key_.empty(); }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return key_; }

private:
    std::string key_;
};

} // namespace gemini::live
