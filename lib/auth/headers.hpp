// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/credentials.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::auth {

using headers = std::vector<std::pair<std::string, std::string>>;

/// Returns the headers that carry the credentials; none for empty credentials.
[[nodiscard]] headers headers_of(const credentials& given);

/// Returns the value of the first header of this name, ignoring case, or null.
[[nodiscard]] const std::string* find(const headers& all, std::string_view name) noexcept;

/// Returns `theirs` and those of `ours` whose names `theirs` lacks.
[[nodiscard]] headers merge(headers ours, const headers& theirs);

/// Throws errc::invalid_argument for something that cannot be a key or token. The error reports
/// where it came from.
void check_proof(const credentials& given);

/// Throws errc::invalid_argument for a header that would break the request. The error shows no
/// value.
void check(const headers& all);

} // namespace gemini::live::auth
