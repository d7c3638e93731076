// SPDX-License-Identifier: Apache-2.0
#include "transport/receive_queue.hpp"

#include "base/free_memory.hpp"

#include <utility>

namespace gemini::live::transport {

void receive_queue::push(message one)
{
    cost_ += cost_of(one);
    messages_.push_back(std::move(one));
}

message receive_queue::take()
{
    auto oldest = std::move(messages_[taken_++]);
    if (empty()) clear();
    return oldest;
}

void receive_queue::clear() noexcept
{
    messages_.clear();
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
