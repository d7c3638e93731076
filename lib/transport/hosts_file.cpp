// SPDX-License-Identifier: Apache-2.0
#include "transport/hosts_file.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <string>

namespace gemini::live::transport {
namespace {

/// Removes what stands before the first of `marks`, and that mark.
std::string_view take_until(std::string_view& text, std::string_view marks)
{
    const auto piece = text.substr(0, text.find_first_of(marks));
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
    return piece;
}

/// Removes the next word; empty at the end of the line.
std::string_view next_word(std::string_view& line)
{
    constexpr std::string_view blanks = " \t\r\f\v";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    return take_until(line, blanks);
}

} // namespace

std::vector<asio::ip::address> find_in_hosts(std::string_view text, std::string_view host)
{
    std::vector<asio::ip::address> found;
    while (!text.empty()) {
        auto line = take_until(text, "\n");
        line = take_until(line, "#");
        const auto address = next_word(line);
        for (auto name = next_word(line); !name.empty(); name = next_word(line)) {
            if (!base::equal_ignoring_case(name, host)) continue;
            asio::error_code not_an_address;
            const auto parsed = asio::ip::make_address(std::string(address), not_an_address);
            if (!not_an_address) found.push_back(parsed);
            break;
        }
    }
    return found;
}

} // namespace gemini::live::transport
