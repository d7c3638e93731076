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

namespace gemini::live {

/// A JSON value as its text: tool arguments, tool results, schemas. Always valid JSON in UTF-8, at
/// most 64 levels deep and 16 MiB long. Written in one expression, read by JSON pointer:
///
///     auto result = live::json::object().add("celsius", 21.5).add("sky", "clear");
///     auto city = call.args.at<std::string>("/city");
///
/// or piece by piece:
///
///     auto list = live::json::array();
///     for (const auto& item : items) list.push(item.name);
///     auto result = live::json::object().add("count", items.size()).add("names", list);
///
/// Each read parses the text again: made for values of kilobytes that are read a few times.
class json {
public:
    static constexpr std::size_t max_size = 16u << 20;
    static constexpr int max_depth = 64;

    /// The empty object `{}`.
    json() : text_("{}") {}

    /// Takes any JSON text. Throws errc::invalid_argument, naming the position, when it is not
    /// valid JSON in UTF-8, or is too deep or too long.
    explicit json(std::string text);

    [[nodiscard]] static json object() { return {}; }
    [[nodiscard]] static json array();

    // Appends a member to an object: to this one, or to a temporary that is then returned. Names
    // are not compared: adding one twice makes two members. Throws errc::invalid_argument, and
    // changes nothing, when this is no object, for text that is not UTF-8, a number that is not
    // finite, and what would become too deep or too long.
    [[nodiscard]] json add(std::string_view name, std::string_view value) &&;
    [[nodiscard]] json add(std::string_view name, const char* value) &&;
    [[nodiscard]] json add(std::string_view name, double value) &&;
    [[nodiscard]] json add(std::string_view name, std::int64_t value) &&;
    [[nodiscard]] json add(std::string_view name, std::uint64_t value) &&;
    [[nodiscard]] json add(std::string_view name, int value) &&;
    [[nodiscard]] json add(std::string_view name, bool value) &&;
    [[nodiscard]] json add(std::string_view name, std::nullptr_t) &&;
    [[nodiscard]] json add(std::string_view name, const json& value) &&;
    /// Any other whole number: `add("n", items.size())`.
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

    // Appends an element to an array, in the same two ways. Throws as above.
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

    /// The text as it was given; not reformatted.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// The value at a JSON pointer (RFC 6901), e.g. `find_string("/city")`; nothing when there is
    /// none or it has another type. The empty pointer means the whole value.
    [[nodiscard]] std::optional<std::string> find_string(std::string_view pointer) const;
    [[nodiscard]] std::optional<double> find_number(std::string_view pointer) const;
    /// A whole number of 64 bits, also spelt 2.0 or 2e0.
    [[nodiscard]] std::optional<std::int64_t> find_integer(std::string_view pointer) const;
    [[nodiscard]] std::optional<bool> find_bool(std::string_view pointer) const;
    /// Any value, null included.
    [[nodiscard]] std::optional<json> find(std::string_view pointer) const;
    /// Number of members of an object or elements of an array.
    [[nodiscard]] std::optional<std::size_t> find_size(std::string_view pointer) const;
    /// Names of an object's members, in their order.
    [[nodiscard]] std::optional<std::vector<std::string>> find_names(
        std::string_view pointer) const;

    /// What must be there: `T` is std::string, double, std::int64_t, bool or json. Throws
    /// errc::invalid_argument: "There is no string at /city."
    template <class T>
    [[nodiscard]] T at(std::string_view pointer) const;

    /// `{}` or `[]`.
    [[nodiscard]] bool empty() const noexcept;

    /// The same value: members may stand in any order, numbers be spelt in any way. Integers of
    /// more than 64 bits are compared as doubles.
    friend bool operator==(const json& a, const json& b);

private:
    friend struct access;

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

/// `text` as a JSON string with its quotes, escaped. Throws errc::invalid_argument when it is not
/// UTF-8.
[[nodiscard]] std::string json_quote(std::string_view text);

} // namespace gemini::live
