// SPDX-License-Identifier: Apache-2.0
#include "transport/receive_queue.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace receive_queue_test {

using namespace gemini::live;
using namespace gemini::live::transport;

namespace {

message message_of(std::string_view text)
{
    message one;
    one.payload = base::padded_buffer(text);
    return one;
}

std::string unparsed(const receive_queue& queue)
{
    return {queue.unparsed().begin(), queue.unparsed().end()};
}

} // namespace

TEST_CASE("messages are returned in order, and occupy memory until the last has been taken")
{
    receive_queue queue;
    CHECK(queue.empty());
    queue.push(message_of("one"));
    queue.push(message_of("two"));
    const auto cost = queue.cost();
    CHECK(cost == 2 * cost_of(message_of("one")));
    CHECK(queue.take().payload.view() == "one");
    CHECK_FALSE(queue.empty());
    CHECK(queue.cost() == cost);
    CHECK(queue.take().payload.view() == "two");
    CHECK(queue.empty());
    CHECK(queue.cost() == 0);
}

TEST_CASE("messages that arrive while others wait keep the order")
{
    receive_queue queue;
    std::string order;
    queue.push(message_of("1"));
    queue.push(message_of("2"));
    order += queue.take().payload.view();
    queue.push(message_of("3"));
    order += queue.take().payload.view();
    order += queue.take().payload.view();
    CHECK(queue.empty());
    queue.push(message_of("4"));
    order += queue.take().payload.view();
    CHECK(order == "1234");
    CHECK(queue.cost() == 0);
}

TEST_CASE("bytes are kept until they have been parsed, whatever happens to the messages")
{
    receive_queue queue;
    CHECK(queue.unparsed().empty());
    queue.push(message_of("one"));
    queue.keep(std::string_view("abcdef"));
    queue.parsed_up_to(4);
    CHECK(unparsed(queue) == "cdef");
    queue.clear();
    CHECK(queue.empty());
    CHECK(queue.cost() == 0);
    CHECK(unparsed(queue) == "cdef");
    queue.parsed_up_to(1);
    CHECK(unparsed(queue) == "f");
    queue.parsed_up_to(0);
    CHECK(queue.unparsed().empty());
    queue.keep(std::string_view("gh"));
    CHECK(unparsed(queue) == "gh");
}

} // namespace receive_queue_test
