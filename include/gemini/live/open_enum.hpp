// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live {

/// A value of one of the wire's enumerations. The service adds values whenever it likes: one that
/// this version does not know is kept by its name, and sent on unchanged.
///
///     if (content.turn_complete_reason == live::turn_complete_reason::need_more_input) …
///     switch (status.known().value_or(interaction_status::unspecified)) …
///     setup.media_resolution = live::open_enum<live::media_resolution>("MEDIA_RESOLUTION_ULTRA");
template <class Known>
class open_enum {
public:
    /// Absent: not on the wire.
    open_enum() = default;
    open_enum(Known value) // NOLINT(google-explicit-constructor)
        : name_(wire_names(value)[static_cast<std::size_t>(value)])
    {
    }
    /// Any value by its name on the wire; empty: absent.
    explicit open_enum(std::string name) noexcept : name_(std::move(name)) {}

    /// As on the wire: "NEED_MORE_INPUT"; empty when absent.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool empty() const noexcept { return name_.empty(); }
    /// Nothing when absent, or newer than this version.
    [[nodiscard]] std::optional<Known> known() const noexcept
    {
        const std::span<const std::string_view> names = wire_names(Known{});
        for (std::size_t i = 0; i < names.size(); ++i)
            if (names[i] == name_) return static_cast<Known>(i);
        return std::nullopt;
    }

    friend bool operator==(const open_enum&, const open_enum&) = default;
    friend bool operator==(const open_enum& a, Known b) noexcept
    {
        return a.name_ == wire_names(b)[static_cast<std::size_t>(b)];
    }
    friend bool operator==(const open_enum& a, std::string_view name) noexcept
    {
        return a.name_ == name;
    }

private:
    std::string name_;
};

/// The wire's names of an enumeration, in the order of its enumerators. There is one such function
/// for each enumeration.
using wire_name_list = std::span<const std::string_view>;

} // namespace gemini::live
