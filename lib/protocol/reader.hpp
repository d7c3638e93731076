// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/decode_test.cpp, test/unit/protocol/reading_test.cpp
#pragma once

#include "protocol/base64_value.hpp"
#include "protocol/field.hpp"

#include <gemini/live/boxed.hpp>
#include <gemini/live/content.hpp>
#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/setup.hpp>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// Reads what `fields<T>` describes. Internal to this room.
namespace gemini::live::protocol {

namespace ondemand = simdjson::ondemand;

class reader;

/// The rules for reading a type, generated from its fields.
template <class T>
struct rules_for;

/// How to read a member: its wire name, and what to do with its value.
template <class T>
struct rule {
    std::string_view name;
    void (*read)(reader&, ondemand::value, T&);
};

/// Returns the error to report for a malformed message from the "server" or "client".
[[nodiscard]] error malformed(std::string_view sender, const omitted_member& why);

/// Whether a path lies within goAway, or is that of `resumable` in a handle update.
[[nodiscard]] bool is_of_go_away(std::string_view path);
[[nodiscard]] bool is_resumable(std::string_view path);

/// What remains of the limits for one message; see `decode_limits`.
struct budget {
    std::size_t values;
    std::size_t memory;
};

/// What a reader has left out of a message.
struct omissions {
    std::vector<omitted_member> list{};
    /// Positions of cuts in the text being read, as in `mended_json::cuts`.
    std::vector<std::size_t> cuts{};
    const char* text = nullptr;
    unsigned weights = 0; ///< The weights in the list, one bit each.
};

/// Placeholders in a grounding_support that has not been fully read.
constexpr int unread_source = std::numeric_limits<int>::min();
constexpr double unread_score = std::numeric_limits<double>::quiet_NaN();

/// Returns the list element that replaces an unreadable one, or nothing if it is to be left out.
template <class T>
std::optional<T> in_place_of()
{
    if constexpr (std::is_same_v<T, part> || std::is_same_v<T, grounding_chunk>)
        return T();
    else if constexpr (std::is_same_v<T, int>)
        return unread_source;
    else if constexpr (std::is_same_v<T, double>)
        return unread_score;
    else
        return std::nullopt;
}

/// Walks a message forward and keeps track of the path. Each `read` returns whether the value is of
/// the expected form, and changes nothing otherwise. The members of an object are judged
/// individually.
class reader {
public:
    enum class from {
        server, ///< Unknown members are skipped.
        client, ///< Unknown members are refused, as by the service; names may be in snake_case.
    };
    /// With `omitted`, unreadable values are left out and recorded there; the text must be valid
    /// JSON. Without it, they are refused.
    reader(from sender, budget budget, omissions* omitted = nullptr) noexcept
        : sender_(sender), budget_(budget), omitted_(omitted)
    {
    }

    /// Call before reading a text whose long base64 values are to be added to `list`, in their
    /// order.
    void records_base64_of(const char* text, std::vector<base64_value>& list) noexcept
    {
        text_ = text;
        base64_ = &list;
    }

    /// Throws errc::malformed_message with the current path.
    [[noreturn]] void fail(std::string_view what) const;
    /// Returns the error for a message that has too much of something, such as members.
    [[nodiscard]] error too_rich(std::string_view in) const;
    /// Refuses the current value: returns false, or throws as `fail` does.
    bool refuse(std::string_view what);

    template <class T>
    T must(simdjson::simdjson_result<T> result, std::string_view what) const
    {
        T value{};
        if (std::move(result).get(value) != simdjson::SUCCESS) fail(what);
        return value;
    }

    /// Reads each member of `object` by its rule. Members without a rule are named in `unknown`.
    template <class T, std::size_t Count>
    void members(ondemand::object object, T& into, const std::array<rule<T>, Count>& rules,
        std::vector<std::string>* unknown = nullptr)
    {
        for (auto next : object) {
            if (next.error() != simdjson::SUCCESS) fail("is not valid JSON");
            count_value();
            // Called on `next`, not on its field: there, later versions of simdjson require an
            // argument.
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

    /// Passes an object to `read`. For a server, a list of objects is read as one object with all
    /// of their members.
    template <class Read>
    bool object(ondemand::value value, Read read)
    {
        ondemand::object found;
        if (value.get_object().get(found) == simdjson::SUCCESS) {
            read(found);
            return true;
        }
        ondemand::array list;
        if (sender_ == from::client || value.get_array().get(list) != simdjson::SUCCESS)
            return refuse("is not an object");
        bool any = false;
        int index = 0;
        for (auto next : list) {
            auto each = must(std::move(next), "is not valid JSON");
            count_value();
            enter({{}, index++});
            if (each.get_object().get(found) == simdjson::SUCCESS) {
                read(found);
                any = true;
            } else if (!is_null(each)) {
                refuse("is not an object");
            }
            --depth_;
        }
        return any || (index == 0 && refuse("is not an object"));
    }

    /// Passes each element of an array to `read`.
    template <class Read>
    bool elements(ondemand::value value, Read read)
    {
        ondemand::array list;
        if (value.get_array().get(list) != simdjson::SUCCESS) return refuse("is not an array");
        int index = 0;
        for (auto next : list) {
            count_value();
            enter({{}, index++});
            read(must(std::move(next), "is not valid JSON"));
            --depth_;
        }
        return true;
    }

    // Values, by the type that receives them --------------------------------------------------
    /// If a server sends a number where an id is expected, it is reported and read as text.
    bool read(ondemand::value value, std::string& to);
    bool read(ondemand::value value, bool& to);
    /// May also be a string, which proto3 JSON uses for NaN and the infinities.
    bool read(ondemand::value value, double& to);
    bool read(ondemand::value value, int& to);
    /// May also be a string, which proto3 JSON uses for 64-bit integers, or be written as 2.0.
    bool read(ondemand::value value, std::int64_t& to);
    /// Reads base64 in place, from the text of the message.
    bool read(ondemand::value value, bytes& to);
    /// Reads an object as its text.
    bool read(ondemand::value value, json& to);
    bool read(ondemand::value value, schema& to);
    /// "9.846s": seconds with up to nine decimals. A server may also send a number of seconds,
    /// quoted or not, or an object.
    bool read(ondemand::value value, std::chrono::nanoseconds& to);
    /// A number of milliseconds.
    bool read(ondemand::value value, std::chrono::milliseconds& to);
    /// A timestamp in RFC 3339.
    bool read(ondemand::value value, std::chrono::system_clock::time_point& to);
    bool read(ondemand::value value, std::map<std::string, std::string>& to);
    /// From a server, an unreadable media type, or a missing one in a model turn, is assumed to be
    /// audio, which it nearly always is.
    bool read(ondemand::value value, blob& to);
    /// A source that cannot be read is dropped together with its score.
    bool read(ondemand::value value, grounding_support& to);

    /// Reads an enumerator by name. proto3 JSON writes a number if the writer itself has no name
    /// for it.
    template <class Known>
    bool read(ondemand::value value, open_enum<Known>& to)
    {
        std::string name;
        if (!read_name(value, name)) return false;
        to = open_enum<Known>(std::move(name));
        return true;
    }

    template <class T>
    bool read(ondemand::value value, std::vector<T>& to)
    {
        if (stands_alone(value, described<T>)) {
            read_element(value, to);
            return true;
        }
        return elements(value, [&](ondemand::value each) { read_element(each, to); });
    }

    template <class T>
    bool read(ondemand::value value, std::optional<T>& to)
    {
        const bool is_new = !to;
        if constexpr (std::is_same_v<T, schema>) {
            to.emplace(json());
        } else if constexpr (std::is_same_v<T, setup>) {
            to.emplace().session_resumption.reset(); // present by default, absent on the wire
        } else if (!to) {
            to.emplace();
        }
        if (read(value, *to)) return true;
        if (is_new) to.reset();
        return false;
    }

    template <class T>
    bool read(ondemand::value value, switchable<T>& to)
    {
        const bool is_new = !to;
        if (is_new) to.emplace();
        if (read(value, *to)) return true;
        if (is_new) to.reset();
        return false;
    }

    template <class T>
    bool read(ondemand::value value, boxed<T>& to)
    {
        const bool is_new = !to;
        if (is_new) {
            spend(sizeof(T));
            to.emplace();
        }
        if (read(value, *to)) return true;
        if (is_new) to.reset();
        return false;
    }

    template <described T>
    bool read(ondemand::value value, T& to)
    {
        return object(
            value, [&](ondemand::object found) { members(found, to, rules_for<T>::value); });
    }

private:
    struct step {
        std::string_view member;
        int index;
    };

    void count_value()
    {
        if (budget_.values == 0) throw too_rich("members and elements");
        --budget_.values;
    }
    void spend(std::size_t memory)
    {
        if (budget_.memory < memory) throw too_rich("lists and objects");
        budget_.memory -= memory;
    }
    void enter(step next)
    {
        if (depth_ == steps_.size()) fail("is nested too deeply");
        steps_[depth_++] = next;
    }

    /// An element that cannot be read is left out. If others refer to it by index, or it pairs with
    /// an element of another list, a placeholder keeps its position.
    template <class T>
    void read_element(ondemand::value value, std::vector<T>& to)
    {
        const bool absent = sender_ == from::server && is_null(value);
        if (!absent) {
            spend(sizeof(T));
            if (read(value, to.emplace_back())) return;
            to.pop_back();
        }
        auto instead = in_place_of<T>();
        if (!instead) return;
        if (absent) spend(sizeof(T));
        to.push_back(*std::move(instead));
    }

    [[nodiscard]] std::string path() const;
    [[nodiscard]] bool may_weigh_anew() const;
    /// Whether a server sent a single element in place of a list.
    [[nodiscard]] bool stands_alone(ondemand::value& value, bool is_object) const;
    bool read_name(ondemand::value value, std::string& to);
    [[nodiscard]] bool is_id() const;
    [[nodiscard]] bool is_within(std::string_view member) const;
    bool refuse_number(ondemand::value& value, std::string_view what);

    [[nodiscard]] bool is_called(std::string_view wire, std::string_view name) const noexcept
    {
        return wire == name || (sender_ == from::client && is_snake_case(wire, name));
    }
    [[nodiscard]] static bool is_snake_case(std::string_view wire, std::string_view name) noexcept;
    void pass_over(std::string_view name, ondemand::value value, std::vector<std::string>* unknown);
    [[nodiscard]] bool is_null(ondemand::value& value) const;
    void note_base64(std::string_view text, const bytes& decoded);
    void forget_base64(const bytes& decoded);
    /// Verifies that a value that nobody reads is valid JSON.
    void check(ondemand::value value, std::size_t depth);

    from sender_;
    budget budget_;
    omissions* omitted_;
    std::array<step, 16> steps_{};
    std::size_t depth_ = 0;
    bool has_refused_type_ = false; // the media type of the value being read was refused
    const char* text_ = nullptr;
    std::vector<base64_value>* base64_ = nullptr;
};

// From fields to rules ---------------------------------------------------------------------

/// The fields of a type, or those of its `Index`th field if that is a group.
template <class T>
struct all_of {
    static constexpr const auto& get() { return fields<T>; }
};
template <class Around, std::size_t Index>
struct group_in {
    static constexpr const auto& get() { return std::get<Index>(Around::get()).fields; }
};

/// Whether a field distinguishes an absent list from an empty one.
template <class>
inline constexpr bool is_optional_list_value = false;
template <class T>
inline constexpr bool is_optional_list_value<std::optional<std::vector<T>>> = true;
template <class T>
inline constexpr bool is_optional_list_value<switchable<std::vector<T>>> = true;
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
            in.object(value, [&](ondemand::object object) {
                for_each_field(group_in<Place, Index>::get(), [&to](const auto& one) {
                    if constexpr (is_optional_list<decltype(one)>)
                        if (auto& list = to.*std::remove_cvref_t<decltype(one)>::member; !list)
                            list.emplace(); // {} means an empty list, not an absent one
                });
                in.members(object, to, rules_at<T, group_in<Place, Index>>::value);
            });
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
