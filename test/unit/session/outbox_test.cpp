// SPDX-License-Identifier: Apache-2.0
#include "session/outbox.hpp"

#include "support/catch.hpp"

#include <string>

using namespace gemini::live;
using namespace gemini::live::sessions;
using namespace std::chrono_literals;

namespace {

constexpr time_point t0 = time_point() + 1h;

std::string joined(const std::vector<base::frame>& batch)
{
    std::string all;
    for (const auto& each : batch) all += std::string(each.view()) + ' ';
    return all;
}

} // namespace

TEST_CASE("messages leave in the order they came")
{
    outbox box(1000);
    CHECK(box.push(base::frame("a"), worth::durable, t0) == 1);
    CHECK(box.push(base::frame("b"), worth::perishable, t0) == 2);
    CHECK(box.push(base::frame("c"), worth::durable, t0) == 3);
    CHECK(joined(box.take(1000)) == "a b c ");
    CHECK(box.oldest() == 1);
    box.written();
    CHECK(box.empty());
    CHECK(box.bytes() == 0);
    CHECK(box.oldest() == 4);
    CHECK(box.last() == 3);
}

TEST_CASE("a batch holds about so many bytes, and at least one message")
{
    outbox box(1000);
    for (const char* each : {"aaaa", "bbbb", "cccc"})
        box.push(base::frame(each), worth::durable, t0);
    CHECK(joined(box.take(8)) == "aaaa bbbb ");
    box.written();
    CHECK(joined(box.take(1)) == "cccc ");
}

TEST_CASE("after a lost connection durable messages are sent again, media are not")
{
    outbox box(1000);
    box.push(base::frame("a"), worth::durable, t0);
    box.push(base::frame("audio"), worth::perishable, t0);
    box.push(base::frame("c"), worth::durable, t0);
    box.push(base::frame("later"), worth::perishable, t0);
    CHECK(joined(box.take(7)) == "a audio c ");
    box.lost();
    CHECK(joined(box.take(1000)) == "a c later ");
    box.written();
    CHECK(box.bytes() == 0);
}

TEST_CASE("media older than the window are dropped and counted, the rest keeps its order")
{
    outbox box(1000);
    box.push(base::frame("old"), worth::perishable, t0);
    box.push(base::frame("text"), worth::durable, t0);
    box.push(base::frame("new"), worth::perishable, t0 + 2s);
    CHECK(box.expire(t0 + 1s) == 1);
    CHECK(box.bytes() == 7);
    CHECK(joined(box.take(1000)) == "text new ");
}

TEST_CASE("there is room up to the limit, and for one message of any size")
{
    outbox box(10);
    CHECK(box.has_room(11));
    box.push(base::frame("12345"), worth::durable, t0);
    CHECK(box.has_room(5));
    CHECK_FALSE(box.has_room(6));
}
