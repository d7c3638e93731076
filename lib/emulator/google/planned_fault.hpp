// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "transport/listener.hpp"

#include <gemini/live/testing/fake_google.hpp>

#include <deque>
#include <functional>
#include <utility>

/// Faults that are planned for endpoints, and their effects.
namespace gemini::live::emulator {

/// The outcomes for the requests to one endpoint.
class planned_faults {
public:
    void push(testing::google_outcome outcome, std::size_t times);
    void set_default(testing::google_outcome outcome) { default_ = std::move(outcome); }
    [[nodiscard]] testing::google_outcome take();

private:
    std::deque<std::pair<testing::google_outcome, std::size_t>> waiting_;
    testing::google_outcome default_;
};

/// Returns the answer for an outcome. `answer` returns the regular one, with a token of that
/// lifetime, and with or without the member that reports its expiry. It is called only when needed.
[[nodiscard]] transport::plain_answer meet(const testing::google_outcome& outcome,
    testing::google_endpoint endpoint, std::chrono::seconds lifetime,
    const std::function<testing::emulator_verdict(
        std::chrono::seconds lifetime, bool tells_expiry)>& answer);

} // namespace gemini::live::emulator
