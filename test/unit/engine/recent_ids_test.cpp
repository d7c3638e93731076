// SPDX-License-Identifier: Apache-2.0
#include "engine/recent_ids.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using gemini::live::engine::recent_ids;

namespace {

std::vector<std::string> all(const recent_ids& ids) { return {ids.begin(), ids.end()}; }

} // namespace

TEST_CASE("ids are kept in order, each once, with the latest at the end")
{
    recent_ids ids;
    for (const auto* each : {"a", "b", "c", "a"}) ids.add(each);
    CHECK(all(ids) == std::vector<std::string>{"b", "c", "a"});
    ids.erase("c");
    ids.erase("never there");
    CHECK_FALSE(ids.contains("c"));
    CHECK(ids.contains("a"));
    CHECK(ids.take() == std::vector<std::string>{"b", "a"});
    CHECK(ids.empty());
    CHECK_FALSE(ids.contains("a"));
}

TEST_CASE("beyond the maximum of ids or bytes the newest are kept, and none that is longer")
{
    recent_ids many;
    for (std::size_t i = 0; i <= recent_ids::most; ++i) many.add(std::to_string(i));
    CHECK(all(many).size() == recent_ids::most);
    CHECK_FALSE(many.contains("0"));
    CHECK(many.contains("1"));

    recent_ids large;
    const std::string half(recent_ids::most_bytes / 2, 'x');
    for (const auto* each : {"1", "2", "3"}) large.add(each + half);
    CHECK(all(large) == std::vector<std::string>{"3" + half});
    CHECK(large.take().size() == 1);
    for (const auto* each : {"1", "2"}) large.add(each + half.substr(1));
    CHECK(all(large).size() == 2);
    large.add(half + half + half);
    CHECK_FALSE(large.contains(half + half + half));
    CHECK(all(large).size() == 2);
}
