// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include <gemini/live/testing/fake_google.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace gemini::live::emulator {

/// The latest thousand access tokens that were issued. Pure: time is passed in.
class issued_tokens {
public:
    using time_point = std::chrono::system_clock::time_point;

    const testing::google_token& issue(
        testing::google_endpoint from, time_point now, std::chrono::seconds lifetime);
    [[nodiscard]] bool valid(std::string_view token, time_point at) const;
    /// Returns the latest token from this endpoint that is valid for longer than `than`.
    [[nodiscard]] const testing::google_token* find_lasting(
        testing::google_endpoint from, time_point now, std::chrono::seconds than) const;
    void revoke_all();
    [[nodiscard]] const std::vector<testing::google_token>& all() const noexcept { return issued_; }

private:
    std::vector<testing::google_token> issued_; // oldest first
};

/// Returns `prefix`, "fake-google-" and 128 random bits.
[[nodiscard]] std::string random_secret(std::string_view prefix);

} // namespace gemini::live::emulator
