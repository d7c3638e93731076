// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"

#include "protocol/fields.hpp"
#include "protocol/reader.hpp"

#include <gemini/live/error.hpp>

#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

namespace gemini::live::protocol {
namespace {

static_assert(base::padded_buffer::padding >= simdjson::SIMDJSON_PADDING);

using sm = server_message::members;

template <class T>
T& ensure(std::optional<T>& value)
{
    return value ? *value : value.emplace();
}

/// Members of serverContent that stand beside it in some of the service's messages.
constexpr std::array stray_rules{
    rule<sm>{"interactionStatus",
        [](reader& in, ondemand::value value, sm& to) {
            in.read(value, ensure(to.server_content).interaction_status);
        }},
    rule<sm>{"inputTranscription",
        [](reader& in, ondemand::value value, sm& to) {
            in.read(value, ensure(to.server_content).input_transcription);
        }},
    rule<sm>{"outputTranscription",
        [](reader& in, ondemand::value value, sm& to) {
            in.read(value, ensure(to.server_content).output_transcription);
        }},
};

constexpr auto message_rules = [] {
    constexpr const auto& regular = rules_for<sm>::value;
    std::array<rule<sm>, regular.size() + stray_rules.size()> all{};
    std::copy(stray_rules.begin(), stray_rules.end(),
        std::copy(regular.begin(), regular.end(), all.begin()));
    return all;
}();

/// A parser's tables are several times as large as its largest message. So there is one for each
/// thread, not one for each message or session; nothing of a message stays in it.
ondemand::parser& this_threads_parser()
{
    thread_local ondemand::parser parser;
    return parser;
}

constexpr std::size_t everyday_message = 256 * 1024; // larger ones leave no tables behind

void read_message(base::padded_buffer& text, ondemand::parser& parser, reader& in, sm& into)
{
    if (parser.capacity() < text.size() &&
        parser.allocate(std::bit_ceil(text.size())) != simdjson::SUCCESS)
        throw std::bad_alloc();
    // simdjson looks at what follows a text that ends too early
    std::memset(text.data() + text.size(), 0, base::padded_buffer::padding);
    const simdjson::padded_string_view view(
        text.data(), text.size(), text.size() + base::padded_buffer::padding);
    ondemand::document document;
    if (parser.iterate(view).get(document) != simdjson::SUCCESS) in.fail("is not JSON in UTF-8");
    ondemand::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) in.fail("is not a JSON object");
    in.members(object, into, message_rules, &into.unknown);
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        in.fail("goes on behind its end");
}

} // namespace

server_message decode_server_message(base::padded_buffer text)
{
    reader in(reader::from::server);
    if (text.empty()) in.fail("is empty");
    server_message::members members;
    if (text.size() <= everyday_message) {
        read_message(text, this_threads_parser(), in, members);
    } else {
        ondemand::parser parser;
        read_message(text, parser, in, members);
    }
    server_message::text_buffer raw;
    raw.size = text.size();
    raw.bytes = text.release();
    return {std::move(members), std::move(raw)};
}

} // namespace gemini::live::protocol
