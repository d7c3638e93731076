// SPDX-License-Identifier: Apache-2.0
#include "auth/account.hpp"

#include "auth/pem.hpp"
#include "base/loopback.hpp"
#include "base/trim.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/url.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace gemini::live::auth {
namespace {

using protocol::json_value;

constexpr std::string_view google_token_url = "https://oauth2.googleapis.com/token";

/// A JSON object of the file, together with its path for error messages.
class section {
public:
    section(json_value value, std::string_view file, std::string path = {})
        : value_(std::move(value)), file_(file), path_(std::move(path))
    {
    }

    [[noreturn]] void fail(std::string_view member, std::string_view what) const
    {
        throw error(
            errc::missing_credentials, fmt::format("{}: \"{}{}\" {}.", file_, path_, member, what));
    }

    /// Returns "" if the member is absent.
    [[nodiscard]] std::string text(std::string_view member) const
    {
        const auto found = value_.find(member);
        if (!found) return {};
        auto text = found->string();
        if (!text) fail(member, "is not a string");
        if (text->find('\0') != std::string::npos) fail(member, "has a null character in it");
        return std::move(*text);
    }

    [[nodiscard]] std::string needed(std::string_view member) const
    {
        auto found = text(member);
        if (found.empty()) fail(member, "is missing");
        return found;
    }

    /// Returns a value that is to be sent in a header or a form.
    [[nodiscard]] std::string line(std::string_view member) const
    {
        auto found = text(member);
        if (found.find_first_of("\r\n") != std::string::npos)
            fail(member, "has a line break in it");
        return found;
    }

    /// Returns the URL of a place that receives secrets.
    [[nodiscard]] std::string secure_url(std::string_view member, std::string_view usual = {}) const
    {
        auto found = text(member);
        if (found.empty()) found = usual;
        if (found.empty()) fail(member, "is missing");
        const auto place = read_url(member, found);
        if (!place.tls && !base::is_loopback(place.host)) fail(member, "is not an https URL");
        return found;
    }

    /// Returns the URL of a place that provides secrets, such as a machine's own metadata service.
    [[nodiscard]] std::string url(std::string_view member) const
    {
        auto found = text(member);
        static_cast<void>(read_url(member, found));
        return found;
    }

    [[nodiscard]] std::optional<section> find(std::string_view member) const
    {
        auto found = value_.find(member);
        if (!found) return std::nullopt;
        if (!found->is_object()) fail(member, "is not an object");
        return section(std::move(*found), file_, fmt::format("{}{}.", path_, member));
    }

    [[nodiscard]] section needed_section(std::string_view member) const
    {
        auto found = find(member);
        if (!found) fail(member, "is missing");
        return std::move(*found);
    }

    [[nodiscard]] bool has(std::string_view member) const
    {
        return value_.find(member).has_value();
    }
    [[nodiscard]] const json_value& value() const noexcept { return value_; }

private:
    protocol::endpoint read_url(std::string_view member, std::string_view url) const
    {
        try {
            return protocol::read_url(url, "It", "");
        } catch (const error&) {
            fail(member, "is not a URL");
        }
    }

    json_value value_;
    std::string_view file_;
    std::string path_;
};

service_account read_service_account(const section& from)
{
    service_account read;
    read.email = from.needed("client_email");
    read.key_id = from.line("private_key_id");
    read.private_key = mended_pem(secret(from.needed("private_key")));
    if (read.private_key.reveal().find("-----BEGIN ") == std::string::npos)
        from.fail("private_key", "is not a key in PEM");
    read.token_url = from.secure_url("token_uri", google_token_url);
    return read;
}

authorized_user read_authorized_user(const section& from)
{
    authorized_user read;
    read.client_id = from.needed("client_id");
    read.client_secret = base::trimmed(secret(from.needed("client_secret")));
    read.refresh_token = base::trimmed(secret(from.needed("refresh_token")));
    read.token_url = from.secure_url("token_uri", google_token_url);
    return read;
}

void read_format(const section& source, external_identity& to)
{
    const auto format = source.find("format");
    if (!format) return;
    const auto type = format->text("type");
    if (type == "json") {
        to.token_member = format->needed("subject_token_field_name");
    } else if (!type.empty() && type != "text") {
        format->fail("type", "is neither \"text\" nor \"json\"");
    }
}

void read_source(const section& source, external_identity& to)
{
    for (const auto* kind : {"environment_id", "executable", "certificate"}) {
        if (!source.has(kind)) continue;
        source.fail(kind, "is a source of subject tokens that this library does not know: it takes "
                          "\"file\" and \"url\". With a token_provider the program itself can get "
                          "tokens in any way");
    }
    to.file = source.text("file");
    if (to.file.empty()) {
        if (!source.has("url")) source.fail("file", "is missing, and \"url\" as well");
        to.url = source.url("url");
    }
    if (const auto headers = source.find("headers"))
        for (const auto& [name, value] : headers->value().members())
            to.headers.emplace_back(name, secret(headers->line(name)));
    read_format(source, to);
}

external_identity read_external(const section& from)
{
    external_identity read;
    read.audience = from.needed("audience");
    read.subject_token_type = from.needed("subject_token_type");
    read.token_url = from.secure_url("token_url");
    read.client_id = from.text("client_id");
    read.client_secret = secret(from.text("client_secret"));
    read.workforce_project = from.text("workforce_pool_user_project");
    read_source(from.needed_section("credential_source"), read);
    return read;
}

constexpr std::chrono::seconds usual_lifetime = std::chrono::hours(1);

impersonation read_impersonation(const section& from)
{
    impersonation read{from.secure_url("service_account_impersonation_url"), {}, usual_lifetime};
    if (const auto delegates = from.value().find("delegates")) {
        if (delegates->kind() != json_value::type::array) from.fail("delegates", "is not an array");
        for (const auto& each : delegates->elements()) {
            auto email = each.string();
            if (!email) from.fail("delegates", "has something in it that is not a string");
            read.delegates.push_back(std::move(*email));
        }
    }
    const auto options = from.find("service_account_impersonation");
    if (options && options->has("token_lifetime_seconds")) {
        constexpr std::int64_t shortest = 600;
        constexpr std::int64_t longest = 43'200;
        const auto seconds = options->value().find("token_lifetime_seconds")->integer();
        if (!seconds || *seconds < shortest || *seconds > longest)
            options->fail("token_lifetime_seconds", "is not a number from 600 to 43200");
        read.lifetime = std::chrono::seconds(*seconds);
    }
    return read;
}

/// `nested`: these are the source credentials of an impersonated account.
account read_one(const section& from, bool nested)
{
    account read;
    const auto type = from.needed("type");
    if (type == "service_account") {
        read.who = read_service_account(from);
    } else if (type == "authorized_user") {
        read.who = read_authorized_user(from);
    } else if (type == "external_account") {
        read.who = read_external(from);
        if (from.has("service_account_impersonation_url")) read.acts_for = read_impersonation(from);
    } else if (type == "impersonated_service_account" && !nested) {
        read = read_one(from.needed_section("source_credentials"), true);
        if (read.acts_for)
            from.fail("source_credentials", "impersonates somebody itself, which does not add up");
        read.acts_for = read_impersonation(from);
    } else {
        const bool printable = std::all_of(
            type.begin(), type.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
        from.fail("type", fmt::format("is {}: this library knows service_account, "
                                      "authorized_user, external_account and "
                                      "impersonated_service_account",
                              printable && type.size() < 64 ? type : "nothing that is known"));
    }
    if (from.has("project_id")) read.project = from.line("project_id");
    if (from.has("quota_project_id")) read.quota_project = from.line("quota_project_id");
    if (from.has("universe_domain")) read.universe_domain = from.line("universe_domain");
    return read;
}

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// UTF-16 JSON has a null byte next to each of its first characters, or a byte order mark before
/// them.
bool is_utf16(std::string_view text)
{
    return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
           text.substr(0, 2).find('\0') != text.npos;
}

json_value parse(std::string_view text, std::string_view name)
{
    if (is_utf16(text)) {
        throw error(errc::missing_credentials,
            fmt::format("{}: It is written in UTF-16: save it in UTF-8.", name));
    }
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    try {
        auto value = json_value::parse(text);
        if (value.is_object()) return value;
    } catch (const error& malformed) {
        throw error(errc::missing_credentials, fmt::format("{}: {}", name, malformed.what()));
    }
    throw error(errc::missing_credentials, fmt::format("{}: It is not a JSON object.", name));
}

} // namespace

account read_account(std::string_view text, std::string_view name)
{
    return read_one(section(parse(text, name), name), false);
}

} // namespace gemini::live::auth
