// SPDX-License-Identifier: Apache-2.0
#include "transport/receive_queue.hpp"

#include "base/free_memory.hpp"

#include <utility>

namespace gemini::live::transport {

void receive_queue::push(message one)
{
    constexpr std::size_t usual = 16;
    const auto cost = cost_of(one);
    if (empty()) {
        first_ = std::move(one);
    } else {
        if (others_.empty()) others_.reserve(usual);
        others_.push_back(std::move(one));
    }
    cost_ += cost;
}

message receive_queue::take()
{
    auto oldest = std::move(first_ ? *first_ : others_[taken_++]);
    first_.reset();
    if (empty()) clear();
    return oldest;
}

void receive_queue::clear() noexcept
{
    first_.reset();
    base::free_memory(others_); // a session may be idle for long
    taken_ = 0;
    cost_ = 0;
}

void receive_queue::keep(std::span<const char> bytes) { bytes_.assign(bytes.begin(), bytes.end()); }

void receive_queue::parsed_up_to(std::size_t left) noexcept
{
    parsed_ = bytes_.size() - left;
    if (left != 0) return;
    base::free_memory(bytes_);
    parsed_ = 0;
}

} // namespace gemini::live::transport
