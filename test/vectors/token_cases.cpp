// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_writer.hpp"
#include "protocol/timestamp.hpp"
#include "vectors/driver.hpp"
#include "vectors/official_client.hpp"
#include "vectors/stage.hpp"

#include <gemini/live/ephemeral_token.hpp>
#include <gemini/live/error.hpp>

#include <asio/awaitable.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace live = gemini::live;
using live::ephemeral_token_request;
using live::transport::http_request;
using live::transport::http_response;

namespace vectors {
namespace {

std::optional<std::chrono::system_clock::time_point> time_at(
    const json_value& config, std::string_view name)
{
    const auto text = config.find(name);
    return text ? live::protocol::parse_timestamp(text->string().value_or("")) : std::nullopt;
}

/// Translates the configuration of the official client's authTokens.create.
ephemeral_token_request to_request(const json_value& config)
{
    ephemeral_token_request request;
    if (const auto uses = config.find("uses")) request.uses = static_cast<int>(*uses->integer());
    request.expire_time = time_at(config, "expireTime");
    request.new_session_expire_time = time_at(config, "newSessionExpireTime");
    if (const auto given = config.find("liveConnectConstraints")) {
        const auto model = given->find("model");
        request.constraints =
            to_setup(model ? model->string().value_or("") : "", given->find("config"));
    }
    if (const auto names = config.find("lockAdditionalFields")) {
        std::vector<std::string> all;
        for (const auto& each : names->elements()) all.push_back(each.string().value_or(""));
        if (all.empty())
            request.lock = live::lock::set_fields{};
        else
            request.lock = live::lock::fields(std::move(all));
    }
    return request;
}

asio::awaitable<void> create(live::client client, ephemeral_token_request request)
{
    co_await live::create_ephemeral_token(client, std::move(request));
}

std::string header_in(const http_request& request, std::string_view name)
{
    for (auto each : request.fields) {
        for (char& c : each.first)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (each.first == name) return each.second;
    }
    return {};
}

complaint compare(std::string_view path, const std::string& expected, const std::string& actual)
{
    if (expected == actual) return std::nullopt;
    return std::string(path) + ": expected " + expected + ", got " + actual;
}

/// Leaves out the headers in which a client names itself.
complaint compare_headers(const json_value& expected, const http_request& actual)
{
    for (const auto& [name, value] : expected.members()) {
        if (name == "user-agent" || name == "x-goog-api-client") continue;
        const auto text = value.string().value_or("");
        if (auto different = compare("request.headers." + name, text, header_in(actual, name)))
            return different;
    }
    return std::nullopt;
}

std::vector<std::string> sorted_paths(const std::string& mask)
{
    std::vector<std::string> paths;
    std::istringstream text(mask);
    for (std::string path; std::getline(text, path, ',');) paths.push_back(path);
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// A field mask is a set: its paths may be in any order.
complaint compare_bodies(const json_value& expected, const json_value& actual)
{
    const auto split = [](const json_value& body) {
        std::pair<std::string, std::optional<std::string>> rest_and_mask;
        live::protocol::json_writer rest;
        rest.begin_object();
        for (const auto& [name, value] : body.members()) {
            if (name == "fieldMask")
                rest_and_mask.second = value.string();
            else
                rest.key(name).raw(value.text());
        }
        rest_and_mask.first = rest.end_object().text();
        return rest_and_mask;
    };
    const auto [expected_rest, expected_mask] = split(expected);
    const auto [actual_rest, actual_mask] = split(actual);
    const bool same =
        expected_mask.has_value() == actual_mask.has_value() &&
        sorted_paths(expected_mask.value_or("")) == sorted_paths(actual_mask.value_or(""));
    if (!same) {
        return compare("request.body.fieldMask", expected_mask.value_or("nothing"),
            actual_mask.value_or("nothing"));
    }
    return difference(
        json_value::parse(expected_rest), json_value::parse(actual_rest), "request.body");
}

} // namespace

complaint try_auth_token(const json_value& test)
{
    const auto sdk = *test.find("sdk");
    live::client_options options;
    if (const auto client = sdk.find("client")) {
        if (const auto vertex = client->find("vertexai"); vertex && vertex->boolean() == true)
            options.backend = live::backend::vertex_ai;
        if (const auto key = client->find("apiKey"))
            options.credentials = live::api_key(key->string().value_or(""));
        if (const auto version = client->find("apiVersion"))
            options.api_version = version->string().value_or("");
    }
    stage on(options);
    std::optional<http_request> seen;
    on.answer = [&seen](http_request asked) -> asio::awaitable<http_response> {
        seen = std::move(asked);
        http_response answer;
        answer.status = 200;
        answer.body = R"({"name":"auth_tokens/0123456789abcdef"})";
        co_return answer;
    };
    const auto call = sdk.find("create");
    const auto config = call ? call->find("config") : std::nullopt;
    std::optional<std::string> refusal;
    try {
        on.play(create(on.client(), config ? to_request(*config) : ephemeral_token_request()));
    } catch (const live::error& refused) {
        refusal = refused.what();
    }
    if (test.find("error"))
        return refusal ? std::nullopt : complaint("error: the call was not refused");
    if (refusal) return "the whole: refused: " + *refusal;
    if (!seen) return "request: nothing was asked";
    const auto expected = *test.find("request");

    const auto text_at = [&](std::string_view name) {
        const auto value = expected.find(name);
        return value ? value->string().value_or("") : std::string();
    };
    auto target = text_at("path");
    // habit of the official client where no version was requested
    if (constexpr std::string_view v1 = "/v1/";
        options.api_version.empty() && target.starts_with(v1))
        target.replace(0, v1.size(), "/v1alpha/");
    if (const auto query = text_at("query"); !query.empty()) target += '?' + query;
    if (auto different = compare("request.method", text_at("method"), seen->method))
        return different;
    if (auto different = compare("request.path", target, seen->target)) return different;
    if (const auto headers = expected.find("headers"))
        if (auto different = compare_headers(*headers, *seen)) return different;
    return compare_bodies(*expected.find("body"), json_value::parse(seen->body));
}

} // namespace vectors
