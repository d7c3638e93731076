// SPDX-License-Identifier: Apache-2.0
#include "transport/masking_keys.hpp"

#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>

namespace masking_keys_test {

namespace transport = gemini::live::transport;

TEST_CASE("masking keys differ")
{
    transport::masking_keys keys;
    std::set<transport::masking_key> seen;
    constexpr std::size_t many = 3000; // more than are obtained at a time
    for (std::size_t i = 0; i < many; ++i) seen.insert(keys.next());
    CHECK(seen.size() > many - 5); // two of so many may be equal
}

TEST_CASE("a child process gets other keys than its parent")
{
    transport::masking_keys keys;
    static_cast<void>(keys.next());
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto key = keys.next();
        ::_exit(::write(pipe[1], key.data(), key.size()) == sizeof key ? 0 : 1);
    }
    transport::masking_key of_child{};
    REQUIRE(::read(pipe[0], of_child.data(), of_child.size()) == sizeof of_child);
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(keys.next() != of_child);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

} // namespace masking_keys_test
