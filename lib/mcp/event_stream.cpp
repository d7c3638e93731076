// SPDX-License-Identifier: Apache-2.0
#include "mcp/event_stream.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gemini::live::mcp {

std::vector<std::string> event_stream::feed(std::string_view piece)
{
    std::vector<std::string> events;
    while (!piece.empty() && !is_too_long_) {
        if (std::exchange(after_return_, false) && piece.front() == '\n') {
            piece.remove_prefix(1);
            continue;
        }
        const auto end = std::min(piece.find_first_of("\r\n"), piece.size());
        is_too_long_ = line_.size() + data_.size() + end > most_;
        if (is_too_long_) break;
        line_ += piece.substr(0, end);
        if (end == piece.size()) break;
        after_return_ = piece[end] == '\r';
        piece.remove_prefix(end + 1);
        read_line(events);
        line_.clear();
    }
    return events;
}

void event_stream::restart() noexcept
{
    line_.clear();
    type_.clear();
    data_.clear();
    next_id_ = id_;
    after_return_ = false;
    at_start_ = true;
}

void event_stream::read_line(std::vector<std::string>& events)
{
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    std::string_view line = line_;
    if (std::exchange(at_start_, false) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (!line.empty()) {
        const auto colon = std::min(line.find(':'), line.size());
        auto value = line.substr(std::min(colon + 1, line.size()));
        if (value.starts_with(' ')) value.remove_prefix(1);
        return read_field(line.substr(0, colon), value);
    }
    id_ = next_id_;
    const auto type = std::exchange(type_, {});
    auto data = std::exchange(data_, {});
    if (!data.empty()) data.pop_back(); // the line feed after the last line
    if (!data.empty() && (type.empty() || type == "message")) events.push_back(std::move(data));
}

void event_stream::read_field(std::string_view name, std::string_view value)
{
    if (name == "data") {
        data_.append(value).append("\n");
    } else if (name == "event") {
        type_ = value;
    } else if (name == "id") {
        const bool is_usable = value.size() <= longest_id && value.find('\0') == value.npos;
        if (is_usable) next_id_ = value;
    } else if (name == "retry") {
        long long time = 0;
        const auto* const end = value.data() + value.size();
        const auto [stopped, failed] = std::from_chars(value.data(), end, time);
        if (stopped != end || value.empty() || value.front() == '-') return;
        const bool is_huge = failed == std::errc::result_out_of_range;
        retry_ = is_huge ? longest_retry : std::min(std::chrono::milliseconds(time), longest_retry);
    }
}

} // namespace gemini::live::mcp
