// SPDX-License-Identifier: Apache-2.0
#include "transcript.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace chat {

void transcript::add(std::string_view who, std::string_view text)
{
    said_.push_back({std::string(who), std::string(text)});
}

void transcript::append(std::string_view who, std::string_view text)
{
    if (said_.empty() || said_.back().who != who) add(who, "");
    said_.back().text += text;
}

void transcript::save(const std::filesystem::path& path) const
{
    std::ofstream file(path, std::ios::trunc);
    for (const auto& each : said_) file << each.who << ": " << each.text << "\n\n";
    file.close();
    if (!file) throw std::system_error(errno, std::generic_category(), path.string());
}

} // namespace chat
