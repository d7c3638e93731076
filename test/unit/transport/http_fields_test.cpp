// SPDX-License-Identifier: Apache-2.0
#include "transport/http_fields.hpp"

#include "support/catch.hpp"

#include <string>

namespace http_fields_test {

using gemini::live::transport::where_it_leads;

TEST_CASE("a redirect's target is shown without what may be secret")
{
    struct row {
        const char* location;
        const char* shown;
    };
    const auto [location, shown] = GENERATE(
        row{"https://other.example/path", "to https://other.example/path"},
        row{"wss://other.example:8443", "to wss://other.example:8443"},
        row{"https://user:secret@other.example/", "to https://other.example/"},
        row{"https://a@b:secret@other.example/", "to https://other.example/"},
        row{"https://user:secret@other.example", "to https://other.example"},
        row{"https://user:sec\\ret@other.example/", "to https://other.example/"},
        row{"https:user:secret@other.example/", "to other.example/ on the same server"},
        row{"https://other.example?key=secret", "to https://other.example?key=…"},
        row{"https://other.example/a?secret", "to https://other.example/a?…"},
        row{"/a?next=https://x@y/&key=secret&&flag", "to /a?next=…&key=…&&… on the same server"},
        row{"https://other.example/a?", "to https://other.example/a?"},
        row{"https://other.example/a#secret?x=y", "to https://other.example/a"},
        row{"//other.example/a", "to //other.example/a"},
        row{"//user:secret@other.example/a", "to //other.example/a"},
        row{"/login", "to /login on the same server"},
        row{"https:login", "to https:login on the same server"},
        row{"/a//b", "to /a//b on the same server"}, row{"#top", "nowhere"}, row{"", "nowhere"});
    CHECK(where_it_leads(location) == shown);
}

TEST_CASE("a redirect's target is bounded and printable")
{
    const auto shown =
        where_it_leads("https://other.example/\x1b[31m\r\n" + std::string(5'000, 'x'));
    CHECK(shown.size() < 250);
    CHECK(shown.find('\x1b') == std::string::npos);
    CHECK(shown.ends_with("…"));
}

} // namespace http_fields_test
