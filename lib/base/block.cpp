// SPDX-License-Identifier: Apache-2.0
#include "base/block.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <utility>

namespace gemini::live::base {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps_any = false; // AddressSanitizer is to see each use of a freed block
#elif defined(__has_feature)
constexpr bool keeps_any = !__has_feature(address_sanitizer);
#else
constexpr bool keeps_any = true;
#endif

/// Larger ones are rare, and malloc gives their memory back to the system.
constexpr std::size_t largest = 64 * 1024;

/// The sizes of blocks that are kept: four between a power of two and the next.
std::size_t rounded(std::size_t size) noexcept
{
    const auto step = std::bit_floor(std::max<std::size_t>(size - 1, 16)) / 4;
    return (size + step - 1) / step * step;
}

std::size_t index_of(std::size_t rounded_size) noexcept
{
    const auto power = static_cast<std::size_t>(std::bit_width(rounded_size - 1));
    return 4 * power + ((rounded_size - 1) >> (power - 3)) % 4;
}

/// What a thread has freed, by size.
class kept_blocks {
public:
    kept_blocks() = default;
    kept_blocks(const kept_blocks&) = delete;
    kept_blocks& operator=(const kept_blocks&) = delete;
    ~kept_blocks()
    {
        is_over = true;
        drop();
    }

    /// Returns a block of this size, or null.
    [[nodiscard]] char* take(std::size_t size) noexcept
    {
        auto& first = first_[index_of(size)];
        if (!first) return nullptr;
        bytes_ -= size;
        return reinterpret_cast<char*>(std::exchange(first, first->next));
    }

    void give(char* data, std::size_t size) noexcept
    {
        if (bytes_ + size > block::most_kept) drop(); // perhaps of sizes that nobody wants any more
        auto& first = first_[index_of(size)];
        first = new (data) kept{first};
        bytes_ += size;
    }

    /// The blocks of other thread-local objects may be freed later.
    static thread_local constinit bool is_over;

private:
    struct kept {
        kept* next;
    };

    void drop() noexcept
    {
        for (auto& first : first_)
            while (auto* const each = first) {
                first = each->next;
                ::operator delete(each);
            }
        bytes_ = 0;
    }

    static constexpr std::size_t sizes = 4 * (std::bit_width(largest - 1) + 1);

    std::array<kept*, sizes> first_{};
    std::size_t bytes_ = 0;
};

thread_local constinit bool kept_blocks::is_over = false;

kept_blocks& of_this_thread() noexcept
{
    thread_local kept_blocks kept;
    return kept;
}

bool is_kept(std::size_t size) noexcept
{
    return keeps_any && size <= largest && !kept_blocks::is_over;
}

} // namespace

block::block(std::size_t least)
{
    size_ = least <= largest ? rounded(std::max<std::size_t>(least, 1)) : least;
    if (is_kept(size_)) data_ = of_this_thread().take(size_);
    if (!data_) data_ = static_cast<char*>(::operator new(size_));
}

block::~block()
{
    if (!data_) return;
    if (is_kept(size_))
        of_this_thread().give(data_, size_);
    else
        ::operator delete(data_);
}

} // namespace gemini::live::base
