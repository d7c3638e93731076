// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::mcp {

/// Reads a stream of server-sent events in pieces, wherever they are cut, by the HTML standard. Of
/// their types only `message` is returned. Pure.
class event_stream {
public:
    static constexpr std::size_t longest_id = 1'024; ///< Bytes; longer ones are ignored.
    /// Longer times to wait count as this one.
    static constexpr std::chrono::milliseconds longest_retry{600'000};

    /// `most`: bytes of an event.
    explicit event_stream(std::size_t most) noexcept : most_(most) {}

    /// Returns the data of the events that end in this piece, without those that have none.
    [[nodiscard]] std::vector<std::string> feed(std::string_view piece);

    /// Whether an event was longer than the bound. Nothing more is read then.
    [[nodiscard]] bool is_too_long() const noexcept { return is_too_long_; }
    /// Where to continue after the end of the stream; empty: unknown.
    [[nodiscard]] const std::string& last_event_id() const noexcept { return id_; }
    /// How long the server wants a client to wait before it continues.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }
    /// Forgets what has arrived of an event, as at the end of a stream.
    void restart() noexcept;

private:
    void read_line(std::vector<std::string>& events);
    void read_field(std::string_view name, std::string_view value);

    std::size_t most_;
    std::string line_{};
    bool after_return_ = false; ///< A line feed now belongs to the line before.
    bool at_start_ = true;
    std::string type_{};
    std::string data_{};
    std::string next_id_{}; ///< Becomes `id_` with the event.
    std::string id_{};
    std::optional<std::chrono::milliseconds> retry_{};
    bool is_too_long_ = false;
};

} // namespace gemini::live::mcp
