// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/transport.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace gemini::live::transport {

/// What has arrived on a connection and nobody has asked for yet: messages, and after them bytes
/// that have not been parsed. Pure.
class receive_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return !first_ && taken_ == others_.size(); }
    /// What the messages cost in memory, including those already taken from the current batch.
    [[nodiscard]] std::size_t cost() const noexcept { return cost_; }
    void push(message one);
    /// Returns the oldest message. The queue must not be empty.
    [[nodiscard]] message take();
    /// Drops the messages, not the bytes.
    void clear() noexcept;

    /// Bytes that were read after the messages.
    [[nodiscard]] std::span<const char> unparsed() const noexcept
    {
        return std::span<const char>(bytes_).subspan(parsed_);
    }
    /// Keeps a copy of bytes that were just read. There must be no others.
    void keep(std::span<const char> bytes);
    /// Call when `unparsed` has been parsed except for its last `left` bytes.
    void parsed_up_to(std::size_t left) noexcept;

private:
    std::optional<message> first_; // most often the only one
    std::vector<message> others_;
    std::size_t taken_ = 0; // number of the others taken
    std::size_t cost_ = 0;
    std::vector<char> bytes_;
    std::size_t parsed_ = 0; // of these bytes
};

} // namespace gemini::live::transport
