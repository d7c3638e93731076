// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/speech.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>

namespace speech_test {

using namespace gemini::live;
using namespace gemini::live::emulator;

namespace {

std::vector<int> samples(const bytes& pcm)
{
    std::vector<int> all;
    for (std::size_t i = 0; i + 1 < pcm.size(); i += 2)
        all.push_back(static_cast<std::int16_t>(
            std::to_integer<unsigned>(pcm[i]) | std::to_integer<unsigned>(pcm[i + 1]) << 8));
    return all;
}

} // namespace

TEST_CASE("text becomes audible speech that is not clipped and lasts as long as real speech")
{
    const auto pcm = speak("Hello there, how are you today?");
    CHECK(pcm.size() % 2 == 0);
    const auto length = duration_of(pcm.size(), speech_rate);
    CHECK(length > std::chrono::milliseconds(1000));
    CHECK(length < std::chrono::milliseconds(5000));
    int loudest = 0;
    for (const int each : samples(pcm)) loudest = std::max(loudest, std::abs(each));
    CHECK(loudest > 3000);
    CHECK(loudest < 30000);
    CHECK(is_loud(pcm));
}

TEST_CASE("the same words always sound the same, other words do not")
{
    CHECK(speak("one two") == speak("one two"));
    CHECK(speak("one two") != speak("three four"));
    CHECK_FALSE(speak("").empty());
}

TEST_CASE("silence is not loud, nor is faint noise")
{
    CHECK_FALSE(is_loud(bytes(3200)));
    CHECK_FALSE(is_loud({}));
    bytes noise;
    for (int i = 0; i < 800; ++i)
        noise.insert(noise.end(), {std::byte{100}, std::byte{0}, std::byte{0x9c}, std::byte{0xff}});
    CHECK_FALSE(is_loud(noise));
}

} // namespace speech_test
