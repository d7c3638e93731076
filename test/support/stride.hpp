// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>

namespace test {

/// The stride through a long series of cases: from the environment, or `usual`.
[[nodiscard]] inline std::uint64_t stride_or(const char* variable, std::uint64_t usual)
{
    const char* const asked = std::getenv(variable);
    const auto stride = asked ? std::strtoull(asked, nullptr, 10) : usual;
    return stride > 0 ? stride : usual;
}

} // namespace test
