// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/validator.hpp"
#include "protocol/client_message.hpp"
#include "protocol/fields.hpp"

#include "support/catch.hpp"

#include <string>

namespace agreement_test {

// The emulator's own description of the wire beside the SDK's: each member that the SDK can send,
// alone in a message, must be accepted by the emulator for the same backend, and for no other.
namespace protocol = gemini::live::protocol;
using namespace gemini::live;
using protocol::json_value;
using protocol::only;

namespace {

/// What stands before and after a member in its message, and which backends have it.
struct place {
    std::string before;
    std::string after;
    only known_to = only::both;
};

struct sample {
    std::string message;
    only known_to;
};

template <class T>
struct element_of {
    using type = T;
    static constexpr bool list = false;
};
template <class T>
struct element_of<std::vector<T>> {
    using type = T;
    static constexpr bool list = !std::is_same_v<T, std::byte>;
};
template <class T>
struct element_of<std::optional<T>> : element_of<T> {
};
template <class T>
struct element_of<boxed<T>> : element_of<T> {
};
template <class T>
struct element_of<switchable<T>> : element_of<T> {
};

template <class T>
constexpr bool is_enumeration = false;
template <class Known>
constexpr bool is_enumeration<open_enum<Known>> = true;

/// A value that the wire accepts for a T.
template <class T>
std::string value_of()
{
    if constexpr (is_enumeration<T>) {
        using known = typename decltype(T().known())::value_type;
        const auto names = wire_names(known{}); // the first is often "unspecified"
        return json_quote(*std::next(names.begin(), names.size() > 1 ? 1 : 0));
    } else if constexpr (std::is_same_v<T, std::string>)
        return "\"text\"";
    else if constexpr (std::is_same_v<T, bool>)
        return "true";
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return "\"1\"";
    else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::chrono::milliseconds>)
        return "1";
    else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>)
        return "\"1s\"";
    else if constexpr (std::is_same_v<T, std::chrono::system_clock::time_point>)
        return "\"2026-11-23T12:30:00Z\"";
    else if constexpr (std::is_same_v<T, std::vector<std::byte>>)
        return "\"AAA=\"";
    else if constexpr (std::is_same_v<T, schema>)
        return R"({"type":"STRING"})";
    else
        return "{}"; // json, maps, and messages without members
}

template <class Owner, class Fields>
void collect(const Fields& all, const place& where, std::vector<sample>& into);

template <class T>
void collect_value(const place& where, std::vector<sample>& into)
{
    using one = typename element_of<T>::type;
    constexpr bool list = element_of<T>::list;
    const place inside{
        where.before + (list ? "[" : ""), (list ? "]" : "") + where.after, where.known_to};
    if constexpr (!list && std::is_same_v<one, std::byte>) {
        into.push_back(
            {where.before + value_of<std::vector<std::byte>>() + where.after, where.known_to});
    } else if constexpr (protocol::described<one>) {
        into.push_back({inside.before + "{}" + inside.after, where.known_to});
        collect<one>(
            protocol::fields<one>, {inside.before + "{", "}" + inside.after, where.known_to}, into);
    } else {
        into.push_back({inside.before + value_of<one>() + inside.after, where.known_to});
    }
}

only both_of(only outer, only inner) { return outer == only::both ? inner : outer; }

template <class Owner, class Fields>
void collect(const Fields& all, const place& where, std::vector<sample>& into)
{
    protocol::for_each_field(all, [&](const auto& one) {
        using found = std::remove_cvref_t<decltype(one)>;
        const auto behind = [&](std::string_view name) {
            return where.before + json_quote(name) + ":";
        };
        if constexpr (protocol::is_group<found>) {
            collect<Owner>(
                one.fields, {behind(one.name) + "{", "}" + where.after, where.known_to}, into);
        } else {
            using value = typename found::value;
            const auto known = both_of(where.known_to, one.backend);
            if (one.on_vertex.empty()) {
                collect_value<value>({behind(one.name), where.after, known}, into);
            } else {
                collect_value<value>({behind(one.name), where.after, only::gemini_api}, into);
                collect_value<value>({behind(one.on_vertex), where.after, only::vertex_ai}, into);
            }
        }
    });
}

bool knows(const std::string& message, backend backend)
{
    return !emulator::find_fault(json_value::parse(message), backend).has_value();
}

} // namespace

TEST_CASE("the emulator accepts what the SDK can send, for the same backend and no other")
{
    using protocol::client_message;
    std::vector<sample> samples;
    const auto add = [&samples]<class T>(const char* name, const T&) {
        collect_value<T>({std::string("{\"") + name + "\":", "}", only::both}, samples);
    };
    add("setup", setup{});
    add("realtimeInput", realtime_input_members{});
    add("toolResponse", protocol::tool_response{});
    add("contextUpdate", context_update{});
    add("clientContent", protocol::client_content{});
    CHECK(samples.size() > 250);
    for (const auto& each : samples) {
        if (each.message.find("weightedPrompts") != std::string::npos) continue; // for music
        INFO(each.message);
        CHECK(knows(each.message, backend::gemini_api) == (each.known_to != only::vertex_ai));
        CHECK(knows(each.message, backend::vertex_ai) == (each.known_to != only::gemini_api));
    }
}

TEST_CASE("the emulator accepts what a music session can send")
{
    std::vector<sample> samples;
    collect_value<music_generation_config>({"{\"musicGenerationConfig\":", "}"}, samples);
    collect_value<std::vector<weighted_prompt>>(
        {R"({"clientContent":{"weightedPrompts":)", "}}"}, samples);
    collect_value<open_enum<playback_control>>({"{\"playbackControl\":", "}"}, samples);
    CHECK(samples.size() > 14);
    for (const auto& each : samples) {
        INFO(each.message);
        CHECK_FALSE(emulator::find_music_fault(json_value::parse(each.message)));
    }
}

} // namespace agreement_test
