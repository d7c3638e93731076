// SPDX-License-Identifier: Apache-2.0
#include "base/access.hpp"
#include "base/base64.hpp"
#include "protocol/decode.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace footprint_test {

// What a message costs, and may cost.
using namespace gemini::live;

namespace {

server_message decode(std::string_view text, protocol::decode_limits limits = {})
{
    return protocol::decode_server_message(base::padded_buffer(text), limits);
}

std::string base64_of(std::size_t bytes)
{
    const std::vector<std::byte> sound(bytes, std::byte{0x5a});
    std::string text(base::base64_size(bytes), '=');
    base::base64_encode(sound, text.data());
    return text;
}

std::string with_sound(std::string_view base64, std::string_view beside = "")
{
    return fmt::format(R"({{"serverContent":{{"modelTurn":{{"parts":[{{"inlineData":)"
                       R"({{"mimeType":"audio/pcm;rate=24000","data":"{}"}}}}{}]}}}}}})",
        base64, beside);
}

std::string list_of(
    std::string_view before, std::string_view element, std::size_t count, std::string_view after)
{
    std::string text(before);
    for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "" : ",").append(element);
    return text.append(after);
}

std::string refusal_of(std::string_view text, protocol::decode_limits limits = {})
{
    try {
        static_cast<void>(decode(text, limits));
    } catch (const error& refused) {
        CHECK(refused.value() == errc::message_too_big);
        return refused.what();
    }
    return "taken";
}

} // namespace

TEST_CASE("absent members cost nothing: an empty message owns at most 256 bytes")
{
    CHECK(decode("{}").footprint() <= 256);
    CHECK(decode(R"({"serverContent":{}})").footprint() <= 400);
}

TEST_CASE("text is charged as wire text and as parsed, also in lists")
{
    const std::string words(1000, 'x');
    const auto one = R"({"serverContent":{"outputTranscription":{"text":")" + words + "\"}}}";
    CHECK(decode(one).footprint() >= one.size() + words.size());
    const auto many = list_of(
        R"({"serverContent":{"modelTurn":{"parts":[)", R"({"text":")" + words + "\"}", 50, "]}}}");
    CHECK(decode(many).footprint() >= many.size() + 50 * words.size());
}

TEST_CASE("an audio message owns no more than its bytes on the wire, and 256")
{
    const auto text = with_sound(base64_of(2400));
    const auto message = decode(text);
    CHECK(message.audio().size() == 2400);
    CHECK(message.footprint() <= text.size() + 256);
}

TEST_CASE("the raw text of a message with audio is as received")
{
    const auto sound = base64_of(2399);
    const std::string_view more = GENERATE(R"(,{"text":"Hi"})", "",
        R"(,{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}})",
        R"(,{"thoughtSignature":"AA"})");
    const auto text = with_sound(sound, more);
    auto message = decode(text);
    CHECK(message.raw() == text);
    CHECK(message.raw() == text);
    auto moved = std::move(message);
    CHECK(moved.raw() == text);
    CHECK(moved.audio().size() >= 2399);
    SECTION("two pieces")
    {
        const auto twice = with_sound(sound,
            R"(,{"inlineData":{"mimeType":"audio/pcm","data":")" + base64_of(900) + R"("}})");
        const auto both = decode(twice);
        CHECK(both.audio().size() == 2399 + 900);
        CHECK(both.raw() == twice);
    }
    SECTION("a member that the message has twice")
    {
        const auto twice = R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":")" +
                           sound + R"(","data":")" + base64_of(600) + R"("}}]}}})";
        CHECK(decode(twice).raw() == twice);
    }
    SECTION("base64 of the other alphabet")
    {
        const auto other = with_sound(std::string(400, '-'));
        CHECK(decode(other).raw() == other);
    }
    SECTION("without its audio")
    {
        access::drop_audio(moved);
        CHECK(moved.audio().empty());
        auto dropped = decode(text);
        access::drop_audio(dropped);
        CHECK(dropped.raw() == with_sound("", more));
    }
}

TEST_CASE("a message with too many members and elements is refused by its path")
{
    const protocol::decode_limits few{.values = 1000, .memory = 8u << 20};
    const auto parts = [](std::string_view part, std::size_t count) {
        return list_of(R"({"serverContent":{"modelTurn":{"parts":[)", part, count, "]}}}");
    };
    CHECK(refusal_of(parts("{}", 900), few) == "taken");
    CHECK(refusal_of(parts("{}", 1000), few) ==
          "The server sent a message with too many members and elements, at "
          "serverContent.modelTurn.parts.");
    CHECK(refusal_of(parts("null", 1000), few) != "taken");
    CHECK(refusal_of(list_of(R"({"novelty":[)", "0", 1000, "]}"), few) ==
          "The server sent a message with too many members and elements.");
    CHECK(refusal_of(list_of(R"({"novelty":{"a":[)", R"({"b":0})", 500, "]}}"), few) != "taken");
    CHECK(
        refusal_of(list_of(R"({"toolCall":{"functionCalls":[{"args":{"x":[)", "0", 1000, "]}}]}}"),
            few) != "taken");
    CHECK(refusal_of(list_of(R"({"serverContent":[)", "{}", 1000, "]}"), few) != "taken");
}

TEST_CASE("a message whose lists and objects would take more memory than it may is refused")
{
    const auto limits = protocol::limits_of_message(1u << 20);
    const auto most_parts =
        (limits.memory - sizeof(server_content) - sizeof(content)) / sizeof(part);
    const auto many = list_of(R"({"serverContent":{"modelTurn":{"parts":[)", "{}", 100'000, "]}}}");
    CHECK(refusal_of(many, limits) == "The server sent a message with too many lists and objects, "
                                      "at serverContent.modelTurn.parts[" +
                                          std::to_string(most_parts) + "].");
    const auto boxes = list_of(R"({"serverContent":{"modelTurn":{"parts":[)",
        R"({"fileData":{},"inlineData":{},"toolCall":{},"toolResponse":{}})", 2000, "]}}}");
    CHECK(refusal_of(boxes, limits) != "taken");
    CHECK(decode(R"({"serverContent":{"modelTurn":{"parts":[{"text":"a"},{"text":"b"}]}}})", limits)
              .text() == "ab");
}

} // namespace footprint_test
