// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <string_view>

namespace gemini::live::base {

/// Returns whether `host` is this machine itself, so that nothing sent there can be overheard:
///
/// - `localhost` and names below it (RFC 6761), in any case, with or without the trailing root dot;
/// - an IPv4 address of 127.0.0.0/8 in four decimal parts. Short (127.1), octal and hexadecimal
///   forms count as names, since resolvers and proxies interpret them differently;
/// - `::1` in any form, and `::ffff:127.0.0.1` with any address of 127.0.0.0/8, with or without
///   brackets. An address with a zone (`::1%lo`) is not a loopback address.
///
/// Pure: no name is resolved.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] bool is_loopback(std::string_view host) noexcept;

} // namespace gemini::live::base
