// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/encode_test.cpp, test/unit/engine/write_queue_test.cpp
#pragma once

#include "base/block.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace gemini::live::base {

/// Received text that a SIMD parser may overread: `padding` readable bytes follow the last one. It
/// grows by `append`, like a vector, but never zeroes memory that will be overwritten.
class padded_buffer {
public:
    static constexpr std::size_t padding = 64;

    padded_buffer() = default;
    explicit padded_buffer(std::string_view text) { append(text.data(), text.size()); }
    padded_buffer(padded_buffer&& other) noexcept
        : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0))
    {
    }
    padded_buffer& operator=(padded_buffer&& other) noexcept
    {
        bytes_ = std::move(other.bytes_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    [[nodiscard]] char* data() noexcept { return bytes_.data(); }
    [[nodiscard]] const char* data() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Bytes of the block of memory, with the padding and what it has beyond `capacity()`.
    [[nodiscard]] std::size_t allocated() const noexcept { return bytes_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

    /// Reserves room for `capacity` bytes in total, excluding the padding.
    void reserve(std::size_t capacity)
    {
        if (bytes_ && capacity <= capacity_) return;
        block larger(capacity + padding);
        if (size_ != 0) std::memcpy(larger.data(), bytes_.data(), size_);
        std::memset(larger.data() + capacity, 0, padding);
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }

    void append(const char* from, std::size_t count)
    {
        if (size_ + count > capacity_ || !bytes_)
            reserve(std::max(size_ + count, capacity_ + capacity_ / 2));
        if (count != 0) std::memcpy(bytes_.data() + size_, from, count);
        size_ += count;
    }

    void clear() noexcept { size_ = 0; }

    /// Transfers ownership of the storage to the caller.
    [[nodiscard]] block release() noexcept
    {
        size_ = capacity_ = 0;
        return std::move(bytes_);
    }

private:
    block bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// An outgoing message: its bytes follow `headroom` free ones, into which the transport writes the
/// frame header.
class frame {
public:
    static constexpr std::size_t headroom = 16;

    frame() = default;
    /// Room for `size` uninitialized bytes.
    explicit frame(std::size_t size) : bytes_(headroom + size), size_(size) {}
    explicit frame(std::string_view text) : frame(text.size())
    {
        if (!text.empty()) std::memcpy(data(), text.data(), text.size());
    }

    [[nodiscard]] char* data() noexcept { return bytes_.data() + headroom; }
    [[nodiscard]] const char* data() const noexcept { return bytes_.data() + headroom; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::string_view view() const noexcept
    {
        return size_ == 0 ? std::string_view{} : std::string_view{data(), size_};
    }
    /// The transport may overwrite the bytes of a frame that it sends. A caller that needs them
    /// later sends a copy.
    [[nodiscard]] frame copy() const { return frame(view()); }

private:
    block bytes_;
    std::size_t size_ = 0;
};

} // namespace gemini::live::base
