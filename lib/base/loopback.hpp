// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace gemini::live::base {

/// Whether `host` is this machine itself, so that nothing that is sent there can be overheard:
///
/// - `localhost` and names below it (RFC 6761), in any case, also with the root's dot;
/// - an IPv4 address of 127.0.0.0/8 in its four decimal parts. Short forms (127.1), octal and
///   hexadecimal ones are names to this function: resolvers and proxies read them differently;
/// - `::1` in any form, also as `::ffff:127.0.0.1` with any address of 127.0.0.0/8, with or without
///   brackets. A zone (`::1%lo`) is no part of a loopback address.
///
/// Pure: no name is resolved.
[[nodiscard]] bool is_loopback(std::string_view host) noexcept;

} // namespace gemini::live::base
