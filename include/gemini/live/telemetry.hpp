// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/metrics.hpp>

#include <functional>
#include <memory>
#include <string>

#pragma GCC visibility push(default)
namespace gemini::live {

/// What a client's sessions report about their turns. By default nothing. Nothing that is said is
/// in any of it.
struct telemetry_options {
    /// Returns a `turn_record` from `session::events()` at the end of each turn of the model, and
    /// logs it at level `info`.
    bool turn_records = false;
    /// Counts turns, calls, tokens, connections and messages. May be shared by any number of
    /// clients. Null: nothing is counted.
    std::shared_ptr<live::metrics> metrics{};
    /// Receives spans as OTLP/JSON, one ExportTraceServiceRequest a call: one trace for each
    /// session, with a span for each turn and for each of its function calls. Called on any thread
    /// that uses a session or runs the client's executor, also at once, and while the session is
    /// locked. Must not throw, must not use the session, and should be quick.
    std::function<void(std::string json)> on_spans{};
    gcc12_guard<telemetry_options> guard{}; ///< Do not touch.
};

} // namespace gemini::live
#pragma GCC visibility pop
