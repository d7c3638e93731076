// SPDX-License-Identifier: Apache-2.0
#include "protocol/writer.hpp"

#include "protocol/timestamp.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace gemini::live::protocol {

void writer::write(double value)
{
    if (std::isfinite(value) || sender_ == from::client)
        out_.number(value);
    else
        out_.string(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

void writer::write(const json& value)
{
    const auto& text = value.text();
    if (text[text.find_first_not_of(" \t\r\n")] != '{') out_.refuse("it must be a JSON object");
    out_.raw(text);
}

void writer::write(std::chrono::nanoseconds value) { out_.string(duration_text(value)); }

void writer::write(std::chrono::system_clock::time_point value)
{
    out_.string(timestamp_text(value));
}

void writer::write(const std::map<std::string, std::string>& value)
{
    out_.begin_object();
    for (const auto& [name, text] : value) out_.member(name, text);
    out_.end_object();
}

void writer::refuse_backend(std::string_view why) const
{
    const bool vertex = backend_ == backend::vertex_ai;
    out_.refuse(fmt::format("{} takes it only{}{}", vertex ? "the Gemini API" : "Vertex AI",
        why.empty() ? "" : "; ", why));
}

} // namespace gemini::live::protocol
