// SPDX-License-Identifier: Apache-2.0
// Prints docs/wire.md from the table that the library reads and writes by:
//   wire-page            prints the page
//   wire-page FILE       fails when FILE differs from the page
#include "protocol/client_message.hpp"
#include "protocol/fields.hpp"

#include <gemini/live/ephemeral_token_request.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace protocol = gemini::live::protocol;
using namespace gemini::live;

namespace {

// Names, as the compiler spells them -------------------------------------------------------------

std::string without_namespaces(std::string_view name)
{
    std::string plain(name);
    for (const std::string_view each : {"gemini::live::protocol::", "gemini::live::"})
        for (auto at = plain.find(each); at != std::string::npos; at = plain.find(each))
            plain.erase(at, each.size());
    return plain;
}

/// The text after "NAME = " in the name of a function template's instance.
std::string argument(std::string_view function, std::string_view name)
{
    const auto begin = function.find(fmt::format("{} = ", name)) + name.size() + 3;
    const auto end = function.find_first_of(";]", begin);
    return without_namespaces(function.substr(begin, end - begin));
}

template <auto Value>
std::string name_of_value()
{
    auto name = argument(__PRETTY_FUNCTION__, "Value");
    if (name.starts_with('&')) name.erase(0, 1);
    return name;
}

template <class Type>
std::string name_of_type()
{
    return argument(__PRETTY_FUNCTION__, "Type");
}

// The page's parts, each type once ---------------------------------------------------------------

struct book {
    std::set<std::string> seen{};
    std::vector<std::string> types{}; // a type before those of its members
    std::string enumerations{};
};

template <class T>
std::string describe(book& into);
std::string format_enumeration_row(std::string_view wire, const std::string& name);
std::string format_enumeration(const std::string& name, const std::string& rows);
std::string link_to_enumeration(const std::string& name);

template <class T>
struct kind {
    static std::string of(book& into) { return describe<T>(into); }
};
template <class T>
struct kind<std::optional<T>> {
    static std::string of(book& into) { return kind<T>::of(into); }
};
template <class T>
struct kind<boxed<T>> {
    static std::string of(book& into) { return kind<T>::of(into); }
};
template <class T>
struct kind<switchable<T>> {
    static std::string of(book& into) { return kind<T>::of(into); }
};
template <class T>
struct kind<std::vector<T>> {
    static std::string of(book& into) { return kind<T>::of(into) + " list"; }
};
template <>
struct kind<bytes> {
    static std::string of(book&) { return "base64"; }
};
template <class Known>
struct kind<open_enum<Known>> {
    template <std::size_t... Index>
    static std::string rows(wire_name_list names, std::index_sequence<Index...>)
    {
        std::string all;
        const auto row = [&](std::size_t index, const std::string& name) {
            if (index < names.size()) all += format_enumeration_row(names[index], name);
        };
        (row(Index, name_of_value<static_cast<Known>(Index)>()), ...);
        return all;
    }

    static std::string of(book& into)
    {
        const auto name = name_of_type<Known>();
        if (into.seen.insert(name).second) {
            into.enumerations +=
                format_enumeration(name, rows(wire_names(Known{}), std::make_index_sequence<40>{}));
        }
        return link_to_enumeration(name);
    }
};

std::string backend_of(protocol::only only)
{
    switch (only) {
    case protocol::only::gemini_api: return "Gemini API";
    case protocol::only::vertex_ai: return "Vertex AI";
    case protocol::only::both: break;
    }
    return "";
}

// Formatted here and not in the templates below, of which there are hundreds of instances.

struct member_row {
    std::string_view name;
    std::string_view on_vertex;
    std::string_view also;
    protocol::only backend;
};

std::string format_row(const member_row& row, const std::string& path, const std::string& member,
    const std::string& value)
{
    auto wire = fmt::format("`{}{}`", path, row.name);
    if (!row.on_vertex.empty()) wire += fmt::format(", Vertex AI `{}{}`", path, row.on_vertex);
    if (!row.also.empty()) wire += fmt::format(", read as `{}{}`, too", path, row.also);
    return fmt::format("| {} | `{}` | {} | {} |\n", wire, member, value, backend_of(row.backend));
}

std::string format_type(const std::string& name, const std::string& members)
{
    return fmt::format("### {}\n\n{}\n", name,
        members.empty() ? std::string("No members: only its presence counts.\n")
                        : "| wire | C++ | value | only |\n|---|---|---|---|\n" + members);
}

std::string link_to(const std::string& name)
{
    std::string anchor;
    for (const char c : name)
        if (c != ':') anchor += c;
    return fmt::format("[{}](#{})", name, anchor);
}

std::string format_enumeration_row(std::string_view wire, const std::string& name)
{
    return fmt::format("| `{}` | `{}` |\n", wire, name);
}

std::string link_to_enumeration(const std::string& name)
{
    return fmt::format("enum [{0}](#{0})", name);
}

std::string format_enumeration(const std::string& name, const std::string& rows)
{
    return fmt::format("### {}\n\n| wire | C++ |\n|---|---|\n{}\n", name, rows);
}

template <class Fields>
std::string rows(const Fields& all, const std::string& path, book& into)
{
    std::string text;
    protocol::for_each_field(all, [&](const auto& one) {
        using found = std::remove_cvref_t<decltype(one)>;
        if constexpr (protocol::is_group<found>) {
            text += rows(one.fields, path + std::string(one.name) + '.', into);
        } else {
            text += format_row({one.name, one.on_vertex, one.also, one.backend}, path,
                name_of_value<found::member>(), kind<typename found::value>::of(into));
        }
    });
    return text;
}

/// The word for a type; a type with members of its own is added to the page.
template <class T>
std::string describe(book& into)
{
    if constexpr (std::is_same_v<T, std::string>) {
        return "string";
    } else if constexpr (std::is_same_v<T, bool>) {
        return "bool";
    } else if constexpr (std::is_same_v<T, double>) {
        return "number";
    } else if constexpr (std::is_same_v<T, int>) {
        return "int32";
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        return "int64, as a string";
    } else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) {
        return "duration, `\"1.5s\"`";
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
        return "int32, milliseconds";
    } else if constexpr (std::is_same_v<T, std::chrono::system_clock::time_point>) {
        return "time, RFC 3339";
    } else if constexpr (std::is_same_v<T, json>) {
        return "object";
    } else if constexpr (std::is_same_v<T, schema>) {
        return "object, OpenAPI schema";
    } else if constexpr (std::is_same_v<T, std::map<std::string, std::string>>) {
        return "object of strings";
    } else {
        static_assert(protocol::described<T>);
        const auto name = name_of_type<T>();
        if (into.seen.insert(name).second) {
            const auto place = into.types.size();
            into.types.emplace_back();
            const auto members = rows(protocol::fields<T>, "", into);
            into.types[place] = format_type(name, members);
        }
        return link_to(name);
    }
}

constexpr std::string_view head = R"(# The wire, member by member

Every member of the Live API that this library names, and its place in C++. This page is printed from the table that
the library itself uses to read and write (`./dev docs`), so the two cannot differ.

- A name is the wire's name in snake_case. Where the wire has an object only to group a few members
  (`generationConfig.topP`), they belong to the enclosing C++ type (`setup::top_p`).
- `std::optional` is used where absent and empty differ; `live::boxed` likewise, where an absent member should cost little.
  An absent member is not written.
- Enumerations are `open_enum`: a value newer than this version keeps its name, in both directions.
- Times are `std::chrono`, base64 is bytes, 64-bit integers are sent as strings.
- *only*: the one backend that accepts the member. For the other it is refused before anything is sent.
- For members not listed here: `setup::extra` merges any members into the setup, `session::send_raw` sends any message,
  `server_message::raw()` is the JSON as received, and `server_message_members::unknown` lists its unknown members.
- `setup::functions` is a shorthand for the `functionDeclarations` of a first tool. The request for an ephemeral token has
  [a page of its own](tokens.md).

)";

std::string page()
{
    book client;
    const auto sent = describe<protocol::client_message>(client);
    auto server = client;
    server.types.clear();
    server.enumerations.clear();
    const auto said = describe<server_message_members>(server);
    return fmt::format(
        "{}## What a client sends\n\nBegin at {}. `session` has a function for each.\n\n{}"
        "## What the server says\n\nBegin at {}, which is returned by "
        "`server_message::members()`.\n\n{}"
        "## Enumerations\n\n{}",
        head, sent, fmt::join(client.types, ""), said, fmt::join(server.types, ""),
        client.enumerations + server.enumerations);
}

} // namespace

int main(int argc, char** argv)
{
    auto text = page();
    while (text.ends_with("\n\n")) text.pop_back();
    if (argc < 2) {
        std::fputs(text.c_str(), stdout);
        return 0;
    }
    std::ifstream file(argv[1], std::ios::binary);
    const std::string there{std::istreambuf_iterator<char>(file), {}};
    if (there == text) return 0;
    fmt::print(stderr, "{} differs from the code: run ./dev docs.\n", argv[1]);
    return 1;
}
