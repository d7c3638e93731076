// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gemini::live::engine {

/// Ids of function calls, the oldest first, each once. A server that calls without end, or whose
/// ids are long, does not make it grow without bound: only the newest are kept. Whether one is
/// there is known at once, however many there are.
class recent_ids {
public:
    static constexpr std::size_t most = 1024;
    static constexpr std::size_t most_bytes = 256u << 10; // one longer than that is not kept

    /// As the newest, also when it is there already.
    void add(std::string_view id);
    void erase(std::string_view id);
    [[nodiscard]] bool contains(std::string_view id) const { return places_.contains(id); }
    [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
    [[nodiscard]] auto begin() const noexcept { return ids_.begin(); }
    [[nodiscard]] auto end() const noexcept { return ids_.end(); }
    /// All of them; none is left.
    [[nodiscard]] std::vector<std::string> take();

private:
    using order = std::list<std::string>;
    void erase(order::const_iterator where);

    order ids_{};
    std::unordered_map<std::string_view, order::const_iterator> places_{};
    std::size_t bytes_ = 0;
};

} // namespace gemini::live::engine
