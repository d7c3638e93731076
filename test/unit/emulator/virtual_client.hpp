// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/base64.hpp"
#include "base/buffer.hpp"
#include "emulator/server/live_server_session.hpp"
#include "emulator/server/music.hpp"
#include "protocol/decode.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace test {

using namespace gemini::live;
using namespace gemini::live::emulator;
using namespace std::chrono_literals;

/// A client in virtual time.
struct client {
    std::shared_ptr<resumption_archive> kept = std::make_shared<resumption_archive>();
    route way{};
    std::string key{};
    std::unique_ptr<server_session> server{};
    moment now{0};
    std::vector<server_message> heard{};
    std::optional<std::pair<std::uint16_t, std::string>> closed{};
    std::string rule{}; ///< What the emulator's log reports of a close, or of silence.
    model_names names{};
    testing::emulator_quirks quirks{};
    std::vector<std::string> raw{}; ///< As it was received.
    bool dropped = false;

    client()
    {
        way.version = "v1beta";
        way.credential = credential::api_key;
        way.secret = "any";
    }

    void dial()
    {
        if (way.music)
            server = std::make_unique<music>(way, key, 1.0);
        else
            server = std::make_unique<live_server_session>(
                way, key, 1.0, kept, lifespan{}, names, quirks);
    }

    void take(actions what)
    {
        for (auto& each : what.messages) {
            raw.push_back(protocol::json_value::parse(each).text());
            heard.push_back(protocol::decode_server_message(base::padded_buffer(each)));
        }
        if (what.close) closed = what.close;
        if (!what.rule.empty()) rule = what.rule;
        dropped = dropped || what.drop;
    }

    void say(std::string_view message)
    {
        if (!server) dial();
        take(server->on_message(message, now));
    }

    void text(std::string_view words)
    {
        say(R"({"realtimeInput":{"text":)" + json_quote(words) + "}}");
    }

    /// Lets time pass until no timer is left, or for this long.
    void wait(moment most = moment(1h))
    {
        const auto end = now + most;
        while (const auto next = server->next_timer()) {
            if (*next > end || closed || dropped) break;
            now = std::max(now, *next);
            take(server->on_timer(now));
        }
    }

    void connect(std::string_view more = "", std::string_view model = "gemini-3.8-live")
    {
        const bool must_think = model.ends_with("extended-thinking");
        say(fmt::format(R"({{"setup":{{"model":"models/{}","outputAudioTranscription":{{}},)"
                        R"("inputAudioTranscription":{{}},"sessionResumption":{{}}{}{}}}}})",
            model, more,
            must_think ? R"(,"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}})" : ""));
        REQUIRE_FALSE(heard.empty());
        CHECK(heard[0].members().setup_complete);
        CHECK(
            heard.size() == (testing::emulator_quirks::of(model).unasked_handles == true ? 3 : 1));
        heard.clear();
    }

    [[nodiscard]] std::string transcript() const
    {
        std::string all;
        for (const auto& each : heard) all += each.output_transcription();
        return all;
    }

    [[nodiscard]] std::string written() const
    {
        std::string all;
        for (const auto& each : heard) all += each.text();
        return all;
    }

    /// The first message that has this member.
    template <class Test>
    [[nodiscard]] const server_message* find(Test test) const
    {
        const auto found = std::find_if(heard.begin(), heard.end(), test);
        return found == heard.end() ? nullptr : &*found;
    }

    /// Index of that message, or the number of messages.
    template <class Test>
    [[nodiscard]] std::size_t place(Test test) const
    {
        return static_cast<std::size_t>(
            std::find_if(heard.begin(), heard.end(), test) - heard.begin());
    }

    template <class Test>
    [[nodiscard]] int count(Test test) const
    {
        return static_cast<int>(std::count_if(heard.begin(), heard.end(), test));
    }
};

/// `more`: further members of the message.
inline std::string audio_message(std::span<const std::byte> pcm, std::string_view more = "")
{
    std::string data(base::base64_size(pcm.size()), ' ');
    base::base64_encode(pcm, data.data());
    return fmt::format(
        R"({{"realtimeInput":{{"audio":{{"mimeType":"audio/pcm;rate=24000","data":"{}"}}{}}}}})",
        data, more);
}

inline bool is_end(const server_message& each) { return each.turn_complete(); }
inline bool is_cut(const server_message& each) { return each.interrupted(); }

} // namespace test
