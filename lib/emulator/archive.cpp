// SPDX-License-Identifier: Apache-2.0
#include "emulator/archive.hpp"

#include <fmt/format.h>

#include <utility>

namespace gemini::live::emulation {
namespace {

constexpr std::size_t most_handles = 1000;

} // namespace

std::string archive::keep(entry kept)
{
    ++handles_;
    constexpr std::uint64_t scatter = 0x9e3779b97f4a7c15u; // opaque, as the service's are
    auto handle = fmt::format("emulated-{:016x}-{}", handles_ * scatter, handles_);
    kept_[handle] = std::move(kept);
    order_.push_back(handle);
    if (order_.size() > most_handles) {
        kept_.erase(order_.front());
        order_.pop_front();
    }
    return handle;
}

const archive::entry* archive::find(const std::string& handle) const
{
    const auto found = kept_.find(handle);
    return found == kept_.end() ? nullptr : &found->second;
}

} // namespace gemini::live::emulation
