// SPDX-License-Identifier: Apache-2.0
#include "auth/headers.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

namespace headers_test {

using namespace gemini::live;
using auth::headers;

TEST_CASE("each kind of credentials is sent in its header")
{
    CHECK(auth::headers_of({}).empty());
    CHECK(auth::headers_of(api_key("k")) == headers{{"x-goog-api-key", "k"}});
    CHECK(auth::headers_of(ephemeral_token("auth_tokens/1")) ==
          headers{{"Authorization", "Token auth_tokens/1"}});
    CHECK(auth::headers_of(access_token("ya29.x")) == headers{{"Authorization", "Bearer ya29.x"}});
    CHECK(auth::headers_of(access_token("ya29.x", "billing")) ==
          headers{{"Authorization", "Bearer ya29.x"}, {"x-goog-user-project", "billing"}});
}

TEST_CASE("credentials report their kind")
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

TEST_CASE("a user's header replaces ours, whatever its case")
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

TEST_CASE("white space, quotation marks and a byte order mark around keys and tokens are stripped")
{
    for (const auto& given : {std::string("k"), std::string(" k"), std::string("k\n"),
             std::string("k\r\n"), std::string("\t k \r\n\r\n"), std::string("\xef\xbb\xbfk"),
             std::string("\"k\""), std::string("'k'\n"), std::string(" \"k\r\n\" "),
             std::string("k\0", 2), std::string("k\xc2\xa0")}) {
        INFO(given);
        CHECK(api_key(given).reveal() == "k");
        CHECK(ephemeral_token(given).reveal() == "k");
        CHECK(access_token(given).reveal() == "k");
    }
    CHECK(api_key(" \r\n").empty());
    CHECK(credentials(api_key(" \r\n")).empty());
    CHECK(credentials(api_key(" auth_tokens/1\n")).is<ephemeral_token>());
    CHECK(api_key("\"k'").reveal() == "\"k'"); // not a pair of quotation marks
}

TEST_CASE("an impossible key is refused by the name of its source, and is not shown")
{
    struct row {
        credentials given;
        std::string told;
    };
    for (const auto& [given, told] :
        {row{api_key("canary\nanother", "GEMINI_API_KEY"), "GEMINI_API_KEY has a line break"},
            row{api_key("canary other", "GOOGLE_API_KEY"), "GOOGLE_API_KEY has a blank"},
            row{api_key("canary\xe2\x80\x9c"), "client_options::credentials has a character"},
            row{access_token("canary\tb"),
                "access token, for the header Authorization, has a blank"},
            row{ephemeral_token("auth_tokens/canary\r\nx"), "ephemeral token"}}) {
        try {
            auth::check_proof(given);
            FAIL("taken");
        } catch (const error& refused) {
            CHECK(refused.value() == errc::invalid_argument);
            CHECK(std::string(refused.what()).find(told) != std::string::npos);
            CHECK(std::string(refused.what()).find("canary") == std::string::npos);
        }
    }
}

} // namespace headers_test
