// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace test {

/// Of a long series of cases every so many are tried: as many as the environment says, or `usual`.
[[nodiscard]] inline int stride_or(const char* variable, int usual)
{
    const char* const asked = std::getenv(variable);
    const int stride = asked ? std::atoi(asked) : usual;
    return stride > 0 ? stride : usual;
}

} // namespace test
