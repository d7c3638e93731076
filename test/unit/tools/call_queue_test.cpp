// SPDX-License-Identifier: Apache-2.0
#include "tools/call_queue.hpp"

#include "support/catch.hpp"

/// Which calls run and which wait.
namespace call_queue_test {

using gemini::live::tools::call_queue;
using admission = call_queue::admission;

namespace {

const std::optional<std::size_t> any{};
const std::optional<std::uint64_t> none{};

} // namespace

TEST_CASE("calls run in their order, as many at a time as allowed")
{
    call_queue queue(2, 10);
    for (std::uint64_t i = 1; i <= 4; ++i)
        CHECK(queue.admit(i, std::to_string(i), "f", any) == admission::accepted);
    CHECK(queue.next() == 1u);
    CHECK(queue.next() == 2u);
    CHECK(queue.next() == none);
    queue.close(1);
    CHECK(queue.next() == none); // its handler still runs
    queue.ended(1);
    CHECK(queue.next() == 3u);
    queue.ended(2);
    queue.ended(3);
    CHECK(queue.next() == 4u);
}

TEST_CASE("a function with a bound of its own does not hold up the others")
{
    call_queue queue(3, 10);
    CHECK(queue.admit(1, "a", "f", 1u) == admission::accepted);
    CHECK(queue.admit(2, "b", "f", 1u) == admission::accepted);
    CHECK(queue.admit(3, "c", "g", any) == admission::accepted);
    CHECK(queue.next() == 1u);
    CHECK(queue.next() == 3u);
    CHECK(queue.next() == none);
    queue.ended(1);
    CHECK(queue.next() == 2u);
}

TEST_CASE("what can neither run nor wait is refused")
{
    call_queue queue(1, 1);
    CHECK(queue.admit(1, "a", "f", any) == admission::accepted);
    CHECK(queue.next() == 1u);
    CHECK(queue.admit(2, "b", "f", any) == admission::accepted);
    CHECK(queue.admit(3, "c", "f", any) == admission::refused);
    CHECK_FALSE(queue.find("c"));
    queue.close(2); // it was waiting
    CHECK(queue.admit(4, "d", "f", any) == admission::accepted);
}

TEST_CASE("without waiting, calls run as long as there is room")
{
    call_queue queue(2, 0);
    CHECK(queue.admit(1, "a", "f", any) == admission::accepted);
    CHECK(queue.next() == 1u);
    CHECK(queue.admit(2, "b", "f", any) == admission::accepted);
    CHECK(queue.next() == 2u);
    CHECK(queue.admit(3, "c", "f", any) == admission::refused);
}

TEST_CASE("an id is answered once, unless the server has forgotten it")
{
    call_queue queue(2, 2);
    CHECK(queue.admit(1, "a", "f", any) == admission::accepted);
    CHECK(queue.admit(2, "a", "f", any) == admission::repeated);
    CHECK(queue.next() == 1u);
    CHECK(queue.find("a") == 1u);
    CHECK(queue.close(1));
    CHECK_FALSE(queue.close(1));
    CHECK(queue.find("a") == none);
    CHECK(queue.admit(3, "a", "f", any) == admission::repeated);
    queue.ended(1);
    CHECK(queue.admit(4, "a", "f", any) == admission::repeated);
    queue.forget("a");
    CHECK(queue.admit(5, "a", "f", any) == admission::accepted);
}

TEST_CASE("a call that is refused is known from then on")
{
    call_queue queue(1, 0);
    CHECK(queue.refuse("a"));
    CHECK_FALSE(queue.refuse("a"));
    CHECK(queue.admit(1, "a", "f", any) == admission::repeated);
    CHECK(queue.admit(2, "b", "f", any) == admission::accepted);
    CHECK(queue.next() == 2u);
    CHECK(queue.admit(3, "c", "f", any) == admission::refused);
    CHECK(queue.admit(4, "c", "f", any) == admission::repeated);
    CHECK_FALSE(queue.refuse("b"));
    queue.forget("a");
    CHECK(queue.refuse("a"));
    CHECK(queue.refuse(""));
    CHECK(queue.refuse(""));
}

TEST_CASE("calls without ids are different calls")
{
    call_queue queue(2, 2);
    CHECK(queue.admit(1, "", "f", any) == admission::accepted);
    CHECK(queue.admit(2, "", "f", any) == admission::accepted);
    CHECK(queue.open() == std::vector<std::uint64_t>{1, 2});
    CHECK(queue.close(1));
    CHECK(queue.open() == std::vector<std::uint64_t>{2});
}

} // namespace call_queue_test
