// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gemini::live {

/// A JSON value as its text: tool arguments, tool results, schemas. Always valid JSON, at most 64
/// levels deep.
class json {
public:
    /// The empty object `{}`.
    json() : text_("{}") {}

    /// Takes any JSON text. Throws errc::invalid_argument, naming the position, when it is not
    /// valid JSON in UTF-8.
    explicit json(std::string text);

    /// The text as it was given; not reformatted.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// The value at a JSON pointer (RFC 6901), e.g. `find_string("/city")`; nothing when there is
    /// none or it has another type.
    [[nodiscard]] std::optional<std::string> find_string(std::string_view pointer) const;
    [[nodiscard]] std::optional<double> find_number(std::string_view pointer) const;
    [[nodiscard]] std::optional<bool> find_bool(std::string_view pointer) const;

    /// Takes text that is known to be valid, without looking at it again.
    [[nodiscard]] static json trusted(std::string text) noexcept
    {
        json value;
        value.text_ = std::move(text);
        return value;
    }

    friend bool operator==(const json&, const json&) = default;

private:
    std::string text_;
};

/// `text` as a JSON string with its quotes, escaped. Throws errc::invalid_argument when it is not
/// UTF-8.
[[nodiscard]] std::string json_quote(std::string_view text);

} // namespace gemini::live
