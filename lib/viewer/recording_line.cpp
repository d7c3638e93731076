// SPDX-License-Identifier: Apache-2.0
#include "viewer/recording_line.hpp"

#include <gemini/live/error.hpp>

#include <utility>

namespace gemini::live::viewer {
namespace {

using protocol::json_value;

recording_line unreadable(std::string why)
{
    recording_line line;
    line.words = std::move(why);
    return line;
}

std::int64_t integer_of(const json_value& from, std::string_view name)
{
    const auto value = from.find(name);
    return value ? value->integer().value_or(0) : 0;
}

std::string string_of(const json_value& from, std::string_view name)
{
    const auto value = from.find(name);
    return value ? value->string().value_or("") : "";
}

} // namespace

recording_line read_line(std::string_view text)
{
    std::optional<json_value> all;
    try {
        all = json_value::parse(text);
    } catch (const error&) {
        return unreadable("It is not JSON.");
    }
    if (!all->is_object()) return unreadable("It is not a JSON object.");
    const auto at = all->find("at");
    const auto time = at ? at->integer() : std::nullopt;
    if (!time || *time < 0) return unreadable("It has no time \"at\".");
    recording_line line;
    line.at = std::chrono::milliseconds(*time);
    line.connection = integer_of(*all, "connection");
    if (line.connection < 1) return unreadable("It has no number of a connection.");
    if ((line.message = all->find("sent"))) {
        line.kind = line_kind::sent;
    } else if ((line.message = all->find("received"))) {
        line.kind = line_kind::received;
    } else if (all->find("opened")) {
        line.kind = line_kind::opened;
    } else if (all->find("refused")) {
        line.kind = line_kind::refused;
        line.code = integer_of(*all, "refused");
    } else if (all->find("failed")) {
        line.kind = line_kind::failed;
        line.words = string_of(*all, "failed");
    } else if (all->find("malformed")) {
        line.kind = line_kind::malformed;
        line.code = integer_of(*all, "malformed");
    } else if (all->find("closed")) {
        line.kind = line_kind::closed;
        line.code = integer_of(*all, "closed");
        line.words = string_of(*all, "reason");
    } else if (all->find("lost")) {
        line.kind = line_kind::lost;
        line.words = string_of(*all, "lost");
    } else if (all->find("left")) {
        line.kind = line_kind::left;
        line.code = integer_of(*all, "left");
    } else {
        return unreadable("It says nothing that a recording says.");
    }
    return line;
}

} // namespace gemini::live::viewer
