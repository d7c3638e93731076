// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/log.hpp>

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace gemini::live {
namespace {

bool needs_quotes(std::string_view text)
{
    return text.empty() || text.find_first_of(" =\"\\\n\r\t") != std::string_view::npos;
}

void append_quoted(std::string& line, std::string_view text)
{
    line += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\')
            line.append({'\\', c});
        else if (static_cast<unsigned char>(c) < ' ')
            fmt::format_to(std::back_inserter(line), "\\x{:02x}", c);
        else
            line += c;
    }
    line += '"';
}

/// Appends the value of a field.
struct value_writer {
    std::string& line;

    void operator()(bool value) const { line += value ? "true" : "false"; }
    void operator()(std::chrono::milliseconds value) const
    {
        fmt::format_to(std::back_inserter(line), "{}ms", value.count());
    }
    void operator()(std::string_view value) const
    {
        if (needs_quotes(value))
            append_quoted(line, value);
        else
            line += value;
    }
    template <class Number>
    void operator()(Number value) const
    {
        fmt::format_to(std::back_inserter(line), "{}", value);
    }
};

} // namespace

const char* to_string(log_level value) noexcept
{
    switch (value) {
    case log_level::trace: return "trace";
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: return "error";
    case log_level::off: return "off";
    }
    return "unknown";
}

std::string to_line(const log_record& record)
{
    std::string line(record.message);
    char before = ':';
    for (const auto& [name, value] : record.fields) {
        if (std::exchange(before, '\0') != '\0') line += ':';
        line.append(" ").append(name).append("=");
        std::visit(value_writer{line}, value);
    }
    return line;
}

std::function<void(const log_record&)> log_lines(
    std::function<void(log_level, std::string_view line)> write)
{
    return [write = std::move(write)](
               const log_record& record) { write(record.level, to_line(record)); };
}

} // namespace gemini::live
