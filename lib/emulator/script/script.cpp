// SPDX-License-Identifier: Apache-2.0
#include "emulator/script/script.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;
using type = json_value::type;
using members = std::vector<std::pair<std::string, json_value>>;

constexpr std::string_view verbs[]{"connection", "refuse", "expect", "await", "send", "send_text",
    "wait", "close", "drop", "stall", "drain", "repeat"};

/// One object of the script and its position.
class step_entry {
public:
    step_entry(int line, std::string path, const json_value& value)
        : line_(line), path_(std::move(path))
    {
        if (!value.is_object()) fail("", "must be a JSON object");
        all_ = value.members();
        for (const auto& [name, given] : all_) {
            if (std::find(std::begin(verbs), std::end(verbs), name) == std::end(verbs)) continue;
            if (!verb_.empty())
                fail("", fmt::format(
                             "says both \"{}\" and \"{}\"; one line says one thing", verb_, name));
            verb_ = name;
        }
        if (verb_.empty()) {
            fail("", fmt::format("says nothing that a script can say: {}",
                         fmt::join(std::begin(verbs), std::end(verbs), ", ")));
        }
    }

    [[nodiscard]] const std::string& verb() const noexcept { return verb_; }
    [[nodiscard]] int line() const noexcept { return line_; }

    [[noreturn]] void fail(std::string_view member, std::string_view why) const
    {
        auto where = path_;
        if (!member.empty()) where.append(where.empty() ? "" : ".").append(member);
        throw error(errc::invalid_argument,
            fmt::format("Line {} of the script: {} {}.", line_, where.empty() ? "it" : where, why));
    }

    /// Rejects members other than the verb and `others`.
    void may_have(std::initializer_list<std::string_view> others) const
    {
        for (const auto& [name, value] : all_)
            if (name != verb_ && std::find(others.begin(), others.end(), name) == others.end())
                fail(name, fmt::format("is unknown beside \"{}\"", verb_));
    }

    [[nodiscard]] const json_value* find(std::string_view name) const
    {
        const auto found = std::find_if(
            all_.begin(), all_.end(), [name](const auto& each) { return each.first == name; });
        return found == all_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] const json_value& value() const { return *find(verb_); }

    [[nodiscard]] std::int64_t integer(
        std::string_view name, std::int64_t least, std::int64_t most) const
    {
        const auto* value = find(name);
        const auto number = value->kind() == type::number ? value->integer() : std::nullopt;
        if (!number || *number < least || *number > most)
            fail(name, fmt::format("must be a whole number from {} to {}", least, most));
        return *number;
    }

    [[nodiscard]] double number(std::string_view name, double least, double most) const
    {
        const auto number = find(name)->number();
        if (!number || *number < least || *number > most)
            fail(name, fmt::format("must be a number from {} to {}", least, most));
        return *number;
    }

    /// Returns "" if the member is absent.
    [[nodiscard]] std::string text(std::string_view name) const
    {
        const auto* value = find(name);
        if (!value) return {};
        auto text = value->string();
        if (!text) fail(name, "must be a string");
        return *std::move(text);
    }

    void must_be_true(std::string_view name) const
    {
        if (find(name)->boolean() != true) fail(name, "must be true");
    }

    /// Returns the object at `index` of the list `name`.
    [[nodiscard]] step_entry inner(
        std::string_view name, std::size_t index, const json_value& at) const
    {
        return {line_, fmt::format("{}{}{}[{}]", path_, path_.empty() ? "" : ".", name, index), at};
    }

private:
    int line_;
    std::string path_;
    members all_;
    std::string verb_;
};

/// Guards against header injection: a header must not end early and start another one.
bool is_plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

refuse_upgrade read_refusal(const step_entry& from)
{
    from.may_have({"headers", "body"});
    refuse_upgrade refusal;
    refusal.status = static_cast<int>(from.integer("refuse", 300, 599));
    refusal.body = from.text("body");
    const auto* const headers = from.find("headers");
    if (!headers) return refusal;
    if (!headers->is_object()) from.fail("headers", "must be a JSON object");
    for (const auto& [name, value] : headers->members()) {
        auto text = value.string();
        const bool good_name = !name.empty() && name.find_first_of(" :") == std::string::npos;
        if (!text || !is_plain(*text) || !good_name || !is_plain(name))
            from.fail("headers", "must be names with strings of ASCII");
        refusal.headers.emplace_back(name, *std::move(text));
    }
    return refusal;
}

std::chrono::milliseconds seconds_of(const step_entry& from, std::string_view member)
{
    const std::chrono::duration<double> time(from.number(member, 0, 3600));
    return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

expect_step read_expectation(const step_entry& from, bool others_may_come_first)
{
    from.may_have({"within"});
    std::optional<std::chrono::milliseconds> within;
    if (from.find("within")) within = seconds_of(from, "within");
    if (auto kind = from.value().string(); kind && !kind->empty())
        return {json_value::parse("{}"), others_may_come_first, *std::move(kind), within};
    if (!from.value().is_object()) {
        from.fail(from.verb(), "must be a JSON object, of which the client's message has all "
                               "members, or the name of a member that it has");
    }
    return {from.value(), others_may_come_first, {}, within};
}

send_step read_sending(const step_entry& from, bool in_text_frame)
{
    from.may_have({});
    if (from.value().is_object()) return {from.value().text(), in_text_frame};
    auto text = from.value().string();
    if (!text)
        from.fail(from.verb(), "must be a JSON object, or a string that is sent as it stands");
    return {*std::move(text), in_text_frame};
}

close_step read_close(const step_entry& from)
{
    from.may_have({"reason"});
    const auto code = from.integer("close", 1000, 4999);
    constexpr std::array never_sent{1004, 1005, 1006, 1015};
    if (std::find(never_sent.begin(), never_sent.end(), code) != never_sent.end())
        from.fail("close", "is a code that no peer sends");
    auto reason = from.text("reason");
    if (reason.size() > 123) from.fail("reason", "must not be longer than 123 bytes");
    return {static_cast<std::uint16_t>(code), std::move(reason)};
}

drop_step read_drop(const step_entry& from)
{
    from.may_have({"after_messages", "after_bytes"});
    from.must_be_true("drop");
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    drop_step drop;
    if (from.find("after_messages")) drop.after_messages = from.integer("after_messages", 1, most);
    if (from.find("after_bytes")) drop.after_bytes = from.integer("after_bytes", 1, most);
    return drop;
}

/// Reads and counts steps.
class step_reader {
public:
    step read(const step_entry& from) { return {from.line(), what(from)}; }

private:
    decltype(step::what) what(const step_entry& from)
    {
        if (++count_ > script::max_steps)
            from.fail("", fmt::format("is one step too many: {} are the most", script::max_steps));
        const auto& verb = from.verb();
        if (verb == "expect" || verb == "await") return read_expectation(from, verb == "await");
        if (verb == "send" || verb == "send_text") return read_sending(from, verb == "send_text");
        if (verb == "close") return read_close(from);
        if (verb == "drop") return read_drop(from);
        if (verb == "repeat") return read_repeat(from);
        if (verb == "connection" || verb == "refuse")
            from.fail("", fmt::format("must not have \"{}\" here", verb));
        from.may_have({});
        if (verb == "drain") return drain_step{from.number("drain", 1, 1e9)};
        if (verb == "wait") return wait_step{seconds_of(from, "wait")};
        from.must_be_true("stall");
        return stall_step{};
    }

    repeat_step read_repeat(const step_entry& from)
    {
        from.may_have({"steps"});
        if (++repeats_ > script::max_repeats_inside)
            from.fail("repeat", fmt::format("stands inside of {} others", repeats_ - 1));
        repeat_step repeat;
        if (from.value().boolean() != true) repeat.times = from.integer("repeat", 1, 1'000'000'000);
        const auto* const steps = from.find("steps");
        if (!steps || steps->elements().empty()) from.fail("steps", "must be a list of steps");
        std::size_t index = 0;
        for (const auto& each : steps->elements())
            repeat.steps.push_back(read(from.inner("steps", index++, each)));
        --repeats_;
        return repeat;
    }

    std::size_t count_ = 0;
    int repeats_ = 0;
};

json_value parse_line(std::string_view text, int line)
{
    try {
        return json_value::parse(text);
    } catch (const error& wrong) {
        throw error(
            errc::invalid_argument, fmt::format("Line {} of the script: {}", line, wrong.what()));
    }
}

} // namespace

script script::parse(std::string_view text)
{
    if (text.size() > max_size) {
        throw error(errc::invalid_argument,
            fmt::format(
                "The script is too long: {} bytes, {} are the most.", text.size(), max_size));
    }
    script all;
    step_reader reader;
    connection_script* current = nullptr; // created by its first line
    for (int line = 1; !text.empty(); ++line) {
        auto size = std::min(text.find('\n'), text.size());
        const auto content = text.substr(0, size);
        text.remove_prefix(std::min(size + 1, text.size()));
        const auto first = content.find_first_not_of(" \t\r");
        if (first == std::string_view::npos || content[first] == '#') continue;

        const step_entry given(line, "", parse_line(content, line));
        if (given.verb() == "connection") {
            given.may_have({});
            const auto number = given.integer("connection", 1, 1'000'000'000);
            const auto [found, added] =
                all.parts_.try_emplace(static_cast<std::size_t>(number), std::vector<step>());
            if (!added) given.fail("connection", "has been told already");
            current = &found->second;
            continue;
        }
        if (!current) current = &all.others_.emplace(std::vector<step>());
        auto* const steps = std::get_if<std::vector<step>>(current);
        if (!steps) given.fail("", "comes after a refusal, which ends the connection");
        if (given.verb() != "refuse")
            steps->push_back(reader.read(given));
        else if (steps->empty())
            *current = read_refusal(given);
        else
            given.fail("refuse", "must be all that a connection gets");
    }
    return all;
}

script script::of(std::map<std::size_t, connection_script> parts)
{
    script all;
    all.parts_ = std::move(parts);
    return all;
}

const connection_script* script::part_of(std::size_t connection) const noexcept
{
    const auto found = parts_.find(connection);
    if (found != parts_.end()) return &found->second;
    return others_ ? &*others_ : nullptr;
}

std::size_t script::connections() const noexcept
{
    if (!parts_.empty()) return parts_.rbegin()->first;
    return others_ ? 1 : 0;
}

bool contains(const json_value& message, const json_value& pattern)
{
    if (pattern.is_object()) {
        if (!message.is_object()) return false;
        const auto wanted = pattern.members();
        return std::all_of(wanted.begin(), wanted.end(), [&message](const auto& each) {
            const auto found = message.find(each.first);
            if (each.second.kind() == type::null) return !found;
            return found && contains(*found, each.second);
        });
    }
    if (pattern.kind() == type::array) {
        const auto wanted = pattern.elements();
        const auto there = message.elements();
        return message.kind() == type::array &&
               std::equal(there.begin(), there.end(), wanted.begin(), wanted.end(), contains);
    }
    return message == pattern;
}

bool matches(const json_value& message, const expect_step& step)
{
    if (!contains(message, step.pattern)) return false;
    auto at = std::optional(message);
    for (std::string_view path = step.kind; at && !path.empty();) {
        const auto size = std::min(path.find('.'), path.size());
        at = at->find(path.substr(0, size));
        path.remove_prefix(std::min(size + 1, path.size()));
    }
    return at.has_value();
}

} // namespace gemini::live::emulator
