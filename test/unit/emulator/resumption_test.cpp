// SPDX-License-Identifier: Apache-2.0
#include "unit/emulator/virtual_client.hpp"

namespace resumption_test {

using namespace test;

namespace {

constexpr std::string_view weather =
    R"(,"tools":[{"functionDeclarations":[{"name":"get_weather","behavior":"NON_BLOCKING"}]}])";
constexpr std::string_view response =
    R"({"toolResponse":{"functionResponses":[{"id":"%","name":"get_weather","response":{"output":"sunny"}}]}})";

client on_vertex(std::shared_ptr<resumption_archive> kept = std::make_shared<resumption_archive>())
{
    client c;
    c.kept = std::move(kept);
    c.way.backend = backend::vertex_ai;
    return c;
}

void connect(client& c, const std::string& handle = {})
{
    c.say(
        R"({"setup":{"model":"publishers/google/models/gemini-3.8-live","outputAudioTranscription":{},)"
        R"("sessionResumption":{"transparent":true)" +
        (handle.empty() ? std::string() : R"(,"handle":")" + handle + '"') + '}' +
        std::string(weather) + "}}");
    REQUIRE_FALSE(c.closed);
    c.heard.clear();
}

std::optional<session_resumption_update> update_in(const client& c)
{
    std::optional<session_resumption_update> last;
    for (const auto& each : c.heard)
        if (each.members().session_resumption_update)
            last = each.members().session_resumption_update;
    return last;
}

void answer_call(client& c, const std::string& id)
{
    std::string text(response);
    c.say(text.replace(text.find('%'), 1, id));
}

} // namespace

TEST_CASE("a call that was open when the handle was made may be answered on the next connection")
{
    client c;
    c.connect(weather);
    c.text("the weather?");
    c.wait(); // it keeps talking
    const auto* asked =
        c.find([](const auto& each) { return each.members().tool_call.has_value(); });
    REQUIRE(asked);
    const auto id = asked->members().tool_call->function_calls[0].id;
    REQUIRE(update_in(c));
    const auto handle = update_in(c)->new_handle;
    c.server.reset();

    client later;
    later.kept = c.kept;
    later.say(R"({"setup":{"model":"models/gemini-3.8-live","outputAudioTranscription":{},)"
              R"("sessionResumption":{"handle":")" +
              handle + "\"}" + std::string(weather) + "}}");
    answer_call(later, id);
    later.wait();
    REQUIRE_FALSE(later.closed);
    CHECK(later.transcript().find("sunny") != std::string::npos);
}

TEST_CASE("consumption is reported only to a client that asked for transparent resumption")
{
    client c;
    c.connect();
    c.text("Hello");
    c.wait();
    REQUIRE(update_in(c));
    CHECK_FALSE(update_in(c)->last_consumed_client_message_index);
}

TEST_CASE("an interrupting message is not among what the interrupted turn's handle has consumed")
{
    auto c = on_vertex();
    connect(c);
    c.text("tell me a story");
    c.wait(2s);
    c.text("Hello");
    REQUIRE(update_in(c));
    CHECK(update_in(c)->last_consumed_client_message_index == 1);
    c.wait();
    CHECK(update_in(c)->last_consumed_client_message_index == 2);
}

TEST_CASE("content that waits for the end of its turn is part of the handle")
{
    auto c = on_vertex();
    connect(c);
    c.text("tell me a story");
    c.wait(2s);
    c.say(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"my name is Ada"}]}]}})");
    CHECK(update_in(c)->last_consumed_client_message_index == 1);
    c.text("Hello");
    c.wait();
    const auto handle = update_in(c)->new_handle;
    c.server.reset();
    auto next = on_vertex(c.kept);
    connect(next, handle);
    next.say(
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"."}]}],"turnComplete":true}})");
    next.wait();
    CHECK(next.transcript().find("Ada") != std::string::npos);
}

TEST_CASE("a transparent resume accepts the response to a call that it has not made yet")
{
    auto c = on_vertex();
    connect(c);
    c.text("Hello");
    c.wait();
    const auto handle = update_in(c)->new_handle;
    c.server.reset();
    auto next = on_vertex(c.kept);
    connect(next, handle);
    next.text("the weather?");
    answer_call(next, "of-the-old-connection");
    CHECK_FALSE(next.closed);
}

TEST_CASE("a handle belongs to one model, and the emulator keeps the latest thousand")
{
    client c;
    c.connect();
    c.text("Hello");
    c.wait();
    REQUIRE(update_in(c));
    const auto handle = update_in(c)->new_handle;
    c.server.reset();
    const auto resume = [&](std::string_view model) {
        client later;
        later.kept = c.kept;
        later.say(R"({"setup":{"model":"models/)" + std::string(model) +
                  R"(","sessionResumption":{"handle":")" + handle + "\"}}}");
        return later.closed;
    };
    using refusal = std::pair<std::uint16_t, std::string>;
    const refusal refused(1007, "Invalid session handle");
    CHECK(resume("gemini-3.1-flash-live-preview") == refused);
    CHECK_FALSE(resume("gemini-3.8-live"));
    for (int i = 0; i < 999; ++i) static_cast<void>(c.kept->keep({}));
    CHECK_FALSE(resume("gemini-3.8-live"));
    static_cast<void>(c.kept->keep({}));
    CHECK(resume("gemini-3.8-live") == refused);
}

TEST_CASE("a connection with a limited life announces its end")
{
    client c;
    c.server = std::make_unique<live_server_session>(c.way, "", 1.0, c.kept, lifespan{10s, 3s});
    c.connect();
    c.wait(6s);
    CHECK(c.heard.empty());
    c.wait(7s);
    REQUIRE(c.heard.size() == 1);
    CHECK(c.now == 7s);
    CHECK(c.heard[0].members().go_away->time_left == 3s);
    c.wait();
    REQUIRE(c.closed);
    CHECK(c.closed->first == 1008);
    CHECK(c.now == 10s);
}

} // namespace resumption_test
