// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_reader.hpp"
#include "protocol/service_error.hpp"
#include "protocol/token.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

namespace token_test {

using namespace gemini::live;
using namespace gemini::live::protocol;
using namespace std::chrono_literals;

namespace {

json_value body_of(const ephemeral_token_request& request)
{
    return json_value::parse(encode_token_request(request, {}));
}

std::string mask_of(const ephemeral_token_request& request)
{
    const auto mask = body_of(request).find("fieldMask");
    return mask ? mask->string().value_or("?") : "none";
}

/// A model and a modality, nothing else.
ephemeral_token_request constrained()
{
    ephemeral_token_request request;
    auto& constraints = request.constraints.emplace();
    constraints.model = "gemini-3.8-live";
    constraints.response_modalities = {modality::audio};
    constraints.session_resumption.reset();
    return request;
}

} // namespace

TEST_CASE("a token request contains only what it was given")
{
    ephemeral_token_request request;
    CHECK(encode_token_request(request, {}) == "{}");
    request.uses = 0;
    request.expire_time = std::chrono::system_clock::from_time_t(1'795'437'000);
    request.new_session_expire_time = std::chrono::system_clock::from_time_t(1'795'435'260) + 500ms;
    CHECK(encode_token_request(request, {}) ==
          R"({"uses":0,"expireTime":"2026-11-23T12:30:00Z",)"
          R"("newSessionExpireTime":"2026-11-23T12:01:00.5Z"})");
}

TEST_CASE("constraints are sent as a bare setup")
{
    auto request = constrained();
    const auto setup = *body_of(request).find("bidiGenerateContentSetup");
    CHECK(setup.find("model")->string() == "models/gemini-3.8-live");
    CHECK_FALSE(setup.find("setup"));
    CHECK_FALSE(setup.find("sessionResumption"));
    CHECK(mask_of(request) == "none");
    request.constraints->session_resumption.emplace();
    CHECK(body_of(request).find("bidiGenerateContentSetup")->find("sessionResumption"));
}

TEST_CASE("the mask names the set fields, two levels deep, and the others to be locked")
{
    auto request = constrained();
    request.lock = lock::set_fields{};
    CHECK(mask_of(request) == "model,generationConfig.responseModalities");

    request.constraints->output_audio_transcription.emplace();
    CHECK(mask_of(request) == "model,generationConfig.responseModalities,outputAudioTranscription");
    request.constraints->output_audio_transcription.reset();

    request.constraints->voice = "Puck";
    CHECK(mask_of(request) ==
          "model,generationConfig.responseModalities,generationConfig.speechConfig");
    request.constraints->voice.reset();

    request.lock = lock::fields{"temperature", "topK", "topP", "maxOutputTokens", "seed",
        "speechConfig", "outputAudioTranscription", "tools"};
    CHECK(mask_of(request) ==
          "model,generationConfig.responseModalities,generationConfig.temperature,"
          "generationConfig.topK,generationConfig.topP,generationConfig.maxOutputTokens,"
          "generationConfig.seed,generationConfig.speechConfig,outputAudioTranscription,tools");
}

TEST_CASE("without constraints, names stay unchanged")
{
    ephemeral_token_request request;
    request.lock = lock::set_fields{};
    CHECK(mask_of(request) == "none");
    request.lock = lock::fields{"temperature", "generationConfig.seed"};
    CHECK(mask_of(request) == "temperature,generationConfig.seed");
}

TEST_CASE("constraints that lock only some fields may leave the model to the session")
{
    ephemeral_token_request request;
    request.constraints =
        setup{.model = "", .temperature = 0.5, .session_resumption = std::nullopt};
    request.lock = lock::set_fields{};
    CHECK(
        encode_token_request(request, {}) ==
        R"({"bidiGenerateContentSetup":{"generationConfig":{"temperature":0.5}},"fieldMask":"generationConfig.temperature"})");
}

TEST_CASE("what can never work is refused before it is sent")
{
    auto request = constrained();
    SECTION("uses below zero") { request.uses = -1; }
    SECTION("no model") { request.constraints->model.clear(); }
    SECTION("two names in one") { request.lock = lock::fields{"temperature,seed"}; }
    SECTION("no name") { request.lock = lock::fields{""}; }
    SECTION("a name that is not text") { request.lock = lock::fields{"\xff"}; }
    try {
        static_cast<void>(encode_token_request(request, {}));
        FAIL("nothing was thrown");
    } catch (const error& why) {
        CHECK(why.code() == errc::invalid_argument);
    }
}

TEST_CASE("the response holds a token, or is malformed")
{
    CHECK(decode_token(R"({"name":"auth_tokens/abc","uses":1})").reveal() == "auth_tokens/abc");
    const auto* const answer = GENERATE("", "{", "[]", "{}", R"({"name":1})", R"({"name":"abc"})",
        R"({"name":"auth_tokens/"})", R"({"name":"auth_tokens/a\r\nX: y"})",
        R"({"name":"auth_tokens/a b"})");
    try {
        static_cast<void>(decode_token(answer));
        FAIL("nothing was thrown");
    } catch (const error& why) {
        CHECK(why.code() == errc::malformed_message);
        CHECK(std::string(why.what()).find("auth_tokens/") == std::string::npos);
    }
}

TEST_CASE("a refused call reports the service's words and advice")
{
    struct row {
        int status;
        const char* message;
        errc cause;
    };
    const auto [status, message, cause] =
        GENERATE(row{400, "Invalid JSON payload received.", errc::rejected},
            row{400, "API key not valid. Please pass a valid API key.", errc::unauthorized},
            row{401, "Request had invalid authentication credentials.", errc::unauthorized},
            row{403, "Permission denied.", errc::unauthorized},
            row{404, "Requested entity was not found.", errc::rejected},
            row{429, "Resource has been exhausted.", errc::quota_exceeded},
            row{500, "Internal error.", errc::unavailable}, row{302, "", errc::rejected});
    const auto body = std::string(R"({"error":{"code":1,"message":")") + message + R"("}})";
    const auto why = refused_call("make a token", status, body, 7s, "secret");
    CHECK(why.code() == cause);
    CHECK(why.http_status() == status);
    CHECK(why.reason() == message);
    CHECK(why.retry_after() == 7s);
    CHECK(std::string(why.what()).find("did not make a token (HTTP " + std::to_string(status)) !=
          std::string::npos);
}

TEST_CASE("a refused call's error shows no secret or line break, and is bounded")
{
    const auto body =
        R"({"error":{"message":"key SECRET\nis SECRET )" + std::string(2000, 'x') + R"("}})";
    const auto why = refused_call("ask", 400, body, {}, "SECRET");
    CHECK(why.reason().starts_with("key … is … xxx"));
    CHECK(std::string(why.what()).find("SECRET") == std::string::npos);
    CHECK(why.reason().size() < 600);
    const auto* const odd =
        GENERATE("", "<html>502</html>", "[]", R"({"error":"no"})", R"({"error":{"message":5}})");
    CHECK(refused_call("ask", 502, odd, {}, "").reason().empty());
}

TEST_CASE("a refusal's message is found in JSON, in a web page and in plain text")
{
    struct row {
        std::string body;
        std::string words;
    };
    const auto each = GENERATE(
        row{R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}})",
            "API key not valid."},
        row{R"([{"error":{"code":400,"message":"API key not valid."}}])", "API key not valid."},
        row{"\xef\xbb\xbf\r\n {\"error\":{\"message\":\"m\"}}", "m"},
        row{R"({"message":"m","code":5})", "m"}, row{R"({"error":"m"})", "m"},
        row{R"({"error":{"status":"PERMISSION_DENIED"}})", "PERMISSION_DENIED"},
        row{R"([{"error":{"code":429,"message":"Quota \"x\" is used up","det)",
            "Quota \"x\" is used up"},
        row{R"([{"error":{"code":429,"mess)", ""}, row{"{}", ""}, row{"[]", ""}, row{"", ""},
        row{"<!DOCTYPE html>\n<html><head><title lang=en>\n Log in </title></head>",
            "web page \"Log in\""},
        row{"<HTML><BODY>no</BODY></HTML>", "web page"}, row{"<html><title>cut", "web page"},
        row{"upstream connect error\n", "upstream connect error"});
    CHECK(words_of_refusal(each.body) == each.words);
}

} // namespace token_test
