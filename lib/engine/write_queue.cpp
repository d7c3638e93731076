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
    if (in_message_ || !waiting_.empty()) return next_fragment();
    if (const auto payload = std::exchange(close_, std::nullopt))
        return control(frame_kind::close, *payload);
    return std::nullopt;
}

bool write_queue::can_add(std::size_t most) const noexcept
{
    if (control_) return false; // there is one place for these
    if (pong_ || ping_due_ || numbered_ping_ != 0) return true;
    if (in_message_)
        return std::min(at_hand_.back().bytes.size() - offset_, most_in_frame_) <= most;
    if (!waiting_.empty()) return std::min(waiting_.front().bytes.size(), most_in_frame_) <= most;
    return close_.has_value();
}

/// The writer puts the head of each fragment over bytes that have already gone out.
write_queue::output write_queue::next_fragment()
{
    const bool begins = !in_message_;
    if (begins) {
        at_hand_.emplace_back();
        at_hand_.back() = waiting_.take();
        offset_ = 0;
        ++begun_;
    }
    auto& [kind, bytes] = at_hand_.back();
    const auto size = std::min(bytes.size() - offset_, most_in_frame_);
    char* const payload =
        size == 0 ? control_.emplace(std::size_t{0}).data() : bytes.data() + offset_;
    offset_ += size;
    in_message_ = offset_ != bytes.size();
    return {begins ? kind : frame_kind::continuation, !in_message_, {payload, size}};
}

write_queue::output write_queue::control(frame_kind kind, std::string_view payload)
{
    auto& frame = control_.emplace(payload.substr(0, most_control_payload));
    return {kind, true, {frame.data(), frame.size()}};
}

bool write_queue::written() noexcept
{
    control_.reset();
    at_hand_.erase(at_hand_.begin(), at_hand_.end() - (in_message_ ? 1 : 0));
    const auto before = std::exchange(flushed_, begun_ - at_hand_.size());
    return flushed_ != before;
}

void write_queue::drop_unbegun() noexcept
{
    waiting_ = {};
    accepted_ = begun_;
}

void write_queue::clear() noexcept
{
    drop_unbegun();
    at_hand_.clear();
    in_message_ = false;
    control_.reset();
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
