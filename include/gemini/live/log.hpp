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

namespace gemini::live {

enum class log_level { trace, debug, info, warning, error, off };
/// "info", as it is spelled in C++.
[[nodiscard]] const char* to_string(log_level) noexcept;

/// One fact of a `log_record`.
struct log_field {
    std::string_view name; ///< "attempt"
    std::variant<std::int64_t, double, bool, std::string_view, std::chrono::milliseconds> value;
};

/// Something that happened, for people and for programs. Its views live as long as the call of the
/// sink.
struct log_record {
    log_level level = log_level::info;
    std::string_view event; ///< What kind of thing: "status_change". docs/logging.md has the list.
    std::string_view message; ///< For people, without the fields: "session reconnecting".
    std::span<const log_field> fields{};
};

/// The record on one line: "session reconnecting: attempt=2 delay=500ms resumed=true
/// cause="The server …"". Line breaks and quotes inside of a text are escaped.
[[nodiscard]] std::string to_line(const log_record& record);

/// Where the library's log goes. The default is nowhere: this library never prints. No record
/// contains a key, token or handle, nor text or audio of a conversation.
struct logger {
    log_level level = log_level::info; ///< The lowest that the sink is called for.
    /// Called from within the session, from any of its executor's threads: must not throw, nor use
    /// the session. For plain lines take `log_lines`.
    std::function<void(const log_record&)> sink{};
    gcc12_guard<logger> guard{}; ///< Not to be touched.

    [[nodiscard]] bool wants(log_level at) const noexcept { return sink && at >= level; }
};

/// A sink for those who want lines: `options.logger.sink = live::log_lines(my_function);`
[[nodiscard]] std::function<void(const log_record&)> log_lines(
    std::function<void(log_level, std::string_view line)> write);

} // namespace gemini::live
