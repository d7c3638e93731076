// SPDX-License-Identifier: Apache-2.0
#include "base/free_memory.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace free_memory_test {

namespace base = gemini::live::base;

TEST_CASE("a string or a vector keeps no memory once it has been freed")
{
    std::string text(1000, 'x');
    base::free_memory(text);
    CHECK(text.empty());
    CHECK(text.capacity() == std::string().capacity());
    std::vector<char> bytes(1000);
    base::free_memory(bytes);
    CHECK(bytes.empty());
    CHECK(bytes.capacity() == 0);
}

} // namespace free_memory_test
