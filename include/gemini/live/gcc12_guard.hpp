// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <new>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Not for users of the library. It is the last member of each aggregate of options, `T`, and keeps
/// it whole where g++ 12 makes a temporary of it in an expression that contains a co_await, as in
///
///     live::client client(co_await asio::this_coro::executor, {.credentials =
///     live::api_key(key)});
///
/// There g++ 12 makes each member separately, copies it bytewise into the aggregate, and destroys
/// both. With the guard a `T` is always copied and never moved, so nothing is moved out of such an
/// aggregate. When the aggregate is destroyed, its members are left to the originals. Other
/// compilers need no guard, and it does nothing there.
template <class T>
class gcc12_guard {
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
public:
    gcc12_guard() noexcept : home_(this) {}
    gcc12_guard(const gcc12_guard&) noexcept : home_(this) {}
    gcc12_guard& operator=(const gcc12_guard&) noexcept { return *this; }
    // deleted so that T cannot move either, and copies
    gcc12_guard(gcc12_guard&&) = delete;
    gcc12_guard& operator=(gcc12_guard&&) = delete;
    ~gcc12_guard()
    {
        if (home_ != this) leave();
    }

private:
    /// Replaces the members that the originals destroy with empty ones. Not inlined, because the
    /// optimizer would remove what it writes.
    [[gnu::noipa]] void leave() noexcept
    {
        static_assert(alignof(T) <= alignof(gcc12_guard), "the guard must end its aggregate");
        ::new (static_cast<void*>(reinterpret_cast<char*>(this) + sizeof(gcc12_guard) - sizeof(T)))
            T{};
    }

    alignas(8) const void* home_; ///< Where it was made; a bytewise copy is elsewhere.
#endif
    friend bool operator==(const gcc12_guard&, const gcc12_guard&) noexcept { return true; }
};

} // namespace gemini::live
#pragma GCC visibility pop
