// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#pragma GCC visibility push(default)
namespace gemini::live {

/// How important a log record is.
enum class log_level {
    trace,   ///< Not used by the library at present.
    debug,   ///< Details, such as a new access token.
    info,    ///< The normal course of events.
    warning, ///< Trouble that the session deals with, such as a lost connection.
    error,   ///< The end of a session that has failed.
    off      ///< As `logger::level`: no records.
};
/// Returns the name as it is spelled in C++, such as "info".
[[nodiscard]] const char* to_string(log_level) noexcept;

/// One fact of a `log_record`.
struct log_field {
    std::string_view name; ///< The fact's name: "attempt".
    /// The fact's value.
    std::variant<std::int64_t, double, bool, std::string_view, std::chrono::milliseconds> value;
};

/// Something that happened, for humans and for programs. Its views are valid during the call of the
/// sink.
struct log_record {
    log_level level = log_level::info; ///< How important it is.
    /// The kind of event: "status_change". docs/logging.md has the list.
    std::string_view event;
    std::string_view message; ///< Human-readable, without the fields: "session reconnecting".
    std::span<const log_field> fields{}; ///< The facts of this record.
};

/// Returns the record as one line:
/// `session reconnecting: attempt=2 delay=500ms resumed=true cause="The server …"`. Line breaks and
/// quotes in a text are escaped.
[[nodiscard]] std::string to_line(const log_record& record);

/// Where the library's log goes. By default nowhere: this library never prints. No record contains
/// a key, token or handle, or text or audio of a conversation.
struct logger {
    log_level level = log_level::info; ///< The lowest level that the sink is called for.
    /// Called on any thread that uses a session or runs the client's executor, also at once, and
    /// mostly while the session is locked. Must not throw and must not use the session. `log_lines`
    /// makes a sink for plain lines.
    std::function<void(const log_record&)> sink{};
    gcc12_guard<logger> guard{}; ///< Do not touch.

    /// True if the sink is called for records of this level.
    [[nodiscard]] bool wants(log_level at) const noexcept { return sink && at >= level; }
};

/// Returns a sink that passes each record as one line:
/// `options.logger.sink = live::log_lines(my_function);`
[[nodiscard]] std::function<void(const log_record&)> log_lines(
    std::function<void(log_level, std::string_view line)> write);

} // namespace gemini::live
#pragma GCC visibility pop
