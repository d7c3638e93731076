// SPDX-License-Identifier: Apache-2.0
#include "chat/ctrl_c.hpp"

#include "support/catch.hpp"

namespace ctrl_c_test {

using chat::ctrl_c;
using namespace std::chrono_literals;
using meaning = ctrl_c::meaning;

namespace {

constexpr ctrl_c::time_point start{};

} // namespace

TEST_CASE("chat: Ctrl-C stops an answer, and twice in a row quits")
{
    ctrl_c key;
    CHECK(key.press(start, true, true) == meaning::stop);
    CHECK(key.press(start + 1s, false, false) == meaning::leave);
}

TEST_CASE("chat: Ctrl-C, typing, Ctrl-C drops what was typed and does not quit")
{
    ctrl_c key;
    CHECK(key.press(start, false, true) == meaning::stop);
    CHECK(key.press(start + 1s, true, false) == meaning::drop_line);
    CHECK(key.press(start + 2s, true, false) == meaning::drop_line);
    CHECK(key.press(start + 3s, false, false) == meaning::leave);
}

TEST_CASE("chat: an occasional Ctrl-C does not quit")
{
    ctrl_c key;
    for (int i = 0; i < 5; ++i)
        CHECK(key.press(start + i * 2s, false, false) == meaning::drop_line);
}

} // namespace ctrl_c_test
