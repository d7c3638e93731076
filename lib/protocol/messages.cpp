// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/decode_test.cpp, test/unit/protocol/footprint_test.cpp
#include <gemini/live/messages.hpp>

#include "base/access.hpp"
#include "base/base64.hpp"
#include "base/media_type.hpp"
#include "protocol/base64_value.hpp"
#include "protocol/encode.hpp"
#include "protocol/footprint.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

namespace gemini::live {

namespace {

bool is_sound(const part& each)
{
    return each.inline_data && base::is_of_type(each.inline_data->mime_type, "audio");
}

} // namespace

/// A message. Behind it, in the same block of memory, stand its gaps and, unless it is long, its
/// text: the JSON without the base64 whose bytes the members have.
struct server_message::state {
    using gap = protocol::base64_value; // before this character of the text there was base64

    struct room {
        std::size_t behind;
    };
    static void* operator new(std::size_t size, room extra)
    {
        return ::operator new(size + extra.behind);
    }
    static void operator delete(void* memory) noexcept { ::operator delete(memory); }
    static void operator delete(void* memory, room) noexcept { ::operator delete(memory); }

    state(server_message_members members, base::padded_buffer whole,
        std::span<const protocol::base64_value> base64);

    [[nodiscard]] static std::unique_ptr<state> make(server_message_members members,
        base::padded_buffer text, std::span<const protocol::base64_value> base64);
    [[nodiscard]] static bool keeps_buffer(
        const base::padded_buffer& text, std::span<const protocol::base64_value> base64) noexcept;
    void cut(std::string_view whole, std::span<const protocol::base64_value> base64) noexcept;
    void make_whole();

    /// Passes each piece of audio to `see`.
    template <class See>
    void for_each_sound(See see) const
    {
        const auto& content = parts.server_content;
        if (!content) return;
        for (const auto& each : content->audio_chunks) see(each.data);
        if (!content->model_turn) return;
        for (const auto& each : content->model_turn->parts)
            if (is_sound(each)) see(each.inline_data->data);
    }

    server_message_members parts;
    std::string_view text{};
    std::span<gap> gaps{};
    base::block memory{};                  // of a text that does not stand behind
    std::unique_ptr<bytes> joined_audio{}; // set if there is more than one piece
    std::uint64_t epoch = 0;
};

/// Whether a text stays where it was received, which costs little memory and no copy.
bool server_message::state::keeps_buffer(
    const base::padded_buffer& text, std::span<const protocol::base64_value> base64) noexcept
{
    constexpr std::size_t least = 4096; // shorter ones are copied, and the buffer serves again
    constexpr std::size_t most_unused = base::padded_buffer::padding + 64;
    return base64.empty() && text.size() >= least && text.allocated() - text.size() <= most_unused;
}

std::unique_ptr<server_message::state> server_message::state::make(server_message_members members,
    base::padded_buffer text, std::span<const protocol::base64_value> base64)
{
    room extra{base64.size_bytes()};
    if (!keeps_buffer(text, base64)) extra.behind += text.size();
    for (const auto& each : base64) extra.behind -= base::base64_size(each.decoded.size());
    return std::unique_ptr<state>(new (extra) state(std::move(members), std::move(text), base64));
}

server_message::state::state(server_message_members members, base::padded_buffer whole,
    std::span<const protocol::base64_value> base64)
    : parts(std::move(members))
{
    if (!keeps_buffer(whole, base64)) {
        cut(whole.view(), base64);
        return;
    }
    text = whole.view();
    memory = whole.release();
}

/// Copies the gaps and what is left of the text.
void server_message::state::cut(
    std::string_view whole, std::span<const protocol::base64_value> base64) noexcept
{
    auto* const first = reinterpret_cast<gap*>(this + 1);
    auto* const begin = reinterpret_cast<char*>(first + base64.size());
    auto* to = begin;
    std::size_t from = 0;
    gaps = {first, base64.size()};
    for (std::size_t i = 0; i < base64.size(); ++i) {
        to = std::copy(whole.begin() + from, whole.begin() + base64[i].at, to);
        from = base64[i].at + base::base64_size(base64[i].decoded.size());
        new (first + i) gap{static_cast<std::size_t>(to - begin), base64[i].decoded};
    }
    to = std::copy(whole.begin() + from, whole.end(), to);
    text = {begin, static_cast<std::size_t>(to - begin)};
}

/// Puts the base64 back into the text.
void server_message::state::make_whole()
{
    auto size = text.size();
    for (const auto& each : gaps) size += base::base64_size(each.decoded.size());
    base::block whole(size);
    const char* from = text.data();
    char* to = whole.data();
    for (const auto& each : gaps) {
        const char* const end = text.data() + each.at;
        to = std::copy(from, end, to);
        base::base64_encode(each.decoded, to);
        to += base::base64_size(each.decoded.size());
        from = end;
    }
    std::copy(from, text.data() + text.size(), to);
    gaps = {};
    text = {whole.data(), size};
    memory = std::move(whole);
}

server_message access::make_message(server_message_members members, base::padded_buffer text,
    std::span<const protocol::base64_value> base64)
{
    auto made = server_message::state::make(std::move(members), std::move(text), base64);
    std::size_t pieces = 0, size = 0;
    made->for_each_sound([&](const bytes& piece) {
        pieces += piece.empty() ? 0 : 1;
        size += piece.size();
    });
    if (pieces > 1) {
        auto joined = std::make_unique<bytes>();
        joined->reserve(size);
        made->for_each_sound(
            [&](const bytes& piece) { joined->insert(joined->end(), piece.begin(), piece.end()); });
        made->joined_audio = std::move(joined);
    }
    return server_message(std::move(made));
}

server_message::server_message(std::unique_ptr<state> from) noexcept : state_(std::move(from)) {}

server_message::server_message(server_message&&) noexcept = default;
server_message& server_message::operator=(server_message&&) noexcept = default;
server_message::~server_message() = default;

const server_message_members& server_message::members() const noexcept { return state_->parts; }

namespace {

std::string join_text(const server_message_members& parts, bool thoughts)
{
    std::string joined;
    if (!parts.server_content || !parts.server_content->model_turn) return joined;
    for (const auto& each : parts.server_content->model_turn->parts)
        if (each.text && each.thought == thoughts) joined += *each.text;
    return joined;
}

} // namespace

std::string server_message::text() const { return join_text(state_->parts, false); }

std::string server_message::thought_text() const { return join_text(state_->parts, true); }

std::span<const std::byte> server_message::audio() const noexcept
{
    if (state_->joined_audio) return *state_->joined_audio;
    std::span<const std::byte> only;
    state_->for_each_sound([&only](const bytes& piece) {
        if (!piece.empty()) only = piece;
    });
    return only;
}

std::vector<std::int16_t> server_message::samples() const
{
    const auto from = audio();
    std::vector<std::int16_t> samples(from.size() / 2);
    std::memcpy(samples.data(), from.data(), samples.size() * 2);
    if constexpr (std::endian::native == std::endian::big)
        for (auto& each : samples) each = static_cast<std::int16_t>(__builtin_bswap16(each));
    return samples;
}

void access::drop_audio(server_message& message) noexcept
{
    using gap = protocol::base64_value;
    auto& state = *message.state_;
    state.joined_audio.reset();
    auto& gaps = state.gaps;
    const auto address = [](const gap& each) { return each.decoded.data(); };
    std::ranges::sort(gaps, std::less<>{}, address);
    state.for_each_sound([&](const bytes& piece) {
        const auto found = std::ranges::lower_bound(gaps, piece.data(), std::less<>{}, address);
        if (found != gaps.end() && address(*found) == piece.data())
            found->decoded = found->decoded.first(0);
    });
    const auto gone =
        std::ranges::remove_if(gaps, [](const gap& each) { return each.decoded.empty(); });
    gaps = gaps.first(gaps.size() - gone.size());
    std::ranges::sort(gaps, std::less<>{}, &gap::at);
    auto& content = state.parts.server_content;
    if (!content) return;
    content->audio_chunks.clear();
    if (!content->model_turn) return;
    std::erase_if(content->model_turn->parts, is_sound);
    if (content->model_turn->parts.empty()) content->model_turn.reset();
}

std::string_view server_message::output_transcription() const noexcept
{
    const auto& content = state_->parts.server_content;
    if (!content || !content->output_transcription) return {};
    return content->output_transcription->text;
}

std::string_view server_message::input_transcription() const noexcept
{
    const auto& content = state_->parts.server_content;
    if (!content || !content->input_transcription) return {};
    return content->input_transcription->text;
}

bool server_message::turn_complete() const noexcept
{
    const auto& content = state_->parts.server_content;
    return content && content->turn_complete &&
           content->interaction_status != interaction_status::in_progress;
}

bool server_message::interrupted() const noexcept
{
    const auto& content = state_->parts.server_content;
    return content && content->interrupted;
}

std::span<const function_call> server_message::function_calls() const noexcept
{
    if (!state_->parts.tool_call) return {};
    return state_->parts.tool_call->function_calls;
}

std::string_view server_message::raw() const
{
    if (!state_->gaps.empty()) state_->make_whole();
    return state_->text;
}

std::size_t server_message::footprint() const noexcept
{
    using protocol::allocation;
    using protocol::footprint;
    const auto& all = state_->parts;
    auto sum = sizeof(state) + allocation + footprint(all) + footprint(all.unknown) +
               footprint(all.omitted) + state_->text.size() + state_->gaps.size_bytes();
    if (state_->memory) sum += allocation;
    if (const auto& joined = state_->joined_audio)
        sum += sizeof(bytes) + allocation + footprint(*joined);
    return sum;
}

std::uint64_t server_message::epoch() const noexcept { return state_->epoch; }

void access::set_epoch(server_message& message, std::uint64_t number) noexcept
{
    message.state_->epoch = number;
}

realtime_input realtime_input::audio(std::span<const std::byte> pcm, int rate)
{
    if (!pcm.empty()) protocol::check_samples(pcm);
    realtime_input_members all;
    all.audio.emplace(protocol::pcm_mime_type(rate), bytes(pcm.begin(), pcm.end()));
    return realtime_input(std::move(all));
}

realtime_input realtime_input::video(std::span<const std::byte> picture, std::string mime_type)
{
    realtime_input_members all;
    all.video.emplace(std::move(mime_type), bytes(picture.begin(), picture.end()));
    return realtime_input(std::move(all));
}

realtime_input realtime_input::text(std::string text)
{
    realtime_input_members all;
    all.text = std::move(text);
    return realtime_input(std::move(all));
}

realtime_input realtime_input::activity_start()
{
    realtime_input_members all;
    all.activity_start.emplace();
    return realtime_input(std::move(all));
}

realtime_input realtime_input::activity_end()
{
    realtime_input_members all;
    all.activity_end.emplace();
    return realtime_input(std::move(all));
}

realtime_input realtime_input::audio_stream_end()
{
    realtime_input_members all;
    all.audio_stream_end = true;
    return realtime_input(std::move(all));
}

} // namespace gemini::live
