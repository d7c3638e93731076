// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/boxed.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#pragma GCC visibility push(default)
namespace gemini::live {

/// A value of one of the wire's enumerations. The service may add values at any time: one that this
/// version does not know keeps its name, received or sent.
///
///     if (content.turn_complete_reason == live::turn_complete_reason::need_more_input) …
///     switch (status.known().value_or(interaction_status::unspecified)) …
///     setup.media_resolution = live::open_enum<live::media_resolution>("MEDIA_RESOLUTION_ULTRA");
template <class Known>
class open_enum {
public:
    /// Absent: not sent.
    open_enum() noexcept = default;
    open_enum(Known value) noexcept // NOLINT(google-explicit-constructor)
        : index_(static_cast<int>(value))
    {
    }
    /// Any value by its name on the wire, known or not. Empty: absent.
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

    /// Returns the name on the wire, such as "NEED_MORE_INPUT"; empty if absent. Valid as long as
    /// this value exists and does not change.
    [[nodiscard]] std::string_view name() const noexcept
    {
        if (index_ >= 0) return wire_names(Known{})[static_cast<std::size_t>(index_)];
        return name_ ? std::string_view(*name_) : std::string_view();
    }
    /// True if absent.
    [[nodiscard]] bool empty() const noexcept { return index_ == absent; }
    /// Returns the enumerator; nothing if the value is absent, or unknown to this version.
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

/// The names of an enumeration on the wire, in the order of its enumerators. Each enumeration has a
/// function `wire_names` that returns them.
using wire_name_list = std::span<const std::string_view>;

} // namespace gemini::live
#pragma GCC visibility pop
