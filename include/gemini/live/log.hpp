// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

namespace gemini::live {

enum class log_level { trace, debug, info, warning, error, off };

/// Where the library's log lines go. The default is nowhere: this library never prints.
/// Lines contain no key, token, handle, and no text or audio of a conversation.
struct logger {
    log_level level = log_level::info;
    std::function<void(log_level, std::string_view)>
        sink{}; ///< Called on the session's executor; must not throw.

    [[nodiscard]] bool wants(log_level at) const noexcept { return sink && at >= level; }
};

} // namespace gemini::live
