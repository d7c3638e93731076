// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace test {

/// test/summary.py looks for secrets in all that the programs of the tests print; this is one.
inline constexpr const char* secret_key = "canary-key";
inline constexpr const char* secret_token = "canary-token";

inline void tell(std::string_view line)
{
    const auto whole = std::string(line) + '\n';
    std::fputs(whole.c_str(), stderr);
}

/// Has clients tell all that they can.
inline void make_loud(gemini::live::client_options& options)
{
    options.logger.level = gemini::live::log_level::trace;
    options.logger.sink =
        gemini::live::log_lines([](gemini::live::log_level, std::string_view line) { tell(line); });
    options.tap.sink = tell;
}

} // namespace test
