// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"

namespace vectors {

complaint try_resumption(const json_value&)
{
    return "the whole: replay by the consumed index is not there yet";
}

} // namespace vectors
