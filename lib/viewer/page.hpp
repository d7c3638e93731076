// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "viewer/conversation.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::viewer {

/// Takes the next piece of a page.
using page_sink = std::function<void(std::string_view)>;

/// Writes a page that shows a recording and needs nothing else: neither files nor a network. `name`
/// is that of the recording; `texts` has the text of each of its lines. What was recorded stands in
/// the page as JSON without "<", so that nothing of it can end an element or begin one.
void write_page(const page_sink& to, const conversation& shown,
    const std::vector<std::string_view>& texts, std::string_view name);

/// Returns a line of a recording as JSON without "<" and line breaks. A line that cannot be read
/// becomes a string.
[[nodiscard]] std::string embedded_line(line_kind kind, std::string_view text);

} // namespace gemini::live::viewer
