// SPDX-License-Identifier: Apache-2.0
// What most of the fuzzed files include, parsed once.
#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <fmt/format.h>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>
