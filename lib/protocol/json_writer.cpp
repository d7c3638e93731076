// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_writer.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>
#include <utility>

namespace gemini::live::protocol {
namespace {

/// What follows the backslash in the escape of each byte: 0 for no escape, 'u' for the long form.
constexpr auto escapes = [] {
    std::array<char, 256> table{};
    for (std::size_t control = 0; control < 0x20; ++control) table[control] = 'u';
    table['"'] = '"';
    table['\\'] = '\\';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    return table;
}();

/// Returns where the string that begins at `begin` has its closing quote.
std::size_t end_of_string(std::string_view json, std::size_t begin)
{
    for (auto end = begin;;) {
        end = json.find('"', end + 1);
        const auto last = json.find_last_not_of('\\', end - 1);
        if ((end - 1 - last) % 2 == 0) return end; // no backslash escapes it
    }
}

} // namespace

bool append_json_string(std::string& to, std::string_view text)
{
    if (!base::is_utf8(text)) return false;
    to += '"';
    std::size_t plain = 0; // start of what has not been copied yet
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const char escape = escapes[byte];
        if (escape == 0) continue;
        to.append(text, plain, i - plain).append({'\\', escape});
        if (escape == 'u') fmt::format_to(std::back_inserter(to), "{:04x}", byte);
        plain = i + 1;
    }
    to.append(text, plain).append(1, '"');
    return true;
}

/// Starts a new member or element after the existing ones.
void json_writer::separate()
{
    if (std::exchange(after_key_, false) || levels_.empty()) return;
    if (levels_.back().count++ != 0) text_ += ',';
}

void json_writer::refuse(std::string_view why) const
{
    std::string path;
    for (const auto& each : levels_) {
        if (each.array)
            path += fmt::format("[{}]", each.count - 1);
        else
            path.append(path.empty() ? "" : ".").append(each.key);
    }
    throw error(errc::invalid_argument,
        fmt::format("{} cannot be sent: {}.", path.empty() ? "The value" : path, why));
}

json_writer& json_writer::open(char bracket)
{
    const auto begin = after_key_ ? member_begin_ : text_.size();
    separate();
    text_ += bracket;
    levels_.push_back({bracket == '[', begin});
    return *this;
}

json_writer& json_writer::close(char bracket)
{
    text_ += bracket;
    levels_.pop_back();
    return *this;
}

json_writer& json_writer::end_object_unless_empty()
{
    if (levels_.back().count != 0) return end_object();
    text_.resize(levels_.back().begin);
    levels_.pop_back();
    --levels_.back().count;
    return *this;
}

json_writer& json_writer::key(std::string_view name)
{
    member_begin_ = text_.size();
    separate();
    levels_.back().key = name;
    if (!append_json_string(text_, name)) refuse("its name is not UTF-8");
    text_ += ':';
    after_key_ = true;
    return *this;
}

json_writer& json_writer::string(std::string_view value)
{
    separate();
    if (!append_json_string(text_, value)) refuse("it is not UTF-8");
    return *this;
}

json_writer& json_writer::number(double value)
{
    separate();
    if (!std::isfinite(value)) refuse("it is not a finite number");
    fmt::format_to(std::back_inserter(text_), "{}", value);
    if (text_.ends_with(".0")) text_.resize(text_.size() - 2);
    return *this;
}

json_writer& json_writer::integer(std::int64_t value)
{
    separate();
    fmt::format_to(std::back_inserter(text_), "{}", value);
    return *this;
}

json_writer& json_writer::boolean(bool value)
{
    separate();
    text_ += value ? "true" : "false";
    return *this;
}

json_writer& json_writer::base64(std::span<const std::byte> bytes)
{
    separate();
    const auto begin = text_.size();
    text_.resize(begin + base::base64_size(bytes.size()) + 2, '"');
    base::base64_encode(bytes, text_.data() + begin + 1);
    return *this;
}

json_writer& json_writer::raw(std::string_view json)
{
    separate();
    text_ += json;
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
            const auto begin = i;
            i = end_of_string(json, begin);
            out.append(json, begin, i - begin + 1);
            break;
        }
        case '{':
        case '[':
            out += c;
            if (const auto next = json.find_first_not_of(space, i + 1);
                json[next] == c + 2) { // in ASCII, each closing bracket is 2 past its opener
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
