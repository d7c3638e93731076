// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// How a message of the wire is described: one `fields<T>` for each type, in fields.hpp. Reading,
/// writing, the refusals of a flavour and the page that lists the wire all stand on it.
namespace gemini::live::protocol {

enum class only { both, gemini_api, vertex_ai };

template <auto Member>
struct member_of;
template <class Owner, class Value, Value Owner::*Member>
struct member_of<Member> {
    using owner = Owner;
    using value = Value;
};

/// A member of the C++ type, and what it is called on the wire.
template <auto Member>
struct field {
    using owner = typename member_of<Member>::owner;
    using value = typename member_of<Member>::value;
    static constexpr auto member = Member;

    std::string_view name;
    bool always = false; ///< Written also when it is empty.
    only flavour = only::both;
    std::string_view why{};       ///< Added to the refusal of the other flavour.
    std::string_view on_vertex{}; ///< Its name there, if another. Both are read on both.
    std::string_view also{};      ///< Read under this name, too.
};

/// An object of the wire whose members belong to the C++ type around it. Not written when none of
/// them is.
template <class... Fields>
struct group {
    constexpr explicit group(std::string_view name_, Fields... fields_)
        : name(name_), fields(fields_...)
    {
    }
    std::string_view name;
    std::tuple<Fields...> fields;
};

template <class>
inline constexpr bool is_group = false;
template <class... Fields>
inline constexpr bool is_group<group<Fields...>> = true;

/// The members of a type on the wire, as a tuple of fields and groups.
template <class T>
inline constexpr auto fields = nullptr;

template <class T>
concept described = !std::is_null_pointer_v<std::remove_cvref_t<decltype(fields<T>)>>;

template <class Tuple, class Do>
constexpr void for_each_field(const Tuple& all, Do&& each)
{
    std::apply([&](const auto&... one) { (each(one), ...); }, all);
}

} // namespace gemini::live::protocol
