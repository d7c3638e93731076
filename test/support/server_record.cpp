// SPDX-License-Identifier: Apache-2.0
#include "support/server_record.hpp"

#include <gemini/live/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace test {

namespace live = gemini::live;

namespace {

int number_in(std::string_view text)
{
    int number = 0;
    const auto at = text.find('#');
    if (at != std::string_view::npos)
        std::from_chars(text.data() + at + 1, text.data() + text.size(), number);
    return number;
}

constexpr std::size_t digits = 4; // of a number in audio: a byte in each of the first samples

int number_of_sound(std::string_view base64)
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<std::uint8_t, 2 * digits> bytes{};
    std::uint32_t bits = 0;
    for (std::size_t i = 0, size = 0; size < bytes.size() && i < base64.size(); ++i) {
        bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(base64[i]) & 63);
        constexpr std::array<unsigned, 4> left{8, 4, 2, 0}; // bits that do not make a byte yet
        if (i % 4 != 0) bytes[size++] = static_cast<std::uint8_t>(bits >> left[i % 4]);
    }
    int number = 0;
    for (std::size_t i = digits; i-- > 0;) number = number << 8 | bytes[2 * i];
    return number;
}

} // namespace

std::string numbered(int number, std::string_view text)
{
    return '#' + std::to_string(number) + ' ' + std::string(text);
}

std::vector<std::int16_t> numbered_sound(int number, std::vector<std::int16_t> pcm)
{
    for (std::size_t i = 0; i < digits; ++i)
        pcm.at(i) = static_cast<std::int16_t>(number >> (8 * i) & 0xff);
    return pcm;
}

void server_record::note(const live::testing::emulator_message& message)
{
    const auto text = message.text;
    auto& on = connections_[message.client];
    if (message.from == live::testing::message_sender::server) {
        if (text.find("sessionResumptionUpdate") == std::string_view::npos) return;
        const live::json update{std::string(text)};
        const auto handle = update.find_string("/sessionResumptionUpdate/newHandle");
        if (!handle) return;
        const auto index =
            update.find_string("/sessionResumptionUpdate/lastConsumedClientMessageIndex");
        const auto length = index ? std::stoul(*index) : on.entries.size();
        handles_[*handle] = {message.client, length};
        return;
    }
    if (!on.set_up) {
        on.set_up = true;
        const auto handle =
            live::json{std::string(text)}.find_string("/setup/sessionResumption/handle");
        const auto known = handle ? handles_.find(*handle) : handles_.end();
        if (known == handles_.end()) return;
        on.parent = known->second.client;
        on.parent_length = known->second.length;
        return;
    }
    const auto sound = live::json{std::string(text)}.find_string("/realtimeInput/audio/data");
    on.entries.push_back({sound.has_value(), sound ? number_of_sound(*sound) : number_in(text)});
}

std::vector<server_record::entry> server_record::newest() const
{
    if (connections_.empty()) return {};
    std::vector<std::pair<const connection*, std::size_t>> line; // the newest first
    const auto* last = &connections_.rbegin()->second;
    for (auto length = last->entries.size(); last;) {
        line.emplace_back(last, length);
        length = last->parent_length;
        const auto parent = connections_.find(last->parent);
        last = parent == connections_.end() ? nullptr : &parent->second;
    }
    std::vector<entry> all;
    for (auto each = line.rbegin(); each != line.rend(); ++each) {
        const auto& entries = each->first->entries;
        const auto end = std::min(each->second, entries.size());
        all.insert(all.end(), entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return all;
}

verdict compare(const std::vector<int>& sent, const std::vector<int>& consumed)
{
    verdict result;
    result.sent = sent.size();
    std::map<int, std::size_t> times;
    int highest = 0;
    for (const int each : consumed) {
        if (++times[each] == 1 && each < highest) ++result.reordered;
        highest = std::max(highest, each);
    }
    for (const int each : sent) {
        const auto found = times.find(each);
        if (found == times.end())
            ++result.lost;
        else if (found->second == 1)
            ++result.once;
        else
            ++result.repeated;
    }
    return result;
}

std::vector<int> numbers_of(const std::vector<server_record::entry>& record, bool sound)
{
    std::vector<int> numbers;
    for (const auto& each : record)
        if (each.sound == sound && each.number != 0) numbers.push_back(each.number);
    return numbers;
}

} // namespace test
