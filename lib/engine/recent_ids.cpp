// SPDX-License-Identifier: Apache-2.0
#include "engine/recent_ids.hpp"

#include <utility>

namespace gemini::live::engine {

void recent_ids::add(std::string_view id)
{
    erase(id);
    if (id.size() > most_bytes) return;
    if (!kept_) kept_ = std::make_unique<kept>();
    auto& [ids, places, bytes] = *kept_;
    const auto where = ids.emplace(ids.end(), id);
    places.emplace(*where, where);
    bytes += id.size();
    while (ids.size() > most || bytes > most_bytes) erase(ids.begin());
}

void recent_ids::erase(std::string_view id)
{
    if (!kept_) return;
    if (const auto found = kept_->places.find(id); found != kept_->places.end())
        erase(found->second);
}

void recent_ids::erase(order::const_iterator where)
{
    kept_->bytes -= where->size();
    kept_->places.erase(*where);
    kept_->ids.erase(where);
    if (kept_->ids.empty()) kept_.reset();
}

std::vector<std::string> recent_ids::take()
{
    std::vector<std::string> all;
    if (!kept_) return all;
    all.reserve(kept_->ids.size());
    for (auto& id : kept_->ids) all.push_back(std::move(id));
    kept_.reset();
    return all;
}

} // namespace gemini::live::engine
