// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/avatar.hpp"

#include <iterator>
#include <string_view>

namespace gemini::live::emulator {
namespace {

void append(bytes& all, std::string_view text)
{
    for (const char c : text) all.push_back(static_cast<std::byte>(c));
}

void append(bytes& all, std::uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        all.push_back(static_cast<std::byte>(number >> shift));
}

bytes box(std::string_view type, std::span<const std::byte> content)
{
    bytes all;
    append(all, static_cast<std::uint32_t>(8 + content.size()));
    append(all, type);
    all.insert(all.end(), content.begin(), content.end());
    return all;
}

} // namespace

bytes avatar_piece(std::uint32_t number, std::span<const std::byte> pcm)
{
    bytes all;
    const auto add = [&all](const bytes& one) { all.insert(all.end(), one.begin(), one.end()); };
    if (number == 0) {
        bytes brands;
        append(brands, "iso5");
        append(brands, std::uint32_t{512});
        append(brands, "iso5iso6mp41");
        add(box("ftyp", brands));
        add(box("moov", {}));
    }
    bytes sequence;
    append(sequence, std::uint32_t{0}); // version and flags
    append(sequence, number + 1);
    add(box("moof", box("mfhd", sequence)));
    add(box("mdat", pcm));
    return all;
}

} // namespace gemini::live::emulator
