// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

class json;
/// True if both are the same value. The order of members and the spelling of numbers do not
/// matter. Integers of more than 64 bits are compared as doubles.
[[nodiscard]] bool operator==(const json& a, const json& b);

/// The type of a JSON value. Whole and other numbers are one type: see `json::find_integer`.
enum class json_type {
    null,    ///< null
    boolean, ///< true or false
    number,  ///< Any number.
    string,  ///< A text.
    array,   ///< A list of elements.
    object,  ///< Members by name.
};

/// A JSON value, kept as text: for tool arguments, tool results and schemas. It is always valid
/// JSON in UTF-8, at most 64 levels deep and 16 MiB long. Write it in one expression, and read it
/// by JSON pointer:
///
///     auto result = live::json::object().add("celsius", 21.5).add("sky", "clear");
///     auto city = call.args.at<std::string>("/city");
///
/// Or write it piece by piece:
///
///     auto list = live::json::array();
///     for (const auto& item : items) list.push(item.name);
///     auto result = live::json::object().add("count", items.size()).add("names", list);
///
/// Each read parses the text again, so this type suits values of a few kilobytes that are read a
/// few times.
class json {
public:
    static constexpr std::size_t max_size = 16u << 20; ///< Longest text, in bytes: 16 MiB.
    static constexpr int max_depth = 64; ///< Deepest nesting of objects and arrays, in levels.

    /// Makes the empty object `{}`.
    json() : text_("{}") {}

    /// Accepts any JSON text. Throws errc::invalid_argument, with the position, if it is not valid
    /// JSON in UTF-8, or is too deep or too long.
    explicit json(std::string text);

    /// Returns the empty object `{}`. `add` appends its members.
    [[nodiscard]] static json object() { return {}; }
    /// Returns the empty array `[]`. `push` appends its elements.
    [[nodiscard]] static json array();

    /// Appends a member to this object, which it returns. Any integer type is accepted. Adding a
    /// name twice makes two members. Throws errc::invalid_argument, and changes nothing, if this is
    /// not an object, a text is not UTF-8, a number is not finite, or the result would be too deep
    /// or too long.
    [[nodiscard]] json add(std::string_view name, std::string_view value) &&;
    [[nodiscard]] json add(std::string_view name, const char* value) &&;
    [[nodiscard]] json add(std::string_view name, double value) &&;
    [[nodiscard]] json add(std::string_view name, std::int64_t value) &&;
    [[nodiscard]] json add(std::string_view name, std::uint64_t value) &&;
    [[nodiscard]] json add(std::string_view name, int value) &&;
    [[nodiscard]] json add(std::string_view name, bool value) &&;
    [[nodiscard]] json add(std::string_view name, std::nullptr_t) &&;
    [[nodiscard]] json add(std::string_view name, const json& value) &&;
    template <std::integral T>
    [[nodiscard]] json add(std::string_view name, T value) &&
    {
        return std::move(*this).add(name, widest(value));
    }
    template <class T>
    json& add(std::string_view name, const T& value) &
    {
        return *this = std::move(*this).add(name, value);
    }

    /// Appends an element to this array, which it returns. Any integer type is accepted. Throws
    /// errc::invalid_argument, and changes nothing, if this is not an array, a text is not UTF-8, a
    /// number is not finite, or the result would be too deep or too long.
    [[nodiscard]] json push(std::string_view value) &&;
    [[nodiscard]] json push(const char* value) &&;
    [[nodiscard]] json push(double value) &&;
    [[nodiscard]] json push(std::int64_t value) &&;
    [[nodiscard]] json push(std::uint64_t value) &&;
    [[nodiscard]] json push(int value) &&;
    [[nodiscard]] json push(bool value) &&;
    [[nodiscard]] json push(std::nullptr_t) &&;
    [[nodiscard]] json push(const json& value) &&;
    template <std::integral T>
    [[nodiscard]] json push(T value) &&
    {
        return std::move(*this).push(widest(value));
    }
    template <class T>
    json& push(const T& value) &
    {
        return *this = std::move(*this).push(value);
    }

    /// Returns the text as it was given, not reformatted.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Returns the type of the whole value.
    [[nodiscard]] json_type type() const noexcept;
    /// True for null.
    [[nodiscard]] bool is_null() const noexcept { return type() == json_type::null; }
    /// True for an array. `find_size` tells how many elements it has.
    [[nodiscard]] bool is_array() const noexcept { return type() == json_type::array; }
    /// True for an object. `find_names` lists its members.
    [[nodiscard]] bool is_object() const noexcept { return type() == json_type::object; }

    /// Returns the JSON pointer (RFC 6901) that leads through these names of members and indexes of
    /// elements, with the `~` and `/` of names escaped: `json::pointer("a/b", 3, "c")` is
    /// "/a~1b/3/c". Without steps it is the empty pointer.
    template <class... Steps>
    [[nodiscard]] static std::string pointer(const Steps&... steps)
    {
        std::string made;
        (append_step(made, steps), ...);
        return made;
    }

    /// Returns the type of the value at a JSON pointer; nothing if there is no value.
    [[nodiscard]] std::optional<json_type> find_type(std::string_view pointer) const;
    /// Returns the string at a JSON pointer (RFC 6901), as in `find_string("/city")`; nothing if
    /// there is no string. The empty pointer means the whole value.
    [[nodiscard]] std::optional<std::string> find_string(std::string_view pointer) const;
    /// Returns the number at a JSON pointer, as the nearest double; nothing if there is no number.
    [[nodiscard]] std::optional<double> find_number(std::string_view pointer) const;
    /// Returns the whole number of 64 bits at a JSON pointer, also if it is written 2.0 or 2e0.
    /// Returns nothing for any other number.
    [[nodiscard]] std::optional<std::int64_t> find_integer(std::string_view pointer) const;
    /// Returns the boolean at a JSON pointer; nothing if there is none.
    [[nodiscard]] std::optional<bool> find_bool(std::string_view pointer) const;
    /// Returns the value of any type at a JSON pointer, null included; nothing if there is none.
    [[nodiscard]] std::optional<json> find(std::string_view pointer) const;
    /// Returns the number of members of the object, or of elements of the array, at a JSON pointer.
    [[nodiscard]] std::optional<std::size_t> find_size(std::string_view pointer) const;
    /// Returns the names of the members of the object at a JSON pointer, in their order.
    [[nodiscard]] std::optional<std::vector<std::string>> find_names(
        std::string_view pointer) const;

    /// Returns a value that must be there. `T` is std::string, double, std::int64_t, bool or json.
    /// Throws errc::invalid_argument otherwise: "There is no string at /city in the JSON."
    template <class T>
    [[nodiscard]] T at(std::string_view pointer) const;

    /// True for `{}` and `[]`.
    [[nodiscard]] bool empty() const noexcept;

    friend bool operator==(const json& a, const json& b);

private:
    friend struct access;

    static void append_step(std::string& pointer, std::string_view name);
    template <std::integral T>
    static void append_step(std::string& pointer, T index)
    {
        append_step(pointer, std::string_view(std::to_string(index)));
    }

    template <std::integral T>
    [[nodiscard]] static constexpr auto widest(T value) noexcept
    {
        if constexpr (std::is_signed_v<T>)
            return static_cast<std::int64_t>(value);
        else
            return static_cast<std::uint64_t>(value);
    }

    std::string text_;
};

template <>
std::string json::at<std::string>(std::string_view pointer) const;
template <>
double json::at<double>(std::string_view pointer) const;
template <>
std::int64_t json::at<std::int64_t>(std::string_view pointer) const;
template <>
bool json::at<bool>(std::string_view pointer) const;
template <>
json json::at<json>(std::string_view pointer) const;

/// Returns `text` as a JSON string, escaped and in quotes. Throws errc::invalid_argument if it is
/// not UTF-8.
[[nodiscard]] std::string json_quote(std::string_view text);

} // namespace gemini::live
#pragma GCC visibility pop
