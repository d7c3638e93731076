// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"

#include "contract/broken_world.hpp"
#include "support/stride.hpp"

#include <algorithm>
#include <iostream>

namespace offsets_test {

// A connection that breaks after its n-th byte, for every n: before, within and after any frame.
using namespace test;

namespace {

/// Sends three texts, answers the model's calls, and reads until the server has consumed
/// everything.
struct talker {
    live::session& session;
    server_record& record;
    std::vector<int> sent{};
    int last_text = 0;

    asio::awaitable<void> say(std::string_view words)
    {
        sent.push_back(last_text = static_cast<int>(sent.size()) + 1);
        const auto text = numbered(last_text, words);
        co_await session.send(text);
    }

    asio::awaitable<void> answer(live::function_call call)
    {
        sent.push_back(static_cast<int>(sent.size()) + 1);
        auto result = live::json::object().add("output", numbered(sent.back(), "sunny"));
        live::function_response response(call, std::move(result));
        co_await session.send_tool_response(std::move(response));
    }

    [[nodiscard]] bool is_done() const
    {
        const auto consumed = numbers_of(record.newest(), false);
        return std::all_of(sent.begin(), sent.end(), [&](int each) {
            return std::find(consumed.begin(), consumed.end(), each) != consumed.end();
        });
    }

    asio::awaitable<void> converse()
    {
        co_await session.connect();
        co_await say("Hello");
        auto greeting = co_await session.turn();
        co_await say("What is the weather in Oslo?");
        auto events = session.events();
        for (bool thanked = false; !thanked || !is_done();) {
            auto event = co_await events.next();
            if (!event) break;
            const auto* message = std::get_if<live::server_message>(&*event);
            if (!message) continue;
            if (const auto& call = message->members().tool_call) {
                for (const auto& each : call->function_calls) co_await answer(each);
            }
            if (!thanked && message->text().find("sunny") != std::string::npos) {
                thanked = true;
                co_await say("Thanks");
            }
        }
        co_await session.close();
    }
};

/// The outcome in words; empty if all went well.
std::string complaint(broken_world& w, const live::client& client)
{
    w.record = {};
    live::session session{client, written()};
    talker user{session, w.record};
    w.run(user.converse());
    const auto judged = compare(user.sent, numbers_of(w.record.newest(), false));
    if (judged.once == judged.sent && judged.reordered == 0) return {};
    return std::to_string(judged.lost) + " lost, " + std::to_string(judged.repeated) +
           " repeated, " + std::to_string(judged.reordered) + " out of order of " +
           std::to_string(judged.sent);
}

/// Tries all, or every n-th, of the first 6000 bytes.
void try_offsets(broken_world& w, std::uint64_t stride)
{
    constexpr std::uint64_t most = 6000;
    w.calling.reconnect.first_connect_attempts = std::nullopt;
    const auto client = w.start();
    REQUIRE(complaint(w, client).empty());
    const auto up = w.relay->passed(way::up);
    const auto down = w.relay->passed(way::down);
    std::size_t tried = 0;
    for (const auto where : {way::up, way::down}) {
        for (const auto what : {trouble::fin, trouble::rst}) {
            const auto end = std::min(most, where == way::up ? up : down);
            for (std::uint64_t after = 0; after < end; after += stride) {
                w.relay->strike_next({what, where, after});
                INFO((what == trouble::fin ? "FIN" : "RST")
                     << " after byte " << after << (where == way::up ? " up" : " down"));
                CHECK(complaint(w, client) == "");
                ++tried;
            }
        }
    }
    std::cout << tried << " conversations were cut, of " << up << " bytes up and " << down
              << " down, every " << stride << ".\n";
}

} // namespace

TEST_CASE("a conversation survives a cut after any byte")
{
    broken_world w;
    try_offsets(w, test::stride_or("OFFSETS_STRIDE", 11));
}

TEST_CASE("a conversation in TLS survives a cut after any byte")
{
    broken_world w;
    w.use_tls();
    try_offsets(w, 7 * test::stride_or("OFFSETS_STRIDE", 11));
}

} // namespace offsets_test
