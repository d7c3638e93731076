// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/fields.hpp"

#include <gemini/live/boxed.hpp>
#include <gemini/live/messages.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

/// Estimates the memory that a value owns beyond its own bytes.
namespace gemini::live::protocol {

inline constexpr std::size_t allocation = 16; ///< Overhead of one allocation.

inline std::size_t footprint(const std::string& text) noexcept
{
    const auto* const inside = reinterpret_cast<const char*>(&text);
    const bool is_inside = text.data() >= inside && text.data() < inside + sizeof text;
    return is_inside ? 0 : text.capacity() + allocation;
}

inline std::size_t footprint(const json& value) noexcept { return footprint(value.text()); }

template <class Known>
std::size_t footprint(const open_enum<Known>& value) noexcept
{
    const bool has_name = !value.empty() && !value.known();
    return has_name ? sizeof(std::string) + value.name().size() + 2 * allocation : 0;
}

template <class T>
requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) std::size_t footprint(const T&)
noexcept { return 0; }

template <class Count, class Period>
std::size_t footprint(const std::chrono::duration<Count, Period>&) noexcept
{
    return 0;
}

inline std::size_t footprint(const omitted_member& one) noexcept
{
    return footprint(one.path) + footprint(one.reason);
}

template <described T>
std::size_t footprint(const T& value) noexcept;
template <class T>
std::size_t footprint(const std::optional<T>& value) noexcept;
template <class T>
std::size_t footprint(const boxed<T>& value) noexcept;

template <class T>
std::size_t footprint(const std::vector<T>& list) noexcept
{
    if (list.capacity() == 0) return 0;
    auto sum = list.capacity() * sizeof(T) + allocation;
    if constexpr (!std::is_trivially_copyable_v<T>)
        for (const auto& each : list) sum += footprint(each);
    return sum;
}

template <class T>
std::size_t footprint(const std::optional<T>& value) noexcept
{
    return value ? footprint(*value) : 0;
}

template <class T>
std::size_t footprint(const boxed<T>& value) noexcept
{
    return value ? sizeof(T) + allocation + footprint(*value) : 0;
}

template <class T, class Fields>
std::size_t footprint_of_members(const T& value, const Fields& all) noexcept
{
    std::size_t sum = 0;
    for_each_field(all, [&](const auto& one) {
        using found = std::remove_cvref_t<decltype(one)>;
        if constexpr (is_group<found>)
            sum += footprint_of_members(value, one.fields);
        else
            sum += footprint(value.*found::member);
    });
    return sum;
}

template <described T>
std::size_t footprint(const T& value) noexcept
{
    return footprint_of_members(value, fields<T>);
}

} // namespace gemini::live::protocol
