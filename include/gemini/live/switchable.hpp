// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/boxed.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace gemini::live {

/// Off: `setup.session_resumption = live::off`.
inline constexpr std::nullopt_t off = std::nullopt;

/// On, with the service's defaults: `setup.output_audio_transcription = live::on`.
inline constexpr struct on_t {
} on{};

/// An object of the wire that switches something on by being there. `live::on`, or `{}`, is on with
/// the service's defaults, as an empty object is on the wire and in other SDKs; `live::off` leaves
/// it out. Else it is used like a std::optional:
///
///     live::setup setup{.model = "gemini-3.8-live", .output_audio_transcription = live::on};
///     setup.output_audio_transcription->language_codes = {"de-DE"};
///     setup.session_resumption = live::off;
template <class T>
class switchable {
public:
    /// On, with the service's defaults.
    switchable() : value_(T{}) {}
    /// On, with the service's defaults.
    switchable(on_t) : switchable() {} // NOLINT(google-explicit-constructor)
    /// Off; also `live::off`.
    switchable(std::nullopt_t) noexcept {}            // NOLINT(google-explicit-constructor)
    switchable(T value) : value_(std::move(value)) {} // NOLINT(google-explicit-constructor)
    /// On if `value` has a value.
    switchable(std::optional<T> value) // NOLINT(google-explicit-constructor)
    {
        if (value) value_ = std::move(*value);
    }

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return value_.has_value(); }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return &*value_; }
    [[nodiscard]] const T* operator->() const noexcept { return &*value_; }
    /// Throws std::bad_optional_access when it is off.
    [[nodiscard]] T& value() { return value_.value(); }
    [[nodiscard]] const T& value() const { return value_.value(); }
    template <class U>
    [[nodiscard]] T value_or(U&& otherwise) const
    {
        return value_.value_or(std::forward<U>(otherwise));
    }
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

    /// Switches it on with a new value.
    template <class... Arguments>
    T& emplace(Arguments&&... arguments)
    {
        return value_.emplace(std::forward<Arguments>(arguments)...);
    }
    /// Switches it off.
    void reset() noexcept { value_.reset(); }

    friend bool operator==(const switchable&, const switchable&) = default;
    friend bool operator==(const switchable& a, const T& b) { return a.value_ == b; }
    friend bool operator==(const switchable& a, std::nullopt_t) noexcept { return !a.value_; }

private:
    boxed<T> value_;
};

} // namespace gemini::live
