// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/mcp/stdio_channel_test.cpp
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace gemini::live::mcp {

/// Cuts a stream into lines, wherever its pieces are cut. Pure.
class line_splitter {
public:
    /// `most`: bytes of a line.
    explicit line_splitter(std::size_t most) noexcept : most_(most) {}

    /// Calls `use` for each line that ends in this piece and is not empty, without its end. Returns
    /// false for a line over the bound, which is then dropped as far as it has arrived.
    template <class Use>
    bool feed(std::string_view piece, Use use)
    {
        for (;;) {
            const auto end = std::min(piece.find('\n'), piece.size());
            if (line_.size() + end > most_) {
                line_.clear();
                return false;
            }
            line_ += piece.substr(0, end);
            if (end == piece.size()) return true;
            piece.remove_prefix(end + 1);
            if (line_.ends_with('\r')) line_.pop_back();
            if (!line_.empty()) use(std::string_view(line_));
            line_.clear();
        }
    }

    /// What has come of a line whose end has not.
    [[nodiscard]] const std::string& rest() const noexcept { return line_; }

private:
    std::size_t most_;
    std::string line_{};
};

} // namespace gemini::live::mcp
