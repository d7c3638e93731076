// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/tools/toolset_test.cpp
#include <gemini/live/parameter.hpp>

#include "base/access.hpp"
#include "protocol/json_reader.hpp"

#include <fmt/format.h>

namespace gemini::live::detail {

struct argument::place {
    protocol::json_value value;
    std::string path;
};

namespace {

template <class T>
T required(std::optional<T> value, std::string_view what, const std::string& path)
{
    if (value) return std::move(*value);
    throw error(errc::invalid_argument, fmt::format("{}: {} is required", path, what));
}

} // namespace

argument::argument(const json& arguments)
    : at_(std::make_shared<const place>(
          place{protocol::json_value::parse(arguments.text()), std::string()}))
{
}

argument::argument(std::shared_ptr<const place> at) noexcept : at_(std::move(at)) {}
argument::argument(const argument&) = default;
argument& argument::operator=(const argument&) = default;
argument::~argument() = default;

std::optional<argument> argument::find(std::string_view member) const
{
    auto value = at_->value.find(member);
    if (!value) return std::nullopt;
    place there{std::move(*value), at_->path + json::pointer(member)};
    return argument(std::make_shared<const place>(std::move(there)));
}

argument argument::at(std::string_view member) const
{
    return required(find(member), "a value", at_->path + json::pointer(member));
}

std::vector<argument> argument::elements() const
{
    std::vector<argument> all;
    for (auto& each : at_->value.elements()) {
        place there{std::move(each), at_->path + json::pointer(all.size())};
        all.push_back(argument(std::make_shared<const place>(std::move(there))));
    }
    return all;
}

std::string argument::string() const
{
    return required(at_->value.string(), "a string", at_->path);
}
double argument::number() const { return required(at_->value.number(), "a number", at_->path); }
bool argument::boolean() const { return required(at_->value.boolean(), "a boolean", at_->path); }

std::int64_t argument::integer(std::int64_t least, std::int64_t most) const
{
    const auto value = required(at_->value.integer(), "a whole number", at_->path);
    if (value < least || value > most) {
        throw error(errc::invalid_argument,
            fmt::format("{}: a whole number from {} to {} is required, not {}", at_->path, least,
                most, value));
    }
    return value;
}

} // namespace gemini::live::detail
