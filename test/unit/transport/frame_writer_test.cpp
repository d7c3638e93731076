// SPDX-License-Identifier: Apache-2.0
#include "transport/frame_writer.hpp"

#include "support/catch.hpp"
#include "support/raw_frame.hpp"

#include <string>

namespace frame_writer_test {

using namespace gemini::live::transport;

namespace {

constexpr masking_key key{0x37, 0xfa, 0x21, 0x3d};

std::string written(frame_kind kind, bool is_final, std::string_view payload)
{
    std::string room = std::string(longest_frame_head, '#') + std::string(payload);
    const auto frame =
        make_frame(kind, is_final, {room.data() + longest_frame_head, payload.size()}, key);
    return {frame.begin(), frame.end()};
}

} // namespace

TEST_CASE("a frame is masked and has the header that RFC 6455 shows")
{
    CHECK(
        written(frame_kind::text, true, "Hello") == "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    CHECK(
        written(frame_kind::pong, true, "Hello") == "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    CHECK(written(frame_kind::text, false, "") == "\x01\x80\x37\xfa\x21\x3d");
    CHECK(written(frame_kind::continuation, true, "") == "\x80\x80\x37\xfa\x21\x3d");
}

TEST_CASE("a frame of any length has the shortest header")
{
    for (const std::size_t size : {0u, 1u, 7u, 8u, 9u, 125u, 126u, 65'535u, 65'536u, 70'001u}) {
        std::string payload(size, ' ');
        for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7);
        const auto frame = written(frame_kind::text, true, payload);
        const std::size_t extra = size <= 125 ? 0 : size <= 65'535 ? 2 : 8;
        REQUIRE(frame.size() == 2 + extra + key.size() + size);
        CHECK((frame[1] & 0x7f) == (extra == 0 ? static_cast<int>(size) : extra == 2 ? 126 : 127));
        std::size_t length = extra == 0 ? size : 0;
        for (std::size_t i = 0; i < extra; ++i)
            length = length << 8 | static_cast<unsigned char>(frame[2 + i]);
        CHECK(length == size);
        auto unmasked = frame.substr(2 + extra + key.size());
        test::apply_mask(unmasked, "\x37\xfa\x21\x3d");
        CHECK(unmasked == payload);
    }
}

} // namespace frame_writer_test
