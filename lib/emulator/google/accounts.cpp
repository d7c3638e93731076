// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/accounts.hpp"

#include "emulator/google/issued_tokens.hpp"
#include "emulator/google/jwt.hpp"
#include "protocol/json_writer.hpp"

#include <fmt/format.h>

namespace gemini::live::emulator {
namespace {

using protocol::indented;
using protocol::json_writer;

void write_user(json_writer& out, const google_accounts& accounts, const google_urls& urls)
{
    out.member("type", "authorized_user");
    out.member("client_id", accounts.client_id).member("client_secret", accounts.client_secret);
    out.member("refresh_token", accounts.refresh_token);
    out.unless_default("quota_project_id", accounts.quota_project);
    out.member("token_uri", urls.token()).member("universe_domain", accounts.universe_domain);
}

} // namespace

std::string google_urls::impersonation(const std::string& email) const
{
    return fmt::format("{}/v1/projects/-/serviceAccounts/{}:generateAccessToken", base, email);
}

google_accounts::google_accounts(const testing::fake_google_options& options)
    : project(options.project), location(options.location),
      universe_domain(options.universe_domain), quota_project(options.quota_project),
      key(&rsa_key::common()),
      service_email(fmt::format("live@{}.iam.gserviceaccount.com", options.project)),
      key_id("0123456789abcdef0123456789abcdef01234567"),
      client_id("123456789012-fake.apps.googleusercontent.com"),
      client_secret(random_secret("GOCSPX-")), refresh_token(random_secret("1//")),
      pool(fmt::format("//iam.googleapis.com/projects/{}/locations/global/"
                       "workloadIdentityPools/fake-pool/providers/fake-provider",
          project_number)),
      subject_authorization(random_secret("Bearer "))
{
}

std::string service_account_text(const google_accounts& accounts, const google_urls& urls)
{
    json_writer out;
    out.begin_object().member("type", "service_account").member("project_id", accounts.project);
    out.member("private_key_id", accounts.key_id);
    out.member("private_key", accounts.key->private_pem());
    out.member("client_email", accounts.service_email);
    out.member("client_id", "100000000000000000001").member("token_uri", urls.token());
    out.member("universe_domain", accounts.universe_domain);
    return indented(out.end_object().text());
}

std::string authorized_user_text(const google_accounts& accounts, const google_urls& urls)
{
    json_writer out;
    out.begin_object();
    write_user(out, accounts, urls);
    return indented(out.end_object().text());
}

std::string external_account_text(const google_accounts& accounts, const google_urls& urls,
    const testing::external_account_kind& kind)
{
    json_writer out;
    out.begin_object().member("type", "external_account").member("audience", accounts.pool);
    out.member("subject_token_type", jwt_type).member("token_url", urls.sts());
    if (kind.impersonate)
        out.member("service_account_impersonation_url", urls.impersonation(accounts.service_email));
    out.key("credential_source").begin_object();
    if (kind.file.empty()) {
        out.member("url", urls.subject() + (kind.json ? "?format=json" : ""));
        out.key("headers").begin_object();
        out.member("Authorization", accounts.subject_authorization).end_object();
    } else {
        out.member("file", kind.file);
    }
    if (kind.json) {
        out.key("format").begin_object().member("type", "json");
        out.member("subject_token_field_name", "id_token").end_object();
    }
    out.end_object().member("universe_domain", accounts.universe_domain);
    return indented(out.end_object().text());
}

std::string impersonated_text(const google_accounts& accounts, const google_urls& urls)
{
    json_writer out;
    out.begin_object().member("type", "impersonated_service_account");
    out.member("service_account_impersonation_url", urls.impersonation(accounts.service_email));
    out.key("delegates").begin_array().end_array();
    out.key("source_credentials").begin_object();
    write_user(out, accounts, urls);
    return indented(out.end_object().end_object().text());
}

std::string subject_token_text(const google_accounts& accounts, const google_urls& urls,
    std::chrono::system_clock::time_point now)
{
    const std::int64_t second =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    json_writer claims;
    claims.begin_object().member("iss", urls.base).member("aud", accounts.pool);
    claims.member("sub", "workload").member("iat", second).member("exp", second + 3600);
    return make_jwt(claims.end_object().text(), accounts.key_id, *accounts.key);
}

} // namespace gemini::live::emulator
