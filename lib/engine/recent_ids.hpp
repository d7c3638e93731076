// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gemini::live::engine {

/// Ids of function calls, oldest first, each once. Only the newest are kept, so that a server that
/// calls without end, or uses long ids, cannot make it grow without bound. Looking one up is fast,
/// however many there are.
class recent_ids {
public:
    static constexpr std::size_t most = 1024;
    static constexpr std::size_t most_bytes = 256u << 10; // a longer id is not kept

    /// Adds it as the newest, even when it is there already.
    void add(std::string_view id);
    void erase(std::string_view id);
    [[nodiscard]] bool contains(std::string_view id) const { return places_.contains(id); }
    [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
    [[nodiscard]] auto begin() const noexcept { return ids_.begin(); }
    [[nodiscard]] auto end() const noexcept { return ids_.end(); }
    /// Removes and returns all ids.
    [[nodiscard]] std::vector<std::string> take();

private:
    using order = std::list<std::string>;
    void erase(order::const_iterator where);

    order ids_{};
    std::unordered_map<std::string_view, order::const_iterator> places_{};
    std::size_t bytes_ = 0;
};

} // namespace gemini::live::engine
