// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/telemetry_test.cpp
#pragma once

#include "async/clock.hpp"
#include "telemetry/metric_store.hpp"
#include "telemetry/session_trace.hpp"

#include <gemini/live/client.hpp>
#include <gemini/live/session_event.hpp>
#include <gemini/live/setup.hpp>
#include <gemini/live/turn_record.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace gemini::live {

/// Passes what a session reports on to metrics and spans, if they are wanted.
class session_telemetry {
public:
    session_telemetry(
        const client_options& options, const live::setup& setup, const async::clock& clock);

    /// The session begins to connect. `random`: uniformly distributed in [0, 1).
    void begin(
        const std::shared_ptr<counter_source>& session, const std::function<double()>& random);
    void add(const turn_record& record);
    void add(const status_change& change) noexcept;
    /// The session ends; no turn follows.
    void finish(base::time_point now);
    void ended(const session_counters& last) noexcept;

private:
    const client_options& options_;
    const live::setup& setup_;
    const async::clock& clock_;
    const counter_source* session_ = nullptr; // that is among the open ones of the metrics
    std::optional<telemetry::session_trace> trace_{};
};

} // namespace gemini::live
