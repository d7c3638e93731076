// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/secret.hpp>

#include "support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace secret_test {

using gemini::live::secret;

namespace {

template <class T>
concept prints = requires(std::ostream& to, const T& value)
{
    to << value;
};
static_assert(prints<std::string> && !prints<secret>);
static_assert(!fmt::is_formattable<secret>::value);
static_assert(!std::is_convertible_v<secret, std::string>);

/// Storage for a secret, whose bytes can be inspected after its destruction.
struct room {
    alignas(secret) std::byte bytes[sizeof(secret)]{};

    [[nodiscard]] bool holds(std::string_view text) const
    {
        const auto* begin = reinterpret_cast<const char*>(bytes);
        return std::search(begin, begin + sizeof bytes, text.begin(), text.end()) !=
               begin + sizeof bytes;
    }
};

} // namespace

TEST_CASE("reveal() is the only way to read a secret")
{
    const secret given("open sesame");
    CHECK(given.reveal() == "open sesame");
    CHECK(given == secret("open sesame"));
    CHECK_FALSE(given.empty());
    CHECK(secret().empty());
}

TEST_CASE("a destroyed secret leaves nothing in memory")
{
    room place;
    auto* const one = new (place.bytes) secret("canary");
    REQUIRE(place.holds("canary"));
    one->~secret();
    CHECK_FALSE(place.holds("canary"));
}

TEST_CASE("a secret that is moved or assigned leaves nothing in memory")
{
    room place;
    auto* const one = new (place.bytes) secret("canary");
    secret other(std::move(*one));
    CHECK(other.reveal() == "canary");
    *one = std::move(other);
    CHECK(one->reveal() == "canary");
    CHECK(other.empty()); // NOLINT(bugprone-use-after-move)
    *one = secret("new");
    CHECK(one->reveal() == "new");
    const auto& same = *one;
    *one = same;
    CHECK(one->reveal() == "new");
    one->~secret();
    CHECK_FALSE(place.holds("new"));
    CHECK_FALSE(place.holds("canary"));
}

TEST_CASE("wiping a string overwrites its whole capacity")
{
    std::string text = "a canary that is too long for the string itself to hold";
    const char* const bytes = text.data();
    const auto size = text.size();
    text.resize(3); // the rest is still there
    secret::wipe(text);
    CHECK(text.empty());
    REQUIRE(text.data() == bytes);
    text.resize(text.capacity()); // makes them readable
    CHECK(std::all_of(bytes, bytes + size, [](char each) { return each == '\0'; }));
}

} // namespace secret_test
