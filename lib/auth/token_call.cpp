// SPDX-License-Identifier: Apache-2.0
#include "auth/token_call.hpp"

#include "auth/jwt.hpp"
#include "base/base64.hpp"
#include "base/excerpt.hpp"
#include "base/trim.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/timestamp.hpp"
#include "protocol/url.hpp"
#include "transport/http_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <utility>

namespace gemini::live::auth {
namespace {

using protocol::json_value;
using transport::http_request;
using transport::http_response;

constexpr const char* cloud_scope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::size_t most_answered = 64u << 10; // bytes; a token is a few kilobytes

// Requests ---------------------------------------------------------------------------------

http_request request_to(std::string_view url)
{
    auto place = protocol::read_url(url, "The URL", "take it from a credential file of Google's.");
    http_request request;
    request.tls = place.tls;
    request.host = std::move(place.host);
    request.port = place.port;
    request.target = std::move(place.target);
    if (!request.target.starts_with('/')) request.target.insert(0, "/");
    request.max_body = most_answered;
    return request;
}

std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view marks = "-._~";
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || marks.find(c) != marks.npos;
        if (plain)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

/// Posts a form. Fields without a value are left out.
void post_form(http_request& request,
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields)
{
    request.method = "POST";
    request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    for (const auto& [name, value] : fields) {
        if (value.empty()) continue;
        if (!request.body.empty()) request.body += '&';
        request.body += fmt::format("{}={}", name, percent_encoded(value));
    }
}

std::int64_t seconds_since_epoch(wall_time when)
{
    return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

std::string basic_authorization(const std::string& name, const secret& password)
{
    const auto pair = name + ':' + password.reveal();
    std::string coded(base::base64_size(pair.size()), '\0');
    base::base64_encode(std::as_bytes(std::span(pair)), coded.data());
    return "Basic " + coded;
}

protocol::json_writer begin_claims(const service_account& account, wall_time now)
{
    const auto second = seconds_since_epoch(now);
    protocol::json_writer claims;
    claims.begin_object().member("iss", account.email).member("scope", cloud_scope);
    claims.member("iat", second);
    claims.member("exp", second + std::int64_t{self_signed_lifetime.count()});
    return claims;
}

secret sign(protocol::json_writer claims, const service_account& account, std::string_view name)
{
    return make_jwt(claims.end_object().text(), account.key_id, account.private_key,
        fmt::format("{}: \"private_key\"", name));
}

// Answers ----------------------------------------------------------------------------------

/// Returns `text` on one line, shortened, and without what is in `secrets`.
std::string shown(std::string text, const std::vector<secret>& secrets)
{
    constexpr std::size_t most_shown = 300;
    for (const auto& each : secrets) {
        const auto& hidden = each.reveal();
        if (hidden.empty()) continue;
        for (auto at = text.find(hidden); at != text.npos; at = text.find(hidden, at))
            text.replace(at, hidden.size(), "…");
    }
    return base::excerpt(text, most_shown);
}

std::string text_at(const json_value& object, std::string_view member)
{
    const auto found = object.find(member);
    return found ? found->string().value_or("") : "";
}

/// The service's account of a failure, in OAuth's form or that of Google's other services.
struct failure {
    std::string code{};        ///< "invalid_grant"
    std::string subtype{};     ///< "invalid_rapt"
    std::string description{}; ///< Human-readable.
};

failure read_failure(std::string_view body)
{
    try {
        const auto answer = json_value::parse(body);
        const auto what = answer.find("error");
        if (what && what->is_object())
            return {text_at(*what, "status"), {}, text_at(*what, "message")};
        return {text_at(answer, "error"), text_at(answer, "error_subtype"),
            text_at(answer, "error_description")};
    } catch (const error&) {
        return {};
    }
}

constexpr auto log_in = "Log in again: gcloud auth application-default login.";

/// Advice for a refused grant. The first matching row applies.
struct advice_row {
    auth::grant grant;
    std::string_view code;
    std::string_view part; ///< Substring of the description; empty: any.
    std::string_view advice;
};

// clang-format off
constexpr std::array advice_rows{
    advice_row{grant::assertion,     "invalid_grant", "reasonable timeframe", "This machine's clock is wrong: it says {now}."},
    advice_row{grant::assertion,     "invalid_grant", "Signature",  "The key has been deleted, or is another account's: make a new one for the service account."},
    advice_row{grant::assertion,     "invalid_grant", "account",    "The service account has been deleted or disabled: use another one."},
    advice_row{grant::assertion,     "invalid_grant", "",           "Make a new key for the service account, and check this machine's clock: it says {now}."},
    advice_row{grant::refresh_token, "invalid_grant", "",           log_in},
    advice_row{grant::refresh_token, "invalid_client", "",          log_in},
    advice_row{grant::exchange,      "invalid_grant", "stale",      "The subject token has expired: check what provides it, and this machine's clock: it says {now}."},
    advice_row{grant::exchange,      "invalid_grant", "",           "Check the subject token, and the conditions of the workload identity pool."},
    advice_row{grant::exchange,      "invalid_target", "",          "Check \"audience\": the pool and provider must exist and be enabled."},
    advice_row{grant::impersonation, "PERMISSION_DENIED", "",       "Give the caller the role Service Account Token Creator on this account, and enable the IAM Service Account Credentials API."},
};
// clang-format on

std::string_view usual_advice(grant what, int status)
{
    switch (what) {
    case grant::assertion: return "Check the service account and its key.";
    case grant::refresh_token: return log_in;
    case grant::subject: return "Check \"credential_source\": its URL and headers.";
    case grant::exchange: return "Check the workload identity pool and its provider.";
    case grant::impersonation: return "Check the service account's name, and who may act for it.";
    case grant::machine: break;
    }
    if (status == 404)
        return "This machine has no such service account: attach one, or give a credential_file.";
    return "Check the machine's service account and its scopes.";
}

std::string advice_for(const token_call& call, const failure& said, int status, wall_time now)
{
    std::string advice(usual_advice(call.grant, status));
    const auto* const found =
        std::find_if(advice_rows.begin(), advice_rows.end(), [&](const advice_row& row) {
            return row.grant == call.grant && row.code == said.code &&
                   said.description.find(row.part) != std::string::npos;
        });
    if (found != advice_rows.end()) advice = found->advice;
    constexpr std::string_view mark = "{now}";
    if (const auto at = advice.find(mark); at != std::string::npos) {
        const auto second = std::chrono::floor<std::chrono::seconds>(now);
        advice.replace(at, mark.size(), protocol::timestamp_text(second));
    }
    return advice;
}

errc cause_of(int status)
{
    if (status == 429) return errc::quota_exceeded;
    return status >= 500 || status == 408 || status == 425 ? errc::unavailable : errc::unauthorized;
}

/// Only Google's token endpoints can refuse credentials, and they do so in JSON. Any other refusal
/// comes from an intermediary, such as a captive portal. A metadata server that is not ready, or a
/// subject token that is not there yet, means that there are no credentials so far.
errc cause_of(const token_call& call, const http_response& response, const failure& said)
{
    const auto cause = cause_of(response.status);
    if (cause != errc::unauthorized) return cause;
    const bool is_refused = response.status == 401 || response.status == 403;
    if (call.grant == grant::machine) return errc::missing_credentials;
    if (call.grant == grant::subject) return is_refused ? cause : errc::missing_credentials;
    const bool is_silent = said.code.empty() && said.description.empty();
    if (!is_silent && !is_refused && response.status != 400) return errc::missing_credentials;
    const bool may_be_another = is_silent && response.status != 401;
    return may_be_another ? errc::unavailable : cause;
}

[[noreturn]] void fail_answer(const token_call& call, std::string_view what)
{
    throw error(errc::unavailable, fmt::format("{}: the answer of {} {}: something between this "
                                               "machine and the service may have answered.",
                                       call.name, call.request.host, what));
}

/// Reads a number of seconds, which may be a string. A nonsensical value counts as absent.
std::optional<std::chrono::seconds> read_lifetime(const json_value& answer)
{
    constexpr std::int64_t longest = 10 * 365 * 24 * 3600LL;
    const auto found = answer.find("expires_in");
    const auto number = found ? found->integer() : std::nullopt;
    if (!number) return std::nullopt;
    return std::chrono::seconds(std::clamp<std::int64_t>(*number, 0, longest));
}

/// A token that claims a longer life is renewed after this time anyway.
constexpr std::chrono::hours longest_life{24};

std::optional<std::chrono::seconds> read_expire_time(const json_value& answer, wall_time now)
{
    const auto when = protocol::parse_timestamp(text_at(answer, "expireTime"));
    if (!when) return std::nullopt;
    using std::chrono::seconds; // a date may be beyond the range of the clock
    const auto left = std::chrono::floor<seconds>(when->time_since_epoch()) -
                      std::chrono::ceil<seconds>(now.time_since_epoch());
    return std::clamp<seconds>(left, seconds{0}, longest_life);
}

/// Whether `text` can appear in a header.
bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

} // namespace

token_call by_assertion(const service_account& account, std::string name, wall_time now)
{
    auto claims = begin_claims(account, now);
    claims.member("aud", account.token_url);
    const auto assertion = sign(std::move(claims), account, name);
    token_call call{grant::assertion, std::move(name), request_to(account.token_url), {assertion}};
    post_form(call.request, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                {"assertion", assertion.reveal()}});
    return call;
}

token_call by_refresh_token(const authorized_user& user, std::string name)
{
    token_call call{grant::refresh_token, std::move(name), request_to(user.token_url),
        {user.client_secret, user.refresh_token}};
    post_form(call.request, {{"grant_type", "refresh_token"}, {"client_id", user.client_id},
                                {"client_secret", user.client_secret.reveal()},
                                {"refresh_token", user.refresh_token.reveal()}});
    return call;
}

token_call for_subject(const external_identity& identity, std::string name)
{
    token_call call{grant::subject, std::move(name), request_to(identity.url)};
    for (const auto& [field, value] : identity.headers) {
        call.request.fields.emplace_back(field, value.reveal());
        call.secrets.push_back(value);
    }
    return call;
}

token_call by_exchange(const external_identity& identity, const secret& subject, std::string name)
{
    token_call call{grant::exchange, std::move(name), request_to(identity.token_url),
        {subject, identity.client_secret}};
    const bool has_client = !identity.client_id.empty();
    if (has_client) {
        call.request.fields.emplace_back(
            "Authorization", basic_authorization(identity.client_id, identity.client_secret));
    }
    std::string options;
    if (!has_client && !identity.workforce_project.empty()) {
        protocol::json_writer out;
        out.begin_object().member("userProject", identity.workforce_project);
        options = out.end_object().take();
    }
    post_form(
        call.request, {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                          {"audience", identity.audience}, {"scope", cloud_scope},
                          {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                          {"subject_token_type", identity.subject_token_type},
                          {"subject_token", subject.reveal()}, {"options", options}});
    return call;
}

token_call by_impersonation(const impersonation& whom, const secret& bearer, std::string name)
{
    token_call call{grant::impersonation, std::move(name), request_to(whom.url), {bearer}};
    call.request.method = "POST";
    call.request.fields.emplace_back("Authorization", "Bearer " + bearer.reveal());
    call.request.fields.emplace_back("Content-Type", "application/json");
    protocol::json_writer body;
    body.begin_object().key("scope").begin_array().string(cloud_scope).end_array();
    body.member("lifetime", fmt::format("{}s", whom.lifetime.count()));
    if (!whom.delegates.empty()) {
        body.key("delegates").begin_array();
        for (const auto& each : whom.delegates) body.string(each);
        body.end_array();
    }
    call.request.body = body.end_object().take();
    return call;
}

token_call of_machine(const std::string& host, std::string_view path)
{
    token_call call{grant::machine, fmt::format("Metadata server {}", host)};
    auto place = protocol::read_url("http://" + host, "metadata_server::host",
        "it must look like metadata.google.internal or 127.0.0.1:8080.");
    call.request.tls = false;
    call.request.host = std::move(place.host);
    call.request.port = place.port;
    call.request.target = fmt::format("/computeMetadata/v1/{}", path);
    call.request.fields.emplace_back("Metadata-Flavor", "Google");
    call.request.max_body = most_answered;
    return call;
}

std::string machine_token_path(std::string_view account)
{
    return fmt::format("instance/service-accounts/{}/token?scopes={}",
        account.empty() ? "default" : percent_encoded(account), percent_encoded(cloud_scope));
}

secret self_signed_token(const service_account& account, std::string_view name, wall_time now)
{
    auto claims = begin_claims(account, now);
    claims.member("sub", account.email);
    return sign(std::move(claims), account, name);
}

token_answer read_answer(const token_call& call, std::string_view body, wall_time now)
{
    const bool impersonated = call.grant == grant::impersonation;
    const auto* const member = impersonated ? "accessToken" : "access_token";
    std::optional<json_value> answer;
    try {
        answer = json_value::parse(body);
    } catch (const error&) {
        fail_answer(call, "is not JSON");
    }
    auto token = text_at(*answer, member);
    if (!is_token(token)) fail_answer(call, fmt::format("has no token as \"{}\"", member));
    const auto lifetime = impersonated ? read_expire_time(*answer, now) : read_lifetime(*answer);
    return {secret(std::move(token)), lifetime};
}

secret read_subject(const external_identity& identity, std::string_view text, std::string_view name)
{
    const auto where = identity.file.empty() ? std::string("what its URL gives") : identity.file;
    const auto fail = [&](std::string_view what) {
        throw error(errc::missing_credentials,
            fmt::format(
                "{}: \"credential_source\" gives no subject token: {} {}.", name, where, what));
    };
    std::string token;
    if (identity.token_member.empty()) {
        token = base::trimmed(text);
    } else {
        constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
        if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
        try {
            token = base::trimmed(
                std::string_view(text_at(json_value::parse(text), identity.token_member)));
        } catch (const error&) {
            fail("is not JSON");
        }
    }
    if (!is_token(token)) {
        fail(identity.token_member.empty()
                 ? std::string("is not a token")
                 : fmt::format("has no token as \"{}\"", identity.token_member));
    }
    return secret(std::move(token));
}

error refused(const token_call& call, const http_response& response, wall_time now)
{
    const auto said = read_failure(response.body);
    const auto cause = cause_of(call, response, said);
    const auto code = shown(said.code, call.secrets);
    const auto words = shown(said.description, call.secrets);
    std::string advice = "Try again later.";
    if (cause == errc::unauthorized || cause == errc::missing_credentials)
        advice = advice_for(call, said, response.status, now);
    auto sentence =
        fmt::format("{}: {} gave no token (HTTP {}{}{}{}{}{}). {}", call.name, call.request.host,
            response.status, code.empty() ? "" : " ", code, said.subtype.empty() ? "" : "/",
            shown(said.subtype, call.secrets), words.empty() ? "" : ": " + words, advice);
    const auto wait =
        transport::parse_retry_after(transport::header_of(response.fields, "retry-after"), now);
    return {cause, sentence, {phase::none, 0, words, response.status, wait}};
}

} // namespace gemini::live::auth
