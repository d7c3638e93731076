// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/schema_test.cpp
#pragma once

#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Converts JSON Schema, as written by tools, into the service's Schema. Internal to this room.
namespace gemini::live::protocol {

/// A bound and its original text.
struct schema_bound {
    double value;
    std::string text;
};

/// A schema after parsing, with references, allOf, oneOf and const resolved.
struct schema_node {
    std::string path{};               ///< Where it was read, for errors: "/properties/city".
    std::vector<std::string> order{}; ///< Members of the service's Schema, in input order.
    std::vector<std::string> types{}; ///< In capitals, without NULL. Empty: any type.
    bool nullable = false;
    bool never = false; ///< No value matches: the schema `false`.
    std::optional<std::vector<json_value>> choices{};
    std::map<std::string, std::string, std::less<>> plain{}; ///< format, default, …: JSON as given.
    std::map<std::string, schema_bound, std::less<>> bounds{}; ///< minimum, maxItems, …
    std::vector<std::pair<std::string, schema_node>> properties{};
    bool has_properties = false;
    bool closed = false; ///< No other member: `"additionalProperties": false`. It is not sent.
    std::vector<std::string> required{};
    std::shared_ptr<const schema_node> items{};
    std::vector<schema_node> any_of{};
    std::vector<std::string>
        notes{}; ///< What the service's Schema cannot express; goes into the description.

    void mention(std::string_view member);
    /// Whether it constrains the value, rather than only describing it.
    [[nodiscard]] bool constrains() const noexcept;
    [[nodiscard]] bool is_typed() const noexcept { return !types.empty() || choices.has_value(); }
};

/// Throws errc::invalid_argument: "The schema cannot be sent: {path} {why}."
[[noreturn]] void refuse_schema(std::string_view path, std::string_view why);

/// Returns a schema that matches what both match. Descriptions come from `a` where it has them.
/// Throws errc::invalid_argument if nothing can match.
[[nodiscard]] schema_node both(schema_node a, schema_node b, std::string_view path);

/// Parses a JSON Schema or a Schema of the service. Throws errc::invalid_argument, naming the path.
[[nodiscard]] schema_node read_json_schema(const json_value& schema);

/// Writes `node` as the service's Schema.
void write_schema(json_writer& out, const schema_node& node);

} // namespace gemini::live::protocol
