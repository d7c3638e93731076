// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/memory_network_test.cpp
#pragma once

#include "async/event.hpp"
#include "transport/frame_reader.hpp"
#include "transport/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <variant>

namespace gemini::live::emulator {

/// The connection has ended without a close frame.
struct cut {};
struct ping {
    std::uint64_t number = 0;
};
struct pong {
    std::uint64_t number = 0;
};

using to_server = std::variant<transport::message, ping, transport::close_frame, cut>;
/// Messages and closes are frames, so that the client reads them as it reads those of a network.
using to_client = std::variant<std::string, pong, cut>;

[[nodiscard]] inline std::size_t cost_of(const to_server& one)
{
    const auto* const data = std::get_if<transport::message>(&one);
    return data ? data->payload.size() : 0;
}
[[nodiscard]] inline std::size_t cost_of(const to_client& one)
{
    const auto* const frame = std::get_if<std::string>(&one);
    return frame ? frame->size() : 0;
}

/// One direction of a connection in memory: what one end has sent and the other has not got.
template <class Item>
class lane {
public:
    /// What the kernel would keep of what is not read.
    static constexpr std::size_t capacity = 256 * 1024;

    std::function<bool()> is_read;      ///< Whether the other end takes more now.
    std::function<void(Item&)> deliver; ///< To the other end. May push to any lane.
    async::event room;                  ///< Is set when there is room again.

    [[nodiscard]] bool has_room() const noexcept { return cost_ < capacity; }

    void push(Item item)
    {
        cost_ += cost_of(item);
        waiting_.push_back(std::move(item));
        flow();
    }

    /// Delivers what can be delivered. Call when the other end takes more.
    void flow()
    {
        if (std::exchange(is_flowing_, true)) return;
        while (!is_held_ && !waiting_.empty() && is_read()) {
            auto first = std::move(waiting_.front());
            waiting_.pop_front();
            const bool was_full = !has_room();
            cost_ -= cost_of(first);
            if (was_full && has_room()) room.set();
            deliver(first);
        }
        is_flowing_ = false;
    }

    void hold(bool on)
    {
        is_held_ = on;
        flow();
    }

private:
    std::deque<Item> waiting_;
    std::size_t cost_ = 0;
    bool is_held_ = false;
    bool is_flowing_ = false;
};

} // namespace gemini::live::emulator
