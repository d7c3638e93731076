// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace gemini::live {

/// An optional value that costs one pointer where it is absent: most messages have few of the
/// members that a message may have. Used like a std::optional; a copy copies the value.
template <class T>
class boxed {
public:
    boxed() noexcept = default;
    boxed(std::nullopt_t) noexcept {} // NOLINT(google-explicit-constructor)
    boxed(T value)                    // NOLINT(google-explicit-constructor)
        : value_(std::make_unique<T>(std::move(value)))
    {
    }
    boxed(const boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
    boxed(boxed&&) noexcept = default;
    ~boxed() = default;
    boxed& operator=(const boxed& other) { return *this = boxed(other); }
    boxed& operator=(boxed&&) noexcept = default;

    [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return value_.get(); }
    [[nodiscard]] const T* operator->() const noexcept { return value_.get(); }
    /// Throws std::bad_optional_access when it is absent.
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
    template <class U>
    [[nodiscard]] T value_or(U&& otherwise) const
    {
        return value_ ? *value_ : static_cast<T>(std::forward<U>(otherwise));
    }

    /// A copy of the value.
    operator std::optional<T>() const // NOLINT(google-explicit-constructor)
    {
        return value_ ? std::optional<T>(*value_) : std::nullopt;
    }

    template <class... Arguments>
    T& emplace(Arguments&&... arguments)
    {
        if constexpr (std::is_constructible_v<T, Arguments...>)
            value_ = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        else
            value_ = std::make_unique<T>(T{std::forward<Arguments>(arguments)...});
        return *value_;
    }
    void reset() noexcept { value_.reset(); }

    friend bool operator==(const boxed& a, const boxed& b)
    {
        return a.has_value() == b.has_value() && (!a || *a == *b);
    }
    friend bool operator==(const boxed& a, const T& b) { return a && *a == b; }
    friend bool operator==(const boxed& a, std::nullopt_t) noexcept { return !a; }

private:
    std::unique_ptr<T> value_;
};

} // namespace gemini::live
