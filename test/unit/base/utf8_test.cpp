// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace utf8_test {

using namespace gemini::live;
using namespace std::string_literals;

namespace {

/// The definition in RFC 3629, the slow way: decodes, then checks the value.
bool by_the_book(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80             ? 1
                                   : (lead & 0xe0) == 0xc0 ? 2
                                   : (lead & 0xf0) == 0xe0 ? 3
                                   : (lead & 0xf8) == 0xf0 ? 4
                                                           : 0;
        if (length == 0 || at + length > text.size()) return false;
        std::uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
        for (std::size_t i = 1; i < length; ++i) {
            const auto next = static_cast<unsigned char>(text[at + i]);
            if ((next & 0xc0) != 0x80) return false;
            point = point << 6 | (next & 0x3f);
        }
        constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
            return false;
        at += length;
    }
    return true;
}

bool in_pieces(std::string_view text, std::size_t size)
{
    base::utf8_checker checker;
    for (std::size_t at = 0; at < text.size(); at += size) checker.feed(text.substr(at, size));
    return checker.complete();
}

} // namespace

TEST_CASE("text is truncated between two characters")
{
    const auto text = "a\u00e9\u20ac"s; // 1, 2 and 3 bytes
    const std::size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6};
    for (std::size_t size = 0; size < std::size(kept); ++size)
        CHECK(base::truncate_utf8(text, size) == text.substr(0, kept[size]));
}

TEST_CASE(
    "all sequences of up to three bytes, and of four by the first three, are checked by RFC 3629")
{
    bool same = true;
    std::string text;
    for (int first = 0; first < 256; ++first) {
        text.assign(1, static_cast<char>(first));
        same = same && base::is_utf8(text) == by_the_book(text);
        for (int second = 0; second < 256; ++second) {
            text.resize(1);
            text.push_back(static_cast<char>(second));
            same = same && base::is_utf8(text) == by_the_book(text);
            for (const int third : {0x00, 0x7f, 0x80, 0x8f, 0x90, 0xa0, 0xbf, 0xc0, 0xff}) {
                text.resize(2);
                text.push_back(static_cast<char>(third));
                same = same && base::is_utf8(text) == by_the_book(text);
                for (const int fourth : {0x7f, 0x80, 0xbf, 0xc0}) {
                    text.resize(3);
                    text.push_back(static_cast<char>(fourth));
                    same = same && base::is_utf8(text) == by_the_book(text);
                }
            }
        }
    }
    CHECK(same);
}

TEST_CASE("an invalid byte is found anywhere in a long text, and however the text is cut")
{
    std::string text;
    for (int i = 0; i < 4; ++i) text += "plain words, then \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 ";
    REQUIRE(base::is_utf8(text));
    for (std::size_t size = 1; size <= text.size(); ++size) REQUIRE(in_pieces(text, size));
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto spoiled = text;
        spoiled[at] = '\xff';
        REQUIRE_FALSE(base::is_utf8(spoiled));
        for (const std::size_t size : {1, 2, 3, 7, 16, 17}) REQUIRE_FALSE(in_pieces(spoiled, size));
    }
}

TEST_CASE("a text that ends within a character is incomplete, and a failed check stays failed")
{
    CHECK(base::is_utf8(""));
    CHECK(base::is_utf8("\0"s));
    CHECK_FALSE(base::is_utf8("\xe2\x82"));

    base::utf8_checker checker;
    CHECK(checker.feed("\xe2\x82"));
    CHECK_FALSE(checker.complete());
    CHECK(checker.feed("\xac"));
    CHECK(checker.complete());
    CHECK_FALSE(checker.feed("\x80"));
    CHECK_FALSE(checker.feed("fine"));
    CHECK_FALSE(checker.complete());
}

TEST_CASE("an impossible character is refused at its first impossible byte")
{
    const std::vector<std::string> beginnings{
        "\xc0", "\xc1", "\xe0\x9f", "\xed\xa0", "\xf0\x8f", "\xf4\x90", "\xf5", "\x80", "a\xc3z"};
    for (const auto& beginning : beginnings) {
        base::utf8_checker checker;
        CHECK(checker.feed(beginning.substr(0, beginning.size() - 1)));
        CHECK_FALSE(checker.feed(beginning.substr(beginning.size() - 1)));
    }
}

TEST_CASE("invalid UTF-8 is replaced, a cut character by one replacement character")
{
    struct row {
        std::string_view text;
        std::string_view mended;
    };
    const auto each = GENERATE(row{"", ""}, row{"plain", "plain"},
        row{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82",
            "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82"},
        row{"\xc3", "\xef\xbf\xbd"}, row{"\xe2\x82", "\xef\xbf\xbd"},
        row{"\xf0\x9f\x99", "\xef\xbf\xbd"}, row{"\xf0\x9f\x99!", "\xef\xbf\xbd!"},
        row{"\x82\x82", "\xef\xbf\xbd\xef\xbf\xbd"}, row{"a\xff\xfe", "a\xef\xbf\xbd\xef\xbf\xbd"},
        row{"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"}, row{"\xe2\xc3\xa9", "\xef\xbf\xbd\xc3\xa9"});
    CHECK(base::mend_utf8(each.text) == each.mended);
    CHECK(base::is_utf8(base::mend_utf8(each.text)));
}

} // namespace utf8_test
