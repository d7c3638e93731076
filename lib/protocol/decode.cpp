// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"
#include "base/access.hpp"
#include "base/base64.hpp"

#include "protocol/fields.hpp"
#include "protocol/mend.hpp"
#include "protocol/reader.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace gemini::live::protocol {
namespace {

static_assert(base::padded_buffer::padding >= simdjson::SIMDJSON_PADDING);

using sm = server_message_members;

template <class T>
T& ensure(boxed<T>& value)
{
    return value ? *value : value.emplace();
}

/// Members of serverContent that some service messages put at the top level instead.
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

/// Assumed when a goAway does not reveal how much time is left.
constexpr std::chrono::seconds careful_time_left{10};

/// Members whose mere presence carries meaning.
constexpr std::array telling_rules{
    rule<sm>{"goAway",
        [](reader& in, ondemand::value value, sm& to) { in.read(value, ensure(to.go_away)); }},
    rule<sm>{"setupComplete", [](reader& in, ondemand::value value,
                                  sm& to) { in.read(value, ensure(to.setup_complete)); }},
};

constexpr auto message_rules = [] {
    constexpr const auto& regular = rules_for<sm>::value;
    std::array<rule<sm>, telling_rules.size() + regular.size() + stray_rules.size()> all{};
    auto end = std::copy(telling_rules.begin(), telling_rules.end(), all.begin());
    end = std::copy(regular.begin(), regular.end(), end);
    std::copy(stray_rules.begin(), stray_rules.end(), end);
    return all;
}();

/// A parser's tables are several times as large as its largest message, so there is one parser per
/// thread rather than per message or session. It retains nothing of a message.
ondemand::parser& this_threads_parser()
{
    thread_local ondemand::parser parser;
    return parser;
}

/// The base64 values of the message that a thread decodes.
std::vector<base64_value>& this_threads_base64()
{
    constexpr std::size_t usual = 64;
    thread_local std::vector<base64_value> list;
    list.clear();
    if (list.capacity() > usual) list.shrink_to_fit();
    return list;
}

constexpr std::size_t everyday_message = 256 * 1024; // larger ones free their tables
constexpr std::size_t least_tables = 4 * 1024;

} // namespace

// Processes eight characters at a time: not every optimization level vectorizes a plain loop.
std::size_t count_marks(std::string_view text) noexcept
{
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t low_bits = ones * 0x7f;
    const auto count = [](std::uint64_t eight, char mark) {
        const auto other = eight ^ (ones * static_cast<unsigned char>(mark));
        const auto is_other = ((other & low_bits) + low_bits) | other; // in the highest bits
        return (~is_other & ~low_bits) >> 7;                           // 1 in each matching byte
    };
    const auto marks_in = [&count](std::uint64_t eight) {
        const auto each =
            count(eight, ',') + count(eight, ':') + count(eight, '{') + count(eight, '[');
        return each * ones >> 56;
    };
    std::size_t marks = 0;
    std::uint64_t eight = 0;
    for (; text.size() >= sizeof eight; text.remove_prefix(sizeof eight)) {
        std::memcpy(&eight, text.data(), sizeof eight);
        marks += marks_in(eight);
    }
    eight = 0;
    std::memcpy(&eight, text.data(), text.size());
    return marks + marks_in(eight);
}

namespace {

void read_message(base::padded_buffer& text, ondemand::parser& parser, reader& in, sm& into)
{
    if (parser.capacity() < text.size() &&
        parser.allocate(std::max(text.size(), least_tables)) != simdjson::SUCCESS)
        throw std::bad_alloc();
    // simdjson reads beyond the end of a truncated text.
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

void read_message(base::padded_buffer& text, reader& in, sm& into)
{
    if (text.size() <= everyday_message) return read_message(text, this_threads_parser(), in, into);
    // The tables have an entry for each mark, however little the mark contributes to the message.
    if (count_marks(text.view()) > most_marks) throw in.too_rich("members and elements");
    ondemand::parser parser;
    read_message(text, parser, in, into);
}

template <class Is>
bool has_omitted(const sm& message, Is is)
{
    return std::any_of(message.omitted.begin(), message.omitted.end(),
        [&is](const omitted_member& each) { return is(std::string_view(each.path)); });
}

/// Derives what an omitted member would have said from the members that are present.
void make_up_for_omitted(sm& message)
{
    if (message.go_away && has_omitted(message, is_of_go_away))
        message.go_away->time_left = careful_time_left;
    // The service sends a handle only where the session can be resumed.
    auto& update = message.session_resumption_update;
    if (update && has_omitted(message, is_resumable))
        update->resumable = !update->new_handle.empty();
}

/// Reads a faulty message without its faulty parts. Returns nothing if the text is not JSON.
std::optional<sm> read_leniently(std::string_view text, budget budget)
{
    auto mended = mend_json(text);
    if (!mended) return std::nullopt;
    base::padded_buffer sound(mended->text);
    omissions omitted{{}, std::move(mended->cuts), sound.data()};
    reader in(reader::from::server, budget, &omitted);
    sm message;
    try {
        read_message(sound, in, message);
    } catch (const error& refused) {
        if (refused.value() == errc::message_too_big) throw;
        return std::nullopt; // not an object
    }
    message.omitted = std::move(omitted.list);
    make_up_for_omitted(message);
    return message;
}

} // namespace

error malformed_by(const omitted_member& why) { return malformed("server", why); }

decode_limits limits_of_message(std::size_t text) noexcept
{
    constexpr std::size_t least = 64u << 10;
    decode_limits limits;
    limits.memory = std::max(least, text / 2);
    return limits;
}

server_message decode_server_message(base::padded_buffer text, decode_limits limits)
{
    const budget budget{limits.values, limits.memory};
    reader in(reader::from::server, budget);
    auto& base64 = this_threads_base64();
    in.records_base64_of(text.data(), base64);
    if (text.empty()) in.fail("is empty");
    server_message_members members;
    try {
        read_message(text, in, members);
    } catch (const error& refused) {
        if (refused.value() == errc::message_too_big || text.size() > longest_to_mend) throw;
        text = base::padded_buffer(mend_characters(text.view()));
        auto rest = read_leniently(text.view(), budget);
        if (!rest) throw;
        return access::make_message(*std::move(rest), std::move(text), {});
    }
    return access::make_message(std::move(members), std::move(text), base64);
}

} // namespace gemini::live::protocol
