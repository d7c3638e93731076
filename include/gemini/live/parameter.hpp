// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/json.hpp>
#include <gemini/live/tool.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// A struct that describes its own members, in the order in which the model sees them:
///
///     struct weather_query {
///         std::string city;
///         std::optional<std::string> unit; // need not be there
///
///         static auto parameters()
///         {
///             return std::tuple(live::parameter("city", &weather_query::city, "Where"),
///                 live::parameter("unit", &weather_query::unit).one_of("C").one_of("F"));
///         }
///     };
///
/// `toolset::add` derives the schema of a function from it and fills it from a call's arguments.
template <class T>
concept has_parameters = requires
{
    std::tuple_size<decltype(T::parameters())>::value;
};

namespace detail {
template <class T>
[[nodiscard]] schema schema_for(std::string_view description = {});
}

/// One member of a struct that describes itself; see `has_parameters`. Its type is std::string,
/// bool, a whole number, a floating-point number, a struct that describes itself, or a std::vector
/// or std::optional of one of these. All but a std::optional must be there.
template <class Struct, class Value>
class parameter {
public:
    /// `name` is the member's name on the wire. `description` tells the model what it means.
    parameter(std::string_view name, Value Struct::*member, std::string_view description = {})
        : name_(name), member_(member), type_(detail::schema_for<Value>(description))
    {
    }

    /// Allows this value of a string, besides those allowed before.
    [[nodiscard]] parameter one_of(std::string_view value) const
    {
        return changed(type_.one_of(value));
    }
    /// Sets another member of the wire's Schema: `with("minimum", live::json("1"))`.
    [[nodiscard]] parameter with(std::string_view keyword, const json& value) const
    {
        return changed(type_.with(keyword, value));
    }

    /// The name on the wire.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// The member of the struct.
    [[nodiscard]] Value Struct::*member() const noexcept { return member_; }
    /// The type on the wire.
    [[nodiscard]] const schema& type() const noexcept { return type_; }

private:
    [[nodiscard]] parameter changed(schema type) const
    {
        auto made = *this;
        made.type_ = std::move(type);
        return made;
    }

    std::string name_;
    Value Struct::*member_;
    schema type_;
};

namespace detail {

template <class T>
struct is_optional : std::false_type {
};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {
};
template <class T>
struct is_vector : std::false_type {
};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {
};
template <class T>
struct is_parameter : std::false_type {
};
template <class Struct, class Value>
struct is_parameter<parameter<Struct, Value>> : std::true_type {
};

template <class T>
inline constexpr bool always_false = false;

/// A part of a call's arguments, parsed once. Reads throw errc::invalid_argument with the path for
/// a value of another type.
class argument {
public:
    explicit argument(const json& arguments);
    argument(const argument&);
    argument& operator=(const argument&);
    ~argument();

    /// Returns nothing if the member is absent or null.
    [[nodiscard]] std::optional<argument> find(std::string_view member) const;
    [[nodiscard]] argument at(std::string_view member) const;
    [[nodiscard]] std::vector<argument> elements() const;
    [[nodiscard]] std::string string() const;
    [[nodiscard]] double number() const;
    [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;
    [[nodiscard]] bool boolean() const;

private:
    struct place;
    explicit argument(std::shared_ptr<const place> at) noexcept;

    std::shared_ptr<const place> at_;
};

template <class T>
[[nodiscard]] T read(const argument& from);

template <class Struct, class Value>
void read_member(Struct& into, const parameter<Struct, Value>& described, const argument& from)
{
    if constexpr (is_optional<Value>::value) {
        if (const auto value = from.find(described.name()))
            into.*described.member() = read<typename Value::value_type>(*value);
    } else {
        into.*described.member() = read<Value>(from.at(described.name()));
    }
}

/// A whole number that is wider than the wire's is read from its range.
template <std::integral T>
[[nodiscard]] T read_integer(const argument& from)
{
    using limits = std::numeric_limits<T>;
    constexpr auto widest = std::numeric_limits<std::int64_t>::max();
    constexpr bool is_wide = std::cmp_greater(limits::max(), widest);
    constexpr auto most = is_wide ? widest : static_cast<std::int64_t>(limits::max());
    return static_cast<T>(from.integer(static_cast<std::int64_t>(limits::min()), most));
}

template <class T>
T read(const argument& from)
{
    if constexpr (std::same_as<T, std::string>) {
        return from.string();
    } else if constexpr (std::same_as<T, bool>) {
        return from.boolean();
    } else if constexpr (std::integral<T>) {
        return read_integer<T>(from);
    } else if constexpr (std::floating_point<T>) {
        return static_cast<T>(from.number());
    } else if constexpr (is_vector<T>::value) {
        T all;
        for (const auto& each : from.elements()) all.push_back(read<typename T::value_type>(each));
        return all;
    } else {
        static_assert(has_parameters<T>, "T is no type of a parameter; see live::parameter");
        T all{};
        std::apply(
            [&](const auto&... each) { (read_member(all, each, from), ...); }, T::parameters());
        return all;
    }
}

template <class Struct, class Value>
[[nodiscard]] schema with_member(const schema& of, const parameter<Struct, Value>& described)
{
    auto wider = of.property(described.name(), described.type());
    return is_optional<Value>::value ? wider : wider.required(described.name());
}

template <class T>
schema schema_for(std::string_view description)
{
    if constexpr (is_optional<T>::value) {
        return schema_for<typename T::value_type>(description).nullable();
    } else if constexpr (is_vector<T>::value) {
        return schema::array(schema_for<typename T::value_type>(), description);
    } else if constexpr (std::same_as<T, std::string>) {
        return schema::string(description);
    } else if constexpr (std::same_as<T, bool>) {
        return schema::boolean(description);
    } else if constexpr (std::integral<T>) {
        return schema::integer(description);
    } else if constexpr (std::floating_point<T>) {
        return schema::number(description);
    } else {
        static_assert(has_parameters<T>, "T is no type of a parameter; see live::parameter");
        auto made = schema::object(description);
        std::apply(
            [&](const auto&... each) { ((made = with_member(made, each)), ...); }, T::parameters());
        return made;
    }
}

} // namespace detail

/// Returns the schema of a type that a `parameter` may have. Throws errc::invalid_argument if a
/// name or description is not UTF-8.
template <class T>
[[nodiscard]] schema schema_of(std::string_view description = {})
{
    return detail::schema_for<T>(description);
}

} // namespace gemini::live
#pragma GCC visibility pop
