// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/music.hpp"

#include "emulator/rules/refusal.hpp"
#include "emulator/rules/text_util.hpp"
#include "emulator/rules/validator.hpp"
#include "protocol/encode.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>
#include <variant>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;
using protocol::json_value;

constexpr auto piece = 500ms;
constexpr auto least_pause = 5ms; // between pieces, at any pace
constexpr int music_rate = 48'000;
constexpr std::size_t piece_samples = music_rate / 2;
constexpr std::string_view model_name = "models/lyria-realtime-exp";
constexpr std::string_view music_type = "audio/l16;rate=48000;channels=2";

/// Words that stand for what the service's filter blocks.
constexpr std::array<std::string_view, 4> filtered{"beatles", "gunshot", "in the style of", "hate"};

/// Reads the numbers of a configuration, each within its range.
class number_reader {
public:
    explicit number_reader(const json_value& config) : config_(config) {}

    template <class Number>
    void read(std::string_view name, double least, double most, std::optional<Number>& into)
    {
        const auto found = find_member(config_, name);
        if (!found) return;
        const auto number = found->number();
        if (number && *number >= least && *number <= most)
            into = static_cast<Number>(*number);
        else if (rule_.empty())
            rule_ = fmt::format(
                "music_generation_config.{}: from {} to {}", snake_case(name), least, most);
    }

    /// Returns the first rule that was broken, or "" if there is none.
    [[nodiscard]] const std::string& broken_rule() const noexcept { return rule_; }

private:
    const json_value& config_;
    std::string rule_{};
};

void read(const json_value& config, std::string_view name, std::optional<bool>& into)
{
    if (const auto found = find_member(config, name)) into = found->boolean();
}

/// Returns the configuration, or the rule that it breaks.
std::variant<music_generation_config, std::string> read_config(const json_value& config)
{
    constexpr double any = 2147483647;
    music_generation_config all;
    number_reader numbers(config);
    numbers.read("temperature", 0, 3, all.temperature);
    numbers.read("topK", 1, 1000, all.top_k);
    numbers.read("seed", -any, any, all.seed);
    numbers.read("guidance", 0, 6, all.guidance);
    numbers.read("bpm", 60, 200, all.bpm);
    numbers.read("density", 0, 1, all.density);
    numbers.read("brightness", 0, 1, all.brightness);
    if (!numbers.broken_rule().empty()) return numbers.broken_rule();
    read(config, "muteBass", all.mute_bass);
    read(config, "muteDrums", all.mute_drums);
    read(config, "onlyBassAndDrums", all.only_bass_and_drums);
    all.scale = open_enum<music_scale>(name_at(config, "scale"));
    all.music_generation_mode =
        open_enum<music_generation_mode>(name_at(config, "musicGenerationMode"));
    return all;
}

// ---- sound

constexpr double loud = 9'000; // peak of one voice, out of 32,767

/// Returns the semitones from C to the root of the scale's major key.
int root_of(const open_enum<music_scale>& scale)
{
    const auto known = scale.known().value_or(music_scale::unspecified);
    return std::max(0, static_cast<int>(known) - static_cast<int>(music_scale::c_major_a_minor));
}

double frequency(int semitones_above_c4) { return 261.63 * std::exp2(semitones_above_c4 / 12.0); }

unsigned mix(unsigned hash, unsigned value) { return (hash ^ value) * 16777619u; }

unsigned hash_of(std::span<const weighted_prompt> prompts)
{
    unsigned hash = 2166136261u;
    for (const auto& prompt : prompts) {
        for (const char c : prompt.text) hash = mix(hash, static_cast<unsigned char>(c));
        hash = mix(hash, static_cast<unsigned>(static_cast<int>(prompt.weight * 100)));
    }
    return hash;
}

/// Hashes a value so that neighboring values have nothing in common.
unsigned scatter(unsigned value)
{
    value = (value ^ (value >> 16)) * 0x45d9f3bu;
    value = (value ^ (value >> 16)) * 0x45d9f3bu;
    return value ^ (value >> 16);
}

double tone(double frequency, double seconds) // NOLINT(bugprone-easily-swappable-parameters)
{
    return std::sin(2 * std::numbers::pi * frequency * seconds);
}

double fading(double seconds, double half_life) { return std::exp2(-seconds / half_life); }

/// A band that plays in half beats.
class band {
public:
    band(std::span<const weighted_prompt> prompts, const music_generation_config& config)
        : config_(config), root_(root_of(config.scale)), hash_(hash_of(prompts)),
          step_(30.0 / config.bpm.value_or(120))
    {
    }

    /// Returns the left and right samples at `seconds` from the start.
    [[nodiscard]] std::pair<double, double> sound(double seconds) const
    {
        const auto step = static_cast<unsigned>(seconds / step_);
        const double since = seconds - step * step_;
        const bool only_rhythm = config_.only_bass_and_drums.value_or(false);
        double middle = 0;
        if (!config_.mute_drums.value_or(false)) middle += drums(step, since);
        if (!config_.mute_bass.value_or(false)) middle += bass(step, since);
        const double lead = only_rhythm ? 0 : melody(step, since);
        const bool to_the_left = step % 4 < 2;
        return {
            middle + lead * (to_the_left ? 1.0 : 0.6), middle + lead * (to_the_left ? 0.6 : 1.0)};
    }

private:
    static double drums(unsigned step, double since)
    {
        if (step % 2 != 0) return 0;
        return loud * tone(70 - 30 * std::min(since * 10, 1.0), since) * fading(since, 0.04);
    }

    [[nodiscard]] double bass(unsigned step, double since) const
    {
        const int fifth = step % 8 < 6 ? 0 : 7;
        return loud * 0.7 * tone(frequency(root_ - 24 + fifth), since) * fading(since, 0.2);
    }

    [[nodiscard]] double melody(unsigned step, double since) const
    {
        constexpr std::array<int, 7> major{0, 2, 4, 5, 7, 9, 11};
        const unsigned turn = scatter(hash_ + step % 16);
        if (turn % 100 >= static_cast<unsigned>(config_.density.value_or(0.7) * 100)) return 0;
        const double pitch = frequency(root_ + major[(turn / 100) % major.size()]);
        const double bright = config_.brightness.value_or(0.3);
        return loud * 0.6 * fading(since, 0.12) *
               (tone(pitch, since) + bright * 0.5 * tone(3 * pitch, since));
    }

    const music_generation_config& config_;
    int root_;
    unsigned hash_;
    double step_; // seconds
};

void append(bytes& pcm, double sample)
{
    const auto value = static_cast<int>(std::clamp(sample, -32'767.0, 32'767.0));
    pcm.push_back(static_cast<std::byte>(value & 0xff));
    pcm.push_back(static_cast<std::byte>((value >> 8) & 0xff));
}

} // namespace

bytes play(std::span<const weighted_prompt> prompts, const music_generation_config& config,
    std::uint64_t position, std::size_t count)
{
    const band playing(prompts, config);
    bytes pcm;
    pcm.reserve(count * 4);
    for (std::size_t i = 0; i < count; ++i) {
        const auto [left, right] = playing.sound(static_cast<double>(position + i) / music_rate);
        append(pcm, left);
        append(pcm, right);
    }
    return pcm;
}

music::music(emulator::route route, std::string api_key, double pace)
    : route_(std::move(route)), api_key_(std::move(api_key)), pace_(std::max(0.0, pace)),
      due_(setup_deadline)
{
}

void music::refuse(refusal why)
{
    over_ = true;
    due_.reset();
    out_.close.emplace(why.code, shortened(why.reason, most_close_reason));
    out_.rule = std::move(why.rule);
}

void music::emit(const server_message_members& message)
{
    out_.messages.push_back(protocol::encode_server_message(message));
}

actions music::on_message(std::string_view text, moment now)
{
    now_ = now;
    out_ = {};
    if (over_) return {};
    try {
        const auto message = json_value::parse(text);
        auto why = credentials_fault(route_, api_key_);
        if (!why)
            if (auto fault = find_music_fault(message)) why.emplace(1007, std::move(*fault));
        if (!why) why = hear_message(message);
        if (why) refuse(std::move(*why));
    } catch (const error&) {
        refuse(not_json());
    }
    return std::move(out_);
}

std::optional<refusal> music::hear_message(const json_value& message)
{
    const auto setup = find_member(message, "setup");
    if (setup.has_value() == set_up_)
        return invalid_argument("setup: the first message, and no other");
    if (setup) {
        const auto model = text_at(*setup, "model");
        if (model != model_name) return no_such_model(model, route_.version);
        set_up_ = true;
        due_.reset();
        server_message_members complete;
        complete.setup_complete.emplace();
        emit(complete);
    } else if (const auto content = find_member(message, "clientContent")) {
        return hear_prompts(*content);
    } else if (const auto config = find_member(message, "musicGenerationConfig")) {
        auto read = read_config(*config);
        if (const auto* rule = std::get_if<std::string>(&read)) return invalid_argument(*rule);
        config_ = std::get<music_generation_config>(std::move(read));
    } else if (find_member(message, "playbackControl")) {
        control(name_at(message, "playbackControl"));
    } else {
        return invalid_argument("message: has none of its members");
    }
    return std::nullopt;
}

/// New prompts replace the previous ones.
std::optional<refusal> music::hear_prompts(const json_value& content)
{
    const auto list = find_member(content, "weightedPrompts");
    const auto given = list ? list->elements() : std::vector<json_value>();
    if (given.empty()) return invalid_argument("client_content.weighted_prompts: at least one");
    std::vector<weighted_prompt> taken;
    for (const auto& each : given) {
        const auto weight = find_member(each, "weight");
        const double value = weight ? weight->number().value_or(0) : 0;
        if (value == 0)
            return invalid_argument("client_content.weighted_prompts.weight: other than 0");
        const auto text = text_at(each, "text");
        if (!says_any(lower(text), filtered)) {
            taken.emplace_back(text, value);
            continue;
        }
        server_message_members told;
        told.filtered_prompt = filtered_prompt{text, "The prompt is not permitted."};
        emit(told);
    }
    prompts_ = std::move(taken);
    return std::nullopt;
}

void music::control(std::string_view playback)
{
    if (playback == "PLAY" && !due_) due_ = now_;
    if (playback == "PAUSE" || playback == "STOP") due_.reset();
    if (playback == "STOP") position_ = 0;
    if (playback == "STOP" || playback == "RESET_CONTEXT") context_ = config_;
}

void music::play_on()
{
    auto heard = config_;
    heard.bpm = context_.bpm;
    heard.scale = context_.scale;
    server_message_members message;
    auto& chunk = message.server_content.emplace().audio_chunks.emplace_back();
    chunk.mime_type = music_type;
    chunk.data = play(prompts_, heard, position_, piece_samples);
    auto& source = chunk.source_metadata.emplace();
    source.weighted_prompts = prompts_;
    source.music_generation_config = std::move(heard);
    emit(message);
    position_ += piece_samples;
}

actions music::on_timer(moment now)
{
    now_ = now;
    out_ = {};
    if (!due_ || *due_ > now) return {};
    if (!set_up_) {
        refuse(too_late());
        return std::move(out_);
    }
    play_on();
    const auto pause = std::chrono::duration_cast<moment>(piece * pace_);
    due_ = std::max(*due_ + std::max<moment>(pause, least_pause), now);
    return std::move(out_);
}

std::optional<moment> music::next_timer() const { return due_; }

} // namespace gemini::live::emulator
