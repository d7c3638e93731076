// SPDX-License-Identifier: Apache-2.0
#include "emulator/script/message_summary.hpp"

#include "support/catch.hpp"

namespace message_summary_test {

using gemini::live::emulator::message_summary;

TEST_CASE("a message is shown on one line, media by its kind and size")
{
    CHECK(message_summary("{\n  \"setupComplete\": {}\n}\n", 100) == "{setupComplete: {}}");
    CHECK(
        message_summary(R"({"realtimeInput":{"audio":{"data":"AAAAAA==","mimeType":"audio/pcm"}}})",
            100) == "{realtimeInput: {audio: [audio 4 B]}}");
    CHECK(message_summary(R"({"a":[1,"two",null,true]})", 100) == R"({a: [1, "two", null, true]})");
}

TEST_CASE("long text is cut between characters, and no message moves the cursor")
{
    CHECK(message_summary(R"(["€€€€"])", 7) == "[\"€ …");
    CHECK(message_summary("no\x1b[2JJSON", 100) == "no?[2JJSON");
    CHECK(message_summary(R"({"a\u001b":"\u001b"})", 100).find('\x1b') == std::string::npos);
    CHECK(message_summary("", 100).empty());
}

} // namespace message_summary_test
