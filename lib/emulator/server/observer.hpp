// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/emulator_test.cpp
#pragma once

#include <gemini/live/testing/emulator.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

namespace gemini::live::emulator {

/// Reports messages and events to the callbacks of the options.
class observer {
public:
    /// `options` must outlive this.
    explicit observer(const testing::emulator_options& options) : options_(options) {}

    void message(std::size_t client, testing::message_sender from, std::string_view text) const
    {
        if (options_.on_message) options_.on_message({client, from, text});
    }

    template <class... Values>
    void event(fmt::format_string<const Values&...> sentence, const Values&... values) const
    {
        if (options_.on_event) options_.on_event(fmt::format(sentence, values...));
    }

private:
    const testing::emulator_options& options_;
};

} // namespace gemini::live::emulator
