// SPDX-License-Identifier: Apache-2.0
#include "transport/frame_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t opcode_bits = 0x0f;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_bits = 0x7f;

constexpr std::uint8_t continuation = 0x0;
constexpr std::uint8_t binary = 0x2;
constexpr std::uint8_t close = 0x8;
constexpr std::uint8_t ping = 0x9;
constexpr std::uint8_t pong = 0xa;

constexpr std::uint8_t length_in_2_bytes = 126;
constexpr std::uint8_t length_in_8_bytes = 127;
constexpr std::size_t max_control_payload = 125;

constexpr bool is_control(std::uint8_t opcode) { return (opcode & 0x8) != 0; }

constexpr bool may_close_with(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/// Returns the rule that a frame breaks by its first two bytes, or null. `in_message`: a fragmented
/// message waits for its next fragment.
const char* fault_in_frame(std::uint8_t first, std::uint8_t second, bool in_message)
{
    const std::uint8_t opcode = first & opcode_bits;
    if (first & reserved_bits) return "a reserved bit is set, and no extension was agreed on";
    if (second & mask_bit) return "a frame is masked, as only a client's may be";
    if (is_control(opcode)) {
        if (opcode > pong) return "a control frame has a reserved opcode";
        if (!(first & final_bit)) return "a control frame is fragmented";
        if ((second & length_bits) > max_control_payload)
            return "a control frame has more than 125 bytes";
        return nullptr;
    }
    if (opcode > binary) return "a data frame has a reserved opcode";
    if (opcode == continuation && !in_message) return "a continuation has no message to continue";
    if (opcode != continuation && in_message)
        return "a message begins before the fragmented one has ended";
    return nullptr;
}

} // namespace

error closed_by_peer(const close_frame& frame)
{
    const bool has_code = frame.code != 1005;
    auto sentence = frame.reason.empty()
                        ? fmt::format("The server closed the connection (code {}).", frame.code)
                        : fmt::format("The server closed the connection (code {}: {}).", frame.code,
                              frame.reason);
    if (!has_code) sentence = "The server closed the connection without giving a code.";
    return {errc::connection_lost, sentence, {phase::open, frame.code, frame.reason}};
}

std::optional<frame_event> frame_reader::next(std::span<const char>& bytes)
{
    while (!ended_) {
        if (!in_payload_) {
            if (!take_head(bytes)) return std::nullopt;
            if (auto broken = begin_frame()) return broken;
            in_payload_ = true;
        }
        if (left_ != 0 && bytes.empty()) return std::nullopt;
        const auto piece = bytes.first(std::min(left_, bytes.size()));
        bytes = bytes.subspan(piece.size());
        left_ -= piece.size();
        in_payload_ = left_ != 0;
        auto event = is_control(opcode_) ? take_control(piece) : take_data(piece);
        if (event) return event;
    }
    bytes = {};
    return std::nullopt;
}

/// Whether the whole head of a frame is there.
bool frame_reader::take_head(std::span<const char>& bytes) noexcept
{
    const auto size = [this]() -> std::size_t {
        if (head_size_ < 2) return 2;
        const auto length = head_[1] & length_bits;
        return length == length_in_8_bytes ? 10 : length == length_in_2_bytes ? 4 : 2;
    };
    if (head_size_ == 0 && fragments_ == 0 && !bytes.empty()) ++begun_;
    std::size_t used = 0;
    while (head_size_ < size() && used < bytes.size())
        head_[head_size_++] = static_cast<std::uint8_t>(bytes[used++]);
    bytes = bytes.subspan(used);
    return head_size_ == size();
}

std::optional<frame_event> frame_reader::begin_frame()
{
    if (const auto* fault = fault_in_frame(head_[0], head_[1], fragments_ != 0))
        return protocol_fault(fault);

    std::uint64_t length = head_[1] & length_bits;
    if (const auto head_size = std::exchange(head_size_, 0); head_size > 2) {
        const bool long_form = length == length_in_8_bytes;
        length = 0;
        for (std::size_t i = 2; i < head_size; ++i) length = length << 8 | head_[i];
        if (length < (long_form ? 0x10000u : 126u))
            return protocol_fault("a length is not in its shortest form");
        if (length >> 63) return protocol_fault("a length has its highest bit set");
    }

    opcode_ = head_[0] & opcode_bits;
    final_ = (head_[0] & final_bit) != 0;
    if (!is_control(opcode_)) {
        if (length > max_message_ - message_.size()) {
            return fail(errc::message_too_big, 1009,
                fmt::format("The server sent a message of at least {} bytes; the limit is {}: "
                            "raise limits::message if such messages are expected.",
                    message_.size() + length, max_message_));
        }
        if (++fragments_ > max_fragments) {
            return fail(errc::message_too_big, 1009,
                fmt::format("The server sent a message in more than {} fragments.", max_fragments));
        }
        if (opcode_ != continuation) kind_ = static_cast<opcode>(opcode_);
    }
    left_ = static_cast<std::size_t>(length);
    return std::nullopt;
}

std::optional<frame_event> frame_reader::take_data(std::span<const char> piece)
{
    make_room(piece.size());
    message_.append(piece.data(), piece.size());
    const bool complete = final_ && left_ == 0;
    if (kind_ == opcode::text) {
        const bool valid = text_.feed({piece.data(), piece.size()});
        if (!valid || (complete && !text_.complete())) {
            return fail(errc::protocol_violation, 1007,
                "The server broke the WebSocket protocol: a text message is not UTF-8.");
        }
    }
    if (!complete) return std::nullopt;
    return finish_message();
}

/// Reserves capacity for the bytes that arrive now: all that the frame has announced, but no more
/// than a half, or 64 KiB, beyond what has really arrived.
void frame_reader::make_room(std::size_t arriving)
{
    constexpr std::size_t allowance = 64 * 1024;
    const auto arrived = message_.size() + arriving;
    if (arrived <= message_.capacity()) return;
    const auto announced = arrived + left_;
    const auto proportional = arrived + arrived / 2;
    auto capacity = std::min(announced, std::max(proportional, arrived + allowance));
    if (!final_ || fragments_ > 1)
        capacity = std::max(capacity, std::min(proportional, max_message_));
    message_.reserve(capacity);
}

message frame_reader::finish_message() noexcept
{
    fragments_ = 0;
    return {kind_, std::exchange(message_, {})};
}

std::optional<frame_event> frame_reader::take_control(std::span<const char> piece)
{
    control_.append(piece.data(), piece.size());
    if (left_ != 0) return std::nullopt;
    if (opcode_ == close) return finish_close();
    auto payload = std::exchange(control_, {});
    if (opcode_ == ping) return ping_frame{std::move(payload)};
    return pong_frame{std::move(payload)};
}

frame_event frame_reader::finish_close()
{
    if (control_.empty()) {
        ended_ = true;
        return close_frame{};
    }
    if (control_.size() == 1) return protocol_fault("a close frame has half a code");
    const auto byte = [this](std::size_t at) { return static_cast<std::uint8_t>(control_[at]); };
    const auto code = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
    if (!may_close_with(code)) return protocol_fault("a close frame has an invalid code");
    ended_ = true;
    // The code matters more than a reason that was cut in the middle of a character.
    return close_frame{code, base::mend_utf8(std::string_view(control_).substr(2))};
}

violation frame_reader::protocol_fault(const char* fault)
{
    return fail(errc::protocol_violation, 1002,
        fmt::format("The server broke the WebSocket protocol: {}.", fault));
}

violation frame_reader::fail(errc what, std::uint16_t close_code, const std::string& sentence)
{
    ended_ = true;
    message_ = {};
    return {error(what, sentence, {phase::open}), close_code};
}

} // namespace gemini::live::transport
