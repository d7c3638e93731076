// SPDX-License-Identifier: Apache-2.0
#include "auth/account.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace account_test {

using namespace gemini::live;
using namespace std::chrono_literals;
using auth::account;
using auth::read_account;

namespace {

account read(std::string_view text) { return read_account(text, "Credential file /key.json"); }

std::string refusal(std::string_view text)
{
    try {
        static_cast<void>(read(text));
    } catch (const error& why) {
        CHECK(why.value() == errc::missing_credentials);
        CHECK(why.condition() == condition::credentials);
        return why.what();
    }
    return "taken";
}

const std::string robot = R"({
  "type": "service_account", "project_id": "p", "private_key_id": "kid",
  "private_key": "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
  "client_email": "robot@p.iam.gserviceaccount.com", "client_id": "1",
  "token_uri": "https://oauth2.googleapis.com/token", "universe_domain": "cloud.example"})";

const std::string user = R"({"type": "authorized_user", "client_id": "id",
  "client_secret": "canary-1", "refresh_token": "canary-2", "quota_project_id": "q",
  "account": "", "universe_domain": "googleapis.com"})";

/// `source` is the value of "credential_source", `more` further members, each after a comma.
std::string workload(const std::string& source, const std::string& more = "")
{
    return R"({"type": "external_account", "audience": "//iam.googleapis.com/pool",
      "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
      "token_url": "https://sts.googleapis.com/v1/token", "credential_source": )" +
           source + more + "}";
}

} // namespace

TEST_CASE("the file of a service account is read")
{
    const auto found = read(robot);
    const auto& who = std::get<auth::service_account>(found.who);
    CHECK(who.email == "robot@p.iam.gserviceaccount.com");
    CHECK(who.key_id == "kid");
    CHECK(who.private_key.reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    CHECK(who.token_url == "https://oauth2.googleapis.com/token");
    CHECK(found.project == "p");
    CHECK(found.universe_domain == "cloud.example");
    CHECK(found.quota_project.empty());
    CHECK_FALSE(found.acts_for);
}

TEST_CASE("the file of a user who has logged in is read")
{
    const auto found = read(user);
    const auto& who = std::get<auth::authorized_user>(found.who);
    CHECK(who.client_id == "id");
    CHECK(who.client_secret.reveal() == "canary-1");
    CHECK(who.refresh_token.reveal() == "canary-2");
    CHECK(who.token_url == "https://oauth2.googleapis.com/token"); // absent from the file
    CHECK(found.project.empty());
    CHECK(found.quota_project == "q");
}

TEST_CASE("an external account reads its subject token from a file or a URL, as text or JSON")
{
    const auto identity = [](const std::string& source) {
        return std::get<auth::external_identity>(read(workload(source)).who);
    };
    CHECK(identity(R"({"file": "/token"})").file == "/token");
    CHECK(identity(R"({"file": "/token"})").token_member.empty());
    CHECK(identity(R"({"file": "/token", "format": {"type": "text"}})").token_member.empty());
    const auto from_url = identity(R"({"url": "http://169.254.169.254/token?api=1",
        "headers": {"Metadata": "True"},
        "format": {"type": "json", "subject_token_field_name": "access_token"}})");
    CHECK(from_url.url == "http://169.254.169.254/token?api=1");
    CHECK(from_url.token_member == "access_token");
    REQUIRE(from_url.headers.size() == 1);
    CHECK(from_url.headers[0].first == "Metadata");
    CHECK(from_url.headers[0].second.reveal() == "True");
}

TEST_CASE("an external account may impersonate a service account")
{
    const std::string url = "https://iamcredentials.googleapis.com/v1/x:generateAccessToken";
    const auto member = R"(, "service_account_impersonation_url": ")" + url + '"';
    auto found = read(workload(R"({"file": "/token"})", member));
    REQUIRE(found.acts_for);
    CHECK(found.acts_for->url == url);
    CHECK(found.acts_for->lifetime == 1h);
    found = read(workload(R"({"file": "/token"})",
        member + R"(, "service_account_impersonation": {"token_lifetime_seconds": 600})"));
    CHECK(found.acts_for->lifetime == 10min);
    found = read(workload(R"({"file": "/token"})",
        member + R"(, "service_account_impersonation": {"token_lifetime_seconds": 43200})"));
    CHECK(found.acts_for->lifetime == 12h);
}

TEST_CASE("a user may impersonate a service account")
{
    const auto found = read(R"({"type": "impersonated_service_account",
      "service_account_impersonation_url": "https://iamcredentials.googleapis.com/x",
      "delegates": ["a@b", "c@d"], "source_credentials": )" +
                            user + "}");
    CHECK(std::holds_alternative<auth::authorized_user>(found.who));
    REQUIRE(found.acts_for);
    CHECK(found.acts_for->delegates == std::vector<std::string>{"a@b", "c@d"});
}

TEST_CASE("an error in a file is reported with file and member, without its secrets")
{
    struct row {
        std::string text;
        std::string told;
    };
    const auto without = [](std::string text, const std::string& member) {
        return text.replace(text.find('"' + member + '"'), member.size() + 2, "\"other\"");
    };
    const auto with = [](std::string text, const std::string& from, const std::string& to) {
        return text.replace(text.find(from), from.size(), to);
    };
    const auto each = GENERATE_COPY(row{"", "Not JSON"}, row{"[]", "not a JSON object"},
        row{"canary", "Not JSON"}, row{robot.substr(0, 200), "Not JSON"},
        row{"{}", "\"type\" is missing"}, row{R"({"type": 1})", "\"type\" is not a string"},
        row{R"({"type": "gdch_service_account"})", "\"type\" is gdch_service_account: "},
        row{R"({"type": "canary-3"})", "\"type\" is nothing that is known: "},
        row{without(robot, "client_email"), "\"client_email\" is missing"},
        row{without(robot, "private_key"), "\"private_key\" is missing"},
        row{with(robot, "-----BEGIN", "BEGIN"), "\"private_key\" is not a key in PEM"},
        row{with(robot, "\"kid\"", "\"a\\nb\""), "\"private_key_id\" has a line break"},
        row{with(robot, "\"kid\"", R"("a\u0000b")"), "\"private_key_id\" has a null character"},
        row{with(robot, "https://o", "http://o"), "\"token_uri\" is not an https URL"},
        row{with(robot, "https://o", "canary"), "\"token_uri\" is not a URL"},
        row{without(user, "client_id"), "\"client_id\" is missing"},
        row{without(user, "client_secret"), "\"client_secret\" is missing"},
        row{with(user, "\"canary-2\"", "[\"canary-2\"]"), "\"refresh_token\" is not a string"},
        row{workload("null"), "\"credential_source\" is missing"},
        row{workload("1"), "\"credential_source\" is not an object"},
        row{workload("{}"), "\"credential_source.file\" is missing, and \"url\" as well"},
        row{workload(R"({"environment_id": "aws1"})"),
            "\"credential_source.environment_id\" is a "},
        row{workload(R"({"executable": {"command": "x"}})"), "\"credential_source.executable\" is"},
        row{workload(R"({"url": "x"})"), "\"credential_source.url\" is not a URL"},
        row{workload(R"({"file": "/t", "format": {"type": "xml"}})"),
            "\"credential_source.format.type\" is neither"},
        row{workload(R"({"file": "/t", "format": {"type": "json"}})"),
            "\"credential_source.format.subject_token_field_name\" is missing"},
        row{workload(R"({"url": "https://a", "headers": {"a": 1}})"),
            "\"credential_source.headers.a\" is not a string"},
        row{workload(R"({"file": "/t"})", R"(, "service_account_impersonation_url": "http://a")"),
            "\"service_account_impersonation_url\" is not an https URL"},
        row{R"({"type": "impersonated_service_account"})", "\"source_credentials\" is missing"},
        row{R"({"type": "impersonated_service_account", "source_credentials":
                {"type": "authorized_user"}})",
            "\"source_credentials.client_id\" is missing"},
        row{R"({"type": "impersonated_service_account", "source_credentials":
                {"type": "impersonated_service_account"}})",
            "\"source_credentials.type\" is "},
        row{R"({"type": "impersonated_service_account", "service_account_impersonation_url":
                "https://a", "source_credentials": )" +
                workload(
                    R"({"file": "/t"})", R"(, "service_account_impersonation_url": "https://a")") +
                "}",
            "\"source_credentials\" impersonates somebody itself"},
        row{R"({"type": "impersonated_service_account", "service_account_impersonation_url":
                "https://a", "delegates": [1], "source_credentials": )" +
                user + "}",
            "\"delegates\" has something in it"});
    const auto told = refusal(each.text);
    INFO(told);
    CHECK(told.starts_with("Credential file /key.json: "));
    CHECK(told.find(each.told) != std::string::npos);
    CHECK(told.find("canary") == std::string::npos);
}

TEST_CASE("a private key whose line breaks were lost still works")
{
    const std::string proper = "-----BEGIN PRIVATE KEY-----\n" + std::string(64, 'a') +
                               "\nbcd=\n-----END PRIVATE KEY-----\n";
    const auto with_breaks = [](std::string_view between) {
        std::string key = "-----BEGIN PRIVATE KEY-----";
        key.append(between).append(64, 'a').append(between).append("bcd=").append(between);
        return key + "-----END PRIVATE KEY-----";
    };
    // As they appear in the JSON text of the file.
    for (const auto* between :
        {R"(\n)", R"(\\n)", R"(\\\\n)", R"(\r\n)", R"(\\r\\n)", " ", "", R"( \n )", R"(\\\n)"}) {
        INFO(between);
        auto file = robot;
        const auto begin = file.find("-----BEGIN");
        const auto end = file.find(R"(",)", begin);
        file.replace(begin, end - begin, with_breaks(between));
        CHECK(std::get<auth::service_account>(read(file).who).private_key.reveal() == proper);
    }
}

TEST_CASE("a credential file with a byte order mark works, and one in UTF-16 is reported as such")
{
    CHECK(read("\xef\xbb\xbf" + robot).project == "p");
    std::string wide = "\xff\xfe";
    for (const char c : robot) wide.append({c, '\0'});
    for (const auto& text : {wide, wide.substr(2)}) {
        const auto told = refusal(text);
        CHECK(told.find("UTF-16") != std::string::npos);
        CHECK(told.find("save it in UTF-8") != std::string::npos);
    }
}

} // namespace account_test
