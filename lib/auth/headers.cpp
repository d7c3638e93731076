// SPDX-License-Identifier: Apache-2.0
#include "auth/headers.hpp"

#include "base/ascii.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace gemini::live::auth {
namespace {

/// Returns why `proof` cannot be a key or token, or "" if it can.
std::string_view fault_in(std::string_view proof) noexcept
{
    for (const unsigned char c : proof) {
        if (c == '\r' || c == '\n') return "has a line break in it";
        if (c == ' ' || c == '\t') return "has a blank in it";
        if (c < 0x20 || c > 0x7e) return "has a character in it that none has";
    }
    return {};
}

void check(std::string_view proof, const std::string& name)
{
    const auto fault = fault_in(proof);
    if (fault.empty()) return;
    throw error(errc::invalid_argument,
        fmt::format("{} {}: give it alone, as it was handed out.", name, fault));
}

} // namespace

void check_proof(const credentials& given)
{
    if (const auto* key = given.get_if<api_key>())
        check(key->reveal(), key->origin().empty()
                                 ? std::string("The API key of client_options::credentials")
                                 : fmt::format("The API key of {}", key->origin()));
    else if (const auto* made = given.get_if<ephemeral_token>())
        check(made->reveal(), "The ephemeral token of client_options::credentials");
    else if (const auto* token = given.get_if<access_token>())
        check(token->reveal(), "The access token, for the header Authorization,");
}

headers headers_of(const credentials& given)
{
    headers result;
    if (const auto* key = given.get_if<api_key>()) {
        result.emplace_back("x-goog-api-key", key->reveal());
    } else if (const auto* made = given.get_if<ephemeral_token>()) {
        result.emplace_back("Authorization", "Token " + made->reveal());
    } else if (const auto* token = given.get_if<access_token>()) {
        result.emplace_back("Authorization", "Bearer " + token->reveal());
        if (!token->quota_project().empty())
            result.emplace_back("x-goog-user-project", token->quota_project());
    }
    return result;
}

const std::string* find(const headers& all, std::string_view name) noexcept
{
    const auto found = std::find_if(all.begin(), all.end(),
        [name](const auto& each) { return base::equal_ignoring_case(each.first, name); });
    return found == all.end() ? nullptr : &found->second;
}

headers merge(headers ours, const headers& theirs)
{
    std::erase_if(ours, [&theirs](const auto& each) { return find(theirs, each.first); });
    ours.insert(ours.end(), theirs.begin(), theirs.end());
    return ours;
}

void check(const headers& all)
{
    constexpr std::string_view breaks("\r\n\0", 3);
    for (const auto& [name, value] : all) {
        if (!name.empty() && name.find_first_of(breaks) == name.npos &&
            value.find_first_of(breaks) == value.npos)
            continue;
        throw error(errc::invalid_argument,
            fmt::format("The header \"{}\" has a line break in it, or no name.",
                name.substr(0, name.find_first_of(breaks))));
    }
}

} // namespace gemini::live::auth
