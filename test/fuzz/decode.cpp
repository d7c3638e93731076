// SPDX-License-Identifier: Apache-2.0
// Whatever a server sends is a message or errc::malformed_message. A message keeps its text, and
// written again it reads as the same message.
#include "protocol/decode.hpp"
#include "fuzz/pieces.hpp"
#include "protocol/encode.hpp"

#include <gemini/live/error.hpp>

#include <optional>
#include <string>

using namespace gemini::live;

namespace {

std::optional<server_message> decode(std::string_view text)
{
    try {
        return protocol::decode_server_message(base::padded_buffer(text));
    } catch (const error& refused) {
        fuzz::require(refused.value() == errc::malformed_message);
        fuzz::require(!std::string_view(refused.what()).empty());
        return std::nullopt;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto message = decode(text);
    if (!message) return 0;
    fuzz::require(message->raw() == text);

    const auto written = protocol::encode_server_message(message->all());
    const auto again = decode(written);
    fuzz::require(again.has_value());
    fuzz::require(again->text() == message->text());
    fuzz::require(again->audio().size() == message->audio().size());
    fuzz::require(again->turn_complete() == message->turn_complete());
    fuzz::require(protocol::encode_server_message(again->all()) == written);
    return 0;
}
