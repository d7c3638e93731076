// SPDX-License-Identifier: Apache-2.0
#include "protocol/encode.hpp"
#include "protocol/token.hpp"
#include "protocol/validate.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <functional>
#include <string>
#include <vector>

namespace lint_test {

using namespace gemini::live;
using namespace gemini::live::protocol;

namespace {

/// The refusal, or nothing.
template <class Call>
std::string refusal_of(Call call)
{
    try {
        call();
    } catch (const error& refused) {
        CHECK(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return "";
}

std::string refusal_of_setup(const setup& setup)
{
    return refusal_of([&] { validate(setup, quirks_of(setup.model)); });
}

const std::string speaker = "gemini-3.8-live";
const std::string thinker = "gemini-3.8-live-extended-thinking";
const std::string older = "gemini-3.1-flash-live-preview";

} // namespace

TEST_CASE("each model accepts text in its own form")
{
    for (const auto* model : {"gemini-live-2.5-flash-preview", "gemini-2.0-flash-live-001",
             "models/gemini-2.5-flash-native-audio-preview-12-2025",
             "projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash-native-audio"})
        CHECK(quirks_of(model).text_by_turns);
    for (const auto* model : {"gemini-3.8-live", "models/gemini-3.1-flash-live-preview",
             "gemini-3.8-live-extended-thinking", "somebody's-own", ""})
        CHECK_FALSE(quirks_of(model).text_by_turns);
}

TEST_CASE("what a model is known to refuse is refused by name before it is sent")
{
    CHECK(refusal_of_setup({.model = speaker, .response_modalities = {modality::text}})
              .starts_with("setup.generationConfig.responseModalities has TEXT"));
    CHECK(refusal_of_setup(
        {.model = "gemini-3.5-transcribe-live", .response_modalities = {modality::audio}})
              .starts_with("setup.generationConfig.responseModalities has AUDIO"));
    CHECK(refusal_of_setup(
        {.model = speaker,
            .thinking_config = thinking_config{.thinking_level = thinking_level::low}})
              .starts_with("setup.generationConfig.thinkingConfig.thinkingLevel "));
    CHECK(refusal_of_setup(
        {.model = thinker,
            .thinking_config = thinking_config{.thinking_level = thinking_level::low},
            .enable_affective_dialog = true})
              .starts_with("setup.generationConfig.enableAffectiveDialog "));
    CHECK(refusal_of_setup({.model = speaker, .proactivity = proactivity{.proactive_audio = false}})
              .starts_with("setup.proactivity.proactiveAudio "));
    CHECK(refusal_of_setup({.model = thinker,
                               .functions = {{.name = "f", .behavior = behavior::blocking}},
                               .thinking_config = thinking_config{.thinking_budget = 100}})
              .starts_with("functions[f].behavior is blocking"));
    setup with_tool{.model = older};
    with_tool.tools.emplace_back(
        std::vector<function_declaration>{{.name = "g", .behavior = behavior::non_blocking}});
    CHECK(refusal_of_setup(with_tool).starts_with("functions[g].behavior is non_blocking"));
}

TEST_CASE("what a model accepts passes, and an unknown model accepts everything")
{
    CHECK(refusal_of_setup({.model = speaker, .response_modalities = {modality::audio}}).empty());
    CHECK(refusal_of_setup(
        {.model = thinker,
            .thinking_config = thinking_config{.thinking_level = thinking_level::low}})
              .empty());
    CHECK(refusal_of_setup(
        {.model = speaker, .functions = {{.name = "f", .behavior = behavior::blocking}}})
              .empty());
    CHECK(refusal_of_setup({.model = "gemini-9-live",
                               .response_modalities = {modality::text},
                               .functions = {{.name = "f", .behavior = behavior::blocking}},
                               .enable_affective_dialog = true})
              .empty());
}

TEST_CASE("a response's scheduling is refused where the model does not support it")
{
    function_response response("c", "f", json());
    response.scheduling = scheduling::silent;
    const auto refusal = [&](const std::string& model) {
        return refusal_of([&] { validate(std::span(&response, 1), quirks_of(model)); });
    };
    CHECK(refusal(thinker).starts_with("toolResponse.functionResponses[].scheduling "));
    CHECK(refusal(speaker).empty());
}

TEST_CASE("a context update is validated against the model, and its instruction's role is checked")
{
    function_declaration waits{.name = "f", .behavior = behavior::blocking};
    const context_update update(std::vector<tool>{std::vector<function_declaration>{waits}});
    CHECK(refusal_of([&] { validate(update, quirks_of(thinker)); }) ==
          "contextUpdate.tools.functions[f].behavior is blocking, but this model never waits for "
          "a function.");
    CHECK(refusal_of([&] { validate(update, quirks_of(speaker)); }).empty());
    CHECK(refusal_of([&] { validate(context_update(), quirks_of(thinker)); }).empty());
    for (const auto* name : {older.c_str(), "gemini-live-2.5-flash-native-audio"}) {
        CHECK(refusal_of([&] { validate(update, quirks_of(name)); }) ==
              "contextUpdate is not taken by this model: begin a new session for another "
              "instruction or other tools.");
    }
    const auto told = [](const char* role) {
        return refusal_of([&] {
            static_cast<void>(encode_context_update(
                context_update(content(role, "Be brief.")), backend::gemini_api));
        });
    };
    CHECK(told("assistant") == "contextUpdate.systemInstruction.role cannot be \"assistant\": the "
                               "service takes \"user\" and \"model\".");
    for (const auto* role : {"", "system", "user", "model"}) CHECK(told(role).empty());
}

TEST_CASE("a setup is validated wherever it is written, unless that is disabled")
{
    const std::function<model_quirks(std::string_view)> known = quirks_of;
    addressing strict;
    strict.quirks = &known;
    setup wrong{.model = speaker, .response_modalities = {modality::text}};
    const auto is_told = [](const std::string& refusal) {
        return refusal.starts_with("setup.generationConfig.responseModalities has TEXT");
    };
    CHECK(is_told(refusal_of([&] { static_cast<void>(encode_setup(wrong, {}, strict)); })));
    CHECK(refusal_of([&] { static_cast<void>(encode_setup(wrong, {}, {})); }).empty());

    ephemeral_token_request request;
    request.constraints = wrong;
    const auto token = [&](const addressing& to) {
        return refusal_of([&] { static_cast<void>(encode_token_request(request, to)); });
    };
    CHECK(is_told(token(strict)));
    CHECK(token({}).empty());
    request.constraints = setup{.model = thinker};
    CHECK(token(strict).starts_with("setup.generationConfig.thinkingConfig has neither"));
    request.lock = lock::set_fields{}; // the session may set it
    CHECK(token(strict).empty());
    request.constraints->thinking_config.emplace();
    CHECK(token(strict).starts_with("setup.generationConfig.thinkingConfig has neither"));
    request.constraints = wrong;
    CHECK(is_told(token(strict)));
}

TEST_CASE("client content is refused where it can only be history")
{
    const auto refusal = [&](const setup& setup) {
        return refusal_of([&] { validate_content(setup, {.content_is_history = true}); });
    };
    CHECK(refusal({.model = older}).starts_with("clientContent is taken by this model only"));
    CHECK(refusal_of([&] { validate_content({.model = older}, quirks_of(older)); }).empty());
    CHECK(refusal({.model = older,
                      .history_config = history_config{.initial_history_in_client_content = true}})
              .empty());
    CHECK(refusal_of([&] { validate_content({.model = speaker}, quirks_of(speaker)); }).empty());
}

TEST_CASE("gemini-3.8-live-extended-thinking needs exactly one of thinking level and budget")
{
    constexpr auto member = "setup.generationConfig.thinkingConfig has ";
    const auto neither = refusal_of_setup({.model = thinker});
    CHECK(neither.starts_with(member + std::string("neither")));
    CHECK(refusal_of_setup({.model = thinker, .thinking_config = {}}) == neither);
    CHECK(refusal_of_setup({.model = thinker,
                               .thinking_config = thinking_config{.thinking_budget = 100,
                                   .thinking_level = thinking_level::high}})
              .starts_with(member + std::string("both")));
    CHECK(refusal_of_setup(
        {.model = thinker, .thinking_config = thinking_config{.thinking_budget = 100}})
              .empty());
}

TEST_CASE("gemini-3.8-live accepts no thinking configuration")
{
    CHECK(refusal_of_setup({.model = speaker, .thinking_config = {}})
              .starts_with("setup.generationConfig.thinkingConfig "));
    CHECK(refusal_of_setup(
        {.model = speaker, .thinking_config = thinking_config{.thinking_budget = 0}})
              .starts_with("setup.generationConfig.thinkingConfig "));
}

TEST_CASE("gemini-3.1-flash-live is not sent a setup that keeps it from ever answering")
{
    CHECK(refusal_of_setup({.model = older, .enable_affective_dialog = true})
              .starts_with("setup.generationConfig.enableAffectiveDialog "));
    CHECK(refusal_of_setup({.model = older, .proactivity = {}}).starts_with("setup.proactivity "));
    CHECK(refusal_of_setup({.model = older, .proactivity = proactivity{.proactive_audio = true}})
              .starts_with("setup.proactivity "));
    CHECK(refusal_of_setup({.model = older,
                               .enable_affective_dialog = false,
                               .proactivity = proactivity{.proactive_audio = false}})
              .empty());
}

TEST_CASE("every known name of a model has its quirks")
{
    for (const auto* model : {"gemini-2.5-flash-native-audio-preview-09-2025",
             "gemini-live-2.5-flash-preview-native-audio",
             "gemini-live-2.5-flash-preview-native-audio-09-2025"}) {
        CAPTURE(model);
        CHECK(quirks_of(model).audio_breaks_calls);
        CHECK_FALSE(quirks_of(model).writes);
    }
    for (const auto* model : {"gemini-3.5-transcribe-live", "gemini-3.5-transcribe-live-preview",
             "gemini-robotics-er-2-streaming-preview"}) {
        CAPTURE(model);
        CHECK_FALSE(quirks_of(model).speaks);
        CHECK(quirks_of(model).writes);
    }
    for (const auto* model :
        {"gemini-3.5-flash-live-preview", "gemini-3.5-flash-lite-live-preview"}) {
        CAPTURE(model);
        CHECK(quirks_of(model).takes_thinking_level);
    }
}

} // namespace lint_test
