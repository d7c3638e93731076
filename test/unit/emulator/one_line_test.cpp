// SPDX-License-Identifier: Apache-2.0
#include "emulator/one_line.hpp"

#include "support/catch.hpp"

namespace one_line_test {

using gemini::live::emulation::on_one_line;

TEST_CASE("a message is shown on one line, media by its kind and size")
{
    CHECK(on_one_line("{\n  \"setupComplete\": {}\n}\n", 100) == "{setupComplete: {}}");
    CHECK(on_one_line(R"({"realtimeInput":{"audio":{"data":"AAAAAA==","mimeType":"audio/pcm"}}})",
              100) == "{realtimeInput: {audio: [audio 4 B]}}");
    CHECK(on_one_line(R"({"a":[1,"two",null,true]})", 100) == R"({a: [1, "two", null, true]})");
}

TEST_CASE("what is long is cut between characters, and no message moves the cursor")
{
    CHECK(on_one_line(R"(["€€€€"])", 7) == "[\"€ …");
    CHECK(on_one_line("no\x1b[2JJSON", 100) == "no?[2JJSON");
    CHECK(on_one_line(R"({"a\u001b":"\u001b"})", 100).find('\x1b') == std::string::npos);
    CHECK(on_one_line("", 100).empty());
}

} // namespace one_line_test
