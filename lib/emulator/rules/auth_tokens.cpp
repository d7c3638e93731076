// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/auth_tokens.hpp"

#include "emulator/rules/validator.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/timestamp.hpp"
#include "protocol/token.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <tuple>
#include <utility>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;
using protocol::json_value;
using protocol::json_writer;
using paths = std::vector<std::string>;

constexpr std::size_t most_tokens = 1000;
constexpr auto longest_life = 20h;

// ---- constraints

bool names(const paths& mask, const std::string& path)
{
    return std::find(mask.begin(), mask.end(), path) != mask.end();
}

bool reaches_into(const paths& mask, const std::string& path)
{
    return std::any_of(mask.begin(), mask.end(),
        [inside = path + '.'](const std::string& each) { return each.starts_with(inside); });
}

std::optional<json_value> member_of(const std::optional<json_value>& object, std::string_view name)
{
    return object ? find_member(*object, name) : std::nullopt;
}

/// proto3 JSON also accepts snake_case.
std::string camel_case(std::string_view name)
{
    std::string camel;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool capital = name[i] == '_' && i + 1 < name.size();
        if (capital) ++i;
        const char c = name[i];
        camel += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return camel;
}

/// Returns the names that either has, without duplicates.
std::vector<std::string> names_in(
    const std::optional<json_value>& one, const std::optional<json_value>& other)
{
    std::vector<std::string> all;
    for (const auto* each : {&one, &other}) {
        if (!*each) continue;
        for (const auto& [name, value] : (*each)->members())
            if (auto camel = camel_case(name); !names(all, camel)) all.push_back(std::move(camel));
    }
    return all;
}

void write_masked(json_writer& out, const std::optional<json_value>& asked,
    const std::optional<json_value>& locked, const paths& mask, const std::string& within)
{
    for (const auto& name : names_in(asked, locked)) {
        const auto path = within + name;
        const auto theirs = member_of(asked, name);
        const auto ours = member_of(locked, name);
        if (names(mask, path)) {
            if (ours) out.key(name).raw(ours->text());
        } else if (reaches_into(mask, path)) {
            out.key(name).begin_object();
            write_masked(out, theirs, ours, mask, path + '.');
            out.end_object_unless_empty();
        } else if (theirs) {
            out.key(name).raw(theirs->text());
        }
    }
}

std::string masked(
    const json_value& asked, const std::optional<json_value>& locked, const paths& mask)
{
    json_writer out;
    out.begin_object();
    write_masked(out, asked, locked, mask, {});
    return out.end_object().take();
}

/// Returns `setup` with the client's handle, provided that `setup` has a sessionResumption.
std::string with_handle(const std::string& setup, const std::string& handle)
{
    const auto whole = json_value::parse(setup);
    const auto resumption = find_member(whole, "sessionResumption");
    if (!resumption || handle.empty()) return setup;
    json_writer out;
    out.begin_object();
    for (const auto& [name, value] : whole.members())
        if (name != "sessionResumption" && name != "session_resumption")
            out.key(name).raw(value.text());
    out.key("sessionResumption").begin_object();
    for (const auto& [name, value] : resumption->members())
        if (name != "handle") out.key(name).raw(value.text());
    return out.member("handle", handle).end_object().end_object().take();
}

// ---- the call

testing::emulator_verdict failure(int status, std::string_view name, std::string_view message)
{
    json_writer out;
    out.begin_object().key("error").begin_object();
    out.member("code", status).member("message", message).member("status", name);
    testing::emulator_verdict verdict;
    verdict.status = status;
    verdict.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    verdict.body = protocol::indented(out.end_object().end_object().text());
    return verdict;
}

testing::emulator_verdict invalid(std::string_view message)
{
    return failure(400, "INVALID_ARGUMENT", message);
}

std::optional<testing::emulator_verdict> refuse_caller(
    const route& caller, std::string_view api_key)
{
    switch (caller.credential) {
    case credential::none:
        return failure(403, "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.");
    case credential::api_key:
        if (api_key.empty() || caller.secret == api_key) return std::nullopt;
        return invalid("API key not valid. Please pass a valid API key.");
    case credential::ephemeral_token: // a token cannot create tokens
    case credential::access_token: break;
    }
    return failure(401, "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential.");
}

std::optional<std::string> find_stranger_in(const json_value& body)
{
    constexpr std::array<std::string_view, 9> known{"uses", "expireTime", "expire_time",
        "newSessionExpireTime", "new_session_expire_time", "bidiGenerateContentSetup",
        "bidi_generate_content_setup", "fieldMask", "field_mask"};
    for (const auto& [name, value] : body.members()) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return fmt::format("Invalid JSON payload received. Unknown name \"{}\" at "
                               "'auth_token': Cannot find field.",
                name);
    }
    return std::nullopt;
}

std::optional<std::string> find_fault_in_setup(const json_value& setup)
{
    const auto message = json_value::parse(fmt::format(R"({{"setup":{}}})", setup.text()));
    auto fault = find_fault(message, backend::gemini_api);
    constexpr std::string_view there = "'setup";
    if (!fault || fault->find(there) == std::string::npos) return fault;
    return fault->replace(
        fault->find(there), there.size(), "'auth_token.bidi_generate_content_setup");
}

paths split(std::string_view mask)
{
    paths all;
    while (!mask.empty()) {
        const auto end = std::min(mask.find(','), mask.size());
        if (end != 0) all.push_back(camel_case(mask.substr(0, end)));
        mask.remove_prefix(std::min(end + 1, mask.size()));
    }
    return all;
}

std::string random_name()
{
    std::random_device source;
    std::string name = "auth_tokens/";
    for (int i = 0; i < 8; ++i) name += fmt::format("{:08x}", source());
    return name;
}

/// The service's wording for these is not known. To the service, such a token identifies no caller.
refusal no_caller(std::string_view why)
{
    return {1008, fmt::format("Method doesn't allow unregistered callers: {}.", why)};
}

} // namespace

std::string constrain(const json_value& asked, const std::optional<json_value>& locked,
    const std::optional<paths>& mask)
{
    const auto handle = text_at(asked, "sessionResumption.handle");
    if (mask) {
        auto setup = masked(asked, locked, *mask);
        return names(*mask, "sessionResumption") ? with_handle(setup, handle) : setup;
    }
    return locked ? with_handle(locked->text(), handle) : asked.text();
}

auth_tokens::auth_tokens(std::string api_key, bool trusting)
    : api_key_(std::move(api_key)), trusting_(trusting)
{
}

testing::emulator_verdict auth_tokens::issue(
    const route& caller, std::string_view body, time_point now)
{
    if (auto refused = refuse_caller(caller, api_key_)) return *refused;
    std::optional<json_value> asked;
    try {
        asked = json_value::parse(body.empty() ? "{}" : body);
    } catch (const error&) {
        return invalid("Invalid JSON payload received. Unexpected token.");
    }
    auto read = read_terms(*asked, now);
    if (const auto* const why = std::get_if<std::string>(&read)) return invalid(*why);
    const auto& given = std::get<terms>(read);
    json_writer out;
    out.begin_object();
    out.member("expireTime", protocol::timestamp_text(given.expires));
    out.member("newSessionExpireTime", protocol::timestamp_text(given.opens_until));
    out.member("uses", given.uses);
    out.member("name", keep(std::get<terms>(std::move(read))));
    testing::emulator_verdict verdict;
    verdict.status = 200;
    verdict.headers = {{"Content-Type", "application/json; charset=UTF-8"}};
    verdict.body = protocol::indented(out.end_object().text());
    return verdict;
}

std::variant<auth_tokens::terms, std::string> auth_tokens::read_terms(
    const json_value& body, time_point now)
{
    if (!body.is_object()) return "Invalid value at 'auth_token': an object is wanted.";
    if (auto stranger = find_stranger_in(body)) return *stranger;
    terms given;
    given.expires = now + 30min;
    given.opens_until = now + 60s;
    if (const auto uses = find_member(body, "uses")) {
        const auto number = uses->integer();
        if (!number || *number > 0x7fff'ffff)
            return fmt::format("Invalid value at 'auth_token.uses' (TYPE_INT32), {}", uses->text());
        if (*number < 0) return "uses must not be negative.";
        given.uses = *number;
    }
    for (const auto& [name, path, time] : {std::tuple("expireTime", "expire_time", &given.expires),
             std::tuple("newSessionExpireTime", "new_session_expire_time", &given.opens_until)}) {
        const auto text = find_member(body, name);
        if (!text) continue;
        const auto read = protocol::parse_timestamp(text->string().value_or(""));
        if (!read)
            return fmt::format("Invalid value at 'auth_token.{}' "
                               "(type.googleapis.com/google.protobuf.Timestamp), {}",
                path, text->text());
        if (*read <= now) return fmt::format("{} must be in the future.", path);
        if (*read >= now + longest_life)
            return fmt::format("{} must be less than 20 hours in the future.", path);
        *time = *read;
    }
    given.setup = find_member(body, "bidiGenerateContentSetup");
    if (given.setup)
        if (auto fault = find_fault_in_setup(*given.setup)) return *fault;
    if (const auto mask = find_member(body, "fieldMask")) {
        const auto text = mask->string();
        if (!text)
            return fmt::format("Invalid value at 'auth_token.field_mask' "
                               "(type.googleapis.com/google.protobuf.FieldMask), {}",
                mask->text());
        given.mask = split(*text);
        if (!given.setup)
            for (auto& path : *given.mask) path = protocol::full_path(path);
    }
    return given;
}

std::string auth_tokens::keep(terms given)
{
    if (order_.size() == most_tokens) {
        issued_.erase(order_.front());
        order_.pop_front();
    }
    auto name = random_name();
    issued_.emplace(name, std::move(given));
    order_.push_back(name);
    return name;
}

std::variant<std::string, refusal> auth_tokens::admit(
    const std::string& token, const json_value& setup, time_point now)
{
    if (auto end = find_end(token, now)) return *end;
    const auto found = issued_.find(token);
    if (found == issued_.end()) return setup.text();
    auto& held = found->second;
    auto result = constrain(setup, held.setup, held.mask);
    if (!text_at(json_value::parse(result), "sessionResumption.handle").empty()) return result;
    if (now >= held.opens_until) return no_caller("the time for new sessions is over");
    if (held.uses != 0 && held.used == held.uses) return no_caller("the token is used up");
    ++held.used;
    return result;
}

std::optional<refusal> auth_tokens::find_end(const std::string& token, time_point now) const
{
    const auto found = issued_.find(token);
    if (found == issued_.end()) {
        if (trusting_) return std::nullopt;
        return no_caller("there is no such ephemeral token");
    }
    if (now >= found->second.expires) return no_caller("the ephemeral token has expired");
    return std::nullopt;
}

} // namespace gemini::live::emulator
