// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/telemetry/prometheus_test.cpp, test/unit/session/telemetry_test.cpp
#pragma once

#include "telemetry/histogram.hpp"

#include <gemini/live/counters.hpp>
#include <gemini/live/metrics.hpp>
#include <gemini/live/turn_record.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gemini::live {

/// A session whose counters are read whenever metrics are asked for. Threads: any.
class counter_source {
public:
    counter_source() = default;
    counter_source(const counter_source&) = delete;
    counter_source& operator=(const counter_source&) = delete;
    virtual ~counter_source() = default;
    [[nodiscard]] virtual session_counters counters() = 0;
};

/// What `metrics` holds. Threads: any. What sessions call may be called with their lock held.
class metric_store {
public:
    /// What a turn has added. Has no lock.
    void add(const turn_record& record) noexcept;
    void add_outage(std::chrono::milliseconds outage) noexcept { outages_.observe(outage); }
    void opened(const std::shared_ptr<counter_source>& session);
    /// Keeps the last counters of a session that was opened.
    void ended(const counter_source* session, session_counters last) noexcept;

    [[nodiscard]] std::string text() const;

private:
    using count = std::atomic<std::uint64_t>;
    static constexpr std::size_t origins = 4;
    static constexpr std::size_t endings = 11;
    static constexpr std::size_t call_endings = 11;
    static constexpr std::size_t modalities = 6;

    void add_tokens(std::array<count, modalities>& to, int total,
        const std::vector<modality_token_count>& details) noexcept;

    static const std::array<double, 13> latency_bounds;
    static const std::array<double, 10> silence_bounds;
    static const std::array<double, 11> duration_bounds;
    static const std::array<double, 12> call_bounds;
    static const std::array<double, 11> outage_bounds;
    struct latency : telemetry::histogram {
        latency() noexcept : telemetry::histogram(latency_bounds) {}
    };

    std::array<latency, origins> first_byte_{};
    std::array<latency, origins> first_audio_{};
    std::array<latency, origins> first_heard_{};
    telemetry::histogram silence_{silence_bounds};
    telemetry::histogram turns_{duration_bounds};
    telemetry::histogram calls_{call_bounds};
    telemetry::histogram outages_{outage_bounds};
    std::array<count, endings> turn_endings_{};
    std::array<count, call_endings> call_endings_{};
    count calls_omitted_ = 0;
    std::array<count, modalities> input_tokens_{};
    std::array<count, modalities> output_tokens_{};
    count search_queries_ = 0;

    mutable std::mutex mutex_; // guards what follows
    struct open_session {
        const counter_source* which;
        std::weak_ptr<counter_source> owner;
    };
    std::vector<open_session> open_{};
    session_counters ended_{};
};

} // namespace gemini::live
