// SPDX-License-Identifier: Apache-2.0
#include "base/block.hpp"

#include "support/catch.hpp"

#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace block_test {

using gemini::live::base::block;

TEST_CASE("a block has at least the size that was asked for, and at most a quarter more")
{
    for (int round = 0; round < 3; ++round) {
        for (std::size_t size = 0; size < 100'000; size = 3 * size / 2 + 1) {
            block one(size);
            CHECK(one);
            CHECK(one.size() >= size);
            if (size >= 64) CHECK(one.size() <= size + size / 4 + 1);
            std::memset(one.data(), 0x5a, one.size());
        }
    }
}

TEST_CASE("blocks in use never overlap, whatever was freed before")
{
    std::vector<block> held;
    for (std::size_t i = 0; i < 400; ++i) {
        held.emplace_back(1000 + i % 7 * 300);
        std::memset(held.back().data(), static_cast<int>(i % 251), held.back().size());
        if (i % 3 == 0) held.erase(held.begin() + static_cast<std::ptrdiff_t>(held.size() / 2));
    }
    for (const auto& each : held) {
        const std::vector<char> same(each.size(), each.data()[0]);
        CHECK(std::memcmp(each.data(), same.data(), same.size()) == 0);
    }
}

TEST_CASE("a moved block is empty, and its memory belongs to the new owner")
{
    block from(500);
    from.data()[0] = 'x';
    block to(20);
    to = std::move(from);
    CHECK_FALSE(from); // NOLINT(bugprone-use-after-move)
    CHECK(from.size() == 0);
    CHECK(to.size() >= 500);
    CHECK(to.data()[0] == 'x');
}

TEST_CASE("a block may be freed on another thread than its own, also at that thread's end")
{
    block made;
    std::thread([&made] { made = block(3000); }).join();
    CHECK(made.size() >= 3000);
    std::thread([moved = std::move(made)] { CHECK(moved.size() >= 3000); }).join();
    static thread_local block last; // may be freed after what the thread keeps
    std::thread([] { last = block(2000); }).join();
}

} // namespace block_test
