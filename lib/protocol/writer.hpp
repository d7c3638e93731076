// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/encode_test.cpp, test/unit/protocol/wire_test.cpp
#pragma once

#include "protocol/field.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/backend.hpp>
#include <gemini/live/content.hpp>
#include <gemini/live/tool.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Writes what `fields<T>` describes. Internal to this room.
namespace gemini::live::protocol {

class writer {
public:
    enum class from {
        client, ///< Refuses members that only the other backend accepts.
        server, ///< May send anything.
    };
    writer(json_writer& out, backend backend, from sender = from::client) noexcept
        : out_(out), backend_(backend), sender_(sender)
    {
    }

    // Whether a value equals what an absent member means ------------------------------------
    template <class T>
    [[nodiscard]] static bool is_absent(const std::optional<T>& value) noexcept
    {
        return !value.has_value();
    }
    template <class T>
    [[nodiscard]] static bool is_absent(const switchable<T>& value) noexcept
    {
        return !value.has_value();
    }
    template <class T>
    [[nodiscard]] static bool is_absent(const boxed<T>& value) noexcept
    {
        return !value.has_value();
    }
    template <class T>
    [[nodiscard]] static bool is_absent(const T& value) noexcept
    {
        if constexpr (requires { value.empty(); })
            return value.empty();
        else
            return value == T{};
    }

    // Values, by their type -------------------------------------------------------------------
    void write(const std::string& value) { out_.string(value); }
    void write(bool value) { out_.boolean(value); }
    /// A server may send NaN or an infinity; proto3 JSON writes these as strings.
    void write(double value);
    void write(int value) { out_.integer(value); }
    /// proto3 JSON writes 64-bit integers as strings.
    void write(std::int64_t value) { out_.string(std::to_string(value)); }
    void write(const bytes& value) { out_.base64(value); }
    void write(const json& value);
    void write(const schema& value) { write(value.text()); }
    void write(std::chrono::nanoseconds value);
    void write(std::chrono::milliseconds value) { out_.integer(value.count()); }
    void write(std::chrono::system_clock::time_point value);
    void write(const std::map<std::string, std::string>& value);

    template <class Known>
    void write(const open_enum<Known>& value)
    {
        out_.string(value.name());
    }

    template <class T>
    void write(const std::vector<T>& value)
    {
        out_.begin_array();
        for (const auto& each : value) write(each);
        out_.end_array();
    }

    template <class T>
    void write(const std::optional<T>& value)
    {
        write(*value);
    }

    template <class T>
    void write(const switchable<T>& value)
    {
        write(*value);
    }

    template <class T>
    void write(const boxed<T>& value)
    {
        write(*value);
    }

    template <described T>
    void write(const T& value)
    {
        out_.begin_object();
        members(value, fields<T>);
        out_.end_object();
    }

    /// Writes the members of an object that is already open.
    template <class T, class Fields>
    void members(const T& value, const Fields& all)
    {
        for_each_field(all, [&](const auto& one) {
            using found = std::remove_cvref_t<decltype(one)>;
            if constexpr (is_group<found>) {
                out_.key(one.name).begin_object();
                members(value, one.fields);
                out_.end_object_unless_empty();
            } else {
                member(value.*found::member, one);
            }
        });
    }

private:
    template <class T, class Field>
    void member(const T& value, const Field& about)
    {
        if (!about.always && is_absent(value)) return;
        const bool vertex = backend_ == backend::vertex_ai;
        out_.key(vertex && !about.on_vertex.empty() ? about.on_vertex : about.name);
        if (sender_ == from::client && about.backend != only::both &&
            (about.backend == only::vertex_ai) != vertex)
            refuse_backend(about.why);
        write(value);
    }

    [[noreturn]] void refuse_backend(std::string_view why) const;

    json_writer& out_;
    backend backend_;
    from sender_;
};

} // namespace gemini::live::protocol
