// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gemini::live::engine {

/// Ids of function calls, oldest first, each once. Only the newest are kept, so that a server that
/// calls without end, or uses long ids, cannot make it grow without bound. Looking one up is fast,
/// however many there are. While there are none, as in most sessions, it is a pointer.
class recent_ids {
    using order = std::list<std::string>;

public:
    static constexpr std::size_t most = 1024;
    static constexpr std::size_t most_bytes = 256u << 10; // a longer id is not kept

    /// Adds it as the newest, even when it is there already.
    void add(std::string_view id);
    void erase(std::string_view id);
    [[nodiscard]] bool contains(std::string_view id) const
    {
        return kept_ && kept_->places.contains(id);
    }
    [[nodiscard]] bool empty() const noexcept { return !kept_ || kept_->ids.empty(); }
    [[nodiscard]] order::const_iterator begin() const noexcept
    {
        return kept_ ? kept_->ids.cbegin() : order::const_iterator();
    }
    [[nodiscard]] order::const_iterator end() const noexcept
    {
        return kept_ ? kept_->ids.cend() : order::const_iterator();
    }
    /// Removes and returns all ids.
    [[nodiscard]] std::vector<std::string> take();

private:
    struct kept {
        order ids{};
        std::unordered_map<std::string_view, order::const_iterator> places{};
        std::size_t bytes = 0;
    };
    void erase(order::const_iterator where);

    std::unique_ptr<kept> kept_{}; // null: none
};

} // namespace gemini::live::engine
