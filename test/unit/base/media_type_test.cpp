// SPDX-License-Identifier: Apache-2.0
#include "base/media_type.hpp"

#include "support/catch.hpp"

namespace media_type_test {

using namespace gemini::live::base;

TEST_CASE("a media type is compared without regard to case and to what follows it")
{
    for (const auto* type : {"audio/pcm", "Audio/PCM; rate=16000", "AUDIO/l16", " audio/pcm"})
        CHECK(is_of_type(type, "audio"));
    for (const auto* type : {"", "audio", "audiox/pcm", "image/png", "application/audio"})
        CHECK_FALSE(is_of_type(type, "audio"));
}

TEST_CASE("a media type's parameters are read with their quotes, blanks and case")
{
    CHECK(media_parameter("audio/pcm;rate=16000", "rate") == "16000");
    CHECK(media_parameter("Audio/PCM ; Channels=2 ;\tRATE=16000 ", "rate") == "16000");
    CHECK(media_parameter("audio/l16; note=\"a;rate=1\\\"\"; rate=\"24000\"", "rate") == "24000");
    CHECK(media_parameter("audio/l16; note=\"a;b\\\"\"", "note") == "a;b\"");
    CHECK(media_parameter("audio/pcm; rate", "rate") == std::nullopt);
    CHECK(media_parameter("audio/pcm; bitrate=8", "rate") == std::nullopt);
    CHECK(media_parameter("audio/pcm; x=\"", "rate") == std::nullopt);
    CHECK(media_parameter("audio/pcm;;rate=8;", "rate") == "8");
}

} // namespace media_type_test
