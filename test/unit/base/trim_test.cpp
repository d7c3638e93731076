// SPDX-License-Identifier: Apache-2.0
#include "base/trim.hpp"

#include "support/catch.hpp"

#include <string_view>
#include <utility>

namespace trim_test {

namespace base = gemini::live::base;

TEST_CASE("blanks, a byte order mark and pairs of quotation marks are stripped, however nested")
{
    using row = std::pair<std::string_view, std::string_view>;
    const auto [text, rest] = GENERATE(row{"", ""}, row{"key", "key"},
        row{" \t\r\n key \v\f", "key"}, row{"\xef\xbb\xbfkey", "key"},
        row{"\xc2\xa0key\xe2\x80\x8b", "key"}, row{"\"key\"", "key"}, row{" ' \" key \" ' ", "key"},
        row{"\"\"", ""}, row{"\"", "\""}, row{"'key\"", "'key\""}, row{"k ey", "k ey"});
    CHECK(base::trimmed(text) == rest);
}

} // namespace trim_test
