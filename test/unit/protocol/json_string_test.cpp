// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"
#include "protocol/json_string.hpp"

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace json_string_test {

using namespace gemini::live;

namespace {

/// The text that a message has when its string is written like this; nothing if it is unreadable.
std::optional<std::string> said(const std::string& written)
{
    const auto text =
        R"({"serverContent":{"modelTurn":{"parts":[{"text":")" + written + R"("}]}}})";
    const auto message = protocol::decode_server_message(base::padded_buffer(text));
    if (!message.members().omitted.empty()) return std::nullopt;
    return message.text();
}

const std::vector<std::string> escapes{R"(\")", R"(\\)", R"(\/)", R"(\b\f\n\r\t)", R"(\u0000)",
    R"(\u0041)", R"(\u00fC)", R"(\u20ac)", R"(\ud83d\ude00)", R"(\uFFFF)", R"(\\u0041)", "\xc3\xbc",
    R"(a\\)", R"(\\\")"};

const std::vector<std::string> no_escapes{R"(\x)", R"(\u12)", R"(\u12G4)", R"(\ud83d)",
    R"(\ud83d\u0041)", R"(\ude00)", R"(\ud83d\)", R"(\u)"};

} // namespace

TEST_CASE("long strings are read like short ones")
{
    const std::string padding(protocol::longest_copied_string, 'p');
    for (const auto& each : escapes) {
        INFO(each);
        const auto meant = said(each);
        REQUIRE(meant);
        CHECK(protocol::unescape(each) == meant);
        CHECK(protocol::has_sound_escapes(each));
        CHECK((said(padding + each) == padding + *meant));
        CHECK((said(each + padding) == *meant + padding));
        CHECK((said(padding + each + padding) == padding + *meant + padding));
    }
}

TEST_CASE("invalid escapes are refused, wherever they appear")
{
    for (const auto& each : no_escapes) {
        INFO(each);
        CHECK_FALSE(protocol::unescape(each));
        CHECK_FALSE(protocol::has_sound_escapes(each));
        CHECK_FALSE(protocol::unescape("before" + each + " behind"));
    }
}

TEST_CASE("arguments with long strings are checked like others")
{
    const auto call = [](const std::string& written) {
        const auto text = R"({"toolCall":{"functionCalls":[{"id":"f","name":"f","args":{"a":")" +
                          written + R"("  } }]}})";
        const auto message = protocol::decode_server_message(base::padded_buffer(text));
        return message.function_calls().empty() ? std::string()
                                                : message.function_calls()[0].args.text();
    };
    const std::string padding(protocol::longest_copied_string, 'p');
    CHECK((call(padding + R"(\n)") == R"({"a":")" + padding + R"(\n"  })"));
    const auto mended = call(padding + R"(\x)"); // like an error in a short one
    CHECK((mended == R"({"a":")" + padding + R"(\\x"  })"));
}

} // namespace json_string_test
