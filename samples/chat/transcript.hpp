// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

/// What was said so far.
class transcript {
public:
    void add(std::string_view who, std::string_view text);
    /// Continues what `who` said last, or begins it.
    void append(std::string_view who, std::string_view text);
    void clear() { said_.clear(); }

    /// Throws std::system_error when the file cannot be written.
    void save(const std::filesystem::path& path) const;

private:
    struct utterance {
        std::string who;
        std::string text;
    };
    std::vector<utterance> said_;
};

} // namespace chat
