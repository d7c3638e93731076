// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#pragma GCC visibility push(default)
namespace gemini::live {

class [[gnu::visibility("hidden")]] metric_store;

/// Counts what sessions do, for Prometheus: latencies, turns, function calls, tokens, connections,
/// messages. Set it as `telemetry_options::metrics`; any number of clients may share one. What
/// ended sessions have counted stays in it.
///
/// Threads: any.
/// Lifetime: sessions share it.
class metrics {
public:
    metrics(); ///< Counts from zero.
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;
    ~metrics();

    /// Returns all values in Prometheus's text exposition format, version 0.0.4 (Content-Type
    /// `text/plain; version=0.0.4`). No label has more than a fixed set of values.
    [[nodiscard]] std::string prometheus_text() const;

private:
    friend struct access;
    std::shared_ptr<metric_store> store_;
};

} // namespace gemini::live
#pragma GCC visibility pop
