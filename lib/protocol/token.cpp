// SPDX-License-Identifier: Apache-2.0
#include "protocol/token.hpp"

#include "base/ascii.hpp"
#include "protocol/encode.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/timestamp.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gemini::live::protocol {
namespace {

/// Fields that may be named without their enclosing generationConfig.
constexpr std::array<std::string_view, 7> of_generation_config{
    "temperature", "topK", "topP", "maxOutputTokens", "responseModalities", "seed", "speechConfig"};

void check_field(std::string_view name)
{
    if (!name.empty() && base::consists_of(name, "_.")) return;
    throw error(errc::invalid_argument, "ephemeral_token_request::lock has a name that no field "
                                        "has: give names such as \"temperature\" "
                                        "or \"outputAudioTranscription\".");
}

/// Returns the paths that a setup sets, at most two levels deep.
std::vector<std::string> fields_of(const json_value& setup)
{
    std::vector<std::string> paths;
    for (const auto& [name, value] : setup.members()) {
        const auto inner = value.members();
        if (inner.empty()) paths.push_back(name);
        for (const auto& [inner_name, inner_value] : inner)
            paths.push_back(fmt::format("{}.{}", name, inner_name));
    }
    return paths;
}

std::string field_mask(
    const std::optional<json_value>& setup, const std::vector<std::string>& additional)
{
    auto paths = setup ? fields_of(*setup) : std::vector<std::string>();
    for (const auto& name : additional) {
        check_field(name);
        paths.push_back(setup ? full_path(name) : name);
    }
    return fmt::format("{}", fmt::join(paths, ","));
}

} // namespace

std::string full_path(std::string_view name)
{
    const auto* const end = of_generation_config.end();
    const bool shortened = std::find(of_generation_config.begin(), end, name) != end;
    return fmt::format("{}{}", shortened ? "generationConfig." : "", name);
}

std::string encode_token_request(const ephemeral_token_request& request, const addressing& to)
{
    if (request.uses && *request.uses < 0) {
        throw error(errc::invalid_argument,
            "ephemeral_token_request::uses is negative: 0 means without limit.");
    }
    const bool locks_all = std::holds_alternative<lock::all>(request.lock);
    std::optional<json_value> setup;
    if (request.constraints) {
        if (locks_all) (void)model_resource(request.constraints->model, to);
        setup = json_value::parse(encode_constraints(*request.constraints, !locks_all, to));
    }
    json_writer out;
    out.begin_object().member("uses", request.uses);
    if (request.expire_time) out.member("expireTime", timestamp_text(*request.expire_time));
    if (request.new_session_expire_time)
        out.member("newSessionExpireTime", timestamp_text(*request.new_session_expire_time));
    if (setup) out.key("bidiGenerateContentSetup").raw(setup->text());
    if (!locks_all) {
        const auto* const named = std::get_if<lock::fields>(&request.lock);
        out.unless_default(
            "fieldMask", field_mask(setup, named ? named->names : std::vector<std::string>()));
    }
    return out.end_object().take();
}

ephemeral_token decode_token(std::string_view answer)
{
    const auto name = json_value::parse(answer).find("name");
    auto text = name ? name->string().value_or("") : std::string();
    constexpr std::string_view prefix = "auth_tokens/";
    const auto printable = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    if (!text.starts_with(prefix) || text.size() == prefix.size() ||
        !std::all_of(text.begin(), text.end(), printable))
        throw error(errc::malformed_message, "The service's answer has no token in it.");
    return ephemeral_token(std::move(text));
}

} // namespace gemini::live::protocol
