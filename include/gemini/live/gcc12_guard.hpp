// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <new>

namespace gemini::live {

/// Not for users of the library. The last member of each aggregate of options, `T`: keeps it whole
/// where g++ 12 makes a temporary of it in an expression that contains a co_await, as in
///
///     live::client client(co_await asio::this_coro::executor, {.credentials =
///     live::api_key(key)});
///
/// There g++ 12 makes each member apart, copies it bytewise into the aggregate, and destroys both.
/// With the guard a `T` is always copied, never moved, so that nothing is taken out of such an
/// aggregate; and when it is destroyed, its members are left to the originals. Does nothing for
/// other compilers.
template <class T>
class gcc12_guard {
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
public:
    gcc12_guard() noexcept : home_(this) {}
    gcc12_guard(const gcc12_guard&) noexcept : home_(this) {}
    gcc12_guard& operator=(const gcc12_guard&) noexcept { return *this; }
    // so that T has no operation of this kind either, and copies
    gcc12_guard(gcc12_guard&&) = delete;
    gcc12_guard& operator=(gcc12_guard&&) = delete;
    ~gcc12_guard()
    {
        if (home_ != this) leave();
    }

private:
    /// Empty members take the place of those that the originals destroy. Not inlined, as the
    /// optimizer would drop what it writes.
    [[gnu::noipa]] void leave() noexcept
    {
        static_assert(alignof(T) <= alignof(gcc12_guard), "the guard must end its aggregate");
        ::new (static_cast<void*>(reinterpret_cast<char*>(this) + sizeof(gcc12_guard) - sizeof(T)))
            T{};
    }

    alignas(8) const void* home_; ///< Where it was made: in a bytewise copy, elsewhere.
#endif
    friend bool operator==(const gcc12_guard&, const gcc12_guard&) noexcept { return true; }
};

} // namespace gemini::live
