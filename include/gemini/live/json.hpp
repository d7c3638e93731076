// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live {

/// A JSON value as its text: tool arguments, tool results, schemas. Always valid JSON in UTF-8, at
/// most 64 levels deep and 16 MiB long. Written in one expression, read by JSON pointer:
///
///     auto result = live::json::object().add("celsius", 21.5).add("sky", "clear");
///     auto city = call.args.at<std::string>("/city");
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

    // Appends a member to an object. Names are not compared: adding one twice makes two members.
    // Throws errc::invalid_argument when this is no object, for text that is not UTF-8, a number
    // that is not finite, and what would become too deep or too long.
    [[nodiscard]] json add(std::string_view name, std::string_view value) &&;
    [[nodiscard]] json add(std::string_view name, const char* value) &&;
    [[nodiscard]] json add(std::string_view name, double value) &&;
    [[nodiscard]] json add(std::string_view name, std::int64_t value) &&;
    [[nodiscard]] json add(std::string_view name, int value) &&;
    [[nodiscard]] json add(std::string_view name, bool value) &&;
    [[nodiscard]] json add(std::string_view name, std::nullptr_t) &&;
    [[nodiscard]] json add(std::string_view name, const json& value) &&;

    // Appends an element to an array. Throws as above.
    [[nodiscard]] json push(std::string_view value) &&;
    [[nodiscard]] json push(const char* value) &&;
    [[nodiscard]] json push(double value) &&;
    [[nodiscard]] json push(std::int64_t value) &&;
    [[nodiscard]] json push(int value) &&;
    [[nodiscard]] json push(bool value) &&;
    [[nodiscard]] json push(std::nullptr_t) &&;
    [[nodiscard]] json push(const json& value) &&;

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

    /// Takes text that is known to be valid, without looking at it again.
    [[nodiscard]] static json trusted(std::string text) noexcept
    {
        json value;
        value.text_ = std::move(text);
        return value;
    }

    /// `{}` or `[]`.
    [[nodiscard]] bool empty() const noexcept;

    /// The same value: members may stand in any order, numbers be spelt in any way. Integers of
    /// more than 64 bits are compared as doubles.
    friend bool operator==(const json& a, const json& b);

private:
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
