// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Describes wire messages: one `fields<T>` per type, in fields.hpp. Reading, writing, the refusals
/// of a backend and the reference page of the wire format are all derived from it.
namespace gemini::live::protocol {

enum class only { both, gemini_api, vertex_ai };

template <auto Member>
struct member_of;
template <class Owner, class Value, Value Owner::*Member>
struct member_of<Member> {
    using owner = Owner;
    using value = Value;
};

/// A member of the C++ type and its name on the wire.
template <auto Member>
struct field {
    using owner = typename member_of<Member>::owner;
    using value = typename member_of<Member>::value;
    static constexpr auto member = Member;

    std::string_view name;
    bool always = false; ///< Written even if empty.
    only backend = only::both;
    std::string_view why{};       ///< Appended to the error for the other backend.
    std::string_view on_vertex{}; ///< Its Vertex AI name, if different. Both backends read both.
    std::string_view also{};      ///< An alternative name that is read as well.
};

/// An object on the wire whose members belong to the enclosing C++ type. It is not written if all
/// of its members are absent.
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

/// The wire members of a type, as a tuple of fields and groups.
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
