// SPDX-License-Identifier: Apache-2.0
#include "unit/emulator/virtual_client.hpp"

#include <cstdlib>

namespace music_test {

using namespace test;

namespace {

client listener()
{
    client c;
    c.way.version = "v1alpha";
    c.way.music = true;
    c.say(R"({"setup":{"model":"models/lyria-realtime-exp"}})");
    REQUIRE(c.heard.size() == 1);
    CHECK(c.heard[0].members().setup_complete);
    c.heard.clear();
    return c;
}

std::vector<audio_chunk> chunks(const client& c)
{
    std::vector<audio_chunk> all;
    for (const auto& each : c.heard)
        if (each.members().server_content)
            for (const auto& chunk : each.members().server_content->audio_chunks)
                all.push_back(chunk);
    return all;
}

bool is_silent(const bytes& pcm)
{
    return std::all_of(pcm.begin(), pcm.end(), [](std::byte b) { return b == std::byte{0}; });
}

const std::vector<weighted_prompt> piano{{"piano", 1.0}};
constexpr std::size_t second = 48'000;

} // namespace

TEST_CASE("music plays in real time from PLAY on, and reports what it is made from")
{
    auto c = listener();
    c.say(R"({"clientContent":{"weightedPrompts":[{"text":"piano","weight":1.5}]}})");
    c.wait(10s);
    CHECK(c.heard.empty());
    c.say(R"({"playbackControl":"PLAY"})");
    c.wait(5s);
    const auto heard = chunks(c);
    std::size_t size = 0;
    for (const auto& each : heard) size += each.data.size();
    const double seconds = static_cast<double>(size) / (second * 4);
    CHECK(seconds >= 5);
    CHECK(seconds <= 6);
    CHECK(heard[0].mime_type == "audio/l16;rate=48000;channels=2");
    CHECK_FALSE(is_silent(heard[0].data));
    REQUIRE(heard[0].source_metadata);
    CHECK(
        heard[0].source_metadata->weighted_prompts == std::vector<weighted_prompt>{{"piano", 1.5}});

    c.say(R"({"playbackControl":"PAUSE"})");
    c.heard.clear();
    c.wait(10s);
    CHECK(c.heard.empty());
    c.say(R"({"playbackControl":"PLAY"})");
    c.wait(1s);
    CHECK_FALSE(chunks(c).empty());
    CHECK((chunks(c)[0].data != heard[0].data)); // it continues
    c.say(R"({"playbackControl":"STOP"})");
    c.heard.clear();
    c.say(R"({"playbackControl":"PLAY"})");
    c.wait(1s);
    CHECK((chunks(c).at(0).data == heard[0].data)); // from the beginning
}

TEST_CASE("another PLAY does not speed up music that plays")
{
    auto c = listener();
    c.say(R"({"clientContent":{"weightedPrompts":[{"text":"piano","weight":1}]}})");
    for (int i = 0; i < 50; ++i) {
        c.say(R"({"playbackControl":"PLAY"})");
        c.wait(100ms);
    }
    std::size_t size = 0;
    for (const auto& each : chunks(c)) size += each.data.size();
    CHECK(size <= 6 * 4 * second);
}

TEST_CASE("tempo and scale change with a reset of the context, the rest at once")
{
    auto c = listener();
    c.say(R"({"clientContent":{"weightedPrompts":[{"text":"piano","weight":1}]}})");
    c.say(R"({"musicGenerationConfig":{"bpm":180,"scale":"D_MAJOR_B_MINOR","muteDrums":true}})");
    c.say(R"({"playbackControl":"PLAY"})");
    c.wait(100ms);
    auto config = *chunks(c).at(0).source_metadata->music_generation_config;
    CHECK_FALSE(config.bpm);
    CHECK(config.mute_drums == true);
    c.say(R"({"playbackControl":"RESET_CONTEXT"})");
    c.heard.clear();
    c.wait(1s);
    config = *chunks(c).at(0).source_metadata->music_generation_config;
    CHECK(config.bpm == 180);
    CHECK(config.scale == music_scale::d_major_b_minor);
    c.say(R"({"musicGenerationConfig":{}})"); // all of it returns to the defaults
    c.heard.clear();
    c.wait(1s);
    CHECK_FALSE(chunks(c).at(0).source_metadata->music_generation_config->mute_drums);
}

TEST_CASE("what cannot be played is refused")
{
    for (const char* bad :
        {R"({"clientContent":{"weightedPrompts":[{"text":"a","weight":0}]}})",
            R"({"clientContent":{"weightedPrompts":[{"text":"a"}]}})",
            R"({"clientContent":{"weightedPrompts":[]}})",
            R"({"musicGenerationConfig":{"temperature":3.1}})",
            R"({"musicGenerationConfig":{"topK":0}})", R"({"musicGenerationConfig":{"topK":1001}})",
            R"({"musicGenerationConfig":{"guidance":6.5}})",
            R"({"musicGenerationConfig":{"bpm":59}})", R"({"musicGenerationConfig":{"bpm":201}})",
            R"({"musicGenerationConfig":{"density":1.1}})",
            R"({"musicGenerationConfig":{"brightness":-0.1}})",
            R"({"setup":{"model":"models/lyria-realtime-exp"}})", "{}"}) {
        INFO(bad);
        auto c = listener();
        c.say(bad);
        REQUIRE(c.closed);
        CHECK(*c.closed ==
              std::pair<std::uint16_t, std::string>(1007, "Request contains an invalid argument."));
        CHECK_FALSE(c.server->next_timer());
    }
    for (const char* good :
        {R"({"clientContent":{"weightedPrompts":[{"text":"a","weight":-1}]}})",
            R"({"musicGenerationConfig":{"temperature":3,"topK":1000,"guidance":0,"bpm":60,"density":1,"brightness":0,"seed":0}})",
            R"({"musicGenerationConfig":{}})"}) {
        INFO(good);
        auto c = listener();
        c.say(good);
        CHECK_FALSE(c.closed);
    }
}

TEST_CASE("a music session begins with the setup of a music model and valid credentials")
{
    const auto end_of = [](client c, std::string_view message) {
        c.way.version = "v1alpha";
        c.way.music = true;
        c.say(message);
        return c.closed.value_or(std::pair<std::uint16_t, std::string>());
    };
    CHECK(end_of({}, R"({"playbackControl":"PLAY"})").first == 1007);
    CHECK(end_of({}, R"({"setup":{"model":"models/gemini-3.8-live"}})").first == 1008);
    CHECK(end_of({}, R"({"setup":{"model":"models/lyria-realtime-exp","tools":[]}})").second ==
          "Invalid JSON payload received. Unknown name \"tools\" at 'setup': Cannot find field.");
    client wrong;
    wrong.key = "right";
    CHECK(end_of(std::move(wrong), R"({"setup":{"model":"models/lyria-realtime-exp"}})").second ==
          "API key not valid. Please pass a valid API key.");
    client late;
    late.way.music = true;
    late.dial();
    late.wait();
    REQUIRE(late.closed);
    CHECK(late.closed->first == 1011);
}

TEST_CASE("a prompt on the list is filtered, and the others play")
{
    auto c = listener();
    c.say(
        R"({"clientContent":{"weightedPrompts":[{"text":"piano","weight":1},{"text":"Like the Beatles","weight":1}]}})");
    REQUIRE(c.heard.size() == 1);
    REQUIRE(c.heard[0].members().filtered_prompt);
    CHECK(c.heard[0].members().filtered_prompt->text == "Like the Beatles");
    CHECK_FALSE(c.heard[0].members().filtered_prompt->filtered_reason.empty());
    c.say(R"({"playbackControl":"PLAY"})");
    c.wait(100ms);
    CHECK(chunks(c).at(0).source_metadata->weighted_prompts.size() == 1);
}

TEST_CASE("the audio follows the prompts and the configuration, and has no gaps")
{
    const music_generation_config plain;
    const auto whole = play(piano, plain, 0, second);
    CHECK(whole.size() == second * 4);
    auto joined = play(piano, plain, 0, second / 2);
    const auto rest = play(piano, plain, second / 2, second / 2);
    joined.insert(joined.end(), rest.begin(), rest.end());
    CHECK((joined == whole));
    CHECK((play({}, plain, 0, second) != whole));
    const std::vector<weighted_prompt> drums{{"drums", 1.0}};
    CHECK((play(drums, plain, 0, second) != whole));

    const auto with = [&](auto set) {
        music_generation_config changed;
        set(changed);
        return play(piano, changed, 0, second);
    };
    CHECK((with([](auto& c) { c.bpm = 200; }) != whole));
    CHECK((with([](auto& c) { c.scale = music_scale::a_major_g_flat_minor; }) != whole));
    CHECK((with([](auto& c) { c.density = 0; }) != whole));
    CHECK((with([](auto& c) { c.brightness = 1; }) != whole));
    CHECK((with([](auto& c) { c.mute_bass = true; }) != whole));
    CHECK((with([](auto& c) { c.mute_drums = true; }) != whole));
    CHECK(is_silent(
        with([](auto& c) { c.mute_bass = c.mute_drums = c.only_bass_and_drums = true; })));
}

} // namespace music_test
