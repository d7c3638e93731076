// SPDX-License-Identifier: Apache-2.0
// Encoding and decoding give the same result in pieces too short for wide registers, and a text is
// refused only for what the RFC forbids.
#include "base/base64.hpp"
#include "fuzz/pieces.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace gemini::live;

namespace {

std::string encode(std::span<const std::byte> bytes)
{
    const std::vector<std::byte> block(bytes.begin(), bytes.end()); // its end is guarded
    std::vector<char> text(base::base64_size(bytes.size()));
    base::base64_encode(block, text.data());
    return {text.begin(), text.end()};
}

std::optional<std::vector<std::byte>> decode(std::string_view text)
{
    const std::vector<char> block(text.begin(), text.end());
    std::vector<std::byte> bytes(base::base64_capacity(text.size()));
    const auto size = base::base64_decode({block.data(), block.size()}, bytes.data());
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

std::string encode_in_pieces(std::span<const std::byte> bytes)
{
    std::string text;
    for (; bytes.size() > 3; bytes = bytes.subspan(3)) text += encode(bytes.first(3));
    return text + encode(bytes);
}

std::optional<std::vector<std::byte>> decode_in_pieces(std::string_view text)
{
    std::vector<std::byte> bytes;
    while (!text.empty()) {
        const auto piece = text.substr(0, 4);
        text.remove_prefix(piece.size());
        const auto some = decode(piece);
        const bool must_be_last = piece.size() < 4 || piece.ends_with('=');
        if (!some || (must_be_last && !text.empty())) return std::nullopt;
        bytes.insert(bytes.end(), some->begin(), some->end());
    }
    return bytes;
}

/// In the standard alphabet, padded.
std::string standard(std::string text)
{
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    while (text.size() % 4 != 0) text += '=';
    return text;
}

/// RFC 4648, with padding bits required to be 0.
bool by_the_book(std::string_view text)
{
    if (text.size() % 4 == 0 && text.ends_with('='))
        text.remove_suffix(text.ends_with("==") ? 2 : 1);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    if (text.size() % 4 == 1 || text.find_first_not_of(alphabet) != std::string_view::npos)
        return false;
    if (text.size() % 4 == 0) return true;
    const auto last = alphabet.find(text.back());
    const auto value = last < 64 ? last : last - 2;
    return value % (text.size() % 4 == 2 ? 16 : 4) == 0;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto bytes = std::as_bytes(std::span(data, size));

    const auto written = encode(bytes);
    fuzz::require(written == encode_in_pieces(bytes));
    auto url_safe = written;
    std::replace(url_safe.begin(), url_safe.end(), '+', '-');
    std::replace(url_safe.begin(), url_safe.end(), '/', '_');
    const auto unpadded = url_safe.substr(0, std::min(url_safe.find('='), url_safe.size()));
    for (const auto& spelling : {written, url_safe, unpadded}) {
        const auto again = decode(spelling);
        fuzz::require(
            again && std::equal(again->begin(), again->end(), bytes.begin(), bytes.end()));
    }

    const auto read = decode(text);
    fuzz::require(read == decode_in_pieces(text));
    fuzz::require(read.has_value() == by_the_book(text));
    if (read) fuzz::require(encode(*read) == standard(std::string(text)));
    return 0;
}
