// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/base/block_test.cpp
#pragma once

#include "base/exported.hpp"

#include <cstddef>
#include <utility>

namespace gemini::live::base {

/// A block of memory for the text of a message. Each thread keeps those that it has freed, at most
/// `most_kept` bytes, since malloc has few of their size at hand.
class GEMINI_LIVE_FOR_EMULATOR block {
public:
    static constexpr std::size_t most_kept = 256 * 1024;

    block() = default;
    /// A block of uninitialized bytes: at least `least`, at most a quarter more.
    explicit block(std::size_t least);
    block(block&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0))
    {
    }
    block& operator=(block&& other) noexcept
    {
        block taken(std::move(other));
        std::swap(data_, taken.data_);
        std::swap(size_, taken.size_);
        return *this;
    }
    ~block();

    [[nodiscard]] char* data() noexcept { return data_; }
    [[nodiscard]] const char* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    explicit operator bool() const noexcept { return data_ != nullptr; }

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace gemini::live::base
