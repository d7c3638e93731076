// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/credentials.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::auth {

using headers = std::vector<std::pair<std::string, std::string>>;

/// The headers that carry them; none for empty credentials.
[[nodiscard]] headers headers_of(const credentials& given);

/// The value of the first header of this name, in whatever case, or null.
[[nodiscard]] const std::string* find(const headers& all, std::string_view name) noexcept;

/// Both, but for those of `ours` whose name `theirs` has as well.
[[nodiscard]] headers merge(headers ours, const headers& theirs);

/// Throws errc::invalid_argument for a key or token that cannot be one, and says where it came
/// from.
void check_proof(const credentials& given);

/// Throws errc::invalid_argument for a header that would break the request. Shows no value.
void check(const headers& all);

} // namespace gemini::live::auth
