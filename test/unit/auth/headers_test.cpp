// SPDX-License-Identifier: Apache-2.0
#include "auth/headers.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

using namespace gemini::live;
using auth::headers;

TEST_CASE("each kind of credentials travels in its header")
{
    CHECK(auth::headers_of({}).empty());
    CHECK(auth::headers_of(api_key("k")) == headers{{"x-goog-api-key", "k"}});
    CHECK(auth::headers_of(ephemeral_token("auth_tokens/1")) ==
          headers{{"Authorization", "Token auth_tokens/1"}});
    CHECK(auth::headers_of(access_token("ya29.x")) == headers{{"Authorization", "Bearer ya29.x"}});
    CHECK(auth::headers_of(access_token("ya29.x", "billing")) ==
          headers{{"Authorization", "Bearer ya29.x"}, {"x-goog-user-project", "billing"}});
}

TEST_CASE("credentials know what they are")
{
    CHECK(credentials().empty());
    CHECK(credentials(api_key("")).empty());
    CHECK(credentials(ephemeral_token("")).empty());
    CHECK(credentials(access_token("", "billing")).empty());
    const credentials key = api_key("k");
    CHECK(key.is<api_key>());
    REQUIRE(key.get_if<api_key>());
    CHECK(key.get_if<api_key>()->reveal() == "k");
    CHECK_FALSE(key.get_if<access_token>());
}

TEST_CASE("a key that begins with auth_tokens/ is an ephemeral token")
{
    const credentials given = api_key("auth_tokens/1");
    CHECK_FALSE(given.is<api_key>());
    REQUIRE(given.is<ephemeral_token>());
    CHECK(given.get_if<ephemeral_token>()->reveal() == "auth_tokens/1");
}

TEST_CASE("a header of the user stands in place of ours, whatever its case")
{
    const headers ours{{"Authorization", "Bearer a"}, {"User-Agent", "us"}};
    CHECK(auth::merge(ours, {}) == ours);
    CHECK(auth::merge(ours, {{"authorization", "Bearer b"}, {"x-more", "1"}, {"x-more", "2"}}) ==
          headers{{"User-Agent", "us"}, {"authorization", "Bearer b"}, {"x-more", "1"},
              {"x-more", "2"}});
    CHECK(auth::find(ours, "USER-AGENT"));
    CHECK_FALSE(auth::find(ours, "User"));
}

TEST_CASE("a header that would break the request is refused, and its value is not shown")
{
    CHECK_NOTHROW(auth::check({{"x-mine", "any value: at all"}}));
    for (const auto& bad : {headers{{"", "secret"}}, headers{{"x-mine", "secret\r\nHost: b"}},
             headers{{"x-mine\n", "secret"}}, headers{{"x-mine", std::string("secret\0", 7)}}}) {
        try {
            auth::check(bad);
            FAIL("taken");
        } catch (const error& refused) {
            CHECK(refused.value() == errc::invalid_argument);
            CHECK(std::string(refused.what()).find("secret") == std::string::npos);
        }
    }
}
