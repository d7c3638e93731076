// SPDX-License-Identifier: Apache-2.0
// What a server of tools sends: a stream of events, wherever it is cut, and the messages in it.
#include "fuzz/pieces.hpp"
#include "mcp/event_stream.hpp"
#include "mcp/json_rpc.hpp"
#include "mcp/tool_messages.hpp"

#include <gemini/live/error.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace gemini::live;

namespace {

constexpr std::size_t most = 4'096;

/// What has come of a stream; a bound that was passed makes the rest meaningless.
struct outcome {
    void take(std::string_view piece)
    {
        for (auto& each : stream.feed(piece)) events.push_back(std::move(each));
    }

    mcp::event_stream stream{most};
    std::vector<std::string> events{};
};

/// Whatever it is, it is read or refused as malformed.
template <class Read>
void read(Read how)
{
    try {
        how();
    } catch (const error& refused) {
        const auto why = refused.value();
        fuzz::require(why == errc::malformed_message || why == errc::rejected);
    }
}

void read_message(std::string_view text)
{
    const auto all = mcp::read_messages(text);
    for (const auto& each : all.notifications)
        if (each.params) static_cast<void>(mcp::read_progress(*each.params));
    for (const auto& each : all.requests)
        static_cast<void>(mcp::read_messages(mcp::method_not_found_text(each.id, each.method)));
    for (const auto& each : all.answers) {
        if (!each.result) continue;
        read([&] { static_cast<void>(mcp::read_server_info(*each.result)); });
        read([&] { static_cast<void>(mcp::read_tool_page(*each.result)); });
        read([&] { static_cast<void>(mcp::read_call_result(*each.result)); });
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    outcome whole;
    whole.take(text);
    for (const std::size_t longest : {std::size_t{1}, std::size_t{9}, size}) {
        outcome cut;
        fuzz::in_pieces(
            text, data[0], longest, [&cut](std::string_view piece) { cut.take(piece); });
        fuzz::require(cut.stream.is_too_long() == whole.stream.is_too_long());
        fuzz::require(cut.events == whole.events);
        fuzz::require(cut.stream.last_event_id() == whole.stream.last_event_id());
        fuzz::require(cut.stream.retry() == whole.stream.retry());
    }
    for (const auto& each : whole.events) read([&] { read_message(each); });
    read([&] { read_message(text); });
    return 0;
}
