// SPDX-License-Identifier: Apache-2.0
#include "chat/layout.hpp"

#include "support/catch.hpp"

#include <clocale>
#include <string>
#include <string_view>
#include <vector>

namespace layout_test {

using namespace chat;

namespace {

/// Widths of characters depend on the locale.
const bool speaks_utf8 = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;

/// The screen after these pieces have been written in turn.
std::string shown(const std::vector<std::string_view>& pieces, std::size_t columns)
{
    text_flow flow;
    std::string screen;
    for (const auto piece : pieces) {
        const auto step = flow.add(piece, columns);
        if (step.rewrites) screen.erase(screen.rfind('\n') + 1);
        screen += step.text;
        const auto row = screen.substr(screen.rfind('\n') + 1);
        CHECK(row == flow.row());
        CHECK(measure(row, columns).row == 0);
    }
    return screen;
}

std::vector<std::string_view> letters(std::string_view text)
{
    std::vector<std::string_view> all;
    for (std::size_t i = 0; i < text.size(); ++i) all.push_back(text.substr(i, 1));
    return all;
}

/// Rows, without trailing spaces.
std::vector<std::string> rows(const std::string& text)
{
    std::vector<std::string> all(1);
    for (const char c : text) {
        if (c != '\n') {
            all.back() += c;
            continue;
        }
        all.emplace_back();
    }
    for (auto& each : all)
        while (each.ends_with(' ')) each.pop_back();
    return all;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("chat: text is wrapped between words, however it arrives")
{
    REQUIRE(speaks_utf8);
    constexpr std::string_view text = "Once upon a time there was a packet";
    const lines broken{"Once upon", "a time", "there was", "a packet"};
    CHECK(rows(wrap_words(text, 10)) == broken);
    CHECK(rows(shown({text}, 10)) == broken);
    CHECK(rows(shown(letters(text), 10)) == broken);
    CHECK(rows(shown({"Once upon a ti", "me the", "re was a pac", "ket"}, 10)) == broken);
}

TEST_CASE("chat: a word that fills the row exactly is not followed by an empty row")
{
    CHECK(rows(shown(letters("hello world"), 5)) == lines{"hello", "world"});
    CHECK(rows(shown({"hello", "   ", "world"}, 5)) == lines{"hello", "world"});
    CHECK(rows(shown({"hello", " ", "\n", "world"}, 5)) == lines{"hello", "world"});
    CHECK(rows(shown({"hello", "\n", "\n", "world"}, 5)) == lines{"hello", "", "world"});
}

TEST_CASE("chat: a word longer than a row is broken at the row's end")
{
    CHECK(rows(shown(letters("abcdefghij kl"), 4)) == lines{"abcd", "efgh", "ij", "kl"});
    CHECK(rows(wrap_words("a bcdefghij", 4)) == lines{"a", "bcde", "fghi", "j"});
}

TEST_CASE("chat: wide characters are broken anywhere but before a full stop, and never halved")
{
    CHECK(rows(wrap_words("你好世界", 5)) == lines{"你好", "世界"});
    CHECK(rows(wrap_words("你好。世界", 4)) == lines{"你", "好。", "世界"});
    CHECK(rows(wrap_words("ab你好", 3)) == lines{"ab", "你", "好"});
    CHECK(rows(wrap_words("你好", 1)) == lines{"你", "好"}); // nothing fits, and it still ends
    CHECK(rows(wrap_words("e\u0301e\u0301e\u0301", 2)) == lines{"e\u0301e\u0301", "e\u0301"});
}

TEST_CASE("chat: colors take no space and stay with their words")
{
    CHECK(rows(shown({"\x1b[1;35mmodel ›\x1b[0m ", "Hello", " world"}, 13)) ==
          lines{"\x1b[1;35mmodel ›\x1b[0m Hello", "world"});
    CHECK(measure("\x1b[1;35mmodel ›\x1b[0m ", 80).column == 8);
}

TEST_CASE("chat: on a narrowed terminal, text continues where the terminal has wrapped the row")
{
    text_flow flow;
    CHECK(flow.add("one two three", 20).text == "one two three");
    const auto step = flow.add(" four", 8); // after "three", which has a row of its own now
    CHECK_FALSE(step.rewrites);
    CHECK(rows(step.text) == lines{"", "four"});
    CHECK(flow.row() == "four");
}

TEST_CASE("chat: a width of zero and an empty text do not hang the layout")
{
    for (std::size_t columns = 1; columns < 6; ++columns) {
        for (const auto* text : {"", " ", "   ", "\n", "a", "你", "🎉👩‍👩‍👧",
                 "\xff\xfe", "a  b", "…", "é"}) {
            INFO(columns << " " << text);
            CHECK(wrap_words(text, columns).size() < 100);
            CHECK(fit(text, columns).size() <= std::string_view(text).size());
        }
    }
}

TEST_CASE("chat: terminal control sequences are removed")
{
    CHECK(printable("a\x1b[31mb\x07\tc\nd\x7f") == "a[31mb c\nd");
}

} // namespace layout_test
