// SPDX-License-Identifier: Apache-2.0
#include "chat/commands.hpp"

#include "support/catch.hpp"

#include <array>

namespace commands_test {

using namespace chat;

TEST_CASE("chat: a line that is not a command is sent to the model as typed")
{
    for (const auto* line : {"hello", "what is 1/2?", "a /quit in the middle",
             "/etc/passwd: what is it?", "/* no */", "/5"}) {
        INFO(line);
        const auto read = read_request(line, true);
        CHECK(read.what == command::none);
        CHECK(read.argument == line);
    }
    CHECK(read_request("  hello  ", false).argument == "hello");
    CHECK(read_request("", false).argument.empty());
}

TEST_CASE("chat: commands are recognized whatever their spacing and case")
{
    CHECK(read_request("/help", false).what == command::help);
    CHECK(read_request("/HELP", false).what == command::help);
    CHECK(read_request(" /quit ", false).what == command::quit);
    CHECK(read_request("/exit", true).what == command::quit);
    CHECK(read_request("/audio on", false).what == command::audio_on);
    CHECK(read_request("/audio  on   my answer.wav", false).argument == "my answer.wav");
    CHECK(read_request("/audio off", false).what == command::audio_off);
    CHECK(read_request("/system You are a pirate.", false).argument == "You are a pirate.");
    CHECK(read_request("/save talk.txt", false).argument == "talk.txt");
}

TEST_CASE("chat: a mistyped command is never sent to the model, and the likely one is suggested")
{
    for (const bool with_emulator : {false, true}) {
        for (const auto& [typed, meant] :
            std::array<std::pair<const char*, const char*>, 7>{{{"/hlep", "/help"},
                {"/hepl", "/help"}, {"/quti", "/quit"}, {"/Sytem You are a pirate.", "/system"},
                {"/sav talk.txt", "/save"}, {"/audio/on", "/audio"}, {"/quit!", "/quit"}}}) {
            INFO(typed);
            const auto read = read_request(typed, with_emulator);
            CHECK(read.what == command::wrong);
            CHECK(read.argument.find(std::string("did you mean ") + meant + "?") !=
                  std::string::npos);
        }
        CHECK(read_request("/", with_emulator).what == command::wrong);
        CHECK(read_request("/xylophone", with_emulator).what == command::wrong);
    }
    CHECK(read_request("/stroy", true).argument.find("/story") != std::string::npos);
    CHECK(read_request("/goawy 5", true).argument.find("/goaway") != std::string::npos);
}

TEST_CASE("chat: a missing argument of a command is reported with an example")
{
    for (const auto* line : {"/audio", "/audio of", "/audio off now", "/system", "/save"}) {
        INFO(line);
        const auto read = read_request(line, true);
        CHECK(read.what == command::wrong);
        CHECK(read.argument.find("/") != std::string::npos);
        CHECK(read.argument.find("There is no") == std::string::npos);
    }
    CHECK(read_request("/save a.txt\nhello", false).what == command::wrong);
}

TEST_CASE("chat: the emulator receives its own commands, a service does not")
{
    for (const auto* line :
        {"/goaway 5", "/story", "/drop", "/error", "/close 1011", "/raw {\"a\": 1}"}) {
        INFO(line);
        CHECK(read_request(line, true).what == command::none);
        CHECK(read_request(line, true).argument == line);
        CHECK(read_request(line, false).what == command::wrong);
    }
    CHECK(read_request("/Story", true).argument == "/story");
}

TEST_CASE("chat: a line with two slashes is sent to the model with one")
{
    for (const bool with_emulator : {false, true}) {
        CHECK(read_request("//help", with_emulator).what == command::none);
        CHECK(read_request("//help", with_emulator).argument == "/help");
    }
}

} // namespace commands_test
