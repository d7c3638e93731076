// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/viewer/page_test.cpp
#pragma once

#include <string_view>

namespace gemini::live::viewer {

/// What stands in a page before and after its data: page.html with page.css and page.js, as
/// embed.py has put them together.
extern const std::string_view page_head;
extern const std::string_view page_tail;

} // namespace gemini::live::viewer
