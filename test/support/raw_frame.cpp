// SPDX-License-Identifier: Apache-2.0
#include "support/raw_frame.hpp"

namespace test {
namespace {

constexpr std::string_view mask_key = "\x12\x34\x56\x78";

void append_big_endian(std::string& to, std::uint64_t value, int bytes)
{
    while (bytes-- > 0) to.push_back(static_cast<char>(value >> (8 * bytes)));
}

} // namespace

void apply_mask(std::string& payload, std::string_view key)
{
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= key[i % 4];
}

raw_frame raw_frame::close(std::uint16_t code, std::string_view reason)
{
    std::string payload;
    append_big_endian(payload, code, 2);
    payload += reason;
    return {8, std::move(payload)};
}

std::uint16_t raw_frame::close_code() const
{
    if (payload_.size() < 2) return 1005;
    return static_cast<std::uint16_t>(
        static_cast<std::uint8_t>(payload_[0]) << 8 | static_cast<std::uint8_t>(payload_[1]));
}

std::string raw_frame::close_reason() const
{
    return payload_.size() < 2 ? std::string() : payload_.substr(2);
}

std::string raw_frame::bytes() const
{
    std::string wire;
    wire.push_back(static_cast<char>((final_ ? 0x80 : 0) | reserved_ << 4 | opcode_));
    const std::uint64_t size = announced_.value_or(payload_.size());
    const int mask_bit = masked_ ? 0x80 : 0;
    if (form_ == length::in_8_bytes || size > 0xffff) {
        wire.push_back(static_cast<char>(mask_bit | 127));
        append_big_endian(wire, size, 8);
    } else if (form_ == length::in_2_bytes || size > 125) {
        wire.push_back(static_cast<char>(mask_bit | 126));
        append_big_endian(wire, size, 2);
    } else {
        wire.push_back(static_cast<char>(mask_bit | static_cast<int>(size)));
    }
    auto payload = payload_;
    if (masked_) {
        wire += mask_key;
        apply_mask(payload, mask_key);
    }
    return wire + payload;
}

} // namespace test
