// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/boxed.hpp>

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
    open_enum() noexcept = default;
    open_enum(Known value) noexcept // NOLINT(google-explicit-constructor)
        : index_(static_cast<int>(value))
    {
    }
    /// Any value by its name on the wire; empty: absent.
    explicit open_enum(std::string name)
    {
        if (name.empty()) return;
        const std::span<const std::string_view> names = wire_names(Known{});
        for (std::size_t i = 0; i < names.size() && index_ == absent; ++i)
            if (names[i] == name) index_ = static_cast<int>(i);
        if (index_ != absent) return;
        index_ = unknown;
        name_.emplace(std::move(name));
    }

    /// As on the wire: "NEED_MORE_INPUT"; empty when absent. Valid as long as this value is, and
    /// unchanged.
    [[nodiscard]] std::string_view name() const noexcept
    {
        if (index_ >= 0) return wire_names(Known{})[static_cast<std::size_t>(index_)];
        return name_ ? std::string_view(*name_) : std::string_view();
    }
    [[nodiscard]] bool empty() const noexcept { return index_ == absent; }
    /// Nothing when absent, or newer than this version.
    [[nodiscard]] std::optional<Known> known() const noexcept
    {
        if (index_ < 0) return std::nullopt;
        return static_cast<Known>(index_);
    }

    friend bool operator==(const open_enum&, const open_enum&) = default;
    friend bool operator==(const open_enum& a, Known b) noexcept
    {
        return a.index_ == static_cast<int>(b);
    }
    friend bool operator==(const open_enum& a, std::string_view name) noexcept
    {
        return a.name() == name;
    }

private:
    static constexpr int absent = -1;
    static constexpr int unknown = -2; // to this version

    int index_ = absent; // of a known value
    boxed<std::string> name_{};
};

/// The wire's names of an enumeration, in the order of its enumerators. There is one such function
/// for each enumeration.
using wire_name_list = std::span<const std::string_view>;

} // namespace gemini::live
