// SPDX-License-Identifier: Apache-2.0
#include "engine/limit_check.hpp"

#include "support/catch.hpp"

#include <vector>

namespace limit_check_test {

using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

TEST_CASE("each limit of a session is reached exactly when it is used up, the turns first")
{
    constexpr time_point start{1h};
    struct row {
        session_limits limits;
        std::uint64_t turns;
        std::optional<std::chrono::seconds> idle_for;
        std::chrono::seconds age;
        limit reached;
        std::optional<std::chrono::seconds> again; // from now
    };
    const std::vector<row> rows{
        {{}, 1'000, 1h, 10h, limit::none, std::nullopt},
        {{.turns = 3}, 2, 1h, 10h, limit::none, std::nullopt},
        {{.turns = 3}, 3, 1h, 10h, limit::turns, std::nullopt},
        {{.total = 60s}, 0, 1h, 59s, limit::none, 1s},
        {{.total = 60s}, 0, std::nullopt, 60s, limit::total, std::nullopt},
        {{.idle = 30s}, 0, 29s, 100s, limit::none, 1s},
        {{.idle = 30s}, 0, 30s, 100s, limit::idle, std::nullopt},
        {{.idle = 30s}, 0, std::nullopt, 100s, limit::none, 30s}, // somebody is in turn
        {{.idle = 30s, .total = 60s}, 0, 10s, 50s, limit::none, 10s},
        {{.idle = 30s, .total = 60s}, 0, 25s, 50s, limit::none, 5s},
        {{.idle = 30s, .total = 60s}, 0, 30s, 60s, limit::total, std::nullopt},
        {{.idle = 30s, .total = 60s, .turns = 1}, 1, 30s, 60s, limit::turns, std::nullopt},
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        INFO(i);
        const auto& each = rows[i];
        const auto now = start + each.age;
        session_usage used{start, each.turns, {}};
        if (each.idle_for) used.idle_since = now - *each.idle_for;
        const auto found = check_limits(each.limits, used, now);
        CHECK(found.reached == each.reached);
        CHECK(found.again.has_value() == each.again.has_value());
        if (found.again && each.again) CHECK(*found.again - now == *each.again);
    }
}

} // namespace limit_check_test
