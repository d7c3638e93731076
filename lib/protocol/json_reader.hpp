// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/json_test.cpp
#pragma once

#include "base/exported.hpp"

#include <gemini/live/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simdjson::dom {
class element;
} // namespace simdjson::dom

namespace gemini::live::protocol {

class GEMINI_LIVE_FOR_EMULATOR json_value;
GEMINI_LIVE_FOR_EMULATOR bool operator==(const json_value& a, const json_value& b);

/// A parsed JSON value, for rooms where parsing speed does not matter. Cheap to copy: parts share
/// their document.
class json_value {
public:
    using type = json_type;

    /// Throws errc::malformed_message with the position for text that is not JSON in UTF-8 or is
    /// nested more than 64 levels deep. An integer of more than 64 bits becomes the nearest double.
    [[nodiscard]] static json_value parse(std::string_view text);

    [[nodiscard]] type kind() const noexcept;
    [[nodiscard]] bool is_object() const noexcept { return kind() == type::object; }

    /// Returns a member of an object, or nothing if this is not an object, the member is absent, or
    /// it is null.
    [[nodiscard]] std::optional<json_value> find(std::string_view member) const;
    /// The members or elements, in their original order. Empty for other types.
    [[nodiscard]] std::vector<std::pair<std::string, json_value>> members() const;
    [[nodiscard]] std::vector<json_value> elements() const;

    [[nodiscard]] std::optional<std::string> string() const;
    [[nodiscard]] std::optional<double> number() const;
    /// Returns an integer in any spelling (2, 2.0, 2e0), or a string of digits, which proto3 JSON
    /// uses for int64.
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    [[nodiscard]] std::optional<bool> boolean() const;

    /// Whether both are the same value: members may be in any order, numbers in any spelling.
    friend bool operator==(const json_value& a, const json_value& b);

    /// Returns this value as compact JSON.
    [[nodiscard]] std::string text() const;

    /// The parsed value, for visiting a large one without a copy of it. It lives as long as this.
    [[nodiscard]] const simdjson::dom::element& element() const noexcept;

private:
    struct document;
    struct position;
    json_value(std::shared_ptr<document> owner, std::shared_ptr<const position> at) noexcept;
    std::shared_ptr<document> owner_;
    std::shared_ptr<const position> at_;
};

} // namespace gemini::live::protocol
