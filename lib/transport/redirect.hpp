// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace gemini::live::transport {

/// Returns, for an error message, where the Location field of a redirect leads: "to
/// https://other.example/path?next=…", "to /login on the same server", or "nowhere" when it is
/// empty. On one line, bounded, and without what may be secret: user information, the values of a
/// query, a fragment. Pure.
[[nodiscard]] std::string where_it_leads(std::string_view location);

} // namespace gemini::live::transport
