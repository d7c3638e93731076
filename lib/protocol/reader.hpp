// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/field.hpp"

#include <gemini/live/content.hpp>
#include <gemini/live/setup.hpp>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// Reads what `fields<T>` describes. For the sources of this room only.
namespace gemini::live::protocol {

namespace ondemand = simdjson::ondemand;

class reader;

/// The rules for a type, made from its fields.
template <class T>
struct rules_for;

/// How a member is read: its wire name, and what to do with its value.
template <class T>
struct rule {
    std::string_view name;
    void (*read)(reader&, ondemand::value, T&);
};

/// Walks a message forward, and knows where it is.
class reader {
public:
    enum class from {
        server, ///< Unknown members are passed over.
        client, ///< They are refused, as the service does; names may be in snake_case.
    };
    explicit reader(from sender) noexcept : sender_(sender) {}

    /// Throws errc::malformed_message with the path.
    [[noreturn]] void fail(std::string_view what) const;

    template <class T>
    T must(simdjson::simdjson_result<T> result, std::string_view what) const
    {
        T value{};
        if (std::move(result).get(value) != simdjson::SUCCESS) fail(what);
        return value;
    }

    /// Each member of `object` by its rule; those that no rule knows are named in `unknown`.
    template <class T, std::size_t Count>
    void members(ondemand::object object, T& into, const std::array<rule<T>, Count>& rules,
        std::vector<std::string>* unknown = nullptr)
    {
        for (auto next : object) {
            if (next.error() != simdjson::SUCCESS) fail("is not valid JSON");
            // of `next`, not of its field: there later versions of simdjson want an argument
            const auto name = must(next.unescaped_key(), "has a bad member name");
            auto value = std::move(next).value_unsafe().value();
            const auto found = std::find_if(rules.begin(), rules.end(),
                [this, name](const rule<T>& each) { return is_called(each.name, name); });
            if (found != rules.end()) {
                enter({found->name, -1});
                if (!is_null(value)) found->read(*this, value, into);
                --depth_;
            } else {
                pass_over(name, value, unknown);
            }
        }
    }

    template <class Read>
    void elements(ondemand::value value, Read read)
    {
        int index = 0;
        for (auto next : must(value.get_array(), "is not an array")) {
            enter({{}, index++});
            read(must(std::move(next), "is not valid JSON"));
            --depth_;
        }
    }

    // Values, by the type that takes them -----------------------------------------------------
    void read(ondemand::value value, std::string& to);
    void read(ondemand::value value, bool& to);
    void read(ondemand::value value, double& to);
    void read(ondemand::value value, int& to);
    /// Also given as a string of digits, as proto3 JSON does for 64 bits, or as 2.0.
    void read(ondemand::value value, std::int64_t& to);
    /// Base64, from where it stands in the message.
    void read(ondemand::value value, bytes& to);
    /// An object as its text.
    void read(ondemand::value value, json& to);
    void read(ondemand::value value, schema& to);
    void read(ondemand::value value, modalities& to);
    /// "9.846s": seconds with up to nine decimals.
    void read(ondemand::value value, std::chrono::nanoseconds& to);
    /// A number of milliseconds.
    void read(ondemand::value value, std::chrono::milliseconds& to);
    /// RFC 3339.
    void read(ondemand::value value, std::chrono::system_clock::time_point& to);
    void read(ondemand::value value, std::map<std::string, std::string>& to);

    /// By its name; proto3 JSON writes a number for a value that the writer itself has no name for.
    template <class Known>
    void read(ondemand::value value, open_enum<Known>& to)
    {
        std::int64_t number = 0;
        std::string name;
        if (value.get_int64().get(number) == simdjson::SUCCESS)
            name = std::to_string(number);
        else
            read(value, name);
        to = open_enum<Known>(std::move(name));
    }

    template <class T>
    void read(ondemand::value value, std::vector<T>& to)
    {
        elements(value, [&](ondemand::value each) { read(each, to.emplace_back()); });
    }

    template <class T>
    void read(ondemand::value value, std::optional<T>& to)
    {
        if constexpr (std::is_same_v<T, schema>) {
            to.emplace(json());
        } else if constexpr (std::is_same_v<T, setup>) {
            to.emplace().session_resumption.reset(); // present by default, absent on the wire
        } else if (!to) {
            to.emplace();
        }
        read(value, *to);
    }

    template <described T>
    void read(ondemand::value value, T& to)
    {
        members(must(value.get_object(), "is not an object"), to, rules_for<T>::value);
    }

private:
    struct step {
        std::string_view member;
        int index;
    };

    void enter(step next)
    {
        if (depth_ == steps_.size()) fail("is nested too deeply");
        steps_[depth_++] = next;
    }

    [[nodiscard]] bool is_called(std::string_view wire, std::string_view name) const noexcept
    {
        return wire == name || (sender_ == from::client && is_snake_case(wire, name));
    }
    [[nodiscard]] static bool is_snake_case(std::string_view wire, std::string_view name) noexcept;
    void pass_over(std::string_view name, ondemand::value value, std::vector<std::string>* unknown);
    [[nodiscard]] bool is_null(ondemand::value& value) const;
    /// What nobody reads must be JSON, too.
    void check(ondemand::value value, std::size_t depth) const;

    from sender_;
    std::array<step, 16> steps_{};
    std::size_t depth_ = 0;
};

// From fields to rules ---------------------------------------------------------------------

/// Where the fields of a type stand / those of its `Index`th field, which is a group.
template <class T>
struct all_of {
    static constexpr const auto& get() { return fields<T>; }
};
template <class Around, std::size_t Index>
struct group_in {
    static constexpr const auto& get() { return std::get<Index>(Around::get()).fields; }
};

/// Whether a field of a group tells no list from an empty one.
template <class>
inline constexpr bool is_optional_list_value = false;
template <class T>
inline constexpr bool is_optional_list_value<std::optional<std::vector<T>>> = true;
template <class Field>
inline constexpr bool is_optional_list = [] {
    using found = std::remove_cvref_t<Field>;
    if constexpr (is_group<found>)
        return false;
    else
        return is_optional_list_value<typename found::value>;
}();

template <class T, class Place>
struct rules_at {
    static constexpr std::size_t count = [] {
        std::size_t sum = 0;
        for_each_field(Place::get(), [&sum](const auto& one) {
            ++sum;
            if constexpr (!is_group<std::remove_cvref_t<decltype(one)>>)
                sum += (one.on_vertex.empty() ? 0U : 1U) + (one.also.empty() ? 0U : 1U);
        });
        return sum;
    }();

    template <std::size_t Index>
    static void read_one(reader& in, ondemand::value value, T& to)
    {
        using found = std::tuple_element_t<Index, std::remove_cvref_t<decltype(Place::get())>>;
        if constexpr (is_group<found>) {
            for_each_field(group_in<Place, Index>::get(), [&to](const auto& one) {
                if constexpr (is_optional_list<decltype(one)>)
                    if (auto& list = to.*std::remove_cvref_t<decltype(one)>::member; !list)
                        list.emplace(); // {} is an empty list, not none
            });
            in.members(in.must(value.get_object(), "is not an object"), to,
                rules_at<T, group_in<Place, Index>>::value);
        } else {
            in.read(value, to.*found::member);
        }
    }

    static constexpr std::array<rule<T>, count> value =
        []<std::size_t... Index>(std::index_sequence<Index...>)
    {
        std::array<rule<T>, count> all{};
        [[maybe_unused]] std::size_t next = 0;
        [[maybe_unused]] const auto add = [&](const auto& one,
                                              void (*read)(reader&, ondemand::value, T&)) {
            all[next++] = {one.name, read};
            if constexpr (!is_group<std::remove_cvref_t<decltype(one)>>) {
                if (!one.on_vertex.empty()) all[next++] = {one.on_vertex, read};
                if (!one.also.empty()) all[next++] = {one.also, read};
            }
        };
        (add(std::get<Index>(Place::get()), &read_one<Index>), ...);
        return all;
    }
    (std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<decltype(Place::get())>>>{});
};

template <class T>
struct rules_for {
    static constexpr const auto& value = rules_at<T, all_of<T>>::value;
};

} // namespace gemini::live::protocol
