// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/auth_tokens.hpp"
#include "emulator/server/token_gate.hpp"
#include "protocol/timestamp.hpp"

#include "support/catch.hpp"

namespace auth_tokens_test {

using namespace gemini::live;
using namespace gemini::live::emulator;
using namespace std::chrono_literals;
using protocol::json_value;

namespace {

const auto noon = std::chrono::system_clock::from_time_t(1'795'435'200);

route caller(credential credential = credential::api_key, std::string secret = "key")
{
    route found;
    found.version = "v1alpha";
    found.credential = credential;
    found.secret = std::move(secret);
    return found;
}

std::string in(std::chrono::seconds time) { return protocol::timestamp_text(noon + time); }

json_value json(const std::string& text) { return json_value::parse(text); }

std::string token_in(const testing::emulator_verdict& verdict)
{
    REQUIRE(verdict.status == 200);
    return json(verdict.body).find("name")->string().value();
}

std::string why_of(const testing::emulator_verdict& verdict)
{
    const auto failure = *json(verdict.body).find("error");
    CHECK(failure.find("code")->integer() == verdict.status);
    return failure.find("message")->string().value();
}

const std::string setup = R"({"model":"models/gemini-3.8-live"})";
const std::string resuming =
    R"({"model":"models/gemini-3.8-live","sessionResumption":{"handle":"h"}})";

/// The reason of the refusal; empty when the session is admitted.
std::string refusal_of(auth_tokens& tokens, const std::string& token, const std::string& asked,
    auth_tokens::time_point now)
{
    auto result = tokens.admit(token, json(asked), now);
    const auto* const why = std::get_if<refusal>(&result);
    if (!why) return {};
    CHECK(why->code == 1008);
    CHECK(why->reason.size() <= 123);
    return why->reason;
}

} // namespace

TEST_CASE("a token's constraints change a client's setup as the service's table says")
{
    struct row {
        const char* asked;
        std::optional<std::string> locked;
        std::optional<std::vector<std::string>> mask;
        const char* expected;
    };
    const auto* const asked =
        R"({"model":"m","generationConfig":{"temperature":1,"seed":2},"tools":[]})";
    const auto* const locked = R"({"model":"n","generationConfig":{"temperature":0.5}})";
    const auto each = GENERATE_COPY(
        // neither: the client's setup
        row{asked, {}, {}, asked},
        // setup alone: replaces all
        row{asked, locked, {}, locked},
        // setup and mask: masked fields are overwritten
        row{asked, locked, {{"model", "generationConfig.temperature"}},
            R"({"model":"n","generationConfig":{"temperature":0.5,"seed":2},"tools":[]})"},
        // … with their defaults where the token's setup does not set them
        row{asked, locked, {{"model", "generationConfig.seed", "tools"}},
            R"({"model":"n","generationConfig":{"temperature":1}})"},
        row{R"({"model":"m"})", locked, {{"generationConfig.temperature"}},
            R"({"model":"m","generationConfig":{"temperature":0.5}})"},
        // mask alone: locked at their defaults
        row{asked, {}, {{"generationConfig.temperature", "tools"}},
            R"({"model":"m","generationConfig":{"seed":2}})"},
        row{R"({"generationConfig":{"seed":2}})", {}, {{"generationConfig.seed"}}, "{}"},
        // also in the other spelling
        row{R"({"model":"m","generation_config":{"top_k":2}})", {}, {{"generationConfig.topK"}},
            R"({"model":"m"})"},
        // a handle depends on sessionResumption, which the token may set or omit
        row{R"({"model":"m","sessionResumption":{"handle":"h"}})",
            R"({"model":"n","sessionResumption":{}})", {},
            R"({"model":"n","sessionResumption":{"handle":"h"}})"},
        row{R"({"model":"m","sessionResumption":{"handle":"h"}})", R"({"model":"n"})", {},
            R"({"model":"n"})"},
        row{R"({"model":"m","sessionResumption":{"handle":"h"}})",
            R"({"model":"n","sessionResumption":{}})", {{"model", "sessionResumption"}},
            R"({"model":"n","sessionResumption":{"handle":"h"}})"});
    const auto constraints = each.locked ? std::optional(json(*each.locked)) : std::nullopt;
    CHECK(constrain(json(each.asked), constraints, each.mask) == json(each.expected).text());
}

TEST_CASE("a token is good for one session, to begin within a minute, and for half an hour")
{
    auth_tokens tokens("key", false);
    const auto token = token_in(tokens.issue(caller(), "{}", noon));
    CHECK(token.starts_with("auth_tokens/"));
    CHECK(token_in(tokens.issue(caller(), "", noon)) != token);

    CHECK(refusal_of(tokens, token, setup, noon + 59s).empty());
    CHECK_FALSE(tokens.find_end(token, noon + 1799s));
    CHECK(refusal_of(tokens, token, setup, noon + 59s).find("used up") != std::string::npos);
    CHECK(refusal_of(tokens, token, resuming, noon + 1799s).empty());
    CHECK(refusal_of(tokens, token, resuming, noon + 1800s).find("expired") != std::string::npos);
    CHECK(tokens.find_end(token, noon + 1800s));

    const auto late = token_in(tokens.issue(caller(), "{}", noon));
    CHECK(refusal_of(tokens, late, setup, noon + 60s).find("new sessions") != std::string::npos);
}

TEST_CASE("uses and times are those of the request")
{
    auth_tokens tokens("", false);
    const auto body = R"({"uses":2,"expireTime":")" + in(7200s) + R"(","newSessionExpireTime":")" +
                      in(3600s) + R"("})";
    const auto token = token_in(tokens.issue(caller(), body, noon));
    CHECK(refusal_of(tokens, token, setup, noon + 3599s).empty());
    CHECK(refusal_of(tokens, token, setup, noon + 3599s).empty());
    CHECK_FALSE(refusal_of(tokens, token, setup, noon + 3599s).empty());
    CHECK_FALSE(tokens.find_end(token, noon + 7199s));
    CHECK(tokens.find_end(token, noon + 7200s));

    const auto endless = token_in(tokens.issue(caller(), R"({"uses":0})", noon));
    for (int i = 0; i < 10; ++i) CHECK(refusal_of(tokens, endless, setup, noon).empty());
}

TEST_CASE("a token that was not issued is refused, unless any is accepted")
{
    auth_tokens strict("", false);
    CHECK_FALSE(refusal_of(strict, "auth_tokens/made-up", setup, noon).empty());
    auth_tokens trusting("", true);
    CHECK(refusal_of(trusting, "auth_tokens/made-up", setup, noon).empty());
}

TEST_CASE("only an API key makes tokens, and only the right key")
{
    auth_tokens tokens("key", false);
    CHECK(tokens.issue(caller(), "{}", noon).status == 200);
    CHECK(tokens.issue(caller(credential::none), "{}", noon).status == 403);
    CHECK(tokens.issue(caller(credential::ephemeral_token, "auth_tokens/x"), "{}", noon).status ==
          401);
    CHECK(tokens.issue(caller(credential::access_token, "ya29"), "{}", noon).status == 401);
    const auto wrong = tokens.issue(caller(credential::api_key, "other"), "{}", noon);
    CHECK(wrong.status == 400);
    CHECK(why_of(wrong) == "API key not valid. Please pass a valid API key.");
}

TEST_CASE("a body that the service does not accept is refused in its words")
{
    struct row {
        std::string body, words;
    };
    const auto [body, words] =
        GENERATE(row{"{", "Invalid JSON payload received. Unexpected token."},
            row{"[]", "Invalid value at 'auth_token'"},
            row{R"({"liveConnectConstraints":{}})",
                "Invalid JSON payload received. Unknown name \"liveConnectConstraints\" at "
                "'auth_token': Cannot find field."},
            row{R"({"bidiGenerateContentSetup":{"setup":{}}})",
                "Invalid JSON payload received. Unknown name \"setup\" at "
                "'auth_token.bidi_generate_content_setup': Cannot find field."},
            row{R"({"bidiGenerateContentSetup":{"generationConfig":{"heat":1}}})",
                "Unknown name \"heat\" at "
                "'auth_token.bidi_generate_content_setup.generation_config': Cannot find field."},
            row{R"({"uses":"many"})", "Invalid value at 'auth_token.uses' (TYPE_INT32), \"many\""},
            row{R"({"uses":-1})", "uses must not be negative"},
            row{R"({"expireTime":"soon"})", "google.protobuf.Timestamp), \"soon\""},
            row{R"({"expireTime":")" + in(0s) + R"("})", "expire_time must be in the future."},
            row{R"({"expireTime":")" + in(20h) + R"("})", "less than 20 hours"},
            row{R"({"newSessionExpireTime":")" + in(20h) + R"("})", "less than 20 hours"},
            row{R"({"fieldMask":["model"]})", "'auth_token.field_mask'"});
    auth_tokens tokens("", false);
    const auto verdict = tokens.issue(caller(), body, noon);
    CHECK(verdict.status == 400);
    CHECK(why_of(verdict).find(words) != std::string::npos);
}

TEST_CASE("a token may also be requested in snake_case")
{
    auth_tokens tokens("", false);
    const auto body = R"({"bidi_generate_content_setup":{"model":"models/m"},)"
                      R"("field_mask":"model","expire_time":")" +
                      in(100s) + R"("})";
    const auto token = token_in(tokens.issue(caller(), body, noon));
    const auto held = tokens.admit(token, json(setup), noon);
    CHECK(std::get<std::string>(held) == R"({"model":"models/m"})");
    CHECK(tokens.find_end(token, noon + 100s));
}

TEST_CASE("a mask without a setup may name fields without generationConfig")
{
    auth_tokens tokens("", false);
    const auto token = token_in(tokens.issue(caller(), R"({"fieldMask":"temperature"})", noon));
    const auto held =
        tokens.admit(token, json(R"({"model":"m","generationConfig":{"temperature":1}})"), noon);
    CHECK(std::get<std::string>(held) == R"({"model":"m"})");
}

TEST_CASE("only the latest thousand tokens are remembered")
{
    auth_tokens tokens("", false);
    const auto first = token_in(tokens.issue(caller(), "{}", noon));
    for (int i = 0; i < 999; ++i) token_in(tokens.issue(caller(), "{}", noon));
    CHECK(refusal_of(tokens, first, setup, noon).empty());
    token_in(tokens.issue(caller(), "{}", noon));
    CHECK_FALSE(refusal_of(tokens, first, resuming, noon).empty());
}

namespace {

/// Records what it hears.
class listener : public server_session {
public:
    explicit listener(std::vector<std::string>& heard) : heard_(heard) {}
    actions on_message(std::string_view text, moment) override
    {
        heard_.emplace_back(text);
        return {};
    }
    actions on_timer(moment) override { return {}; }
    std::optional<moment> next_timer() const override { return moment(5); }

private:
    std::vector<std::string>& heard_;
};

} // namespace

TEST_CASE("a session opened with a token has the token's setup, until the token expires")
{
    auto tokens = std::make_shared<auth_tokens>("", false);
    const auto token = token_in(
        tokens->issue(caller(), R"({"bidiGenerateContentSetup":{"model":"models/locked"}})", noon));
    std::vector<std::string> heard;
    auto now = noon;
    token_gate bearer(std::make_unique<listener>(heard), tokens, token, [&now] { return now; });
    CHECK(bearer.on_message(R"({"setup":{"model":"models/asked"}})", moment(0)).empty());
    CHECK(bearer.on_message(R"({"realtimeInput":{"text":"Hello"}})", moment(1)).empty());
    CHECK(heard == std::vector<std::string>{R"({"setup":{"model":"models/locked"}})",
                       R"({"realtimeInput":{"text":"Hello"}})"});
    CHECK(bearer.next_timer() == moment(5));

    now += 30min;
    const auto said = bearer.on_message(R"({"realtimeInput":{"text":"Too late"}})", moment(2));
    REQUIRE(said.close);
    CHECK(said.close->first == 1008);
    CHECK(heard.size() == 2);
    CHECK_FALSE(bearer.next_timer());
}

TEST_CASE("an invalid setup is passed on to the service, which refuses it")
{
    auto tokens = std::make_shared<auth_tokens>("", false);
    std::vector<std::string> heard;
    token_gate bearer(std::make_unique<listener>(heard), tokens, "auth_tokens/none",
        std::chrono::system_clock::now);
    const auto* const text = GENERATE("", "{", "[]", R"({"realtimeInput":{}})", R"({"setup":1})");
    CHECK(bearer.on_message(text, moment(0)).empty());
    CHECK(heard.size() == 1);
}

} // namespace auth_tokens_test
