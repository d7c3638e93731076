// SPDX-License-Identifier: Apache-2.0
// Precompiled where each file is compiled by itself (lib/session/meson.build): parsing these takes
// longer than what most files of the room add to them.
#include "session/session_core.hpp"

#include <asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>
