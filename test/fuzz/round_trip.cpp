// SPDX-License-Identifier: Apache-2.0
// What was read and written again reads as the same: messages of either side for either backend,
// durations and times.
#include "fuzz/pieces.hpp"
#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/timestamp.hpp"
#include "support/client_codec.hpp"

#include <gemini/live/error.hpp>

#include <optional>
#include <string>

using namespace gemini::live;

namespace {

server_message_members decode_server(std::string_view text)
{
    auto members = protocol::decode_server_message(base::padded_buffer(text)).members();
    members.unknown.clear(); // not written
    members.omitted.clear();
    return members;
}

std::string encode_server(const server_message_members& members, backend backend)
{
    return protocol::encode_server_message(members, backend);
}

std::string encode_client(const protocol::client_message& message, backend backend)
{
    return std::string(test::encode_client_message(message, backend).view());
}

/// The result of `work`, unless it throws this error.
template <class Work>
auto unless(errc expected, Work work) -> std::optional<decltype(work())>
{
    try {
        return work();
    } catch (const error& thrown) {
        fuzz::require(thrown.value() == expected);
        return std::nullopt;
    }
}

template <class Decode, class Encode>
void there_and_back(std::string_view text, Decode decode, Encode encode)
{
    const auto message = unless(errc::malformed_message, [&] { return decode(text); });
    if (!message) return;
    for (const auto backend : {backend::gemini_api, backend::vertex_ai}) {
        // a member may belong to the other backend
        const auto written =
            unless(errc::invalid_argument, [&] { return encode(*message, backend); });
        if (!written) continue;
        const auto again = decode(*written);
        // NaN does not equal itself
        fuzz::require(again == *message || encode(again, backend) == *written);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    there_and_back(text, decode_server, encode_server);
    there_and_back(text, test::decode_client_message, encode_client);
    if (const auto read = protocol::parse_duration(text))
        fuzz::require(protocol::parse_duration(protocol::duration_text(*read)) == read);
    if (const auto read = protocol::parse_timestamp(text))
        fuzz::require(protocol::parse_timestamp(protocol::timestamp_text(*read)) == read);
    return 0;
}
