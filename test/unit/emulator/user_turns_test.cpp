// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/user_turns.hpp"

#include "emulator/persona/persona.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace user_turns_test {

using namespace gemini::live::emulator;

namespace {

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("what counts as a placeholder for earlier input")
{
    CHECK(is_placeholder("."));
    CHECK(is_placeholder(" ...\n"));
    CHECK_FALSE(is_placeholder(""));
    CHECK_FALSE(is_placeholder(" "));
    CHECK_FALSE(is_placeholder("No."));
}

TEST_CASE("which question a complete turn asks")
{
    struct row {
        texts added; ///< "" stands for a model turn of the client.
        std::string question;
        texts history;
    };
    const row rows[]{
        {{}, "", {}},
        {{"How ", "are you?"}, "How are you?", {}},
        {{"How are you?", "."}, "How are you?", {}},
        {{"/slow", "How are you?"}, "How are you?", {}},
        {{"Hi", "", "How are you?"}, "How are you?", {"Hi"}},
        {{"Hi", "", "."}, "Hi", {}}, // asked again
        {{"Hi", ""}, "Hi", {}},
        {{".", ""}, ".", {}},
        {{"A", "", "B", ""}, "B", {"A"}},
    };
    for (const auto& row : rows) {
        CAPTURE(row.added);
        user_turns user;
        for (const auto& each : row.added) {
            if (each.empty())
                user.add_model_turn();
            else
                user.add(each);
        }
        CHECK(user.take_question() == row.question);
        CHECK(user.history() == row.history);
        CHECK(user.pending().empty());
        CHECK(user.take_question().empty());
    }
}

TEST_CASE("what was forgotten as unanswered is not asked again")
{
    user_turns user;
    user.add("Hi");
    user.add_model_turn();
    user.forget_unanswered();
    CHECK(user.take_question().empty());
    CHECK(user.history() == texts{"Hi"});
}

TEST_CASE("a complete history is remembered, and asks nothing")
{
    user_turns user({"A"}, "B");
    user.add_model_turn();
    user.add("C");
    user.complete_history();
    CHECK(user.history() == texts{"A", "B", "C"});
    CHECK(user.take_question().empty());
}

TEST_CASE("the newest 50 turns are kept, and of each turn the first 500 bytes")
{
    user_turns user;
    for (int i = 0; i < 60; ++i) user.remember(std::to_string(i));
    user.remember("");
    REQUIRE(user.history().size() == 50);
    CHECK(user.history().front() == "10");
    user.remember(std::string(501, 'x'));
    CHECK(user.history().back().size() == most_words);
    user.add(std::string(300, 'x'));
    user.add(std::string(300, 'x'));
    CHECK(user.pending().size() == most_words);
}

} // namespace user_turns_test
