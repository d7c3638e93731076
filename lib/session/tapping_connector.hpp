// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/wire_tap_test.cpp
#pragma once

#include "async/clock.hpp"
#include "transport/transport.hpp"

#include <gemini/live/wire_tap.hpp>

#include <memory>

namespace gemini::live {

/// Returns a connector that reports to the tap what goes over its connections; `inner` itself when
/// the tap has no sink. Calls (`fetch`) are not recorded, since their answers are secrets.
[[nodiscard]] std::shared_ptr<transport::connector> tapped(
    std::shared_ptr<transport::connector> inner, const wire_tap& tap,
    std::shared_ptr<async::clock> clock);

} // namespace gemini::live
