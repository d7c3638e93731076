// SPDX-License-Identifier: Apache-2.0
#include "engine/write_queue.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace gemini::live::engine {

using base::frame_kind;

write_queue::batch::batch(write_queue& queue, std::vector<base::frame> messages, frame_kind kind)
    : queue_(queue), last_(queue.accepted_ + messages.size())
{
    for (auto& each : messages) queue_.waiting_.push({kind, std::move(each)});
    queue_.accepted_ = last_;
}

write_queue::batch::~batch()
{
    if (!is_complete()) queue_.drop_unbegun();
}

std::optional<write_queue::output> write_queue::next()
{
    if (const auto payload = std::exchange(pong_, std::nullopt))
        return control(frame_kind::pong, *payload);
    if (std::exchange(ping_due_, false)) return control(frame_kind::ping, {});
    if (const auto number = std::exchange(numbered_ping_, 0); number != 0) {
        auto ping = control(frame_kind::ping, std::to_string(number));
        ping.ping = number;
        return ping;
    }
    if (begun_ != flushed_ || !waiting_.empty()) return next_fragment();
    if (const auto payload = std::exchange(close_, std::nullopt))
        return control(frame_kind::close, *payload);
    return std::nullopt;
}

/// The writer puts the head of each fragment over bytes that have already gone out.
write_queue::output write_queue::next_fragment()
{
    const bool begins = begun_ == flushed_;
    if (begins) {
        at_hand_ = waiting_.take();
        ++begun_;
    }
    writes_fragment_ = true;
    auto& bytes = at_hand_.bytes;
    const auto size = std::min(bytes.size() - offset_, most_in_frame_);
    char* const payload = size == 0 ? control_payload() : bytes.data() + offset_;
    offset_ += size;
    return {begins ? at_hand_.kind : frame_kind::continuation, offset_ == bytes.size(),
        {payload, size}};
}

write_queue::output write_queue::control(frame_kind kind, std::string_view payload) noexcept
{
    const auto size = payload.copy(control_payload(), most_control_payload);
    return {kind, true, {control_payload(), size}};
}

bool write_queue::written() noexcept
{
    if (!std::exchange(writes_fragment_, false) || offset_ != at_hand_.bytes.size()) return false;
    at_hand_ = {};
    offset_ = 0;
    ++flushed_;
    return true;
}

void write_queue::drop_unbegun() noexcept
{
    waiting_ = {};
    accepted_ = begun_;
}

void write_queue::clear() noexcept
{
    drop_unbegun();
    at_hand_ = {};
    offset_ = 0;
    writes_fragment_ = false;
    accepted_ = begun_ = flushed_;
    pong_.reset();
    ping_due_ = false;
    numbered_ping_ = 0;
    close_.reset();
}

std::string close_payload(std::uint16_t code, std::string_view reason)
{
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    return payload.append(
        base::truncate_utf8(reason, write_queue::most_control_payload - payload.size()));
}

} // namespace gemini::live::engine
