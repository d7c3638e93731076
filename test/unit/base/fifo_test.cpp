// SPDX-License-Identifier: Apache-2.0
#include "base/fifo.hpp"

#include "support/catch.hpp"

#include <memory>

namespace fifo_test {

namespace base = gemini::live::base;

TEST_CASE("a fifo returns all items in order, however far its reader lags")
{
    for (int backlog : {1, 2, 127, 128, 129, 200, 1000}) {
        base::fifo<std::unique_ptr<int>> queue;
        int in = 0;
        int out = 0;
        const auto take = [&] { REQUIRE(*queue.take() == out++); };
        while (in < 5000) {
            queue.push(std::make_unique<int>(in++));
            if (in - out == backlog) take();
        }
        while (!queue.empty()) take();
        REQUIRE(out == in);
    }
}

TEST_CASE("an item of a fifo lives no longer than until it is removed")
{
    const auto item = std::make_shared<int>(0);
    base::fifo<std::shared_ptr<int>> queue;
    for (int i = 0; i < 300; ++i) queue.push(item);
    for (int left = 300; left > 0; --left) {
        REQUIRE(item.use_count() == 1 + left);
        static_cast<void>(queue.take());
    }
    REQUIRE(queue.empty());
}

} // namespace fifo_test
