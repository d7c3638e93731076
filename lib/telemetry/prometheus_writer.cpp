// SPDX-License-Identifier: Apache-2.0
#include "telemetry/prometheus_writer.hpp"

#include <fmt/format.h>

#include <iterator>

namespace gemini::live::telemetry {
namespace {

void append_escaped(std::string& to, std::string_view text, bool in_quotes)
{
    for (const char c : text) {
        if (c == '\\')
            to += "\\\\";
        else if (c == '\n')
            to += "\\n";
        else if (c == '"' && in_quotes)
            to += "\\\"";
        else
            to += c;
    }
}

const char* name_of(prometheus_writer::type what) noexcept
{
    switch (what) {
    case prometheus_writer::type::counter: return "counter";
    case prometheus_writer::type::gauge: return "gauge";
    case prometheus_writer::type::histogram: return "histogram";
    }
    return "untyped";
}

} // namespace

void prometheus_writer::family(std::string_view name, std::string_view help, type what)
{
    name_ = name;
    text_ += "# HELP " + name_ + ' ';
    append_escaped(text_, help, false);
    text_ += "\n# TYPE " + name_ + ' ' + name_of(what) + '\n';
}

/// Writes all of a sample but its value.
void prometheus_writer::begin(std::string_view suffix, labels with, std::string_view bound)
{
    text_ += name_;
    text_ += suffix;
    char before = '{';
    const auto add = [&](std::string_view name, std::string_view value) {
        text_ += std::exchange(before, ',');
        text_ += name;
        text_ += "=\"";
        append_escaped(text_, value, true);
        text_ += '"';
    };
    for (const auto& [name, value] : with) add(name, value);
    if (!bound.empty()) add("le", bound);
    if (before == ',') text_ += '}';
    text_ += ' ';
}

void prometheus_writer::count(
    std::string_view suffix, std::uint64_t value, labels with, std::string_view bound)
{
    begin(suffix, with, bound);
    fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void prometheus_writer::sample(std::uint64_t value, labels with) { count("", value, with); }

void prometheus_writer::sample(double value, labels with)
{
    begin("", with);
    fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void prometheus_writer::sample(const histogram& values, labels with)
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < values.bounds().size(); ++i) {
        sum += values.count(i);
        count("_bucket", sum, with, fmt::format("{}", values.bounds()[i]));
    }
    sum += values.count(values.bounds().size());
    count("_bucket", sum, with, "+Inf");
    begin("_sum", with);
    fmt::format_to(
        std::back_inserter(text_), "{}\n", std::chrono::duration<double>(values.sum()).count());
    count("_count", sum, with);
}

} // namespace gemini::live::telemetry
