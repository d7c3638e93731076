// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/telemetry/prometheus_test.cpp
#pragma once

#include "telemetry/histogram.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live::telemetry {

/// Writes Prometheus's text exposition format, version 0.0.4: first a family, then its samples.
class prometheus_writer {
public:
    enum class type { counter, gauge, histogram };
    using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    /// `name` and the names of labels must be such as the format permits.
    void family(std::string_view name, std::string_view help, type what);
    void sample(std::uint64_t value, labels with = {});
    void sample(double value, labels with = {});
    void sample(const histogram& values, labels with = {});

    [[nodiscard]] std::string take() noexcept { return std::move(text_); }

private:
    void begin(std::string_view suffix, labels with, std::string_view bound = {});
    void count(
        std::string_view suffix, std::uint64_t value, labels with, std::string_view bound = {});

    std::string name_;
    std::string text_;
};

} // namespace gemini::live::telemetry
