// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/telemetry/session_trace_test.cpp
#pragma once

#include "base/time.hpp"
#include "telemetry/otlp.hpp"

#include <gemini/live/backend.hpp>
#include <gemini/live/turn_record.hpp>

#include <chrono>
#include <string>

namespace gemini::live::telemetry {

/// The trace of a session: a span for the session, one below it for each turn, and one below that
/// for each function call. Pure.
class session_trace {
public:
    /// `now` and `wall_clock` are the same moment. `random`: any values, other ones for each trace.
    session_trace(backend backend, std::string model, base::time_point now,
        std::chrono::system_clock::time_point wall_clock, trace_id random);

    /// Returns the spans of a turn as an export request.
    [[nodiscard]] std::string turn(const turn_record& record);
    /// Returns the span of the session, which ends.
    [[nodiscard]] std::string session(base::time_point now);

private:
    [[nodiscard]] span_id next_id() noexcept;
    [[nodiscard]] std::chrono::system_clock::time_point at(base::time_point when) const;
    [[nodiscard]] span span_of(const turn_record& record);
    [[nodiscard]] span span_of(const call_record& call, span_id turn);

    const char* provider_;
    std::string model_;
    base::time_point began_;
    std::chrono::system_clock::time_point wall_clock_; ///< At `began_`.
    trace_id trace_;
    std::uint64_t ids_ = 0;
    span_id session_;
    std::string conversation_;
};

} // namespace gemini::live::telemetry
