// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace base64_test {

namespace base = gemini::live::base;

namespace {

std::string encoded(std::string_view bytes)
{
    std::string text(base::base64_size(bytes.size()), '?');
    base::base64_encode(std::as_bytes(std::span(bytes.data(), bytes.size())), text.data());
    return text;
}

/// Nothing beyond `base64_capacity` may be written to.
std::optional<std::string> decoded(std::string_view text)
{
    constexpr std::ptrdiff_t margin = 64;
    constexpr auto untouched = std::byte{0xa5};
    const auto capacity = base::base64_capacity(text.size());
    std::vector<std::byte> bytes(capacity + margin, untouched);
    const auto size = base::base64_decode(text, bytes.data());
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(capacity);
    if (std::count(end, bytes.end(), untouched) != margin)
        throw std::logic_error("base64_decode has written beyond base64_capacity");
    if (!size) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes.data()), *size);
}

/// The definition, bit by bit.
std::string plainly_encoded(std::string_view bytes)
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
        unsigned six = 0;
        for (std::size_t i = bit; i < bit + 6; ++i) {
            const bool set = i / 8 < bytes.size() &&
                             (static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1) != 0;
            six = six << 1 | (set ? 1 : 0);
        }
        text += alphabet[six];
    }
    while (text.size() % 4 != 0) text += '=';
    return text;
}

std::string random_bytes(std::size_t size)
{
    std::mt19937 random(static_cast<unsigned>(size));
    std::string bytes(size, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

} // namespace

TEST_CASE(
    "base64 of every length up to some blocks matches the definition, and decodes to its input")
{
    for (std::size_t size = 0; size <= 300; ++size) {
        const auto bytes = random_bytes(size);
        const auto text = encoded(bytes);
        REQUIRE(text == plainly_encoded(bytes));
        REQUIRE(decoded(text) == bytes);
        REQUIRE(decoded(text.substr(0, text.find('='))) == bytes);
    }
}

TEST_CASE("base64 accepts the URL-safe alphabet, wherever it appears")
{
    const auto bytes = random_bytes(240);
    auto text = encoded(bytes);
    for (auto& character : text) {
        if (character == '+') character = '-';
        if (character == '/') character = '_';
        REQUIRE(decoded(text) == bytes);
    }
}

TEST_CASE("base64 refuses every other character at every place")
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    const auto text = encoded(random_bytes(75));
    for (std::size_t place = 0; place < text.size(); ++place) {
        for (int character = 0; character < 256; ++character) {
            auto changed = text;
            changed[place] = static_cast<char>(character);
            const bool known = alphabet.find(changed[place]) != std::string_view::npos;
            const bool padding = character == '=' && place == text.size() - 1;
            if (!known && !padding) REQUIRE_FALSE(decoded(changed));
            if (known) REQUIRE(decoded(changed));
        }
    }
}

TEST_CASE("base64 refuses a lone character and nonzero padding bits")
{
    const auto block = encoded(random_bytes(48));
    REQUIRE_FALSE(decoded("A"));
    REQUIRE_FALSE(decoded(block + 'A'));
    REQUIRE_FALSE(decoded("AB"));
    REQUIRE_FALSE(decoded(block + "AB=="));
    REQUIRE_FALSE(decoded("AAB"));
    REQUIRE_FALSE(decoded("="));
    REQUIRE_FALSE(decoded("A==="));
    REQUIRE(decoded("AA==") == std::string(1, '\0'));
}

TEST_CASE("base64 does not read past its end")
{
    constexpr std::string_view text = "AAAAAAAA";
    REQUIRE_FALSE(decoded(text.substr(0, 5)));
    REQUIRE(decoded(text.substr(0, 6)) == std::string(4, '\0'));
}

TEST_CASE("base64 is read leniently on request")
{
    const auto leniently = [](std::string_view text) -> std::optional<std::string> {
        const std::vector<char> exact(text.begin(), text.end());
        std::vector<std::byte> bytes(base::base64_capacity(text.size()));
        const auto size = base::base64_decode_leniently({exact.data(), exact.size()}, bytes.data());
        if (!size) return std::nullopt;
        return std::string(reinterpret_cast<const char*>(bytes.data()), *size);
    };
    for (std::size_t size = 0; size <= 100; ++size) {
        const auto bytes = random_bytes(size);
        auto text = encoded(bytes);
        REQUIRE(leniently(text) == bytes);
        for (std::size_t at = 0; at < text.size(); at += 5) text.insert(at, "\r\n");
        REQUIRE(leniently(text) == bytes);
        REQUIRE(leniently(text + "\n==") == bytes);
    }
    REQUIRE(leniently("AB") == std::string(1, '\0'));
    REQUIRE(leniently("AAB=") == std::string(2, '\0'));
    for (const auto* text : {"A", "AAAAA", "AA=A", "!AAA", "AA AA!"})
        REQUIRE_FALSE(leniently(text));
}

} // namespace base64_test
