// SPDX-License-Identifier: Apache-2.0
#include "emulator/script/recording.hpp"

#include "protocol/redact.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;
using std::chrono::milliseconds;

[[noreturn]] void fail(int line, std::string_view why)
{
    throw error(errc::invalid_argument, fmt::format("Line {} of the recording: it {}.", line, why));
}

bool is_media(std::string_view kind)
{
    return kind == "realtimeInput.audio" || kind == "realtimeInput.video" ||
           kind == "realtimeInput.mediaChunks";
}

/// Returns "clientContent" or "realtimeInput.text", or "" if it is not a message.
std::string kind_of(const json_value& message)
{
    const auto members = message.members();
    if (members.empty()) return {};
    const auto& [name, value] = members.front();
    if (name != "realtimeInput" || value.members().empty()) return name;
    return name + '.' + value.members().front().first;
}

/// Writes the part for one connection, line by line.
class part_writer {
public:
    part_writer(milliseconds begin, double pace) : last_(begin), pace_(pace) {}

    void heard(int line, milliseconds at, std::string kind)
    {
        if (is_media(kind)) {
            if (!waits_ && !media_) media_.emplace(step_for(line, std::move(kind)), at);
            return;
        }
        media_.reset();
        waits_ = true;
        add(step_for(line, std::move(kind)));
        last_ = at;
    }

    void said(int line, milliseconds at, std::string message)
    {
        act(line, at, send_step{std::move(message)});
    }

    template <class Step>
    void ended(int line, milliseconds at, Step how)
    {
        act(line, at, std::move(how));
        over_ = true;
    }

    [[nodiscard]] std::vector<step> take() &&
    {
        if (!over_) add({0, stall_step{}}); // until the client disconnects
        return std::move(steps_);
    }

private:
    static step step_for(int line, std::string kind)
    {
        return {line, expect_step{json_value::parse("{}"), true, std::move(kind)}};
    }

    template <class Step>
    void act(int line, milliseconds at, Step what)
    {
        if (media_) {
            last_ = media_->second;
            add(std::move(media_->first));
        }
        media_.reset();
        waits_ = false;
        const std::chrono::duration<double, std::milli> pause((at - last_).count() * pace_);
        if (pause.count() >= 1)
            add({line, wait_step{std::chrono::duration_cast<milliseconds>(pause)}});
        add({line, std::move(what)});
        last_ = at;
    }

    void add(step next)
    {
        if (!over_) steps_.push_back(std::move(next));
    }

    milliseconds last_; ///< When the server last had a reason to act.
    double pace_;
    bool waits_ = false; ///< For a message other than media, since the server last sent one.
    std::optional<std::pair<step, milliseconds>> media_{};
    bool over_ = false;
    std::vector<step> steps_{};
};

/// One line of a recording.
class entry {
public:
    entry(int line, std::string_view text) : line_(line), all_(parse(line, text))
    {
        if (!all_.is_object()) fail(line, "is not a JSON object");
        const auto at = whole("at");
        const auto connection = whole("connection");
        if (!at || *at < 0) fail(line, "has no time \"at\"");
        if (!connection || *connection < 1) fail(line, "has no number of a connection");
        at_ = milliseconds(*at);
        connection_ = *connection;
    }

    [[nodiscard]] int line() const noexcept { return line_; }
    [[nodiscard]] milliseconds at() const noexcept { return at_; }
    [[nodiscard]] std::int64_t connection() const noexcept { return connection_; }
    [[nodiscard]] std::optional<json_value> find(std::string_view name) const
    {
        return all_.find(name);
    }
    [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name) const
    {
        const auto value = all_.find(name);
        return value ? value->integer() : std::nullopt;
    }

private:
    static json_value parse(int line, std::string_view text)
    {
        try {
            return json_value::parse(text);
        } catch (const error&) {
            fail(line, "is not JSON");
        }
    }

    int line_;
    json_value all_;
    milliseconds at_{};
    std::int64_t connection_ = 0;
};

refuse_upgrade refusal_of(const entry& from)
{
    refuse_upgrade refusal;
    const auto status = from.whole("refused");
    if (!status || *status < 300 || *status > 599)
        fail(from.line(), "has no HTTP status from 300 to 599");
    refusal.status = static_cast<int>(*status);
    if (const auto after = from.whole("retry_after"))
        refusal.headers.emplace_back("retry-after", std::to_string(*after));
    return refusal;
}

close_step close_of(const entry& from)
{
    const auto code = from.whole("closed").value_or(0);
    const auto reason = from.find("reason");
    auto words = reason ? reason->string().value_or("") : "";
    constexpr std::size_t longest = 123;
    if (words.size() > longest) words.clear(); // removing secrets may have made it longer
    const bool can_be_sent = code >= 1000 && code <= 4999 && code != 1005 && code != 1006;
    return {can_be_sent ? static_cast<std::uint16_t>(code) : std::uint16_t{1011}, std::move(words)};
}

/// All connections of a recording.
class recording_reader {
public:
    explicit recording_reader(double pace) : pace_(pace) {}

    void read(const entry& next)
    {
        const auto number = next.connection();
        if (next.find("failed")) return;
        if (next.find("refused")) {
            refusals_.emplace(number, refusal_of(next));
            return;
        }
        if (refusals_.contains(number))
            fail(next.line(), "speaks of a connection that was refused");
        auto& part = parts_.try_emplace(number, next.at(), pace_).first->second;
        if (const auto sent = next.find("sent")) {
            part.heard(next.line(), next.at(), kind_of(*sent));
        } else if (const auto received = next.find("received")) {
            part.said(next.line(), next.at(), protocol::with_blank_media(*received));
        } else if (next.find("malformed")) {
            part.said(next.line(), next.at(), "{");
        } else if (next.find("closed")) {
            part.ended(next.line(), next.at(), close_of(next));
        } else if (next.find("lost")) {
            part.ended(next.line(), next.at(), drop_step{});
        } else if (!next.find("opened") && !next.find("left")) {
            fail(next.line(), "says nothing that a recording says");
        }
    }

    /// By the numbers that the emulator will assign.
    [[nodiscard]] script take() &&
    {
        std::map<std::int64_t, connection_script> in_order;
        for (auto& [number, refusal] : refusals_) in_order.emplace(number, std::move(refusal));
        for (auto& [number, steps] : parts_) in_order.emplace(number, std::move(steps).take());
        std::map<std::size_t, connection_script> counted;
        for (auto& each : in_order) counted.emplace(counted.size() + 1, std::move(each.second));
        return script::of(std::move(counted));
    }

private:
    double pace_;
    std::map<std::int64_t, refuse_upgrade> refusals_{};
    std::map<std::int64_t, part_writer> parts_{};
};

} // namespace

script read_recording(std::string_view text, double pace)
{
    if (text.size() > max_recording) {
        throw error(errc::invalid_argument,
            fmt::format("The recording is too long: {} bytes, {} are the most.", text.size(),
                max_recording));
    }
    recording_reader reader(pace);
    for (int line = 1; !text.empty(); ++line) {
        const auto size = std::min(text.find('\n'), text.size());
        const auto content = text.substr(0, size);
        text.remove_prefix(std::min(size + 1, text.size()));
        if (content.find_first_not_of(" \t\r") != std::string_view::npos)
            reader.read(entry(line, content));
    }
    return std::move(reader).take();
}

} // namespace gemini::live::emulator
