// SPDX-License-Identifier: Apache-2.0
#include "engine/recent_ids.hpp"

#include <utility>

namespace gemini::live::engine {

void recent_ids::add(std::string_view id)
{
    erase(id);
    if (id.size() > most_bytes) return;
    bytes_ += id.size();
    const auto where = ids_.emplace(ids_.end(), id);
    places_.emplace(*where, where);
    while (ids_.size() > most || bytes_ > most_bytes) erase(ids_.begin());
}

void recent_ids::erase(std::string_view id)
{
    if (const auto found = places_.find(id); found != places_.end()) erase(found->second);
}

void recent_ids::erase(order::const_iterator where)
{
    bytes_ -= where->size();
    places_.erase(*where);
    ids_.erase(where);
}

std::vector<std::string> recent_ids::take()
{
    places_.clear();
    bytes_ = 0;
    std::vector<std::string> all;
    all.reserve(ids_.size());
    for (auto& id : ids_) all.push_back(std::move(id));
    ids_.clear();
    return all;
}

} // namespace gemini::live::engine
