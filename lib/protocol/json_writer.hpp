// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/json_test.cpp
#pragma once

#include "base/exported.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::protocol {

/// Writes compact, valid JSON. Throws errc::invalid_argument for values that JSON cannot carry,
/// naming the member's path.
class GEMINI_LIVE_FOR_EMULATOR json_writer {
public:
    json_writer& begin_object() { return open('{'); }
    json_writer& end_object() { return close('}'); }
    json_writer& begin_array() { return open('['); }
    json_writer& end_array() { return close(']'); }
    /// Ends an object that is a member. An object without members is removed together with its
    /// name.
    json_writer& end_object_unless_empty();
    /// `name` must stay valid until the enclosing object ends.
    json_writer& key(std::string_view name);

    json_writer& string(std::string_view value);
    json_writer& number(double value);
    json_writer& integer(std::int64_t value);
    json_writer& boolean(bool value);
    json_writer& base64(std::span<const std::byte> bytes);
    /// Appends JSON that is known to be valid.
    json_writer& raw(std::string_view json);

    // Write a whole member.
    json_writer& member(std::string_view name, std::string_view value)
    {
        return key(name).string(value);
    }
    json_writer& member(std::string_view name, const char* value)
    {
        return key(name).string(value);
    }
    json_writer& member(std::string_view name, const std::string& value)
    {
        return key(name).string(value);
    }
    json_writer& member(std::string_view name, double value) { return key(name).number(value); }
    json_writer& member(std::string_view name, std::int64_t value)
    {
        return key(name).integer(value);
    }
    json_writer& member(std::string_view name, int value) { return key(name).integer(value); }
    json_writer& member(std::string_view name, bool value) { return key(name).boolean(value); }
    /// Writes nothing if there is no value.
    template <class T>
    json_writer& member(std::string_view name, const std::optional<T>& value)
    {
        return value ? member(name, *value) : *this;
    }
    /// Writes nothing for a value that an absent member means anyway: "", 0 or false.
    template <class T>
    json_writer& unless_default(std::string_view name, const T& value)
    {
        return value == T{} ? *this : member(name, value);
    }

    /// Throws errc::invalid_argument: "path.to.the.member cannot be sent: why."
    [[noreturn]] void refuse(std::string_view why) const;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] std::string take() noexcept { return std::move(text_); }

private:
    /// An object or array that is still open.
    struct level {
        bool array;
        std::size_t begin;      // position in the text where the member starts
        std::string_view key{}; // of the most recent member
        int count = 0;          // of members or elements
    };

    json_writer& open(char bracket);
    json_writer& close(char bracket);
    void separate();

    std::string text_;
    std::vector<level> levels_{};
    std::size_t member_begin_ = 0;
    bool after_key_ = false;
};

/// Appends `text` as a quoted JSON string. Returns false if it is not UTF-8.
[[nodiscard]] bool append_json_string(std::string& to, std::string_view text);

/// Returns the same JSON, indented by two spaces, with a trailing newline.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string indented(std::string_view json);

} // namespace gemini::live::protocol
