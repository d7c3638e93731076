// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/listener.hpp"

#include <gemini/live/fake_google.hpp>

#include <deque>
#include <functional>
#include <utility>

/// What goes wrong where, and what that looks like.
namespace gemini::live::emulation {

/// What the requests to one endpoint meet.
class planned_faults {
public:
    void push(google_outcome outcome, std::size_t times);
    void set_default(google_outcome outcome) { default_ = std::move(outcome); }
    [[nodiscard]] google_outcome take();

private:
    std::deque<std::pair<google_outcome, std::size_t>> waiting_;
    google_outcome default_;
};

/// The answer that comes of an outcome. `answer` gives the proper one, with a token that lives so
/// long, and with or without the member that tells of it; it is asked only where there is need.
[[nodiscard]] transport::plain_answer meet(const google_outcome& outcome, google_endpoint endpoint,
    std::chrono::seconds lifetime,
    const std::function<emulator_verdict(std::chrono::seconds lifetime, bool tells_expiry)>&
        answer);

} // namespace gemini::live::emulation
