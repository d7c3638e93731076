// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/resumption_archive.hpp"

#include <fmt/format.h>

#include <utility>

namespace gemini::live::emulator {
namespace {

constexpr std::size_t most_handles = 1000;

} // namespace

std::string resumption_archive::keep(entry kept)
{
    ++handles_;
    // A UUID, as the service's handles are. Its first group identifies the connection.
    constexpr std::uint64_t scatter = 0x9e3779b97f4a7c15u;
    const auto bits = handles_ * scatter;
    auto handle = fmt::format("e0a1a7ed-{:04x}-4{:03x}-8{:03x}-{:012x}", bits >> 48 & 0xffff,
        bits >> 36 & 0xfff, bits >> 24 & 0xfff, handles_ & 0xffff'ffff'ffff);
    kept_[handle] = std::move(kept);
    order_.push_back(handle);
    if (order_.size() > most_handles) {
        kept_.erase(order_.front());
        order_.pop_front();
    }
    return handle;
}

const resumption_archive::entry* resumption_archive::find(const std::string& handle) const
{
    const auto found = kept_.find(handle);
    return found == kept_.end() ? nullptr : &found->second;
}

} // namespace gemini::live::emulator
