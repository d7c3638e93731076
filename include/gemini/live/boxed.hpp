// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)
namespace gemini::live {

/// An optional value that costs one pointer while it is absent, for the many members of a message
/// of which most are absent. Used like a std::optional. A copy copies the value.
template <class T>
class boxed {
public:
    boxed() noexcept = default;
    boxed(std::nullopt_t) noexcept {}                   // NOLINT(google-explicit-constructor)
    boxed(T value) : value_(new T(std::move(value))) {} // NOLINT(google-explicit-constructor)
    boxed(const boxed& other) : value_(other.value_ ? new T(*other.value_) : nullptr) {}
    boxed(boxed&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
    ~boxed() { delete value_; }
    boxed& operator=(const boxed& other) { return *this = boxed(other); }
    boxed& operator=(boxed&& other) noexcept
    {
        std::swap(value_, other.value_);
        return *this;
    }

    /// True if there is a value.
    [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_; }
    /// Returns the value. Throws std::bad_optional_access if it is absent.
    [[nodiscard]] T& value()
    {
        if (!value_) throw std::bad_optional_access();
        return *value_;
    }
    [[nodiscard]] const T& value() const
    {
        if (!value_) throw std::bad_optional_access();
        return *value_;
    }
    /// Returns a copy of the value, or `otherwise` if it is absent.
    template <class U>
    [[nodiscard]] T value_or(U&& otherwise) const
    {
        return value_ ? *value_ : static_cast<T>(std::forward<U>(otherwise));
    }

    /// Copies the value, if there is one.
    operator std::optional<T>() const // NOLINT(google-explicit-constructor)
    {
        return value_ ? std::optional<T>(*value_) : std::nullopt;
    }

    /// Replaces the value with a new one, made from `arguments`. Returns it.
    template <class... Arguments>
    T& emplace(Arguments&&... arguments)
    {
        if constexpr (std::is_constructible_v<T, Arguments...>)
            *this = boxed(new T(std::forward<Arguments>(arguments)...));
        else
            *this = boxed(new T{std::forward<Arguments>(arguments)...});
        return *value_;
    }
    /// Removes the value.
    void reset() noexcept { delete std::exchange(value_, nullptr); }

    friend bool operator==(const boxed& a, const boxed& b)
    {
        return a.has_value() == b.has_value() && (!a || *a == *b);
    }
    friend bool operator==(const boxed& a, const T& b) { return a && *a == b; }
    friend bool operator==(const boxed& a, std::nullopt_t) noexcept { return !a; }

private:
    explicit boxed(T* owned) noexcept : value_(owned) {}

    // A plain pointer: the compiler would take 20 ms for each T's unique_ptr.
    T* value_ = nullptr;
};

} // namespace gemini::live
#pragma GCC visibility pop
