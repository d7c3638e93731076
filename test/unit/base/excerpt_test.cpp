// SPDX-License-Identifier: Apache-2.0
#include "base/excerpt.hpp"

#include "support/catch.hpp"

#include <string>

namespace excerpt_test {

using gemini::live::base::excerpt;

TEST_CASE("an excerpt is text on one line")
{
    CHECK(excerpt(" a\r\n\tb\0c ") == "a b");
    CHECK(excerpt("a\xff"
                  "b\x01") == "a?b");
    CHECK(excerpt("caf\xc3\xa9") == "caf\xc3\xa9");
    CHECK(excerpt("").empty());
}

TEST_CASE("an excerpt has at most the requested length, and cuts no character")
{
    CHECK(excerpt("12345", 5) == "12345");
    CHECK(excerpt("123456", 5) == "12345…");
    CHECK(excerpt("1234\xc3\xbc", 5) == "1234…");
    std::string umlauts;
    for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xbc";
    CHECK(excerpt(umlauts).size() < 510);
}

} // namespace excerpt_test
