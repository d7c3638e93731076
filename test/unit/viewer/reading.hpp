// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "viewer/conversation_reader.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace test {

/// Writes a recording and reads it.
class recording {
public:
    recording& line(std::string_view text)
    {
        reader_.read(++number_, text);
        return *this;
    }
    recording& tell(int at, int connection, std::string_view rest)
    {
        return line(fmt::format(R"({{"at":{},"connection":{},{}}})", at, connection, rest));
    }
    recording& sent(int at, int connection, std::string_view message)
    {
        return tell(at, connection, fmt::format(R"("sent":{})", message));
    }
    recording& got(int at, int connection, std::string_view message)
    {
        return tell(at, connection, fmt::format(R"("received":{})", message));
    }
    /// A connection that is ready at once.
    recording& ready(int at, int connection, bool resumes = false)
    {
        tell(at, connection, R"("opened":true)");
        sent(at, connection,
            fmt::format(R"({{"setup":{{"model":"models/m","sessionResumption":{{{}}}}}}})",
                resumes ? R"("handle":"[redacted]")" : ""));
        got(at, connection, R"({"setupComplete":{}})");
        return got(at, connection,
            R"({"sessionResumptionUpdate":{"newHandle":"[redacted]","resumable":true}})");
    }
    recording& content(int at, int connection, std::string_view members)
    {
        return got(at, connection, fmt::format(R"({{"serverContent":{{{}}}}})", members));
    }
    recording& says(int at, int connection, std::string_view text)
    {
        return content(
            at, connection, fmt::format(R"("outputTranscription":{{"text":"{}"}})", text));
    }
    recording& asks(int at, int connection, std::string_view text)
    {
        return sent(at, connection, fmt::format(R"({{"realtimeInput":{{"text":"{}"}}}})", text));
    }
    recording& over(int at, int connection)
    {
        return content(at, connection, R"("turnComplete":true)");
    }
    [[nodiscard]] gemini::live::viewer::conversation read() { return std::move(reader_).take(); }

private:
    gemini::live::viewer::conversation_reader reader_{};
    std::size_t number_ = 0;
};

/// 100 ms of the user's sound of 16 kHz, loud or silent.
inline std::string user_sound(bool loud)
{
    std::string data;
    for (int i = 0; i < 1066; ++i) data += loud ? "AEAA" : "AAAA"; // every third sample is loud
    data += "AAA=";
    return fmt::format(
        R"({{"realtimeInput":{{"audio":{{"data":"{}","mimeType":"audio/pcm;rate=16000"}}}}}})",
        data);
}

/// A second of the model's sound, recorded only by its size.
inline constexpr const char* second_of_sound =
    R"("modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":{"bytes":48000}}}]})";

} // namespace test
