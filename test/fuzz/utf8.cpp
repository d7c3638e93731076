// SPDX-License-Identifier: Apache-2.0
// The result must not depend on how the text is cut, and must agree with a decoder that implements
// RFC 3629 the slow way.
#include "base/utf8.hpp"
#include "fuzz/pieces.hpp"

#include <bit>

using namespace gemini::live;

namespace {

bool by_the_book(std::string_view text)
{
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    while (!text.empty()) {
        const auto lead = static_cast<std::uint8_t>(text.front());
        const auto ones = static_cast<std::size_t>(std::countl_one(lead));
        const std::size_t length = ones == 0 ? 1 : ones;
        if (ones == 1 || length > 4 || length > text.size()) return false;
        std::uint32_t point = ones == 0 ? lead : lead & (0x7fu >> ones);
        for (const auto next : text.substr(1, length - 1)) {
            if ((next & 0xc0) != 0x80) return false;
            point = point << 6 | (next & 0x3f);
        }
        if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return false;
        text.remove_prefix(length);
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const bool valid = by_the_book(text);
    fuzz::require(base::is_utf8(text) == valid);
    for (const std::size_t most : {1, 5, 40}) {
        base::utf8_checker checker;
        const auto seed = static_cast<std::uint32_t>(size);
        fuzz::in_pieces(text, seed, most, [&](std::string_view piece) { checker.feed(piece); });
        fuzz::require(checker.complete() == valid);
    }
    return 0;
}
