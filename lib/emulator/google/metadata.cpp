// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/metadata.hpp"

#include "protocol/json_writer.hpp"

#include <fmt/format.h>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view root = "/computeMetadata/v1/";
constexpr std::string_view account_root = "instance/service-accounts/";

testing::emulator_verdict from_server(testing::emulator_verdict answer)
{
    answer.headers.emplace_back("Metadata-Flavor", "Google");
    answer.headers.emplace_back("Server", "Metadata Server for VM");
    return answer;
}

testing::emulator_verdict not_found()
{
    return text_answer(404, "The requested URL was not found.\n");
}

const testing::google_token& token_of_machine(const google_request& call, google_state& google)
{
    constexpr auto least_left = 5min;
    const auto* held =
        google.book.find_lasting(testing::google_endpoint::metadata, call.now, least_left);
    // If a test requests a certain lifetime, it needs a separate token.
    const bool serves = held && held->expires - held->issued == call.lifetime;
    return serves ? *held
                  : google.book.issue(testing::google_endpoint::metadata, call.now, call.lifetime);
}

testing::emulator_verdict describe_account(const google_accounts& accounts)
{
    protocol::json_writer out;
    out.begin_object().key("aliases").begin_array().string("default").end_array();
    out.member("email", accounts.service_email);
    out.key("scopes").begin_array().string(cloud_scope).end_array();
    return json_answer(200, out.end_object().text());
}

testing::emulator_verdict answer_account(
    std::string_view path, const google_request& call, google_state& google)
{
    const auto& email = google.accounts.service_email;
    const auto slash = std::min(path.find('/'), path.size());
    const auto name = path.substr(0, slash);
    const auto what = path.substr(std::min(slash + 1, path.size()));
    if (name != "default" && name != email) return not_found();
    if (what == "token") return token_answer(call, token_of_machine(call, google));
    if (what == "email") return text_answer(200, email);
    if (what == "scopes") return text_answer(200, std::string(cloud_scope) + '\n');
    if (!what.empty()) return not_found();
    if (form(call.request.query).value("recursive") == "true")
        return describe_account(google.accounts);
    return text_answer(200, "aliases\nemail\nidentity\nscopes\ntoken\n");
}

testing::emulator_verdict answer_value(std::string_view path, const google_accounts& accounts)
{
    const auto& location = accounts.location;
    if (path.empty()) return text_answer(200, "instance/\nproject/\nuniverse/\n");
    if (path == "instance" || path == "instance/")
        return text_answer(200, "region\nservice-accounts/\nzone\n");
    if (path == "project/project-id") return text_answer(200, accounts.project);
    if (path == "project/numeric-project-id") return text_answer(200, project_number);
    if (path == "instance/zone")
        return text_answer(200, fmt::format("projects/{}/zones/{}-a", project_number, location));
    if (path == "instance/region")
        return text_answer(200, fmt::format("projects/{}/regions/{}", project_number, location));
    if (path == "universe/universe-domain") return text_answer(200, accounts.universe_domain);
    return not_found();
}

} // namespace

testing::emulator_verdict answer_metadata_call(const google_request& call, google_state& google)
{
    const std::string_view path = call.request.path;
    if (!call.request.header("x-forwarded-for").empty())
        return from_server(text_answer(403, "Requests by way of a proxy are not answered.\n"));
    if (path == "/") return from_server(text_answer(200, "computeMetadata/\n")); // is it there?
    if (call.request.header("metadata-flavor") != "Google")
        return from_server(text_answer(403, "Missing Metadata-Flavor:Google header.\n"));
    if (call.method != "GET" || !path.starts_with(root)) return from_server(not_found());
    const auto rest = path.substr(root.size());
    if (rest.starts_with(account_root))
        return from_server(answer_account(rest.substr(account_root.size()), call, google));
    return from_server(answer_value(rest, google.accounts));
}

} // namespace gemini::live::emulator
