// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/telemetry/session_trace_test.cpp
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gemini::live::telemetry {

using trace_id = std::array<std::uint64_t, 2>;
using span_id = std::uint64_t; // 0: none

/// A span as OpenTelemetry's protocol (OTLP) has it. Its views are valid while it is written.
struct span {
    enum class kind { internal = 1, client = 3 };
    using value = std::variant<std::string_view, std::int64_t, double>;

    span_id id = 0;
    span_id parent = 0;
    std::string name;
    kind what = kind::internal;
    std::chrono::system_clock::time_point start{};
    std::chrono::system_clock::time_point end{};
    std::vector<std::pair<std::string_view, value>> attributes{};
    bool has_failed = false;
};

/// Returns an ExportTraceServiceRequest as JSON. `convention` is reported as the version of what
/// the spans are named by.
[[nodiscard]] std::string export_request(
    const trace_id& trace, std::span<const span> spans, std::string_view convention);

} // namespace gemini::live::telemetry
