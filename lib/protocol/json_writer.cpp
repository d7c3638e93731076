// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_writer.hpp"

#include "base/utf8.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace gemini::live::protocol {
namespace {

/// What stands for each byte in a string; empty: the byte itself.
const auto escapes = [] {
    std::array<std::string, 256> table;
    for (int i = 0; i < 0x20; ++i) table[static_cast<std::size_t>(i)] = fmt::format("\\u{:04x}", i);
    table['"'] = "\\\"";
    table['\\'] = "\\\\";
    table['\n'] = "\\n";
    table['\r'] = "\\r";
    table['\t'] = "\\t";
    return table;
}();

} // namespace

bool append_json_string(std::string& to, std::string_view text)
{
    if (!base::is_utf8(text)) return false;
    to += '"';
    std::size_t plain = 0; // begin of what has not been copied yet
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto& escape = escapes[static_cast<unsigned char>(text[i])];
        if (escape.empty()) continue;
        to.append(text, plain, i - plain).append(escape);
        plain = i + 1;
    }
    to.append(text, plain).append(1, '"');
    return true;
}

void json_writer::separate()
{
    if (!std::exchange(after_key_, false) && !first_) text_ += ',';
    first_ = false;
}

/// A value has been written: its key, if it had one, is done with.
void json_writer::done() noexcept
{
    if (!path_.empty() && !path_.back().empty()) path_.pop_back();
}

void json_writer::refuse(std::string_view why) const
{
    std::string path;
    for (const auto& each : path_) {
        if (each.empty()) continue;
        if (!path.empty()) path += '.';
        path += each;
    }
    throw error(errc::invalid_argument,
        fmt::format("{} cannot be sent: {}.", path.empty() ? "The value" : path, why));
}

json_writer& json_writer::open(char bracket)
{
    separate();
    text_ += bracket;
    path_.emplace_back(); // divides the keys outside from those inside
    first_ = true;
    return *this;
}

json_writer& json_writer::close(char bracket)
{
    text_ += bracket;
    path_.pop_back();
    first_ = false;
    done();
    return *this;
}

json_writer& json_writer::key(std::string_view name)
{
    separate();
    path_.push_back(name);
    text_.append(1, '"').append(name).append("\":");
    after_key_ = true;
    return *this;
}

json_writer& json_writer::string(std::string_view value)
{
    separate();
    if (!append_json_string(text_, value)) refuse("it is not UTF-8");
    done();
    return *this;
}

json_writer& json_writer::number(double value)
{
    separate();
    if (!std::isfinite(value)) refuse("it is not a finite number");
    fmt::format_to(std::back_inserter(text_), "{}", value);
    if (text_.ends_with(".0")) text_.resize(text_.size() - 2);
    done();
    return *this;
}

json_writer& json_writer::integer(std::int64_t value)
{
    separate();
    fmt::format_to(std::back_inserter(text_), "{}", value);
    done();
    return *this;
}

json_writer& json_writer::boolean(bool value)
{
    separate();
    text_ += value ? "true" : "false";
    done();
    return *this;
}

json_writer& json_writer::raw(std::string_view json)
{
    separate();
    text_ += json;
    done();
    return *this;
}

std::string indented(std::string_view json)
{
    constexpr std::string_view space = " \t\r\n";
    std::string out;
    std::size_t depth = 0;
    const auto line = [&] { out.append(1, '\n').append(depth * 2, ' '); };
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        switch (c) {
        case '"': {
            const auto begin = i++;
            for (; json[i] != '"'; ++i)
                if (json[i] == '\\') ++i;
            out.append(json, begin, i - begin + 1);
            break;
        }
        case '{':
        case '[':
            out += c;
            if (const auto next = json.find_first_not_of(space, i + 1);
                json[next] == c + 2) { // both pairs of brackets are two apart
                out += json[next];
                i = next;
            } else {
                ++depth;
                line();
            }
            break;
        case '}':
        case ']':
            --depth;
            line();
            out += c;
            break;
        case ',':
            out += c;
            line();
            break;
        case ':': out += ": "; break;
        default:
            if (space.find(c) == std::string_view::npos) out += c;
        }
    }
    return out += '\n';
}

} // namespace gemini::live::protocol
