// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/boxed.hpp>

#include <optional>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Turns a `switchable` off: `setup.session_resumption = live::off`.
inline constexpr std::nullopt_t off = std::nullopt;

/// Turns a `switchable` on, with the service's defaults: `setup.output_audio_transcription =
/// live::on`.
inline constexpr struct on_t {
} on{};

/// An object of the wire that turns something on by its presence. `live::on` and `{}` turn it on
/// with the service's defaults, like an empty object on the wire and in other SDKs. `live::off`
/// omits it. Otherwise it is used like a std::optional:
///
///     live::setup setup{.model = "gemini-3.8-live", .output_audio_transcription = live::on};
///     setup.output_audio_transcription->language_codes = {"de-DE"};
///     setup.session_resumption = live::off;
template <class T>
class switchable {
public:
    /// Turned on, with the service's defaults.
    switchable() : value_(T{}) {}
    /// Turned on, with the service's defaults.
    switchable(on_t) : switchable() {} // NOLINT(google-explicit-constructor)
    /// Turned off; `live::off` is a std::nullopt.
    switchable(std::nullopt_t) noexcept {}            // NOLINT(google-explicit-constructor)
    switchable(T value) : value_(std::move(value)) {} // NOLINT(google-explicit-constructor)
    /// Turned on if `value` has a value.
    switchable(std::optional<T> value) // NOLINT(google-explicit-constructor)
    {
        if (value) value_ = std::move(*value);
    }

    /// True if it is on.
    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return value_.has_value(); }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return &*value_; }
    [[nodiscard]] const T* operator->() const noexcept { return &*value_; }
    /// Returns the object. Throws std::bad_optional_access if it is off.
    [[nodiscard]] T& value() { return value_.value(); }
    [[nodiscard]] const T& value() const { return value_.value(); }
    /// Returns a copy of the object, or `otherwise` if it is off.
    template <class U>
    [[nodiscard]] T value_or(U&& otherwise) const
    {
        return value_.value_or(std::forward<U>(otherwise));
    }
    /// Copies the object, if it is on.
    operator std::optional<T>() const { return value_; } // NOLINT(google-explicit-constructor)

    template <class U = T>
    requires(std::is_constructible_v<T, U>&& std::is_assignable_v<T&, U> &&
             !std::is_same_v<std::remove_cvref_t<U>, switchable> &&
             !std::is_same_v<std::remove_cvref_t<U>, std::optional<T>>) switchable&
    operator=(U&& value)
    {
        value_ = std::forward<U>(value);
        return *this;
    }

    /// Turns it on with a new object, made from `arguments`. Returns it.
    template <class... Arguments>
    T& emplace(Arguments&&... arguments)
    {
        return value_.emplace(std::forward<Arguments>(arguments)...);
    }
    /// Turns it off.
    void reset() noexcept { value_.reset(); }

    friend bool operator==(const switchable&, const switchable&) = default;
    friend bool operator==(const switchable& a, const T& b) { return a.value_ == b; }
    friend bool operator==(const switchable& a, std::nullopt_t) noexcept { return !a.value_; }

private:
    boxed<T> value_;
};

} // namespace gemini::live
#pragma GCC visibility pop
