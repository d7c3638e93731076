// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/speech.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <utility>
#include <vector>

namespace gemini::live::emulator {
namespace {

/// The two formants of a vowel, in Hz.
struct vowel {
    char letter;
    double first, second;
};
constexpr vowel vowels[]{{'a', 800, 1200}, {'e', 500, 1900}, {'i', 300, 2300}, {'o', 500, 900},
    {'u', 330, 800}, {'y', 300, 2000}};

struct syllable {
    vowel sound;
    double length; // in seconds
    double pause;  // seconds of silence after it
};

/// Any non-ASCII letter counts as a vowel.
const vowel* find_vowel(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0xc0) return &vowels[byte % std::size(vowels)];
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto* found = std::find_if(std::begin(vowels), std::end(vowels),
        [lower](const vowel& each) { return each.letter == lower; });
    return found == std::end(vowels) ? nullptr : found;
}

std::vector<syllable> syllables_of(std::string_view words)
{
    std::vector<syllable> all;
    bool in_vowel = false;
    for (const char c : words) {
        const auto* sound = find_vowel(c);
        if (sound && !in_vowel)
            all.push_back({*sound, 0.13, 0.02});
        else if (sound)
            all.back().length += 0.04;
        in_vowel = sound != nullptr;
        if (all.empty()) continue;
        if (c == ' ') all.back().pause = std::max(all.back().pause, 0.05);
        if (c == ',' || c == ';' || c == ':') all.back().pause = 0.18;
        if (c == '.' || c == '!' || c == '?') all.back().pause = 0.3;
    }
    if (all.empty()) all.push_back({vowels[0], 0.2, 0.1});
    return all;
}

/// Returns how strongly a resonance at `center` amplifies `frequency`.
double resonance(double frequency, double center) noexcept
{
    const double distance = (frequency - center) / 120.0;
    return 1.0 / (1.0 + distance * distance);
}

constexpr std::size_t wave_points = 256;
/// One period of a sound. The first point is repeated at the end.
using wave = std::array<double, wave_points + 1>;

/// The sound of a vowel sung at `pitch`, in Hz.
wave wave_of(const vowel& sound, double pitch)
{
    constexpr int harmonics = 24;
    double weights[harmonics];
    for (int n = 0; n < harmonics; ++n) {
        const double f = pitch * (n + 1);
        weights[n] = (resonance(f, sound.first) + 0.6 * resonance(f, sound.second) +
                         0.2 * resonance(f, pitch)) /
                     (1.0 + 0.05 * n);
    }
    wave points;
    for (std::size_t i = 0; i < wave_points; ++i) {
        const double phase = 2 * std::numbers::pi * static_cast<double>(i) / wave_points;
        const double turn = 2 * std::cos(phase);
        double before = 0; // sin(n x), each computed from the two before it
        double harmonic = std::sin(phase);
        double sum = 0;
        for (const double weight : weights) {
            sum += weight * harmonic;
            before = std::exchange(harmonic, turn * harmonic - before);
        }
        points[i] = std::tanh(0.5 * sum);
    }
    points.back() = points.front();
    return points;
}

/// How loud a syllable is from its beginning to its end: quick to rise, slow to fall.
wave loudness()
{
    wave points;
    for (std::size_t i = 0; i <= wave_points; ++i) {
        const double through = static_cast<double>(i) / wave_points;
        points[i] = std::sin(std::numbers::pi * std::sqrt(through));
    }
    return points;
}

/// Returns the point at `through` of the wave, from 0 to less than 1.
double point_of(const wave& points, double through) noexcept
{
    const double position = through * wave_points;
    const auto before = static_cast<std::size_t>(position);
    const double part = position - static_cast<double>(before);
    return points[before] + part * (points[before + 1] - points[before]);
}

std::size_t samples_of(double seconds) noexcept
{
    return static_cast<std::size_t>(seconds * speech_rate);
}

/// Writes the sound of a syllable. `phase`: through the period, from 0 to less than 1.
void sing(std::int16_t* to, const syllable& one, double pitch, double& phase)
{
    static const auto envelope = loudness();
    const auto sound = wave_of(one.sound, pitch);
    const auto count = samples_of(one.length);
    const double step = 1.0 / static_cast<double>(count);
    const double periods = pitch / speech_rate; // in a sample
    for (std::size_t i = 0; i < count; ++i) {
        const double at = step * static_cast<double>(i);
        phase += periods * (1.0 - 0.06 * at);
        if (phase >= 1) phase -= 1;
        to[i] = static_cast<std::int16_t>(8000.0 * point_of(envelope, at) * point_of(sound, phase));
    }
}

/// As the wire has samples: the low byte first.
bytes little_endian(const std::vector<std::int16_t>& samples)
{
    bytes pcm(samples.size() * 2);
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(pcm.data(), samples.data(), pcm.size());
    } else {
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const auto value = static_cast<std::uint16_t>(samples[i]);
            pcm[2 * i] = static_cast<std::byte>(value & 0xff);
            pcm[2 * i + 1] = static_cast<std::byte>(value >> 8);
        }
    }
    return pcm;
}

/// Questions rise, sentences fall, and unfinished phrases stay high.
double intonation(char mark, double through)
{
    if (mark == '?') return 1.0 + 0.25 * through * through;
    if (mark == '.' || mark == '!') return 1.05 - 0.2 * through;
    return 1.05 - 0.03 * through;
}

} // namespace

bytes speak(std::string_view words)
{
    const auto syllables = syllables_of(words);
    const auto last = words.find_last_not_of(' ');
    const char mark = last == std::string_view::npos ? ' ' : words[last];
    std::size_t size = 0;
    for (const auto& each : syllables) size += samples_of(each.length) + samples_of(each.pause);
    std::vector<std::int16_t> samples(size);
    auto* to = samples.data();
    double phase = 0;
    for (std::size_t i = 0; i < syllables.size(); ++i) {
        const auto& one = syllables[i];
        const double through = static_cast<double>(i + 1) / static_cast<double>(syllables.size());
        const double melody = 1.0 + 0.10 * std::sin(static_cast<double>(i) * 1.9);
        sing(to, one, 150.0 * melody * intonation(mark, through), phase);
        to += samples_of(one.length) + samples_of(one.pause);
    }
    return little_endian(samples);
}

bool is_loud(std::span<const std::byte> pcm) noexcept
{
    constexpr double threshold = 500; // root mean square, out of 32,768
    double sum = 0;
    const std::size_t count = pcm.size() / 2;
    for (std::size_t i = 0; i < count; ++i) {
        const auto value = static_cast<std::int16_t>(
            std::to_integer<unsigned>(pcm[2 * i]) | std::to_integer<unsigned>(pcm[2 * i + 1]) << 8);
        sum += static_cast<double>(value) * value;
    }
    return count != 0 && std::sqrt(sum / static_cast<double>(count)) > threshold;
}

} // namespace gemini::live::emulator
