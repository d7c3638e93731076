// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/toolset.hpp>

#include "base/access.hpp"
#include "base/ascii.hpp"
#include "tools/tool_function.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gemini::live {
namespace {

constexpr std::size_t longest_name = 64;

[[noreturn]] void refuse(std::string_view function, std::string_view why)
{
    throw error(
        errc::invalid_argument, fmt::format("The function {} {}.", json_quote(function), why));
}

bool is_name(std::string_view text)
{
    if (text.empty() || text.size() > longest_name) return false;
    const char first = text.front();
    const bool begins = first == '_' || (base::lower(first) >= 'a' && base::lower(first) <= 'z');
    return begins && base::consists_of(text, "_.:-");
}

void check(const function_options& options)
{
    const auto refuse_it = [&](std::string_view why) { refuse(options.name, why); };
    if (!is_name(options.name)) {
        refuse_it("has a name that the service does not accept: use a letter or _, then letters, "
                  "digits and _ . : - up to 64 characters in all");
    }
    if (options.parameters && options.parameters_json_schema)
        refuse_it("has both parameters and parameters_json_schema: set one of them");
    if (options.parameters && options.parameters->text().find_string("/type") != "OBJECT")
        refuse_it("has parameters that are not an object: use live::schema::object()");
    if (options.deadline && options.deadline->count() <= 0)
        refuse_it("has a deadline of zero or below");
    if (options.at_once && *options.at_once == 0) refuse_it("could never run: at_once is 0");
}

protocol::schema_node parsed(const json& schema)
{
    return protocol::read_json_schema(protocol::json_value::parse(schema.text()));
}

/// Returns what arguments can be checked against. A JSON Schema that the service's form cannot
/// express is the handler's to check.
std::optional<protocol::schema_node> checkable(const function_options& options)
{
    if (options.parameters) return parsed(options.parameters->text());
    if (!options.parameters_json_schema) return std::nullopt;
    try {
        return parsed(*options.parameters_json_schema);
    } catch (const error&) {
        return std::nullopt;
    }
}

} // namespace

void toolset::add_erased(function_options options, detail::erased_handler handler)
{
    check(options);
    const auto has_name = [&](const auto& each) { return each->options.name == options.name; };
    if (std::any_of(functions_.begin(), functions_.end(), has_name))
        refuse(options.name, "is there already");
    auto accepts = checkable(options);
    detail::tool_function made{std::move(options), std::move(accepts), std::move(handler)};
    functions_.push_back(std::make_shared<const detail::tool_function>(std::move(made)));
}

std::vector<function_declaration> toolset::declarations() const
{
    std::vector<function_declaration> all;
    for (const auto& each : functions_) {
        const auto& options = each->options;
        function_declaration made;
        made.name = options.name;
        made.description = options.description;
        made.parameters = options.parameters;
        made.parameters_json_schema = options.parameters_json_schema;
        made.behavior = options.behavior;
        made.response = options.response;
        all.push_back(std::move(made));
    }
    return all;
}

const std::vector<std::shared_ptr<const detail::tool_function>>& access::functions(
    const toolset& of) noexcept
{
    return of.functions_;
}

} // namespace gemini::live
